package planner_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// expressed says where a plan shows each rule of the published procedures: by a
// step of a kind (a task by its name) or by a finding.
var expressed = map[string]string{
	"MERGE-01": "task creator-ready", "MERGE-02": "merge-tenants", "MERGE-03": "archive-mailbox", "MERGE-04": "inventory", "MERGE-05": "merge-tenants",
	"MERGE-06": "finding", "MERGE-07": "hold-directory", "MERGE-08": "merge-tenants", "MERGE-09": "compare", "MERGE-10": "compare",
	"MERGE-11": "task unbind-domain", "MERGE-12": "notify", "MERGE-13": "task no-paid-features",
	"HISTORY-01": "task bind-domain", "HISTORY-04": "drop-mailbox", "HISTORY-05": "finding", "HISTORY-06": "notify", "HISTORY-08": "copy-mailbox",
	"HISTORY-09": "put-shared", "HISTORY-10": "copy-mailbox", "HISTORY-11": "notify", "HISTORY-13": "finish-wizard", "HISTORY-14": "set-records",
	"HISTORY-15": "put-member", "HISTORY-16": "finding plan.no-history", "HISTORY-17": "try-append",
	"UPGRADE-01": "task open-entry", "UPGRADE-02": "upgrade-tenant", "UPGRADE-03": "finding", "UPGRADE-04": "task complete-workbook", "UPGRADE-05": "upgrade-tenant",
	"UPGRADE-06": "hold-directory", "UPGRADE-07": "task directory-api", "UPGRADE-08": "finding",
	"CUSTOMERS-01": "task confirm-contacts", "CUSTOMERS-02": "finding", "CUSTOMERS-03": "move-customers", "CUSTOMERS-04": "inventory", "CUSTOMERS-05": "move-customers",
	"CUSTOMERS-06": "move-customers", "CUSTOMERS-07": "finding", "CUSTOMERS-08": "finding", "CUSTOMERS-09": "task contract", "CUSTOMERS-10": "compare",
	"CUSTOMERS-11": "finding", "CUSTOMERS-12": "task link-groups", "CUSTOMERS-13": "compare",
	"EDITION-01": "finding", "EDITION-02": "finding", "EDITION-03": "finding", "EDITION-04": "finding", "EDITION-05": "finding", "EDITION-06": "task editions-differ",
	"EDITION-07": "upgrade-tenant", "EDITION-08": "finding",
}

// outside are rules about what is done beside plans: reading and checking
// workbooks (HISTORY-02, -03), passwords' workbook (HISTORY-07), and what a copy
// that waits says (HISTORY-12).
var outside = []string{"HISTORY-02", "HISTORY-03", "HISTORY-07", "HISTORY-12"}

// numbered is how many rules each procedure has.
var numbered = map[string]int{"MERGE": 13, "HISTORY": 17, "UPGRADE": 8, "CUSTOMERS": 13, "EDITION": 8}

