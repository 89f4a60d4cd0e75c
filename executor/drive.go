package executor

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
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
	results chan result
	woken   chan *turn
	rested  []*turn       // whose wait is over
	stop    chan struct{} // closed: steps end after the batch in flight, none starts
	cancel  context.CancelFunc
	rest    context.Context // of the waits; ends with stop
	wake    context.CancelFunc
	running int
	aside   int // told to wait
	started int
	limit   int
	halted  bool // stop is closed
	stopped bool // an interrupt, or the loss of the lock, ended the walk
}

// drive gives every due step its turn. It returns when all turns have ended.
func (a *apply) drive(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	rest, wake := context.WithCancel(ctx)
	defer wake()
	d := &driver{apply: a, results: make(chan result), woken: make(chan *turn), stop: make(chan struct{}),
		cancel: cancel, rest: rest, wake: wake, limit: concurrency(a.Plan)}
	d.loop(ctx)
	switch {
	case a.fatal != nil:
		return a.fatal
	case d.stopped:
		return a.incomplete(ReasonStopped, a.walk.unfinished()+len(a.held))
	}
	return nil
}

func concurrency(p *planner.Plan) int {
	return max(1, min(p.Spec.Source.IMAP.Limits.Connections, p.Spec.Target.IMAP.Limits.Connections))
}

// lockLost ends everything at once: the journal is somebody else's now.
func (d *driver) lockLost() {
	d.mu.Lock()
	d.fatal = &planner.Fault{Msg: text.M("lock.lost", "path", d.lock.path), Class: planner.Internal}
	d.status.path = ""
	d.mu.Unlock()
	d.halt()
	d.cancel()
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
			d.lockLost()
		}
	}
}

func (d *driver) flushStatus(now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.status.flush(now, false)
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
	s, ok := d.walk.next()
	if !ok {
		return nil, false
	}
	d.started++
	if d.emit(StepStarted{Step: s.ID, N: d.started, Of: len(d.walk.queue)}) != nil {
		d.walk.end(s.ID, stopped)
		d.halt()
		return nil, false
	}
	return &turn{step: s, began: d.Self.Now()}, true
}

// ended puts a turn aside whose fault passes by itself, and records the
// outcome of all others.
func (d *driver) ended(ctx context.Context, res result) {
	d.running--
	t := res.turn
	t.tally = sum(t.tally, res.tally)
	if res.tally.Copied+res.tally.Adopted+res.tally.Flags > 0 {
		t.tries = 0 // it gets on
	}
	t.tries++
	wait, again := pause(t.step.ID, res.err, t.tries)
	switch {
	case again && d.halted && ctx.Err() == nil:
		d.record(ctx, t, planner.ErrStopped)
	case again && ctx.Err() == nil:
		d.putAside(t, res.err, wait)
	default:
		d.record(ctx, t, res.err)
	}
}

// putAside lets a turn wait without holding up others.
func (d *driver) putAside(t *turn, err error, wait time.Duration) {
	var fault *planner.Fault
	errors.As(err, &fault)
	if d.emit(StepWaits{Step: t.step.ID, Fault: fault, Try: t.tries, Until: d.Self.Now().Add(wait)}) != nil {
		d.halt()
	}
	d.aside++
	go func() {
		d.Sleep(d.rest, wait) // ended early: the walk was halted, which fill sees
		d.woken <- t
	}()
}

// record journals how a turn ended. What cannot be recorded ends the run.
func (d *driver) record(ctx context.Context, t *turn, why error) {
	id := t.step.ID
	var fault *planner.Fault
	var err error
	switch {
	case why == nil:
		d.walk.end(id, done)
		err = d.emit(StepDone{Step: id, Tally: t.tally, Took: d.Self.Now().Sub(t.began)})
	case errors.Is(why, planner.ErrStopped):
		d.walk.end(id, stopped)
		err = d.emit(StepStopped{Step: id, Tally: t.tally})
	case ctx.Err() != nil:
		d.walk.end(id, stopped)
		err = d.emit(StepStopped{Step: id, Tally: t.tally, Unknown: true})
	default:
		if !errors.As(why, &fault) {
			fault = &planner.Fault{Msg: text.M("step.error", "error", why.Error()), Class: planner.Internal}
		}
		d.walk.end(id, failed)
		err = d.emit(StepFailed{Step: id, Tally: t.tally, Fault: fault})
	}
	if err != nil {
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

// Bounds of waiting within one turn. A lost connection is no matter of these:
// the world makes another by itself.
const (
	tries     = 5                // acts in a row that got no further
	throttled = time.Minute      // where the server does not say how long; doubled each time
	crowded   = 15 * time.Second // the same
	longest   = 15 * time.Minute // of one wait
)

// pause says how long to wait before the next act, if there is one. A server
// that asks for longer than a turn should last gets its peace: the next run.
func pause(id planner.StepID, err error, try int) (time.Duration, bool) {
	var f *planner.Fault
	if !errors.As(err, &f) || try >= tries {
		return 0, false
	}
	wait := f.Wait
	switch {
	case f.Class != planner.Throttled && f.Class != planner.Crowded:
		return 0, false
	case wait > 0:
	case f.Class == planner.Crowded:
		wait = jitter(id, crowded<<(try-1))
	default:
		wait = jitter(id, throttled<<(try-1))
	}
	return wait, wait <= longest
}

// jitter adds up to a quarter, the same for a step each time, so that
// mailboxes that were told to wait at once do not come back at once.
func jitter(id planner.StepID, d time.Duration) time.Duration {
	h := fnv.New32a()
	h.Write([]byte(id))
	return d + d/4*time.Duration(h.Sum32()%1024)/1024
}

// nothingLeft looks again and says what is left.
func (a *apply) nothingLeft(ctx context.Context) error {
	if err := a.build(ctx, true); err != nil {
		return err
	}
	ids, behind := a.walk.leftOver(a.built, a.left, a.aside)
	waiting := 0
	for _, id := range ids {
		if a.held[id] {
			waiting++
		}
	}
	switch {
	case len(ids) == 0 && a.walk.count(failed) == 0:
		return nil
	case len(ids) > waiting+behind || a.walk.count(failed) > 0:
		return a.incomplete(ReasonFailed, len(ids))
	case waiting > 0:
		return a.incomplete(ReasonWaitingPerson, len(ids))
	}
	return a.incomplete(ReasonWaitingTail, len(ids))
}

func (a *apply) incomplete(reason Reason, left int) error {
	return &Incomplete{Reason: reason, Failed: a.walk.count(failed), Waiting: len(a.held), Left: left}
}
