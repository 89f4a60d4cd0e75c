package executor

import (
	"context"
	"slices"
	"testing"

	"github.com/mxmove/mxmove/planner"
)

func (s *site) does(t *testing.T, op planner.Op) {
	t.Helper()
	if _, err := s.world.Do(context.Background(), op, nil, func(planner.Progress) {}); err != nil {
		t.Fatal(err)
	}
}

// What people are told to do goes on record once, with what will take it back;
// what the world shows is its outcome, and the way back is walked the same way.
func TestWhatPeopleMakeTheyTakeBack(t *testing.T) {
	for _, terminal := range []bool{false, true} {
		s := newSite(t, "merge")
		s.people = []string{"put-member", "set-enabled"}
		p := s.plan(t)
		i := slices.IndexFunc(p.Steps, func(st planner.Step) bool { return st.Op.Kind() == "put-member" })
		put := p.Steps[i]
		s.answer = nil
		if terminal {
			s.answer = func(Question) Answer { return Answer{} } // not now
		}
		for n := range 2 {
			tp, _ := s.apply(t, p)
			asked := find[ActAsked](tp)
			asked = slices.DeleteFunc(asked, func(e ActAsked) bool { return e.Step != put.ID })
			if len(asked) != 1-n {
				t.Fatalf("run %d: asked %+v", n, asked)
			}
			if n == 0 && asked[0].Undo.Op != (planner.SetEnabled{Corp: "wwB", Account: "m0"}) {
				t.Fatalf("%+v", asked[0].Undo)
			}
		}
		if undoes(s.reverse(t)) > 0 {
			t.Error("what nobody did is taken back")
		}
		s.does(t, put.Op)
		tp, _ := s.apply(t, p)
		if seen := find[StepSeen](tp); len(seen) != 1 || seen[0].Step != put.ID {
			t.Fatalf("%+v", seen)
		}
		s.goBack(t, terminal)
	}
}

func undoes(p *planner.Plan) (n int) {
	for _, st := range p.Steps {
		if u, ok := st.Op.(planner.Undo); ok && u.Of.Kind() == "put-member" {
			n++
		}
	}
	return n
}

func (s *site) goBack(t *testing.T, terminal bool) {
	t.Helper()
	p := s.reverse(t)
	if undoes(p) != 1 || slices.Contains(codes(p.Findings), "plan.cannot") {
		t.Fatalf("%d steps take back, findings %v", undoes(p), codes(p.Findings))
	}
	if terminal {
		s.answer = s.everybodyDoes
	}
	tp, err := s.apply(t, p)
	if terminal != (err == nil) {
		t.Fatal(err)
	}
	if !terminal {
		held := find[StepHeld](tp)
		if len(held) == 0 || held[len(held)-1].Reason.Code != "act.back.enabled.off" {
			t.Fatalf("%+v", held)
		}
		s.does(t, planner.SetEnabled{Corp: "wwB", Account: "m0"})
		if _, err := s.apply(t, p); err != nil {
			t.Fatal(err)
		}
	}
	if p := s.reverse(t); undoes(p) > 0 {
		t.Errorf("taken back, it is taken back again: %v", p.Steps)
	}
}
