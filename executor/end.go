package executor

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/mxmove/mxmove/planner"
)

// nothingLeft says what is left by the last look, if anything is.
func (a *apply) nothingLeft() error {
	left := a.leftOver()
	switch {
	case left.doubt > 0:
		return &PastReturn{Err: a.waits(ReasonWaitingPerson, left)}
	case left.count == 0 && a.walk.count(failed) == 0 && left.standing == 0:
		return nil
	case a.walk.count(failed) > 0:
		return a.waits(ReasonFailed, left)
	case len(a.shut) > 0 && !a.early():
		if a.began == 0 {
			return a.refused()
		}
		return a.waits(ReasonWaitingPerson, left)
	case left.held > 0:
		return a.waits(ReasonWaitingPerson, left)
	case len(a.shut) > 0:
		return a.waits(ReasonWaitingWindow, left)
	case left.behind+left.standing+a.walk.count(pending) > 0:
		return a.waits(ReasonWaitingTail, left)
	}
	return a.waits(ReasonFailed, left)
}

func (a *apply) waits(why Reason, left leftOver) error {
	return &Incomplete{Reason: why, Failed: a.walk.count(failed), Waiting: left.held, Left: left.count + left.standing, Reasons: a.shut, Standing: a.standing(), Back: a.goesBack()}
}

// early reports that time alone opens what is closed.
func (a *apply) early() bool {
	for _, f := range a.shut {
		if f.Code == codeEarly {
			return true
		}
	}
	return false
}

// leftOver counts what the last look shows to do.
type leftOver struct {
	count    int // steps with work
	held     int // of these, that wait for somebody
	doubt    int // of these, that were begun and nobody says whether they ended
	behind   int // of these, that had their turn: mail came behind their pass
	standing int // without work yet: their time comes
}

func (a *apply) leftOver() leftOver {
	var l leftOver
	for _, s := range a.built.Steps {
		_, out := a.left[s.ID]
		in := s.Op.Traits().Phase
		if out || a.aside[s.ID] || in > a.Through {
			continue
		}
		_, held := a.held[s.ID]
		switch {
		case s.Work && a.turns[s.ID] == done:
			m, _ := a.built.Observed.Mailbox(s.Op.Subject())
			switch {
			case m.Behind != (planner.Gap{}):
				l.count, l.behind = l.count+1, l.behind+1
			case a.built.Observed.ByPerson(s.Op): // said to be done, and it is not
				l.count, l.held = l.count+1, l.held+1
			case !passes(s) || in > planner.Cutover: // it does not show yet
				l.standing++
			}
		case s.Work:
			l.count++
			if held || a.built.Observed.ByPerson(s.Op) && a.turns[s.ID] == pending {
				l.held++
			}
			if s.Doubt && held {
				l.doubt++
			}
		case in >= planner.Freeze && a.Plan.Spec.Cutover != nil:
			l.standing++
		}
	}
	return l
}

// incomplete is a run that was ended before its walk was.
func (a *apply) incomplete(why Reason) error {
	return &Incomplete{Reason: why, Failed: a.walk.count(failed), Waiting: len(a.held), Left: a.walk.unfinished() + len(a.held), Back: a.goesBack()}
}

func (a *apply) goesBack() bool { return a.Plan.Direction == planner.Reverse }

// past marks what went wrong behind the point of no return. Waiting is
// nothing wrong.
func (a *apply) past(err error) error {
	var incomplete *Incomplete
	switch {
	case err == nil || a.built == nil || errors.As(err, new(*PastReturn)):
		return err
	case errors.As(err, &incomplete) && incomplete.Reason != ReasonFailed && incomplete.Reason != ReasonStopped && len(incomplete.Reasons) == 0:
		return err
	}
	snap := a.built.Observed
	a.journal.known().into(&snap, a.State)
	if planner.Build(a.Plan.Spec, snap, a.Self.Now()).WayBack().Open {
		return err
	}
	return &PastReturn{Err: err}
}

// rest sleeps before the next pass, if the run is to wait and there is
// something to wait for; again asks for one.
func (a *apply) rest(ctx context.Context, err error) (again bool, e error) {
	var incomplete *Incomplete
	if !a.Wait || !errors.As(err, &incomplete) || errors.As(err, new(*PastReturn)) || incomplete.Reason == ReasonStopped {
		return false, err
	}
	if len(a.shut) > 0 && !a.early() {
		return false, err
	}
	now := a.Self.Now()
	pause := a.restFor(now)
	if e := a.emit(Resting{Until: now.Add(pause), Reason: incomplete.Reason}); e != nil {
		return false, e
	}
	if !a.nap(ctx, pause) {
		return false, a.incomplete(ReasonStopped)
	}
	for id, how := range a.turns {
		if s, ok := a.Plan.Step(id); ok && how == failed && s.Op.Traits().Phase == planner.Cutover {
			continue // no further one of it in this run
		}
		delete(a.turns, id)
	}
	return true, nil
}

// restFor is a sweep, or less where a moment comes before that changes what is
// to do: the window opens, what a step waits for ends, or the tail does. After
// it the rests are a tenth of the tail, so that a short one does not end in a
// sweep before its second empty pass.
func (a *apply) restFor(now time.Time) time.Duration {
	moments := slices.Collect(maps.Values(a.until))
	pause := sweep
	if c := a.Plan.Spec.Cutover; c != nil {
		end := a.built.TailEnd()
		moments = append(moments, c.Opens, end)
		if !end.IsZero() && !now.Before(end) {
			pause = min(sweep, max(c.Tail/10, time.Second))
		}
	}
	for _, m := range moments {
		if m.After(now) {
			pause = min(pause, m.Sub(now))
		}
	}
	clear(a.until)
	return pause
}

// nap sleeps; false: an interrupt, or the loss of the lock, came first.
func (a *apply) nap(ctx context.Context, d time.Duration) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	slept := make(chan error, 1)
	go func() { slept <- a.Sleep(ctx, d) }()
	for {
		select {
		case <-a.Stop:
		case <-a.lock.lost:
			a.lost()
		case err := <-slept:
			return err == nil
		case now := <-a.Ticks:
			a.flushStatus(now)
			continue
		}
		cancel()
		<-slept
		return false
	}
}
