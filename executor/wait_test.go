package executor

import (
	"slices"
	"testing"
	"time"

	"github.com/mxmove/mxmove/planner"
)

// --wait passes over the mailboxes until the window, and stops before Freeze
// unless the spec starts it unattended; then it goes on through the tail.
func TestWaiting(t *testing.T) {
	s := newSite(t, "imap")
	s.wait = true
	_, err := s.apply(t, s.plan(t))
	if !slices.Equal(reasons(err), []string{"gate.attended"}) || len(s.slept) == 0 || s.now.Before(opens) {
		t.Fatalf("attended: %v, slept %d times until %v", err, len(s.slept), s.now)
	}
	if mx := s.world.Set("acme.test", "acme.test MX").Values[0]; mx != "10 mx.old.test" {
		t.Error("it was switched with nobody there")
	}
	s = newSite(t, "imap")
	s.wait, s.spec.Cutover.Start = true, "unattended"
	s.answer = func(q Question) Answer {
		if q.Kind == AskStart {
			t.Error("asked though unattended")
		}
		return s.everybodyDoes(q)
	}
	if _, err := s.apply(t, s.plan(t)); err != nil {
		t.Fatalf("unattended: %v", err)
	}
	if err := s.complete(t); err != nil {
		t.Error(err)
	}
}

// A rest ends when the tail does, not at the next sweep.
func TestRestEndsWithTheTail(t *testing.T) {
	s := newSite(t, "imap")
	s.wait, s.spec.Cutover.Start, s.spec.Cutover.Tail = true, "unattended", 17*time.Minute
	p := s.plan(t)
	tp, err := s.apply(t, p)
	if err != nil {
		t.Fatal(err)
	}
	snap, err := Observe(t.Context(), s.world, s.state(t), planner.Signed)
	if err != nil {
		t.Fatal(err)
	}
	end := planner.Build(s.spec, snap, s.clock()).TailEnd()
	if late := s.now.Sub(end); end.IsZero() || late < 0 || late > time.Minute { // each look at the clock moves it
		t.Errorf("ended at %v, the tail at %v, after %d rests", s.now, end, len(find[Resting](tp)))
	}
}

// A run that goes through a phase does nothing behind it and is done with that.
func TestThrough(t *testing.T) {
	s, p := ready(t, "imap")
	tp := &tape{}
	r := &Run{State: s.state(t), World: s.world, Plan: p, Through: planner.Copy, Self: testSelf(s.clock), Tool: "test", Readers: []Reader{tp.read}}
	if err := r.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, e := range find[StepStarted](tp) {
		if st, _ := p.Step(e.Step); st.Op.Traits().Phase > planner.Copy {
			t.Errorf("%s was done", e.Step)
		}
	}
}

// A directory that changes in the freeze closes Cutover until it is as before.
func TestDirectoryIsWatched(t *testing.T) {
	s, p := ready(t, "merge")
	s.answer = func(q Question) Answer { return Answer{Yes: q.Kind == AskStart} } // the press waits
	if _, err := s.apply(t, p); err == nil {
		t.Fatal("the press does not wait")
	}
	s.world.PutAccount(planner.Member{Account: "chen", Name: "Chen"})
	_, err := s.apply(t, p)
	if !slices.Equal(reasons(err), []string{"MERGE-07"}) || ExitCode(err) != ExitRefused {
		t.Fatalf("got %v", err)
	}
	s.world.DropAccount("chen")
	snap, err := s.world.Observe(t.Context(), planner.Recorded)
	if err != nil {
		t.Fatal(err)
	}
	whole := snap.Target.Tenant.Members[0]
	edited := whole
	edited.Aliases = []string{"other@acme.test"}
	s.world.PutAccount(edited)
	if _, err = s.apply(t, p); !slices.Equal(reasons(err), []string{"MERGE-07"}) {
		t.Fatalf("got %v", err)
	}
	s.world.PutAccount(whole)
	s.answer = s.everybodyDoes
	if err := s.through(t, p); err != nil {
		t.Fatal(err)
	}
}
