package planner_test

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/memory"
)

// shape is what a site is generated from.
type shape struct {
	route    string // imap, history, wizard, merge, upgrade (mode 2), fresh (mode 1)
	rows     int
	domains  int
	ttl      uint32
	sts, spf bool
	policy   string // dmarc: its own is strict; dkim: the target signs
	allocate bool
	missing  int    // rows whose account does not exist yet
	extras   bool   // shared mailboxes, groups, seats, a disabled member
	buyers   bool   // customers move, too
	leaver   string // of the last of several rows: keep, to, archive; "": nobody left
}

const strictPolicy = "v=DMARC1; p=reject; rua=mailto:d@acme.test"

func drawShape(t *rapid.T) shape {
	return shape{
		route: rapid.SampledFrom([]string{"imap", "history", "wizard", "merge", "upgrade", "fresh"}).Draw(t, "route"),
		rows:  rapid.IntRange(1, 3).Draw(t, "rows"), domains: rapid.IntRange(1, 2).Draw(t, "domains"),
		ttl: rapid.SampledFrom([]uint32{60, 300, 3600, 86400}).Draw(t, "ttl"),
		sts: rapid.Bool().Draw(t, "sts"), spf: rapid.Bool().Draw(t, "spf"),
		policy:   rapid.SampledFrom([]string{"", "dmarc", "dkim"}).Draw(t, "policy"),
		allocate: rapid.Bool().Draw(t, "allocate"), missing: rapid.IntRange(0, 3).Draw(t, "missing"),
		extras: rapid.Bool().Draw(t, "extras"), buyers: rapid.Bool().Draw(t, "customers"),
		leaver: rapid.SampledFrom([]string{"", "", "keep", "to", "archive"}).Draw(t, "leaver"),
	}
}

func specFor(sh shape) *config.Spec {
	at := func(host string) config.IMAP { return config.IMAP{Host: host, Port: 993, TLS: config.TLSImplicit} }
	s := &config.Spec{
		Source:  config.Side{Kind: "imap", Domain: "acme.test", IMAP: at("old.test")},
		Target:  config.Side{Kind: "imap", IMAP: at("new.test")},
		History: &config.History{Mover: "mxmove", Deletions: "keep", Refused: "quarantine"},
		Cutover: &config.Cutover{Opens: opens, Closes: closes, Tail: 24 * time.Hour, Approvals: 1, Start: "attended"},
		Roster:  config.Roster{Unlisted: "leave"},
	}
	s.Source.IMAP.Login = config.Login{Kind: config.LoginMaster, User: "admin"}
	for i := range sh.rows {
		a := fmt.Sprintf("m%d@acme.test", i)
		s.Roster.Mailboxes = append(s.Roster.Mailboxes, config.Mailbox{Address: a, SourceLogin: a, TargetAddress: a,
			TargetLogin: a, Account: fmt.Sprintf("m%d", i), Kind: "member", TargetPassword: config.SecretRef("env:PW")})
	}
	for _, d := range []string{"acme.test", "acme.example"}[:sh.domains] {
		z := config.Zone{Domain: d, Kind: "manual", MX: []string{"10 mx.new.test"}}
		if sh.spf {
			z.SPF = config.SPF{Add: []string{"include:new.test"}, Remove: []string{"include:old.test"}}
		}
		if sh.policy == "dkim" {
			z.DKIM = map[string]string{"s1": "v=DKIM1; p=AAAA", "s2": "S2.dkim.new.test."}
		}
		s.Cutover.Zones = append(s.Cutover.Zones, z)
		if sh.sts && !sh.pressing() {
			k := config.Canary{From: "m0@" + d, To: "trial@outside.example"}
			if d == "acme.test" { // of the other a person sees it
				k.Arrival = &config.Service{Host: "imap.outside.example"}
			}
			s.Cutover.Canaries = append(s.Cutover.Canaries, k)
		}
	}
	if sh.domains == 2 {
		s.Source.Aliases = []string{"acme.example"}
	}
	if sh.route != "imap" {
		s.Target.Kind, s.Target.CorpID, s.Target.Procedure = "wecom", "wwB", sh.route
		if sh.allocate {
			s.Roster.Unlisted = "allocate"
		}
	}
	specTenants(s, sh)
	if sh.leaver != "" && sh.rows > 1 && (sh.leaver == "keep" || !sh.pressing() && sh.route != "wizard") {
		last := s.Roster.Mailboxes[sh.rows-1].Address
		s.Roster.Leavers = []config.Leaver{{Address: last, Mail: sh.leaver}}
		if sh.leaver == "to" {
			s.Roster.Leavers[0].To = s.Roster.Mailboxes[0].Address
		}
	}
	return s
}

