package planner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

func stepsOf(p *planner.Plan, kind, subject string) []planner.Step {
	var list []planner.Step
	for _, s := range p.Steps {
		if s.Op.Kind() == kind && (subject == "" || s.Op.Subject() == subject) {
			list = append(list, s)
		}
	}
	return list
}

func hasCode(p *planner.Plan, code string) bool {
	return slices.ContainsFunc(p.Findings, func(f config.Finding) bool { return f.Code == code })
}

// leaving is a site of three rows of which the last has left.
func leaving(route, mail string) *site {
	sh := shape{route: route, rows: 3, domains: 1, ttl: 3600, missing: 3, extras: route == "history"}
	s := newSite(sh, "")
	s.spec.Roster.Leavers = []config.Leaver{{Address: "m2@acme.test", Mail: mail}}
	if mail == "to" {
		s.spec.Roster.Leavers[0].To = "m0@acme.test"
	}
	if len(s.spec.Roster.Shared) > 0 {
		s.spec.Roster.Shared[0].Users = []string{"m1@acme.test", "m2@acme.test"}
		s.spec.Roster.Groups[0].Members = []string{"m1@acme.test", "m2@acme.test"}
	}
	s.settle(sh)
	return s
}

func TestLeavers(t *testing.T) {
	for mail, c := range map[string]struct {
		folder, group, kind string
		accounts            int
		bounces             bool
	}{
		"keep":    {"", "m1@acme.test,m2@acme.test", "copy-mailbox", 3, false},
		"to":      {"m2@acme.test", "m0@acme.test,m1@acme.test", "copy-mailbox", 2, false},
		"archive": {"", "m1@acme.test", "archive-mailbox", 2, true},
	} {
		s := leaving("history", mail)
		p := s.plan()
		passes := stepsOf(p, c.kind, "m2@acme.test")
		if len(passes) != 3 {
			t.Errorf("%s: %d passes, want one each of copy, freeze and drain", mail, len(passes))
			continue
		}
		if op, ok := passes[0].Op.(planner.CopyMailbox); ok && (op.Folder != c.folder || mail == "to" && !strings.Contains(string(op.To), "m0")) {
			t.Errorf("%s: %+v", mail, op)
		}
		created := 0
		for _, st := range stepsOf(p, "put-member", "") {
			if st.Op.(planner.PutMember).Create {
				created++
			}
		}
		if created != c.accounts {
			t.Errorf("%s: %d accounts are made, want %d", mail, created, c.accounts)
		}
		if g := stepsOf(p, "put-group", "")[0].Op.(planner.PutGroup); strings.Join(g.Members, ",") != c.group {
			t.Errorf("%s: the group is %v", mail, g.Members)
		}
		if hasCode(p, "leaver.bounces") != c.bounces {
			t.Errorf("%s: bounces %v", mail, !c.bounces)
		}
		if err := s.run(p, nil); err != nil {
			t.Fatal(err)
		}
		if err := s.complete(); err != nil {
			t.Errorf("%s: %v", mail, err)
		}
		if s.world.Send("m2@acme.test", letter(900)); (s.world.Tally().Bounced > 0) != c.bounces {
			t.Errorf("%s: mail to who left bounced: %v", mail, !c.bounces)
		}
	}
}

// What cannot be is told: where the vendor carries the mail it goes nowhere
// else, and the wizard's mailboxes are not written into.
func TestLeaversThatCannotBe(t *testing.T) {
	for _, c := range []struct{ route, mail, code string }{
		{"merge", "to", "leaver.vendor"}, {"merge", "archive", "leaver.vendor"}, {"upgrade", "to", "leaver.vendor"},
		{"merge", "keep", ""}, {"wizard", "to", "HISTORY-17-heir"}, {"wizard", "keep", ""}, {"imap", "to", "leaver.bounces"}, {"imap", "archive", "leaver.bounces"},
	} {
		p := leaving(c.route, c.mail).plan()
		for _, code := range []string{"leaver.vendor", "HISTORY-17-heir", "leaver.bounces"} {
			if hasCode(p, code) != (code == c.code) {
				t.Errorf("%s, %s: %s %v", c.route, c.mail, code, hasCode(p, code))
			}
		}
		for _, st := range stepsOf(p, "wizard-copy", "") {
			if got := slices.Contains(st.Op.(planner.WizardCopy).Addresses, "m2@acme.test"); got != (c.mail == "keep") {
				t.Errorf("the wizard carries who left: %v, %s", got, c.mail)
			}
		}
	}
}

