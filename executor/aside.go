package executor

import (
	"errors"
	"hash/fnv"
	"time"

	"github.com/mxmove/mxmove/planner"
)

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
