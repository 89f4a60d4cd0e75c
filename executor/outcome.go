package executor

import (
	"context"
	"errors"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// outcome gives how a turn ended, and its event.
func (d *driver) outcome(ctx context.Context, t *turn, why error) (phase, Event) {
	id := t.step.ID
	var fault *planner.Fault
	switch {
	case why == nil:
		return done, StepDone{Step: id, Tally: t.tally, Took: d.Self.Now().Sub(t.began), Of: takenBack(t.step.Op)}
	case errors.Is(why, planner.ErrStopped):
		return stopped, StepStopped{Step: id, Tally: t.tally}
	case ctx.Err() != nil:
		return stopped, StepStopped{Step: id, Tally: t.tally, Unknown: true}
	case !errors.As(why, &fault):
		fault = &planner.Fault{Msg: text.M("step.error", "error", why.Error()), Class: planner.Internal}
	}
	if awaits(t.step) && fault.Class == planner.Throttled {
		return pending, StepPending{Step: id, Fault: fault, Until: d.Self.Now().Add(fault.Wait)}
	}
	return failed, StepFailed{Step: id, Tally: t.tally, Fault: fault}
}

// takenBack is the step that an op takes back; "": none.
func takenBack(op planner.Op) planner.StepID {
	switch o := op.(type) {
	case planner.Restore:
		return o.Of
	case planner.Undo:
		return o.Of
	}
	return ""
}

// awaits reports a step that only waits for the world; the run does not wait
// with it, a later look does.
func awaits(s planner.Step) bool {
	switch s.Op.(type) {
	case planner.Wait, planner.CanaryArrival:
		return true
	}
	return false
}
