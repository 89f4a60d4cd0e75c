package executor

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/memory"
)

// historySite is a company that moves into a tenant: accounts are made, the
// IMAP service is switched on, seats are given, and a group is made.
func historySite(t testing.TB) *site {
	t.Helper()
	s := &site{dir: quickDir(t), spec: siteSpec("imap", 3), now: siteStart}
	s.spec.Target.Kind, s.spec.Target.CorpID, s.spec.Target.Procedure = "wecom", "wwB", "history"
	s.spec.Target.Seats = &config.Seats{VIP: 5}
	s.spec.Roster.Groups = []config.Group{{Address: "all@acme.test", Name: "All", Members: []string{"m0@acme.test", "m1@acme.test"}}}
	s.build()
	s.world.TargetTenant(planner.Tenant{Cap: 100, Seats: 5})
	s.world.PutAccount(planner.Member{Account: "m2", Address: "m2@acme.test", Enabled: planner.Yes, VIP: planner.No, IMAP: planner.No})
	s.answer = s.everybodyDoes
	if _, err := InitState(s.dir, ""); err != nil {
		t.Fatal(err)
	}
	return s
}

// reverse is the plan of the way back by what is known now.
func (s *site) reverse(t testing.TB) *planner.Plan {
	t.Helper()
	p := s.plan(t)
	return planner.BuildReverse(s.spec, p.Observed, s.clock())
}

// arrives sends one mail to each mailbox, as somebody elsewhere does.
func (s *site) arrives(n int) {
	for i, row := range s.spec.Roster.Mailboxes {
		s.world.Send(row.Address, memory.Message{Body: fmt.Appendf(nil, "Message-ID: <%d-%d-%d>\r\n\r\nnew", n, i, s.now.UnixNano()), Date: s.clock()})
	}
}

// back carries a reverse plan out until nothing is left, mail coming all the
// while.
func (s *site) back(t testing.TB, p *planner.Plan) error {
	t.Helper()
	for n := range 40 {
		_, err := s.apply(t, p)
		s.arrives(1000 + n)
		var inc *Incomplete
		switch {
		case err == nil:
			return nil
		case !errors.As(err, &inc) || inc.Reason != ReasonWaitingTail && inc.Reason != ReasonFailed:
			return err
		}
		s.now = s.now.Add(5 * time.Hour)
	}
	return errors.New("no end")
}

// asBefore says what is not as it was before anything was done.
func (s *site) asBefore(t testing.TB) error {
	t.Helper()
	for key, want := range map[string]string{
		"acme.test MX":           "10 mx.old.test",
		"acme.test TXT":          "v=spf1 include:old.test -all",
		"_mta-sts.acme.test TXT": "v=STSv1; id=1;",
	} {
		set := s.world.Set("acme.test", key)
		if got := strings.Join(set.Values, "|"); got != want {
			return fmt.Errorf("%s is %q", key, got)
		}
		if want := map[bool]uint32{true: 60, false: 3600}[key == "acme.test TXT"]; set.TTL != want {
			return fmt.Errorf("%s has TTL %d", key, set.TTL)
		}
	}
	snap := s.plan(t).Observed
	for _, r := range snap.Records {
		if r.Open && r.Before == r.After { // a watch; what is begun and never written stands as it was
			return fmt.Errorf("%s is open", r.Step)
		}
	}
	if tn := snap.Target.Tenant; tn != nil && s.spec.Target.Procedure == "history" {
		for _, m := range tn.Members {
			if m.VIP == planner.Yes || m.IMAP == planner.Yes || (m.Enabled == planner.Yes) != (m.Account == "m2") {
				return fmt.Errorf("member %+v", m)
			}
		}
		for _, g := range tn.Groups {
			if len(g.Members) > 0 {
				return fmt.Errorf("group %+v", g)
			}
		}
	}
	return s.atSourceOnce()
}

// atSourceOnce says which mail is not at the source exactly once.
func (s *site) atSourceOnce() error {
	if t := s.world.Tally(); t.Bounced > 0 {
		return fmt.Errorf("%d mails bounced", t.Bounced)
	}
	for _, row := range s.spec.Roster.Mailboxes {
		n := map[string]int{}
		for _, m := range s.world.Dump(memory.Source, row.Address)["INBOX"] {
			n[string(m.Body)]++
		}
		for _, m := range s.world.Dump(memory.Target, row.Address)["INBOX"] {
			if n[string(m.Body)] == 0 {
				return fmt.Errorf("%s: %q is only at the target", row.Address, m.Body)
			}
		}
		for body, times := range n {
			if times != 1 {
				return fmt.Errorf("%s: %q is there %d times", row.Address, body, times)
			}
		}
	}
	return nil
}

// Whatever line of a migration the machine died at, the way back leads to what
// was before, once; and forward again leads to the end.
func TestWayBackFromEveryLine(t *testing.T) {
	for name, make := range map[string]func() *site{
		"imap":    func() *site { return newSite(t, "imap") },
		"history": func() *site { return historySite(t) },
	} {
		t.Run(name, func(t *testing.T) {
			for at := 1; ; at++ {
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
			for at := 1; ; at++ {
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

// switchOver goes forward until the domain is switched.
func (s *site) switchOver(t testing.TB) {
	t.Helper()
	p := s.plan(t)
	var inc *Incomplete
	if _, err := s.apply(t, p); !errors.As(err, &inc) || inc.Reason != ReasonWaitingWindow {
		t.Fatalf("before the window: %v", err)
	}
	s.now = opens.Add(time.Minute)
	s.arrives(1)
	if _, err := s.apply(t, p); !errors.As(err, &inc) || inc.Reason != ReasonWaitingTail {
		t.Fatalf("in the window: %v", err)
	}
	s.now = s.now.Add(2 * time.Hour) // caches know the target
	s.arrives(2)
}

// returns goes back and finds all as it was.
func (s *site) returns(t testing.TB, p *planner.Plan) error {
	t.Helper()
	s.wrap = nil
	s.arrives(3)
	if err := s.back(t, p); err != nil {
		return fmt.Errorf("back: %w", err)
	}
	if again := s.reverse(t); len(again.Steps) > 0 {
		return fmt.Errorf("a second way back: %d steps, the first %s, work %v", len(again.Steps), again.Steps[0].ID, again.Steps[0].Work)
	}
	return s.asBefore(t)
}

// onwards migrates in a new window.
func (s *site) onwards(t testing.TB) error {
	t.Helper()
	next, c := *s.spec, *s.spec.Cutover
	c.Opens, c.Closes = s.now, s.now.Add(10*time.Hour)
	next.Cutover, s.spec = &c, &next
	if err := s.through(t, s.plan(t)); err != nil {
		return err
	}
	if s.spec.Target.Procedure == "history" {
		return nil // accounts differ from what moved expects
	}
	return s.complete(t)
}

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
