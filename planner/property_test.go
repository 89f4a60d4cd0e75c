package planner_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/mxmove/mxmove/planner"
)

// For every plan and every prefix of it carried out, what is built then is not
// beyond the plan; after the tail nothing is left.
func TestEveryPrefixIsWithinThePlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSite(drawShape(t), "")
		p := s.plan()
		prefix := func() {
			if beyond := planner.Beyond(s.plan(), p); len(beyond) > 0 {
				t.Fatalf("after %v: beyond %v", s.acts, beyond)
			}
		}
		prefix()
		if err := s.run(p, prefix); err != nil {
			t.Fatal(err)
		}
		if err := s.complete(); err != nil {
			t.Fatalf("%v\ndone %v", err, s.acts)
		}
	})
}
