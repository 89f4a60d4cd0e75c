package executor

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// result of a step's turn.
type result struct {
	step  planner.StepID
	tally planner.Tally
	took  time.Duration
	err   error
}

// driver carries out the walk with as many steps at once as both servers
// allow connections.
type driver struct {
	*apply
	results chan result
	stop    chan struct{} // closed: steps end after the batch in flight, none starts
	cancel  context.CancelFunc
	running int
	started int
	limit   int
	halted  bool // stop is closed
	stopped bool // an interrupt, or the loss of the lock, ended the walk
}

// drive gives every due step its turn. It returns when all turns have ended.
func (a *apply) drive(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d := &driver{apply: a, results: make(chan result), stop: make(chan struct{}), cancel: cancel, limit: concurrency(a.Plan)}
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
		if d.running == 0 {
			return
		}
		select {
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
	}
}

// fill starts steps until the limit, each after its intent is on record.
func (d *driver) fill(ctx context.Context) {
	if ctx.Err() != nil && !d.stopped {
		d.interrupted()
	}
	for d.running < d.limit && !d.halted {
		s, ok := d.walk.next()
		if !ok {
			return
		}
		d.started++
		if d.emit(StepStarted{Step: s.ID, N: d.started, Of: len(d.walk.queue)}) != nil {
			d.walk.end(s.ID, stopped)
			d.halt()
			return
		}
		d.running++
		go func() { d.results <- d.turn(ctx, s) }()
	}
}

// ended records how a turn ended. What cannot be recorded ends the run.
func (d *driver) ended(ctx context.Context, res result) {
	d.running--
	var fault *planner.Fault
	var err error
	switch {
	case res.err == nil:
		d.walk.end(res.step, done)
		err = d.emit(StepDone{Step: res.step, Tally: res.tally, Took: res.took})
	case errors.Is(res.err, planner.ErrStopped):
		d.walk.end(res.step, stopped)
		err = d.emit(StepStopped{Step: res.step, Tally: res.tally})
	case ctx.Err() != nil:
		d.walk.end(res.step, stopped)
		err = d.emit(StepStopped{Step: res.step, Tally: res.tally, Unknown: true})
	default:
		if !errors.As(res.err, &fault) {
			fault = &planner.Fault{Msg: text.M("step.error", "error", res.err.Error()), Class: planner.Internal}
		}
		d.walk.end(res.step, failed)
		err = d.emit(StepFailed{Step: res.step, Tally: res.tally, Fault: fault})
	}
	if err != nil {
		d.halt()
	}
}

// turn carries out a step, again where the fault passes by itself.
func (d *driver) turn(ctx context.Context, s planner.Step) result {
	began := d.Self.Now()
	res := result{step: s.ID}
	for try := 1; ; try++ {
		tally, err := d.act(ctx, s)
		res.tally, res.took, res.err = sum(res.tally, tally), d.Self.Now().Sub(began), err
		if tally.Copied+tally.Adopted+tally.Flags > 0 {
			try = 1 // it gets on
		}
		wait, again := pause(err, try)
		if !again || ctx.Err() != nil {
			return res
		}
		var fault *planner.Fault
		errors.As(err, &fault)
		d.emit(StepWaits{Step: s.ID, Fault: fault, Try: try, Until: d.Self.Now().Add(wait)})
		if !d.sleep(ctx, wait) {
			res.err = planner.ErrStopped
			return res
		}
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

// Bounds of trying again within one turn.
const (
	tries    = 5
	firstTry = 2 * time.Second // doubled each time
	longest  = 15 * time.Minute
)

// pause says how long to wait before the next try, if there is one. A server
// that asks for longer than a turn should last gets its peace: the next run.
func pause(err error, try int) (time.Duration, bool) {
	var f *planner.Fault
	if !errors.As(err, &f) || try >= tries {
		return 0, false
	}
	switch f.Class {
	case planner.Throttled, planner.Gone, planner.Crowded:
		wait := max(f.Wait, firstTry<<(try-1))
		return wait, wait <= longest
	}
	return 0, false
}

// sleep waits; false: an interrupt came first.
func (d *driver) sleep(ctx context.Context, wait time.Duration) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	slept := make(chan error, 1)
	go func() { slept <- d.Sleep(ctx, wait) }()
	select {
	case <-d.stop:
		cancel()
		<-slept
		return false
	case err := <-slept:
		return err == nil
	}
}

// nothingLeft looks again and says what is left.
func (a *apply) nothingLeft(ctx context.Context) error {
	if err := a.build(ctx, true); err != nil {
		return err
	}
	ids, behind := a.walk.leftOver(a.built, a.left)
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
