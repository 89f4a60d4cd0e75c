package planner_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/memory"
)

func TestPointOfNoReturn(t *testing.T) {
	s := newSite(oneMerge, "")
	p := s.plan()
	point, ok := p.PointOfNoReturn()
	if !ok || point.Before.Kind() != "merge-tenants" || !point.NotBefore.Equal(opens) || point.Of != len(p.Steps) || p.Steps[point.N-1].ID != point.Before {
		t.Errorf("%+v, %v", point, ok)
	}
	if point, ok := newSite(oneIMAP, "").plan().PointOfNoReturn(); ok {
		t.Errorf("a plain switch of MX has no such point: %+v", point)
	}
}

func TestWayBack(t *testing.T) {
	s := newSite(oneMerge, "")
	p := s.plan()
	if back := p.WayBack(); !back.Open || len(back.Undo)+len(back.Switched) > 0 {
		t.Errorf("before anything: %+v", back)
	}
	s.until(p, "merge-tenants", "")
	back := s.plan().WayBack()
	if back.Open || back.ClosedBy.Kind() != "merge-tenants" || back.ClosedAt.IsZero() {
		t.Errorf("after the press: %+v", back)
	}
	s = newSite(oneIMAP, "")
	s.until(s.plan(), "set-records", "acme.test MX")
	back = s.plan().WayBack()
	if !back.Open || !slices.Equal(back.Switched, []string{"acme.test"}) || len(back.Undo) != 1 || back.Undo[0].Price != "undo.set-mx" {
		t.Errorf("after a switch: %+v", back)
	}
}

