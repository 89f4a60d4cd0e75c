package executor

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/planner"
)

func chen() planner.Member {
	return planner.Member{Account: "chen", Name: "陈", Address: "chen@acme.test", Aliases: []string{"c@acme.test", "b@acme.test"},
		Departments: []string{"销售部", "市场部"}, Enabled: planner.Yes}
}

func tableOf(members ...planner.Member) map[string]memberRow {
	snap := planner.Snapshot{Target: planner.Side{Tenant: &planner.Tenant{Seen: planner.Seen{At: epoch}, Corp: "wwB", Members: members}}}
	return tenantsOf(snap)["wwB"]
}

// Each column that an administrator may edit is compared, whatever its order.
func TestEditsOfMembers(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*planner.Member)
		want []string
	}{
		"nothing":     {func(*planner.Member) {}, nil},
		"order":       {func(m *planner.Member) { slices.Reverse(m.Aliases); slices.Reverse(m.Departments) }, nil},
		"name":        {func(m *planner.Member) { m.Name = "程" }, []string{"~ wwB/chen name: 陈 > 程"}},
		"address":     {func(m *planner.Member) { m.Address = "" }, []string{"~ wwB/chen address: chen@acme.test > "}},
		"aliases":     {func(m *planner.Member) { m.Aliases = m.Aliases[:1] }, []string{"~ wwB/chen aliases: b@acme.test, c@acme.test > c@acme.test"}},
		"departments": {func(m *planner.Member) { m.Departments = m.Departments[:1] }, []string{"~ wwB/chen departments: 市场部, 销售部 > 销售部"}},
		"disabled":    {func(m *planner.Member) { m.Enabled = planner.No }, []string{"~ wwB/chen enabled: yes > no"}},
		"not told":    {func(m *planner.Member) { m.Enabled = planner.Unknown }, []string{"~ wwB/chen enabled: yes > ?"}},
		"two":         {func(m *planner.Member) { m.Name, m.Address = "程", "x@acme.test" }, []string{"~ wwB/chen address: chen@acme.test > x@acme.test", "~ wwB/chen name: 陈 > 程"}},
		"another":     {func(m *planner.Member) { m.Account = "li" }, []string{"+ wwB/li 陈", "- wwB/chen 陈"}},
	} {
		m := chen()
		c.edit(&m)
		got := difference("wwB", tableOf(chen()), tableOf(m), nil)
		slices.Sort(got)
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// What the plan's own steps make is no edit; what they do not make is, also of
// a member that they touch.
func TestOursIsNoEdit(t *testing.T) {
	ops := []planner.Op{planner.PutMember{Corp: "wwB", Account: "chen", Address: "new@acme.test", Was: "chen@acme.test"},
		planner.PutMember{Corp: "wwB", Account: "chen", Aliases: []string{"more@acme.test"}}, planner.SetEnabled{Corp: "wwB", Account: "chen"}}
	for name, c := range map[string]struct {
		edit func(*planner.Member)
		want []string
	}{
		"made": {func(m *planner.Member) {
			m.Address, m.Aliases, m.Enabled = "new@acme.test", append(m.Aliases, "more@acme.test"), planner.No
		}, nil},
		"not yet":    {func(*planner.Member) {}, nil},
		"alias lost": {func(m *planner.Member) { m.Aliases = []string{"more@acme.test"} }, []string{"~ wwB/chen aliases: b@acme.test, c@acme.test > "}},
		"elsewhere":  {func(m *planner.Member) { m.Address = "x@acme.test" }, []string{"~ wwB/chen address: chen@acme.test > x@acme.test"}},
		"renamed":    {func(m *planner.Member) { m.Name = "程" }, []string{"~ wwB/chen name: 陈 > 程"}},
	} {
		m := chen()
		c.edit(&m)
		if d := cmp.Diff(c.want, difference("wwB", tableOf(chen()), tableOf(m), map[string][]planner.Op{"wwB/chen": ops})); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	if got := difference("wwB", tableOf(), tableOf(chen()), map[string][]planner.Op{"wwB/chen": ops}); got != nil {
		t.Errorf("a member that the plan makes: %v", got)
	}
}
