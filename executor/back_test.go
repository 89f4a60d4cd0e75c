package executor

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// step is from one line to the next that is tried: all of them, or with -short,
// as under the race detector, which takes ten times as long, every seventh.
func step() int {
	if testing.Short() {
		return 7
	}
	return 1
}

// Whatever line of a migration the machine died at, the way back leads to what
// was before, once; and forward again leads to the end.
func TestWayBackFromEveryLine(t *testing.T) {
	for name, make := range map[string]func() *site{
		"imap":    func() *site { return newSite(t, "imap") },
		"history": func() *site { return historySite(t) },
	} {
		t.Run(name, func(t *testing.T) {
			for at := 1; ; at += step() {
				s := make()
				d := s.die(at, at%2 == 0)
				if err := s.through(t, s.plan(t)); err == nil && !d.dead {
					if at < 50 {
						t.Errorf("only %d lines", at-1)
					}
					return
				}
				if err := s.returns(t, s.reverse(t)); err != nil {
					t.Fatalf("died at line %d: %v", at, err)
				}
				if at%7 == 0 {
					if err := s.onwards(t); err != nil {
						t.Fatalf("died at line %d, forward again: %v", at, err)
					}
				}
			}
		})
	}
}

// Killed at any line of its own, the way back ends as if it had not been.
func TestWayBackKilledAtEveryLine(t *testing.T) {
	for name, make := range map[string]func() *site{
		"imap":    func() *site { return newSite(t, "imap") },
		"history": func() *site { return historySite(t) },
	} {
		t.Run(name, func(t *testing.T) {
			for at := 1; ; at += step() {
				s := make()
				s.switchOver(t)
				p := s.reverse(t)
				d := s.die(at, at%2 == 0)
				for range 60 {
					if err := s.back(t, p); !errors.Is(err, errDied) && !asFault(err) {
						break
					}
				}
				if err := s.returns(t, p); err != nil {
					t.Fatalf("died at line %d: %v", at, err)
				}
				if !d.dead {
					if at < 15 {
						t.Errorf("only %d lines", at-1)
					}
					return
				}
			}
		})
	}
}

// asFault reports what a journal that cannot be written gives.
func asFault(err error) bool { return errors.As(err, new(*planner.Fault)) }

// After a press that nobody can take back nothing before it is taken back.
func TestNoWayBackBehindAPress(t *testing.T) {
	s, p := ready(t, "merge")
	if len(s.reverse(t).Steps) == 0 {
		t.Error("nothing to go back on before the press")
	}
	if _, err := s.apply(t, p); err != nil && !errors.As(err, new(*Incomplete)) {
		t.Fatal(err)
	}
	back := s.reverse(t)
	if !slices.Equal(codes(back.Findings), []string{"back.closed"}) || len(back.Steps) > 0 {
		t.Errorf("%v %v", back.Steps, codes(back.Findings))
	}
}

// An MX that somebody set since is left alone, and everything behind it waits.
func TestWayBackLeavesAnothersRecord(t *testing.T) {
	s := newSite(t, "imap")
	s.switchOver(t)
	p := s.reverse(t)
	s.world.PutSet(planner.RRset{Zone: "acme.test", Name: "acme.test", Type: "MX", Values: []string{"10 mx.third.test"}, TTL: 60})
	n := len(s.lines(t))
	_, err := s.apply(t, p)
	if got := reasons(err); !slices.Equal(got, []string{"back.changed"}) {
		t.Errorf("%v", err)
	}
	for _, l := range s.lines(t)[n:] {
		if l.Kind == KindIntent {
			t.Errorf("carried out: %s", l.Step)
		}
	}
	s.world.PutSet(planner.RRset{Zone: "acme.test", Name: "acme.test", Type: "MX", Values: []string{"10 mx.old.test"}, TTL: 3600})
	if err := s.back(t, p); err != nil { // who put it back by hand helped
		t.Error(err)
	}
	if err := s.atSourceOnce(); err != nil {
		t.Error(err)
	}
}

// What binds the way back, one by one; the window and a directory do not.
func TestGatesOfTheWayBack(t *testing.T) {
	s := newSite(t, "imap")
	s.switchOver(t)
	p := s.reverse(t)
	base := gateView{plan: p, built: p, now: closes.Add(100 * time.Hour), directory: []string{"+ wwB/x"}}
	if g := cutoverGates(base); !open(g) {
		t.Fatalf("%+v", g)
	}
	strict := *s.spec
	c := *s.spec.Cutover
	c.Approvals = 2
	strict.Cutover = &c
	bare := strict
	bare.Cutover = nil
	for code, change := range map[string]func(*gateView){
		"gate.hold":      func(v *gateView) { v.held = true },
		"gate.mirror":    func(v *gateView) { v.mirror = errors.New("gone") },
		"gate.lineage":   func(v *gateView) { v.loose = true },
		"gate.settings":  func(v *gateView) { v.settings = true },
		"gate.stale":     func(v *gateView) { v.stale = "x y @1" },
		"gate.approvals": func(v *gateView) { v.plan = planner.BuildReverse(&strict, p.Observed, s.now) },
		"gate.no-window": func(v *gateView) { v.plan = planner.BuildReverse(&bare, p.Observed, s.now) },
	} {
		v := base
		change(&v)
		var got []string
		for _, g := range cutoverGates(v) {
			got = append(got, codes(g.Reasons)...)
		}
		if !slices.Equal(got, []string{code}) {
			t.Errorf("%s: %v", code, got)
		}
	}
	s.answer = nil // nobody is there to start it
	if _, err := s.apply(t, p); !slices.Equal(reasons(err), []string{"gate.attended-back"}) {
		t.Error(err)
	}
}

// After the vendor's copy was ended for good only what came after it is taken
// back: the MX, not the accounts; and who is not carried is told.
func TestWayBackBehindTheWizard(t *testing.T) {
	s := historySite(t)
	s.spec.Roster.Mailboxes[2].Mover = "wizard"
	s.spec.Acknowledged = []config.Acknowledge{{Kind: "finish-wizard", Subject: "tenant/wwB", Because: "tried", AtMost: config.Bounds{Mailboxes: 9}}}
	s.switchOver(t)
	p := s.reverse(t)
	for _, st := range p.Steps {
		if u, ok := st.Op.(planner.Undo); ok && u.Op.Kind() != "set-records" {
			t.Errorf("taken back: %s", st.ID)
		}
	}
	if got := codes(p.Findings); !slices.Contains(got, "back.closed") || !slices.Contains(got, "back.uncarried") {
		t.Errorf("%v", got)
	}
	if err := s.back(t, p); err != nil {
		t.Fatal(err)
	}
	if mx := s.world.Set("acme.test", "acme.test MX"); !slices.Equal(mx.Values, []string{"10 mx.old.test"}) {
		t.Errorf("%v", mx)
	}
}
