package planner_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/mxmove/mxmove/planner"
)

// property draws a case and says what is wrong with it under the rules that
// are on. Each is tried on 100 cases; -rapid.checks=N tries N.
type property func(t *rapid.T, off planner.Without) error

func check(t *testing.T, holds property) {
	rapid.Check(t, func(t *rapid.T) {
		if err := holds(t, ""); err != nil {
			t.Fatal(err)
		}
	})
}

func TestEveryPrefixIsWithinThePlan(t *testing.T) { check(t, prefixes) }

// prefixes: for every plan and every prefix of it carried out, what is built
// then is not beyond the plan; after the tail nothing is left, also when the
// files name another creator by then.
func prefixes(t *rapid.T, off planner.Without) error {
	sh := drawShape(t)
	s := newSite(sh, off)
	if rapid.Bool().Draw(t, "blind") {
		s.blind()
	}
	p := s.plan()
	prefix := func() error {
		if beyond := planner.Beyond(s.plan(), p); len(beyond) > 0 {
			return fmt.Errorf("after %v: beyond %v", s.acts, beyond)
		}
		return nil
	}
	if err := prefix(); err != nil {
		return err
	}
	if err := s.run(p, prefix); err != nil {
		return err
	}
	s.spec.Source.Creator, s.spec.Target.Creator = "li", "li"
	if err := s.complete(); err != nil {
		return fmt.Errorf("%w\ndone %v", err, s.acts)
	}
	return s.restored(sh)
}
