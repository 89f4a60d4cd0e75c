package executor

import (
	"slices"
	"testing"
	"time"

	"github.com/mxmove/mxmove/planner"
)

// A merge may outlast its window, and nobody need be there to see it end: what
// follows the press is not bound by the gates.
func TestWhatFollowsThePressNeedsNoWindow(t *testing.T) {
	s, p := ready(t, "merge")
	s.world.Blind("merge-tenants", true)
	s.answer = func(q Question) Answer { return Answer{Yes: q.Kind != AskEnded} } // nobody waits for the end
	if _, err := s.apply(t, p); ExitCode(err) != ExitPast {
		t.Fatalf("the press: %v", err)
	}
	i := slices.IndexFunc(p.Steps, func(st planner.Step) bool { return st.Op.Kind() == "merge-tenants" })
	s.now = closes.Add(48 * time.Hour)
	if err := s.attest(p, p.Steps[i].ID, AttestFinished, "done.png"); err != nil {
		t.Fatal(err)
	}
	s.answer = nil
	tp, err := s.apply(t, p)
	if !slices.ContainsFunc(tp.events, waited) {
		t.Errorf("two days after the window nothing waited for the merge: %v", err)
	}
	if n := s.world.Tally().Notices; n == 0 {
		t.Error("nobody was told")
	}
}

// waited reports whether the wait for the merge ended.
func waited(e Event) bool {
	d, ok := e.(StepDone)
	return ok && d.Step.Kind() == "wait"
}
