package executor

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// Run carries out an approved plan. All fields are needed but AtHand, Ask,
// Approved, Wait and Readers. It is used once.
type Run struct {
	State   *State
	World   World
	Plan    *planner.Plan
	Through planner.Phase   // the last phase that is carried out
	AtHand  *config.Spec    // the files as they are now; nil: not known
	Only    map[string]bool // subjects whose steps get a turn; nil: all
	Self    Self
	Tool    string                                     // version
	Sleep   func(context.Context, time.Duration) error // before a step is tried again
	Ticks   <-chan time.Time                           // about one a second: the status file is brought up to date
	Stop    <-chan struct{}                            // closed by the first interrupt; the second ends the context
	Readers []Reader

	// Ask asks the person at the terminal; nil: nobody is there, so what
	// people do waits.
	Ask func(context.Context, Question) (Answer, error)
	// Approved gives the approvals of the plan as they are now; nil: none.
	Approved func(context.Context) ([]Approval, error)
	// Wait goes on passing over what waits until nothing is left, or Freeze
	// is ahead and is not started unattended.
	Wait bool

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

	// By the last look at the world.
	built          *planner.Plan
	left           map[planner.StepID]planner.StepID
	undone         []planner.StepID
	stale, foreign planner.StepID
	held           map[planner.StepID]config.Finding
	aside          map[planner.StepID]bool // not chosen by Only
	shut           []config.Finding        // why Freeze and Cutover are closed
	shutBy         Standing                // the same, gate by gate
	before         int                     // steps of the plan that have an outcome of runs before
	places         map[planner.StepID]int  // in the plan, from 1
	watch          Watch                   // of the directories
	walk           *walk

	turns    map[planner.StepID]phase     // of this run
	until    map[planner.StepID]time.Time // when what a step waits for should have come
	told     map[string]string            // gates and held steps, each told when it changes
	back     *ClockBack                   // the clock went back before or in this run
	began    int                          // steps and acts begun in this run
	attended bool                         // somebody started the freeze, or need not
}

// Do carries out the plan and returns nil when nothing is left, *Refused or
// *Held when a gate is closed and nothing was done, *Incomplete when it is
// safe and needed to run again, *PastReturn around these and other errors
// where something went wrong behind the point of no return, and other errors
// otherwise.
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
	if e, ok := specChanged(a.Plan.Spec, a.AtHand); ok {
		if err := a.emit(e); err != nil {
			return err
		}
	}
	for {
		err := a.rounds(ctx) // 3 to 6
		if err == nil {
			err = a.nothingLeft() // 7
		}
		again, e := a.rest(ctx, err)
		if e != nil || !again {
			return a.past(e)
		}
	}
}

// begin takes the lock, opens the journal and says so.
func (r *Run) begin() (*apply, error) {
	a, dead, cut, err := r.open()
	if err != nil {
		return nil, err
	}
	a.status.path = r.State.status()
	a.emit(LockTaken{Holder: a.lock.holder, Plan: r.Plan.ID, PlannedBy: r.Plan.PlannedBy, Tool: r.Tool, Mirror: r.State.Mirror})
	if dead != nil {
		a.emit(LockTakenOver{From: dead.Holder})
	}
	if cut > 0 {
		a.emit(JournalCut{Bytes: cut})
	}
	return a, nil
}

// open takes the lock, perhaps from a run that died, and opens the journal,
// whose torn last line is cut.
func (r *Run) open() (a *apply, dead *Held, cut int, err error) {
	lock, dead, err := takeLock(r.State.Dir, r.Self)
	if err != nil {
		return nil, nil, 0, err
	}
	j, cut, err := openJournal(r.State)
	if err != nil {
		return nil, nil, 0, errors.Join(err, lock.release())
	}
	if r.wrap != nil {
		j.file = r.wrap(j.file)
	}
	a = &apply{Run: r, lock: lock, journal: j, turns: map[planner.StepID]phase{}, until: map[planner.StepID]time.Time{}, told: map[string]string{}}
	a.walk = newWalk(&planner.Plan{}, nil, a.turns)
	a.report = newReport(r, lock.holder)
	a.status = newStatusWriter("", r.Plan, r.Self.Now())
	return a, dead, cut, nil
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
	if back, ok := a.clockBack(at); ok {
		a.put(at, back)
	}
	a.put(at, e)
	return a.fatal
}

// put is emit with the moment.
func (a *apply) put(at time.Time, e Event) {
	if a.fatal != nil {
		return
	}
	if line, ok := lineOf(at, e); ok {
		if a.fatal = a.journal.append(line); a.fatal != nil {
			return
		}
	}
	a.status.event(at, e)
	a.report.event(e)
	for _, read := range a.Readers {
		read(at, e)
	}
}

// finish tells how the run ended, writes the report and lets the lock go.
func (a *apply) finish(err error) error {
	if a.fatal == nil {
		a.tellEnd(err)
	}
	if a.fatal != nil {
		err = a.past(a.fatal)
	}
	a.status.flush(a.Self.Now(), true)
	return a.close(err)
}

// close lets the journal and the lock go.
func (a *apply) close(err error) error {
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
	end.Past = errors.As(err, new(*PastReturn))
	switch {
	case errors.As(err, &refused):
		end.Reason = ReasonRefused
		a.emit(RunRefused{Reasons: refused.Reasons, Standing: refused.Standing})
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
