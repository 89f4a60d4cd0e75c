package executor

import (
	"slices"
	"testing"

	"github.com/mxmove/mxmove/planner"
)

func taskID(name, on string) planner.StepID {
	return planner.IDOf(planner.Task{Name: name, On: on})
}

// What was attested while nobody could see it is void as soon as the world
// shows otherwise: the press waits, and the step is instructed again.
func TestPostCheckVoidsAFact(t *testing.T) {
	s := newSite(t, "merge")
	s.world.Blind("task", true)
	p := s.plan(t)
	paid := taskID("no-paid-features", "wwB")
	for _, id := range []planner.StepID{paid, taskID("creator-ready", "wwB")} {
		if err := s.attest(p, id, AttestFinished, "looked"); err != nil {
			t.Fatal(err)
		}
	}
	s.world.TargetTenant(planner.Tenant{Creator: "zhang", Paid: planner.Yes})
	s.now = opens
	s.answer = nil
	tp, err := s.apply(t, p)
	if voided := find[ActVoided](tp); len(voided) != 1 || voided[0].Step != paid {
		t.Errorf("%+v", voided)
	}
	if held := find[StepHeld](tp); !slices.ContainsFunc(held, func(h StepHeld) bool { return h.Step == paid }) {
		t.Errorf("it is not asked for again: %+v", held)
	}
	if ExitCode(err) == ExitDone || len(find[ActStarted](tp)) > 0 {
		t.Error(err)
	}
	if err := s.attest(p, paid, AttestFinished, "it is gone"); code(err) != "attest.not-shown" {
		t.Errorf("attested against the world: %v", err)
	}
	s.world.TargetTenant(planner.Tenant{Creator: "zhang", Paid: planner.No})
	s.answer = s.everybodyDoes
	if err := s.through(t, p); err != nil {
		t.Error(err)
	}
}

// Another creator than the attested one voids that, too.
func TestAnotherCreatorVoidsTheFact(t *testing.T) {
	s := newSite(t, "merge")
	s.world.Blind("task", true)
	p := s.plan(t)
	ready := taskID("creator-ready", "wwB")
	if err := s.attest(p, ready, AttestFinished, "zhang, by phone"); err != nil {
		t.Fatal(err)
	}
	s.world.TargetTenant(planner.Tenant{Creator: "li"})
	s.answer = nil
	tp, _ := s.apply(t, p)
	if voided := find[ActVoided](tp); len(voided) != 1 || voided[0].Step != ready {
		t.Errorf("%+v", voided)
	}
}

// A person is not told to do what is too early, at a terminal or without one,
// and may not attest to begin it.
func TestTooEarlyIsNotInstructed(t *testing.T) {
	s := newSite(t, "merge")
	s.world.Blind("task", true)
	s.world.TargetTenant(planner.Tenant{Creator: "li", Domains: []string{"b.test"}})
	p := s.plan(t)
	unbind := taskID("unbind-domain", "wwB")
	if _, ok := p.Step(unbind); !ok {
		t.Fatal("nothing to unbind")
	}
	tp, _ := s.apply(t, p)
	for _, q := range s.asked {
		if q.Step.ID == unbind {
			t.Error("a person was told to unbind")
		}
	}
	held := find[StepHeld](tp)
	if !slices.ContainsFunc(held, func(h StepHeld) bool { return h.Step == unbind && h.Reason.Code == "task.unbind-domain.early" }) {
		t.Errorf("%+v", held)
	}
	if err := s.attest(p, unbind, AttestStarted, ""); code(err) != "task.unbind-domain.early" {
		t.Errorf("begun too early: %v", err)
	}
}