func TestDoBy(t *testing.T) {
	sh := oneMerge
	sh.ttl, sh.sts = 86400, true
	var got []string
	for _, d := range newSite(sh, "").plan().DoBy(start) {
		got = append(got, d.Code+" "+opens.Sub(d.By).String()+" "+d.Args["n"])
		if d.Late != start.After(d.By) {
			t.Errorf("%s: late is %v", d.Code, d.Late)
		}
	}
	want := []string{"doby.mta-sts 168h0m0s 1", "doby.task 72h0m0s 2", "doby.task 48h0m0s 1", "doby.ttl 24h0m0s 2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s := newSite(oneIMAP, "")
	s.spec.Source.IMAP.Login.Kind = config.LoginPassword
	var codes []string
	for _, d := range s.plan().DoBy(start) {
		codes = append(codes, d.Code)
	}
	if diff := cmp.Diff([]string{"doby.passwords", "doby.ttl", "doby.copy"}, codes); diff != "" {
		t.Error(diff)
	}
	s.spec.Cutover = nil
	if d := s.plan().DoBy(start); d != nil {
		t.Errorf("without a window: %v", d)
	}
}

func TestSince(t *testing.T) {
	s := newSite(oneMerge, "")
	first := s.plan()
	if c := s.plan().Since(first); len(c.Added)+len(c.Done)+len(c.Gone)+len(c.Grown)+len(c.Opened) > 0 || c.Settings || c.Messages != 0 {
		t.Errorf("nothing happened: %+v", c)
	}
	s.step(first)
	s.world.Deliver(memory.Target, "m0@acme.test", "INBOX", letter(7))
	s.world.Deliver(memory.Source, "m0@acme.test", "INBOX", letter(8))
	cutover := *s.spec.Cutover // the first plan keeps its own
	cutover.Approvals, cutover.Zones = 2, nil
	s.spec.Cutover = &cutover
	c := s.plan().Since(first)
	if !c.Settings || c.Messages != 1 || len(c.Done) != 1 || len(c.Gone) == 0 || len(c.Added) != 0 {
		t.Errorf("%+v", c)
	}
	if diff := cmp.Diff([]planner.Growth{{Step: c.Grown[0].Step, Name: "messages", More: 1}}, c.Grown); diff != "" {
		t.Error(diff)
	}
}

// A press without acknowledgement blocks, and its block is ready to paste:
// what was measured and 10 %; outgrown bounds block, too.
func TestBoundsOfAPress(t *testing.T) {
	sh := oneMerge
	sh.rows = 2
	sh.missing = 1
	s := newSite(sh, "")
	acks := s.spec.Acknowledged
	s.spec.Acknowledged = nil
	s.world.PutAccount(planner.Member{Account: "trial", Address: "trial@trial.test"})
	p := s.plan()
	finals := p.Finals()
	if len(finals) != 1 || finals[0].Acknowledged != nil {
		t.Fatalf("%+v", finals)
	}
	want := []planner.Bound{{Name: "mailboxes", Measured: 3}, {Name: "messages", Measured: 1}, {Name: "unobserved", Measured: 1}}
	if diff := cmp.Diff(want, finals[0].Bounds); diff != "" {
		t.Error(diff)
	}
	block := "acknowledge \"merge-tenants\" \"tenant/wwB\" {\n  because = \"\"\n  at_most {\n    mailboxes  = 4\n    messages   = 2\n    unobserved = 1\n  }\n}\n"
	if diff := cmp.Diff(block, finals[0].Block); diff != "" {
		t.Error(diff)
	}
	if !slices.Contains(codesOf(p), "plan.unacknowledged") {
		t.Errorf("findings %v", codesOf(p))
	}
	s.spec.Acknowledged = acks
	if codes := codesOf(s.plan()); !slices.Equal(codes, []string{"plan.outgrown"}) { // unobserved 1 of 0
		t.Errorf("findings %v", codes)
	}
	s.spec.Acknowledged[0].AtMost.Unobserved = 1
	if codes := codesOf(s.plan()); len(codes) > 0 {
		t.Errorf("findings %v", codes)
	}
}

// What a world cannot carry out is told, and nothing else is.
func TestCannot(t *testing.T) {
	s := newSite(oneMerge, "")
	snap := s.observe()
	snap.Can = slices.DeleteFunc(planner.Kinds(), func(k string) bool { return k == "merge-tenants" })
	p := planner.Build(s.spec, snap, s.now)
	if codes := codesOf(p); !slices.Equal(codes, []string{"plan.cannot"}) {
		t.Fatalf("findings %v", codes)
	}
	i := slices.IndexFunc(p.Findings, func(f config.Finding) bool { return f.Code == "plan.cannot" })
	for _, st := range p.Steps {
		if got := planner.Concerns(p.Findings[i], st); got != (st.Op.Kind() == "merge-tenants") {
			t.Errorf("%s: concerned %v", st.ID, got)
		}
	}
	snap.Can = nil
	if n := len(codesOf(planner.Build(s.spec, snap, s.now))); n < 10 {
		t.Errorf("a world that copies only: %d findings", n)
	}
}

// Each rule speaks in the world made for it, and is silent otherwise.
func TestRuleFindings(t *testing.T) {
	history, merge := shape{route: "history", rows: 2, domains: 1, ttl: 60}, shape{route: "merge", rows: 2, domains: 1, ttl: 60}
	upgrade, buyers := shape{route: "upgrade", rows: 2, domains: 1, ttl: 60}, shape{route: "merge", rows: 2, domains: 1, ttl: 60, buyers: true}
	plain := func(m planner.Member) func(*site) { return func(s *site) { s.world.PutAccount(m) } }
	for _, c := range []struct {
		code string
		sh   shape
		make func(*site)
	}{
		{"MERGE-01", merge, func(s *site) { s.spec.Source.Creator = "li" }},
		{"MERGE-02", merge, func(s *site) {
			s.spec.Roster.Mailboxes[0].Account, s.spec.Roster.Mailboxes[0].Name = "", "Wang"
			plain(planner.Member{Account: "wang", Name: "Wang"})(s)
			plain(planner.Member{Account: "wang1", Name: "Wang"})(s)
		}},
		{"MERGE-02-shared", merge, func(s *site) { s.spec.Roster.Mailboxes[1].Account = "m0" }},
		{"MERGE-11", merge, func(s *site) { s.world.TargetTenant(planner.Tenant{Domains: []string{"b.test"}}) }},
		{"MERGE-13", merge, func(s *site) { s.world.TargetTenant(planner.Tenant{Paid: planner.Yes}) }},
		{"HISTORY-15", history, func(s *site) { s.spec.Roster.Mailboxes[0].TargetAddress = "x@acme.test" }},
		{"EDITION-01", history, func(s *site) { s.world.TargetTenant(planner.Tenant{Cap: 1}) }},
		{"EDITION-02", history, func(s *site) { s.spec.Target.Seats = &config.Seats{VIP: 3} }},
		{"EDITION-04", history, func(s *site) {
			s.spec.Roster.Shared = []config.Shared{{Address: "a@acme.test"}, {Address: "b@acme.test"}, {Address: "c@acme.test"}, {Address: "d@acme.test"}}
		}},
		{"EDITION-07", upgrade, func(s *site) { s.spec.Acknowledged[0].Company = "" }},
		{"UPGRADE-08", upgrade, func(s *site) { s.spec.Roster.Mailboxes = s.spec.Roster.Mailboxes[:1] }},
		{"UPGRADE-08-absent", upgrade, func(s *site) {
			s.world.SourceTenant(planner.Tenant{Members: []planner.Member{{Address: "m0@acme.test"}}})
		}},
		{"CUSTOMERS-02", buyers, func(s *site) {
			s.world.Customers(planner.Customers{Relations: map[string]int{"m0": 40}, Unassigned: map[string]int{"m0": 1}})
		}},
		{"CUSTOMERS-05", buyers, func(s *site) { s.spec.Customers.Accounts["m1"] = "m0" }},
		{"CUSTOMERS-08", buyers, func(s *site) { s.world.Customers(planner.Customers{Relations: map[string]int{"m0": 43}}) }},
		{"CUSTOMERS-09", buyers, func(s *site) { s.spec.Customers.Contract = nil }},
		{"CUSTOMERS-12", buyers, func(s *site) {
			s.world.Customers(planner.Customers{Relations: map[string]int{"m0": 40}, JoinCodes: map[string][]string{"q": {"m0"}}})
		}},
		{"plan.zone-unseen", history, func(s *site) { s.world.Silence("acme.test", true) }},
		{"plan.no-mx", shape{route: "imap", rows: 1, domains: 1}, func(s *site) { s.spec.Cutover.Zones[0].MX = nil }},
	} {
		s := newSite(c.sh, "")
		if codes := codesOf(s.plan()); len(codes) > 0 {
			t.Errorf("%s: a good spec has %v", c.code, codes)
		}
		c.make(s)
		if codes := codesOf(s.plan()); !slices.Contains(codes, c.code) {
			t.Errorf("%s is silent: %v", c.code, codes)
		}
	}
}

// Mail beyond what an ordinary mailbox holds takes a seat; without one it does
// not fit, and the step that gives it one stands from the start.
func TestSeats(t *testing.T) {
	s := newSite(shape{route: "history", rows: 2, domains: 1, ttl: 60, extras: true}, "")
	snap := s.observe()
	before := planner.Build(s.spec, snap, s.now)
	for i := range snap.Mailboxes {
		snap.Mailboxes[i].Source.Bytes = 2 << 30
	}
	p := planner.Build(s.spec, snap, s.now)
	if beyond := planner.Beyond(p, before); len(beyond) > 0 {
		t.Errorf("a mailbox that grew is beyond the plan: %v", beyond)
	}
	work := 0
	for _, st := range p.Steps {
		if st.Op.Kind() == "set-seat" && st.Work {
			work++
		}
	}
	if work != 2 || slices.Contains(codesOf(p), "EDITION-03") {
		t.Errorf("%d seats are given, findings %v", work, codesOf(p))
	}
	s.spec.Target.Seats = nil
	if codes := codesOf(planner.Build(s.spec, snap, s.now)); !slices.Equal(codes, []string{"EDITION-03", "EDITION-03"}) {
		t.Errorf("without seats: %v", codes)
	}
}

// Nobody's password, place or order is in what approvals bind; rows, history
// and limits are not either.
func TestGatedSettings(t *testing.T) {
	s := newSite(oneMerge, "")
	approved := s.plan().Gated()
	for name, change := range map[string]func(*config.Spec){
		"place":  func(s *config.Spec) { s.Cutover.At.Line, s.Acknowledged[0].At.Line, s.Target.Archive.At.Line = 9, 9, 9 },
		"limits": func(s *config.Spec) { s.Source.IMAP.Limits.Connections = 40 },
		"name":   func(s *config.Spec) { s.Roster.Mailboxes[0].Name = "Alice" },
	} {
		s := newSite(oneMerge, "")
		change(s.spec)
		if s.plan().Gated() != approved {
			t.Errorf("%s: approvals are void", name)
		}
	}
	s.spec.Roster.Mailboxes[0].TargetPassword = config.Secret{}
	if s.plan().Gated() == approved {
		t.Error("an archive is dropped with its row's password, and old approvals count")
	}
}

// Ten thousand mailboxes with a cutover are planned quickly.
func BenchmarkBuildCutover(b *testing.B) {
	s := newSite(shape{route: "imap", rows: 10_000, domains: 1, ttl: 60, spf: true}, "")
	snap := s.observe()
	for b.Loop() {
		planner.Build(s.spec, snap, s.now)
	}
}