func specTenants(s *config.Spec, sh shape) {
	press := func(kind, subject string) {
		s.Acknowledged = append(s.Acknowledged, config.Acknowledge{Kind: kind, Subject: subject, Because: "tried", Company: "Acme",
			Administrator: "admin", AtMost: config.Bounds{Mailboxes: 10, Messages: 1000, Accounts: 10, Relations: 100}})
	}
	switch sh.route {
	case "wizard":
		s.Target.Procedure, s.History.Mover = "history", "wizard"
		press("finish-wizard", "tenant/wwB")
	case "merge", "upgrade":
		s.Target.Archive = &config.Archive{Path: "archive"}
	case "fresh":
		s.Target.Procedure, s.Target.Mode, s.Target.CorpID = "upgrade", 1, ""
		press("upgrade-tenant", "tenant/wwA")
	}
	if sh.route == "merge" {
		press("merge-tenants", "tenant/wwB")
	}
	if sh.route == "upgrade" {
		s.Target.Mode = 2
		press("upgrade-tenant", "tenant/wwB")
	}
	if sh.pressing() {
		s.History = nil
		s.Source.Kind, s.Source.CorpID, s.Source.Creator, s.Target.Creator = "wecom", "wwA", "zhang", "zhang"
	}
	if sh.buyers && sh.pressing() && sh.route != "fresh" {
		press("move-customers", "tenant/wwB")
		s.Customers = &config.Customers{Accounts: map[string]string{"m0": "m0"}, Contract: &config.Contract{Relations: 40}}
	}
	if sh.extras && sh.route != "imap" {
		s.Roster.Shared = []config.Shared{{Address: "info@acme.test", Users: []string{"m0@acme.test"}}}
		s.Roster.Groups = []config.Group{{Address: "all@acme.test", Members: []string{"m0@acme.test"}, Allow: "company"}}
		s.Target.Seats = &config.Seats{VIP: 5}
	}
}

// pressing reports a procedure in which the vendor's press moves the mail.
func (sh shape) pressing() bool {
	return sh.route == "merge" || sh.route == "upgrade" || sh.route == "fresh"
}

func newSite(sh shape, off planner.Without) *site {
	s := &site{Without: off, spec: specFor(sh), now: start, records: map[planner.StepID]planner.Record{}, facts: map[planner.StepID]planner.Fact{}}
	s.settle(sh)
	return s
}

// settle makes the world and fills it.
func (s *site) settle(sh shape) {
	s.world = memory.New(s.spec, func() time.Time { return s.now })
	for i, row := range s.spec.Roster.Mailboxes {
		s.world.Deliver(memory.Source, row.Address, "INBOX", letter(i))
		if sh.route != "imap" && sh.route != "fresh" && i >= sh.missing {
			m := planner.Member{Account: row.Account, Enabled: planner.TriOf(!sh.extras), VIP: planner.No, IMAP: planner.No}
			if sh.pressing() {
				m.Address = row.Account + "@trial.test"
				s.world.Deliver(memory.Target, row.Address, "INBOX", letter(100+i))
			}
			s.world.PutAccount(m)
		}
	}
	s.organise(sh)
	for _, z := range s.spec.Cutover.Zones {
		d := z.Domain
		s.world.PutSet(planner.RRset{Zone: d, Name: d, Type: "MX", Values: []string{"10 mx.old.test"}, TTL: sh.ttl})
		if sh.spf {
			s.world.PutSet(planner.RRset{Zone: d, Name: d, Type: "TXT", Values: []string{"v=spf1 include:old.test -all", "other"}, TTL: 60})
		}
		if sh.policy != "" {
			s.world.PutSet(planner.RRset{Zone: d, Name: "_dmarc." + d, Type: "TXT", Values: []string{strictPolicy}, TTL: sh.ttl})
		}
		if sh.sts {
			s.world.PutSet(planner.RRset{Zone: d, Name: "_mta-sts." + d, Type: "TXT", Values: []string{"v=STSv1; id=1;"}, TTL: sh.ttl})
		}
	}
}

// organise gives the source a directory and customers where it has them.
func (s *site) organise(sh shape) {
	if !sh.pressing() {
		return
	}
	t := planner.Tenant{Corp: "wwA", Creator: "zhang"}
	for _, row := range s.spec.Roster.Mailboxes {
		t.Members = append(t.Members, planner.Member{Account: row.Account, Address: row.Address})
	}
	t.Shared = []planner.PutShared{{Address: "info@acme.test"}}
	if !sh.extras {
		t.Shared = nil
	}
	s.world.SourceTenant(t)
	s.world.Customers(planner.Customers{Relations: map[string]int{"m0": 41}})
}
