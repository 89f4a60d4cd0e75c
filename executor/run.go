package executor

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// Run carries out an approved plan. All fields but AtHand and Readers are
// needed. It is used once.
type Run struct {
	State   *State
	World   World
	Plan    *planner.Plan
	AtHand  *config.Spec    // the files as they are now; nil: not known
	Only    map[string]bool // subjects whose steps get a turn; nil: all
	Self    Self
	Tool    string                                     // version
	Sleep   func(context.Context, time.Duration) error // before a step is tried again
	Ticks   <-chan time.Time                           // about one a second: the status file is brought up to date
	Stop    <-chan struct{}                            // closed by the first interrupt; the second ends the context
	Readers []Reader

	wrap func(sink) sink // tests: a journal's file that fails or kills
}

// apply is a run under way.
type apply struct {
	*Run
	lock    *lock
	journal *journal
	status  *statusWriter
	report  *Report

	mu    sync.Mutex // events, one at a time
	fatal error      // why nothing can be recorded any more

	built *planner.Plan
	left  map[planner.StepID]planner.StepID
	held  map[planner.StepID]bool
	aside map[planner.StepID]bool // not chosen by Only
	walk  *walk
}

// Do carries out the plan and returns nil when nothing is left, *Refused or
// *Held when a gate is closed (nothing was written to a server), *Incomplete
// when it is safe and needed to run again, and other errors otherwise.
func (r *Run) Do(ctx context.Context) error {
	a, err := r.begin() // 1 lock
	if err != nil {
		return err
	}
	return a.finish(a.carryOut(ctx)) // 8 report, unlock
}

func (a *apply) carryOut(ctx context.Context) error {
	if err := a.check(); err != nil { // 2 format, lineage, age
		return err
	}
	if err := a.compare(ctx); err != nil { // 3 observe, build, compare
		return err
	}
	if err := a.gates(); err != nil { // 4 gates of the phases ahead
		return err
	}
	if err := a.drive(ctx); err != nil { // 5 intent, act, outcome
		return err
	} // 6 stands before final steps: there are none up to Copy
	return a.nothingLeft(ctx) // 7 observe, build
}

// begin takes the lock and opens the journal.
func (r *Run) begin() (*apply, error) {
	lock, dead, err := takeLock(r.State.Dir, r.Self)
	if err != nil {
		return nil, err
	}
	j, cut, err := openJournal(r.State)
	if err != nil {
		return nil, errors.Join(err, lock.release())
	}
	if r.wrap != nil {
		j.file = r.wrap(j.file)
	}
	a := &apply{Run: r, lock: lock, journal: j, walk: newWalk(&planner.Plan{}, nil)}
	a.report = newReport(r, lock.holder)
	a.status = newStatusWriter(r.State.status(), r.Plan, r.Self.Now())
	a.emit(LockTaken{Holder: lock.holder, Plan: r.Plan.ID, Tool: r.Tool})
	if dead != nil {
		a.emit(LockTakenOver{From: dead.Holder})
	}
	if cut > 0 {
		a.emit(JournalCut{Bytes: cut})
	}
	return a, nil
}

// emit journals the event, if it is one for the journal, and hands it to the
// readers. Nobody hears of what could not be recorded.
func (a *apply) emit(e Event) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fatal != nil {
		return a.fatal
	}
	at := a.Self.Now()
	if line, ok := lineOf(at, e); ok {
		if a.fatal = a.journal.append(line); a.fatal != nil {
			return a.fatal
		}
	}
	a.status.event(at, e)
	a.report.event(e)
	for _, read := range a.Readers {
		read(at, e)
	}
	return nil
}

// lineOf gives the journal's line of an event; false: it has none.
func lineOf(at time.Time, e Event) (Line, bool) {
	msg := e.Msg()
	l := Line{At: at.UTC(), Msg: &msg}
	switch e := e.(type) {
	case LockTaken:
		l.Kind = KindStart
	case LockTakenOver, JournalCut, SpecChanged:
		l.Kind = KindNote
	case StepNoted:
		l.Kind, l.Step, l.Why = KindNote, e.Step, []config.Finding{e.Note}
	case LeftOut:
		l.Kind, l.Step = KindLeftOut, e.Step
	case StepStarted:
		l.Kind, l.Step = KindIntent, e.Step
	case StepDone:
		l.Kind, l.Step, l.Tally = KindOutcome, e.Step, &e.Tally
	case StepFailed:
		l.Kind, l.Step, l.Tally, l.Fault = KindFailed, e.Step, &e.Tally, e.Fault
	case StepStopped:
		l.Kind, l.Step, l.Tally = KindStopped, e.Step, &e.Tally
		if e.Unknown {
			l.Kind = KindUnknown
		}
	case RunRefused:
		l.Kind, l.Why = KindRefused, e.Reasons
	case Finished:
		l.Kind = KindEnd
	default:
		return Line{}, false
	}
	return l, true
}

// finish tells how the run ended, writes the report and lets the lock go.
func (a *apply) finish(err error) error {
	if a.fatal == nil {
		a.tellEnd(err)
	}
	if a.fatal != nil {
		err = a.fatal
	}
	a.status.flush(a.Self.Now(), true)
	if e := a.journal.close(); err == nil && e != nil {
		err = stateFault("journal.write", a.journal.path, e)
	}
	if e := a.lock.release(); err == nil && e != nil {
		err = e
	}
	return err
}

func (a *apply) tellEnd(err error) {
	var refused *Refused
	var incomplete *Incomplete
	end := Finished{Reason: ReasonDone, Done: a.walk.count(done), Failed: a.walk.count(failed),
		LeftOut: len(a.left), Tally: a.report.Tally}
	switch {
	case errors.As(err, &refused):
		end.Reason = ReasonRefused
		a.emit(RunRefused{Reasons: refused.Reasons})
	case errors.As(err, &incomplete):
		end.Reason, end.Waiting, end.Left = incomplete.Reason, incomplete.Waiting, incomplete.Left
	case err != nil:
		end.Reason = ReasonError
	}
	path, e := a.report.write(a.State, a.journal, a.Self.Now(), end)
	if e != nil && a.fatal == nil {
		a.fatal = e
		return
	}
	end.Report = path
	a.emit(end)
}
