package executor

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// A freeze that a person has started by a plan's number is gone on with by
// that plan without asking again, but never where nobody is there; another
// plan is asked for, and told that a freeze stands.
func TestFreezeIsStartedOnce(t *testing.T) {
	s, p := ready(t, "merge")
	s.answer = func(q Question) Answer { return Answer{Yes: q.Kind == AskStart} } // the press waits
	began := s.now
	if _, err := s.apply(t, p); err == nil {
		t.Fatal("the press does not wait")
	}
	kinds := func() (list []QuestionKind) {
		for _, q := range s.asked {
			if q.Kind != AskEnded { // tasks
				list = append(list, q.Kind)
			}
		}
		s.asked = nil
		return list
	}
	if got := kinds(); !slices.Equal(got, []QuestionKind{AskStart, AskStarted}) {
		t.Fatalf("asked %v", got)
	}
	if _, err := s.apply(t, p); err == nil {
		t.Fatal("the press does not wait")
	}
	if got := kinds(); !slices.Equal(got, []QuestionKind{AskStarted}) {
		t.Errorf("the same plan again: asked %v", got)
	}
	s.answer = nil
	_, err := s.apply(t, p)
	if !slices.Equal(reasons(err), []string{"gate.attended-frozen"}) {
		t.Errorf("with nobody there: %v", err)
	}
	var refused *Refused
	if !errors.As(err, &refused) || refused.Standing == nil || !slices.Equal(refused.Standing.Gates, []string{"start"}) {
		t.Errorf("by which gate: %+v", refused)
	}
	s.answer = func(Question) Answer { return Answer{} }
	s.now = s.now.Add(time.Minute)
	other := s.plan(t)
	if other.ID == p.ID {
		t.Fatal("it is the same plan")
	}
	_, err = s.apply(t, other)
	if !slices.Equal(reasons(err), []string{"gate.declined-frozen"}) {
		t.Errorf("another plan: %v", err)
	}
	i := slices.IndexFunc(s.asked, func(q Question) bool { return q.Kind == AskStart })
	if i < 0 || s.asked[i].Since.Before(began) || s.asked[i].Since.After(s.now) {
		t.Errorf("another plan: asked %+v", s.asked)
	}
}

// A refusal says by which gates, how much was done before, and until when
// there is time.
func TestRefusalSaysWhereItStands(t *testing.T) {
	s, p := ready(t, "merge")
	s.answer = func(q Question) Answer { return Answer{Yes: q.Kind == AskStart} }
	if _, err := s.apply(t, p); err == nil {
		t.Fatal("the press does not wait")
	}
	s.world.DropAccount(s.spec.Roster.Mailboxes[0].Account)
	_, err := s.apply(t, p)
	var refused *Refused
	if !errors.As(err, &refused) || refused.Standing == nil {
		t.Fatalf("%v", err)
	}
	at, c := refused.Standing, s.spec.Cutover
	if len(at.Gates) != len(refused.Reasons) || !slices.Contains(at.Gates, "directory") || at.Before == 0 || at.At.IsZero() {
		t.Errorf("%+v of %v", at, reasons(err))
	}
	if w := at.Window; !w.Opens.Equal(c.Opens) || !w.Closes.Equal(c.Closes) || !w.Latest.Equal(c.Closes.Add(-w.Needs)) || w.Left <= 0 {
		t.Errorf("%+v", w)
	}
}
