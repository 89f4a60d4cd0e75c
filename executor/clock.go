package executor

import (
	"time"

	"github.com/mxmove/mxmove/config"
)

// slack is how far a clock may go back without a word: what setting a clock
// by the network does to it.
const slack = time.Minute

// latest is the latest moment of the journal, and its line.
func (j *journal) latest() (at time.Time, line int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last, j.at
}

// seen keeps the latest moment. What was noted to be wrong counts no more.
func (j *journal) seen(l Line) {
	if l.At.After(j.last) || l.Msg != nil && l.Msg.Code == codeClockBack {
		j.last, j.at = l.At, l.N
	}
}

// clockBack tells once a run that the clock shows less than the journal.
// Callers hold a.mu.
func (a *apply) clockBack(now time.Time) (ClockBack, bool) {
	last, line := a.journal.latest()
	if a.back != nil || !now.Before(last.Add(-slack)) {
		return ClockBack{}, false
	}
	a.back = &ClockBack{Now: now, Last: last, Line: line}
	return *a.back, true
}

// wentBack is what clockBack told.
func (a *apply) wentBack() *ClockBack {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.back
}

// Codes of notes that the journal's readers look for.
const (
	codeClockBack  = "event.clock-back"
	codeFinalAhead = "event.final-ahead"
)

// inTime: by a clock that went back the window may be over, and approvals that
// have expired may seem good. The run that notices goes no further before the
// clock has caught up; who looked at it may as well run it again.
func (v gateView) inTime() []config.Finding {
	if v.back == nil || v.now.After(v.back.Last) {
		return nil
	}
	return []config.Finding{reason("gate.clock", "now", clock(v.back.Now), "last", clock(v.back.Last), "line", itoa(v.back.Line))}
}