// The heir needs a seat for what it gets.
func TestHeirsSize(t *testing.T) {
	s := leaving("history", "to")
	snap := s.observe()
	for i := range snap.Mailboxes {
		snap.Mailboxes[i].Source.Bytes = 700 << 20
	}
	p := planner.Build(s.spec, snap, s.now)
	for _, st := range stepsOf(p, "set-seat", "") {
		if op := st.Op.(planner.SetSeat); st.Work != (op.Account == "m0") || op.Account == "m2" {
			t.Errorf("%+v, work %v", op, st.Work)
		}
	}
}

// Addresses at which people were reached before stay theirs, one step each.
func TestAliases(t *testing.T) {
	s := newSite(shape{route: "history", rows: 2, domains: 2, ttl: 60, missing: 1}, "")
	s.spec.Roster.Mailboxes[1].Was = "old@acme.test"
	aliases := func() (got []string) {
		for _, st := range stepsOf(s.plan(), "put-member", "") {
			if op := st.Op.(planner.PutMember); len(op.Aliases) > 0 {
				got = append(got, op.Account+" "+strings.Join(op.Aliases, ","))
			}
		}
		slices.Sort(got)
		return got
	}
	want := []string{"m0 m0@acme.example", "m1 m1@acme.example", "m1 old@acme.test"}
	if got := aliases(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	p := s.plan()
	s.world.PutAccount(planner.Member{Account: "m1", Address: "m1@acme.test", Aliases: []string{"old@acme.test"}, Enabled: planner.Yes})
	if got := aliases(); !slices.Equal(got, want[:2]) {
		t.Errorf("%q", got)
	}
	if beyond := planner.Beyond(s.plan(), p); len(beyond) > 0 {
		t.Errorf("what somebody added makes new steps: %v", beyond)
	}
	if err := s.run(p, nil); err != nil {
		t.Fatal(err)
	}
	if got := aliases(); len(got) > 0 {
		t.Errorf("left: %q", got)
	}
	for i := range 6 {
		s.spec.Source.Aliases = append(s.spec.Source.Aliases, strings.Repeat("x", i+1)+".test")
	}
	if !hasCode(s.plan(), "plan.aliases") {
		t.Error("seven further addresses, and nobody says that it is too many")
	}
}

// A mail is put into the target before the first copy, once, and only where
// mxmove carries the mail into a tenant.
func TestTryAppendComesFirst(t *testing.T) {
	for route, want := range map[string]int{"imap": 0, "history": 1, "wizard": 0, "merge": 0} {
		s := newSite(shape{route: route, rows: 2, domains: 1, ttl: 60, missing: 1}, "")
		p := s.plan()
		tries := stepsOf(p, "try-append", "")
		if len(tries) != want {
			t.Errorf("%s: %d", route, len(tries))
		}
		if err := s.run(p, nil); err != nil {
			t.Fatal(err)
		}
		if got := s.world.Tally().Tried; got != want {
			t.Errorf("%s: tried %d times", route, got)
		}
		first := slices.IndexFunc(s.acts, func(id planner.StepID) bool { return id.Kind() == "copy-mailbox" })
		if want > 0 && slices.Index(s.acts, tries[0].ID) > first {
			t.Errorf("copied before: %v", s.acts)
		}
	}
}

// A target that takes nothing is found out before anything is copied.
func TestTryAppendFails(t *testing.T) {
	s := newSite(shape{route: "history", rows: 2, domains: 1, ttl: 60}, "")
	s.world.FailKind("try-append", 3, false)
	p := s.plan()
	for range 10 {
		if _, err := s.step(p); err != nil {
			t.Fatal(err)
		}
		tried := s.world.Tally().Tried > 0
		if copied := slices.ContainsFunc(s.acts, func(id planner.StepID) bool { return id.Kind() == "copy-mailbox" }); copied && !tried {
			t.Fatalf("copied without a try: %v", s.acts)
		}
	}
	if err := s.run(p, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.complete(); err != nil {
		t.Error(err)
	}
}