// ruled gives plans that together must show every rule.
func ruled(t *testing.T) map[string]*planner.Plan {
	plans := map[string]*planner.Plan{}
	add := func(name string, sh shape, change func(*site, *planner.Snapshot)) {
		s := newSite(sh, "")
		snap := s.observe()
		if change != nil {
			change(s, &snap)
		}
		plans[name] = planner.Build(s.spec, snap, s.now)
	}
	add("history", shape{route: "history", rows: 3, domains: 2, ttl: 3600, missing: 1, extras: true}, func(s *site, snap *planner.Snapshot) {
		s.spec.Source.IMAP.Login = config.Login{Kind: config.LoginPassword}
		s.spec.Target.Seats.VIP = 2
		for i := range 5 {
			s.spec.Roster.Shared = append(s.spec.Roster.Shared, config.Shared{Address: strings.Repeat("x", i+1) + "@acme.test"})
		}
		for i := range 4 {
			snap.Mailboxes[i%3].Source.Bytes = 2 << 30
			snap.Target.Tenant.Members = append(snap.Target.Tenant.Members, planner.Member{Account: strings.Repeat("y", i+1)})
		}
		snap.Target.Tenant.Cap = 2
		gone := planner.CopyMailbox{Address: "gone@acme.test"}
		snap.Records = append(snap.Records, planner.Record{Step: planner.IDOf(gone), Intent: 1, Outcome: 2, Tally: planner.Tally{Copied: 9}})
	})
	add("none", shape{route: "imap", rows: 1, domains: 1}, func(s *site, _ *planner.Snapshot) { s.spec.History = nil })
	add("wizard", shape{route: "wizard", rows: 2, domains: 1}, nil)
	add("merge", shape{route: "merge", rows: 2, domains: 1, buyers: true}, func(s *site, snap *planner.Snapshot) {
		snap.Target.Tenant.Domains = []string{"own.test"}
		snap.Customers.Unassigned, snap.Customers.Relations = map[string]int{"m0": 3}, map[string]int{"m0": 400}
		s.spec.Customers.JoinCodes = []string{"code"}
	})
	add("merging", shape{route: "merge", rows: 2, domains: 1}, func(s *site, snap *planner.Snapshot) {
		press := planner.MergeTenants{From: "wwA", Into: "wwB"}
		snap.Sights = []planner.Sight{{Step: planner.IDOf(press), Done: true, Seen: planner.Seen{At: start, How: "attested"}}}
	})
	add("upgrade", shape{route: "upgrade", rows: 2, domains: 1}, func(_ *site, snap *planner.Snapshot) {
		snap.Source.Tenant.Members = append(snap.Source.Tenant.Members, planner.Member{Account: "z", Address: "z@acme.test"})
	})
	return plans
}

// shows finds where a plan says what a rule demands: the kinds of its steps, and
// "finding" with its code.
func shows(p *planner.Plan, rule string) (where []string) {
	for _, s := range p.Steps {
		if !slices.Contains(s.Op.Traits().Rules, rule) {
			continue
		}
		where = append(where, s.Op.Kind())
		if task, ok := s.Op.(planner.Task); ok {
			where = append(where, "task "+task.Name)
		}
	}
	for _, f := range p.Findings {
		where = append(where, "finding "+f.Code)
		if f.Code == rule || strings.HasPrefix(f.Code, rule+"-") {
			where = append(where, "finding")
		}
	}
	return where
}

// No rule of the published procedures is forgotten: each has a place in a plan,
// or is about something that no plan holds.
func TestEveryRuleIsExpressed(t *testing.T) {
	plans := ruled(t)
	for procedure, n := range numbered {
		for i := range n {
			rule := procedure + "-" + string(rune('0'+(i+1)/10)) + string(rune('0'+(i+1)%10))
			want, known := expressed[rule]
			if slices.Contains(outside, rule) {
				if known {
					t.Errorf("%s is said to be in plans and not to be", rule)
				}
				continue
			}
			if !known {
				t.Errorf("%s is not expressed anywhere", rule)
				continue
			}
			shown := slices.ContainsFunc(slices.Collect(maps.Values(plans)), func(p *planner.Plan) bool { return slices.Contains(shows(p, rule), want) })
			if !shown {
				t.Errorf("%s: no plan shows it by %q", rule, want)
			}
		}
	}
	if len(expressed)+len(outside) != 13+17+8+13+8 {
		t.Errorf("%d rules in plans and %d outside", len(expressed), len(outside))
	}
}

// A rule that steps declare is one that there is.
func TestDeclaredRulesExist(t *testing.T) {
	for name, p := range ruled(t) {
		for _, s := range p.Steps {
			for _, rule := range s.Op.Traits().Rules {
				if expressed[rule] == "" {
					t.Errorf("%s: %s declares %s", name, s.ID, rule)
				}
			}
		}
	}
}
