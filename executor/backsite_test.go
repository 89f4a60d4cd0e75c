package executor

import (
	"errors"
	"fmt"
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
