package executor

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/mxmove/mxmove/planner"
)

// Somebody else changes the MX at any moment between the plan and the switch:
// the switch is refused, and what they wrote stays.
func TestAnotherAdminsEditAtEveryMoment(t *testing.T) {
	moments := 0
	for n := 1; ; n++ {
		s, p := ready(t, "imap")
		events, edited, switched := 0, false, false
		other := planner.RRset{Zone: "acme.test", Name: "acme.test", Type: "MX", Values: []string{"10 mx.other.test"}, TTL: 300}
		watch := func(_ time.Time, e Event) {
			if done, ok := e.(StepDone); ok && done.Step.Kind() == "set-records" && done.Step.Subject() == "acme.test MX" {
				switched = true
			}
			if events++; events == n && !switched {
				edited = true
				s.world.PutSet(other)
			}
		}
		r := &Run{State: s.state(t), World: s.world, Plan: p, Through: planner.Retire, Self: testSelf(s.clock), Tool: "test", Readers: []Reader{watch}}
		r.Ask = func(_ context.Context, q Question) (Answer, error) { return s.everybodyDoes(q), nil }
		err := r.Do(t.Context())
		if !edited {
			break // the switch was over by then
		}
		moments++
		if is := s.world.Set("acme.test", "acme.test MX").Values; !slices.Equal(is, other.Values) || switched || err == nil {
			t.Errorf("edited after event %d: the MX is %q, switched %v, %v", n, is, switched, err)
		}
	}
	t.Logf("%d moments", moments)
	if moments < 20 {
		t.Errorf("only %d moments were tried", moments)
	}
}
