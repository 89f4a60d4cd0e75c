package executor

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// turn is a step's: one intent, one outcome, perhaps several acts.
type turn struct {
	step  planner.Step
	began time.Time
	tally planner.Tally // of all acts
	tries int           // acts in a row that got no further
}

// result of one act of a turn.
type result struct {
	*turn
	tally planner.Tally
	err   error
}

// driver carries out the walk with as many steps at once as both servers
// allow connections. A step that a server told to wait is put aside and holds
// up no other.
type driver struct {
	*apply
	next    func() (planner.Step, bool)
	results chan result
	woken   chan *turn
	rested  []*turn       // whose wait is over
	stop    chan struct{} // closed: steps end after the batch in flight, none starts
	cancel  context.CancelFunc
	rest    context.Context // of the waits; ends with stop
	wake    context.CancelFunc
	running int
	aside   int // told to wait
	limit   int
	acted   bool
	halted  bool // stop is closed
	stopped bool // an interrupt, or the loss of the lock, ended the walk
}

// drive gives every step that may go beside others its turn. It returns when
// all turns have ended; acted reports whether there were any.
func (a *apply) drive(ctx context.Context) (acted bool, err error) {
	return a.driven(ctx, func() (planner.Step, bool) { return a.walk.next(false) }, concurrency(a.Plan))
}

func (a *apply) driven(ctx context.Context, next func() (planner.Step, bool), limit int) (acted bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	rest, wake := context.WithCancel(ctx)
	defer wake()
	d := &driver{apply: a, next: next, results: make(chan result), woken: make(chan *turn), stop: make(chan struct{}),
		cancel: cancel, rest: rest, wake: wake, limit: limit}
	d.loop(ctx)
	switch {
	case a.fatal != nil:
		return true, a.fatal
	case d.stopped:
		return true, a.incomplete(ReasonStopped)
	}
	return d.acted, nil
}

func concurrency(p *planner.Plan) int {
	return max(1, min(p.Spec.Source.IMAP.Limits.Connections, p.Spec.Target.IMAP.Limits.Connections))
}

// lost ends everything at once: the journal is somebody else's now.
func (a *apply) lost() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fatal = &planner.Fault{Msg: text.M("lock.lost", "path", a.lock.path), Class: planner.Internal}
	a.status.path = ""
}

func (d *driver) loop(ctx context.Context) {
	stop, gone, lost := d.Stop, ctx.Done(), d.lock.lost
	for {
		select { // an interrupt goes before the next start
		case <-d.Stop:
			d.interrupted()
		default:
		}
		d.fill(ctx)
		if d.running+d.aside == 0 {
			return
		}
		select {
		case t := <-d.woken:
			d.aside--
			d.rested = append(d.rested, t)
		case res := <-d.results:
			d.ended(ctx, res)
		case now := <-d.Ticks:
			d.flushStatus(now)
		case <-stop:
			stop = nil
			d.interrupted()
		case <-gone:
			gone = nil
			d.interrupted()
		case <-lost:
			lost = nil
			d.lost()
			d.halt()
			d.cancel()
		}
	}
}

func (a *apply) flushStatus(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.status.flush(now, false)
}

// interrupted starts no more steps and asks those under way to end.
func (d *driver) interrupted() {
	if d.stopped {
		return
	}
	d.stopped = true
	d.halt()
	d.emit(Stopping{Running: d.running})
}

func (d *driver) halt() {
	if !d.halted {
		d.halted = true
		close(d.stop)
		d.wake()
	}
}

// fill starts acts until the limit: first of turns whose wait is over. After
// a stop those end where they are.
func (d *driver) fill(ctx context.Context) {
	if ctx.Err() != nil && !d.stopped {
		d.interrupted()
	}
	for d.running < d.limit || d.halted {
		t, ok := d.nextTurn()
		switch {
		case !ok:
			return
		case d.halted:
			d.record(ctx, t, planner.ErrStopped)
			continue
		}
		d.running++
		go func() {
			tally, err := d.act(ctx, t.step)
			d.results <- result{t, tally, err}
		}()
	}
}

// nextTurn gives a turn that may go on, or begins one after its intent is on
// record.
func (d *driver) nextTurn() (*turn, bool) {
	if len(d.rested) > 0 {
		t := d.rested[0]
		d.rested = d.rested[1:]
		return t, true
	}
	if d.halted {
		return nil, false
	}
	for {
		s, ok := d.next()
		if !ok {
			return nil, false
		}
		d.acted = true
		if !d.mayStart(s) {
			d.walk.end(s, postponed) // the next look says why
			continue
		}
		if d.start(s) != nil {
			d.walk.end(s, stopped)
			d.halt()
			return nil, false
		}
		return &turn{step: s, began: d.Self.Now()}, true
	}
}

// start records the intent, with what a Temporary finds.
func (d *driver) start(s planner.Step) error {
	d.began++
	e := StepStarted{Step: s.ID, Place: d.place(s.ID), N: d.began, Of: d.began + d.walk.unfinished() - d.running - d.aside - len(d.rested) - 1}
	if before, after, ok := planner.Preimage(s.Op, d.built.Observed); ok {
		e.Raise = &Preimage{Before: before, After: after}
	}
	e.Undo = planner.UndoOf(s.Op, d.built.Observed)
	if _, hold := s.Op.(planner.HoldDirectory); hold {
		if err := d.State.freeze(s.ID, d.built.Observed); err != nil {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.fatal = err
			return err
		}
		e.Held = directoriesHeld(d.built.Observed)
	}
	return d.emit(e)
}

// ended puts a turn aside whose fault passes by itself, and records the
// outcome of all others.
func (d *driver) ended(ctx context.Context, res result) {
	d.running--
	t := res.turn
	t.tally = sum(t.tally, res.tally)
	if res.tally.Copied+res.tally.Adopted+res.tally.Flags+res.tally.Removed > 0 {
		t.tries = 0 // it gets on
	}
	t.tries++
	wait, again := pause(t.step.ID, res.err, t.tries)
	again = again && !awaits(t.step)
	switch {
	case again && d.halted && ctx.Err() == nil:
		d.record(ctx, t, planner.ErrStopped)
	case again && ctx.Err() == nil:
		d.putAside(t, res.err, wait)
	default:
		d.record(ctx, t, res.err)
	}
}

// record journals how a turn ended. What cannot be recorded ends the run.
func (d *driver) record(ctx context.Context, t *turn, why error) {
	how, e := d.outcome(ctx, t, why)
	d.walk.end(t.step, how)
	if p, ok := e.(StepPending); ok {
		d.until[p.Step] = p.Until
	}
	if d.emit(e) != nil {
		d.halt()
	}
}

// act does the op once. A panic over one mailbox's mail must not stop the
// others; its values may be mail, so only its place is told.
func (d *driver) act(ctx context.Context, s planner.Step) (tally planner.Tally, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &planner.Fault{Msg: text.M("step.panic", "place", place()), Class: planner.Internal}
		}
	}()
	return d.World.Do(ctx, s.Op, d.stop, d.progress(s.ID))
}

// place is where a panic began: the first frame below the runtime's.
func place() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
	panicked := false
	for {
		f, more := frames.Next()
		if panicked && f.Func != nil && !isRuntime(f.Function) || !more {
			return fmt.Sprintf("%s:%d", f.Function, f.Line)
		}
		panicked = panicked || f.Function == "runtime.gopanic"
	}
}

func isRuntime(name string) bool { return len(name) > 8 && name[:8] == "runtime." }
