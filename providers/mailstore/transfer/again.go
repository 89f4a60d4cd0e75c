package transfer

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/mxmove/mxmove/planner"
)

// maxTries is how often in a row a pass goes on after a lost connection
// without having got any further, after waits of 1, 2, 4 … 64 seconds: about
// two minutes, in which a server can restart. What a server asks to wait is not
// waited here, with both connections held, but by who called the pass.
const maxTries = 7

// again does something that may lose its connection, until it succeeds, fails
// otherwise, or gets no further maxTries times. What do does must settle by
// itself what an earlier call left unknown.
func (r *course) again(ctx context.Context, do func() error) error {
	for tries := 0; ; {
		before := r.stepped()
		err := do()
		if err == nil || ctx.Err() != nil || !isClass(err, planner.Gone) {
			return cmp.Or(context.Cause(ctx), err)
		}
		r.drop()
		if r.stepped() != before {
			tries = 0
		}
		if tries++; tries > maxTries {
			return err
		}
		if err := r.wait(ctx, err, time.Second<<(tries-1)); err != nil {
			return err
		}
	}
}

// wait sleeps for d, and tells why.
func (r *course) wait(ctx context.Context, why error, d time.Duration) error {
	var f *planner.Fault
	errors.As(why, &f)
	defer r.waitsFor(f)()
	return r.pause(ctx, d)
}

// waitsFor tells what is waited for, until done is called.
func (r *course) waitsFor(f *planner.Fault) (done func()) {
	r.report(func(p *planner.Progress) { p.Waiting = f })
	return func() { r.report(func(p *planner.Progress) { p.Waiting = nil }) }
}

// pause sleeps for d, or until Stop is closed.
func (r *course) pause(ctx context.Context, d time.Duration) error {
	if r.stopped() {
		return ErrStopped
	}
	sleep := r.p.Sleep
	if sleep == nil {
		sleep = timerSleep
	}
	ctx, cancel := r.untilStop(ctx)
	defer cancel()
	err := sleep(ctx, d)
	if r.stopped() {
		return ErrStopped
	}
	return err
}

// untilStop gives a context that also ends when Stop is closed.
func (r *course) untilStop(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		select {
		case <-r.p.Stop:
			cancel(ErrStopped)
		case <-done:
		}
	}()
	return ctx, func() { close(done); cancel(nil) }
}

func timerSleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (r *course) stopped() bool {
	select {
	case <-r.p.Stop:
		return true
	default:
		return false
	}
}

// open makes sure of both connections, dialled at once.
func (r *course) open(ctx context.Context) error {
	var wg sync.WaitGroup
	var errSrc, errDst error
	dial := func(conn *Target, s Session, err *error) {
		if *conn == nil {
			wg.Go(func() { *conn, *err = s.Open(ctx) })
		}
	}
	dial(&r.src, r.p.Source, &errSrc)
	dial(&r.dst, r.p.Target, &errDst)
	wg.Wait()
	if errSrc != nil {
		r.src = nil
	}
	if errDst != nil {
		r.dst = nil
	}
	return cmp.Or(errSrc, errDst)
}

// drop closes both connections: what is in flight on them is unknown.
func (r *course) drop() {
	for _, c := range []*Target{&r.src, &r.dst} {
		if *c != nil {
			(*c).Close()
			*c = nil
		}
	}
}
