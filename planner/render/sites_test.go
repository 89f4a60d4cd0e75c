package render

import (
	"fmt"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

var (
	windowOpens  = time.Date(2026, 12, 5, 20, 0, 0, 0, zone)
	windowCloses = windowOpens.Add(10 * time.Hour)
)

func rows(n int) []config.Mailbox {
	var list []config.Mailbox
	for i := range n {
		a := fmt.Sprintf("u%05d@acme.test", i)
		list = append(list, config.Mailbox{Address: a, SourceLogin: a, TargetAddress: a, TargetLogin: a, Kind: "member",
			Account: fmt.Sprintf("u%05d", i), At: config.Pos{File: "members.csv", Line: i + 2}})
	}
	return list
}

func cutoverSpec(n int) *config.Spec {
	s := spec()
	s.History.Since, s.History.Skip, s.Roster.Skip = "", nil, nil
	s.Source.IMAP.Login = config.Login{Kind: config.LoginMaster, User: "admin"}
	s.Roster.Mailboxes = rows(n)
	s.Cutover = &config.Cutover{Opens: windowOpens, Closes: windowCloses, Start: "attended", Tail: 5 * 24 * time.Hour, Approvals: 2,
		Zones: []config.Zone{{Domain: "acme.test", Kind: "manual", MX: []string{"10 mx.new.test"},
			SPF: config.SPF{Add: []string{"include:spf.new.test"}, Remove: []string{"include:spf.old.test"}}}}}
	return s
}

func worldOf(s *config.Spec, behind int) planner.Snapshot {
	w := planner.Snapshot{Format: 1, At: now.Add(-40 * time.Second), Lineage: "5f0e", Can: planner.Kinds(),
		Source: planner.Side{Seen: seen(), Endpoint: "imap://imap.old.test:993"},
		Target: planner.Side{Seen: seen(), Endpoint: "imap://imap.new.test:993", Caps: []string{"IMAP4rev2"}},
		Zones: []planner.Zone{{Seen: seen(), Name: "acme.test", Sets: []planner.RRset{
			{Zone: "acme.test", Name: "acme.test", Type: "MX", Values: []string{"10 mx.old.test"}, TTL: 86400},
			{Zone: "acme.test", Name: "acme.test", Type: "TXT", Values: []string{"v=spf1 include:spf.old.test -all"}, TTL: 600}}}}}
	for i, row := range s.Roster.Mailboxes {
		m := box(strings.TrimSuffix(row.Address, "@acme.test"), planner.NotStarted, 100+7*i%900, behind)
		w.Mailboxes = append(w.Mailboxes, m)
	}
	return w
}

// fiveSite switches a small company's domain between two IMAP servers.
func fiveSite() *planner.Plan {
	s := cutoverSpec(5)
	w := worldOf(s, 20)
	w.Mailboxes[2].Source.Seen.Err = &planner.Fault{Msg: text.M("memory.login", "address", "u00002@acme.test", "side", "source"), Class: planner.Credential}
	return planner.Build(s, w, now)
}

func mergeSpec(acknowledged bool) *config.Spec {
	s := cutoverSpec(300)
	s.History, s.Cutover.Zones, s.Cutover.Duration = nil, nil, 4*time.Hour
	s.Source.Kind, s.Source.CorpID, s.Source.Creator = "wecom", "wwA0123456789abcde", "zhang.san"
	s.Target = config.Side{Kind: "wecom", CorpID: "wwB0123456789abcde", Name: "Acme Group 某集团", Creator: "zhang.san", Procedure: "merge",
		Archive: &config.Archive{Path: "archive/wwB0123"}, Seats: &config.Seats{VIP: 41}}
	s.Roster.Unlisted = "leave"
	if acknowledged {
		s.Acknowledged = []config.Acknowledge{{Kind: "merge-tenants", Subject: "tenant/wwB0123456789abcde", Because: "trial mail only, CHG-1042",
			AtMost: config.Bounds{Mailboxes: 400, Messages: 20000, Unobserved: 0}, At: config.Pos{File: "cutover.hcl", Line: 31}}}
	}
	return s
}

// mergeSite merges a company of 300 into a tenant with 12 trial mailboxes.
func mergeSite(acknowledged bool, mail int) *planner.Plan {
	s := mergeSpec(acknowledged)
	w := worldOf(s, 0)
	w.Mailboxes, w.Zones = nil, nil
	t := planner.Tenant{Seen: seen(), Corp: s.Target.CorpID, Name: "Acme Group", Creator: "zhang.san", Cap: 500, Paid: planner.No, Directory: "03fe"}
	for i, row := range s.Roster.Mailboxes[:291] {
		m := planner.Member{Account: row.Account, Enabled: planner.Yes, VIP: planner.No, IMAP: planner.Yes, WeChat: planner.Yes, Phone: planner.Yes}
		if i < 12 {
			m.Address = row.Account + "@trial.wecom.test"
			b := planner.Mailbox{Address: row.Address, Source: planner.Store{Seen: seen(), Messages: mail + i, Bytes: int64(mail) * 120_000},
				Target: planner.Store{Seen: seen(), Messages: mail, Bytes: int64(mail) * 119_000}, Behind: planner.Gap{Messages: i, Bytes: int64(i) * 120_000}, ReadBack: now, PerHour: 0.25}
			w.Archived = append(w.Archived, b)
		}
		t.Members = append(t.Members, m)
	}
	for i := range 112 {
		t.Members = append(t.Members, planner.Member{Account: fmt.Sprintf("group%03d", i), Enabled: planner.Yes})
	}
	w.Target.Tenant = &t
	w.Source.Tenant = &planner.Tenant{Seen: seen(), Corp: s.Source.CorpID, Creator: "zhang.san", Domains: []string{"acme.test"}}
	return planner.Build(s, w, now)
}

// manySite copies and switches 10,000 mailboxes.
func manySite() *planner.Plan {
	s := cutoverSpec(10_000)
	return planner.Build(s, worldOf(s, 50), now)
}
