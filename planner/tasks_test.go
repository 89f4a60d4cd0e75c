package planner_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config/text"
	. "github.com/mxmove/mxmove/planner"
)

// tenantOf is a snapshot of a target that was seen.
func tenantOf(t Tenant) Snapshot {
	t.Seen = Seen{At: time.Date(2026, 12, 3, 8, 0, 0, 0, time.UTC), How: "api"}
	return Snapshot{Target: Side{Tenant: &t}}
}

func customersOf(c Customers) Snapshot {
	c.Seen = Seen{At: time.Date(2026, 12, 3, 8, 0, 0, 0, time.UTC), How: "api"}
	return Snapshot{Customers: &c}
}

// Each row's post-check says done, not done, or that nothing shows it; what
// was never looked at shows nothing.
func TestPostChecks(t *testing.T) {
	type want struct{ done, seen bool }
	bind := Task{Name: "bind-domain", On: "acme.test"}
	unbind := Task{Name: "unbind-domain", On: "wwB", Args: map[string]string{"domains": "b.test, c.test"}}
	creator := Task{Name: "creator-ready", On: "wwB", Args: map[string]string{"creator": "zhang"}}
	paid := Task{Name: "no-paid-features", On: "wwB"}
	contacts := Task{Name: "confirm-contacts", On: "wwA"}
	for name, c := range map[string]struct {
		task Task
		snap Snapshot
		want want
	}{
		"bound":                 {bind, tenantOf(Tenant{Domains: []string{"x.test", "acme.test"}}), want{true, true}},
		"bound, by an address":  {bind, tenantOf(Tenant{Members: []Member{{Account: "a", Address: "a@acme.test"}}}), want{true, true}},
		"not bound":             {bind, tenantOf(Tenant{Domains: []string{"x.test"}, Members: []Member{{Address: "a@notacme.test"}}}), want{false, true}},
		"domains not told":      {bind, tenantOf(Tenant{Members: []Member{{Address: "a@trial.test"}}}), want{false, false}},
		"unbound":               {unbind, tenantOf(Tenant{Domains: []string{"acme.test"}}), want{true, true}},
		"one still bound":       {unbind, tenantOf(Tenant{Domains: []string{"c.test"}}), want{false, true}},
		"the creator":           {creator, tenantOf(Tenant{Creator: "zhang"}), want{false, false}},
		"another creator":       {creator, tenantOf(Tenant{Creator: "li"}), want{false, true}},
		"creator not told":      {creator, tenantOf(Tenant{}), want{false, false}},
		"paid":                  {paid, tenantOf(Tenant{Paid: Yes}), want{false, true}},
		"not paid":              {paid, tenantOf(Tenant{Paid: No}), want{true, true}},
		"nobody knows":          {paid, tenantOf(Tenant{}), want{false, false}},
		"no contact left":       {contacts, customersOf(Customers{Contacts: map[string]int{"a": 0, "b": 0}}), want{true, true}},
		"a contact left":        {contacts, customersOf(Customers{Contacts: map[string]int{"a": 0, "b": 2}}), want{false, false}},
		"contacts not told":     {contacts, customersOf(Customers{}), want{false, false}},
		"a row without a check": {Task{Name: "directory-api", On: "wwA"}, tenantOf(Tenant{Domains: []string{"x"}}), want{false, false}},
	} {
		if done, seen := Shown(c.task, c.snap); (want{done, seen}) != c.want {
			t.Errorf("%s: done %v, seen %v", name, done, seen)
		}
		if done, seen := Shown(c.task, Snapshot{}); done || seen {
			t.Errorf("%s: nobody looked, and it is seen", name)
		}
		unseen := c.snap
		if c.snap.Target.Tenant != nil {
			blind := *c.snap.Target.Tenant
			blind.Seen = Seen{}
			unseen.Target.Tenant = &blind
			if _, seen := Shown(c.task, unseen); seen {
				t.Errorf("%s: seen in a tenant that was not", name)
			}
		}
	}
}

// Who looked for the act itself knows better than the table.
func TestASightGoesBeforeTheTable(t *testing.T) {
	op := Task{Name: "no-paid-features", On: "wwB"}
	s := tenantOf(Tenant{Paid: Yes})
	s.Sights = []Sight{{Step: IDOf(op), Done: true, Seen: s.Target.Tenant.Seen}}
	if done, seen := Shown(op, s); !done || !seen {
		t.Error(done, seen)
	}
}

// A task is instructed only when the snapshot does not speak against it, and
// why not is told in both languages.
func TestPreconditions(t *testing.T) {
	unbind := Task{Name: "unbind-domain", On: "wwB"}
	named := Task{Name: "open-entry", On: "wwA", Args: map[string]string{"company": "Acme", "administrator": "admin@acme.test"}}
	contract := Task{Name: "contract", On: "wwA"}
	withSource := func(target, source string) Snapshot {
		s := tenantOf(Tenant{Creator: target})
		s.Source.Tenant = &Tenant{Seen: s.Target.Tenant.Seen, Creator: source}
		return s
	}
	for name, c := range map[string]struct {
		op    Op
		snap  Snapshot
		early bool
	}{
		"one creator":         {unbind, withSource("zhang", "zhang"), false},
		"two creators":        {unbind, withSource("zhang", "li"), true},
		"a creator not told":  {unbind, withSource("zhang", ""), false},
		"paid":                {unbind, tenantOf(Tenant{Paid: Yes}), true},
		"nobody looked":       {unbind, Snapshot{}, false},
		"ticket complete":     {named, Snapshot{}, false},
		"ticket without name": {Task{Name: "open-entry", On: "wwA", Args: map[string]string{"administrator": "x"}}, Snapshot{}, true},
		"ticket of nobody":    {Task{Name: "open-entry", On: "wwA"}, Snapshot{}, true},
		"customers wait":      {contract, customersOf(Customers{Unassigned: map[string]int{"a": 0, "b": 1}}), true},
		"no customer waits":   {contract, customersOf(Customers{Unassigned: map[string]int{"a": 0}}), false},
		"customers unseen":    {contract, Snapshot{}, false},
		"no precondition":     {Task{Name: "bind-domain", On: "acme.test"}, Snapshot{}, false},
		"no task":             {CopyMailbox{Address: "a@x"}, Snapshot{}, false},
	} {
		why, early := Early(c.op, c.snap)
		if early != c.early {
			t.Errorf("%s: early %v", name, early)
		}
		for _, lang := range []text.Lang{text.English, text.Chinese} {
			for _, part := range []string{".what", ".why", ".do"} {
				words := text.Load(lang).Text(text.Msg{Code: why.Code + part, Args: why.Args})
				if early && (strings.Contains(words, why.Code) || strings.Contains(words, "{")) {
					t.Errorf("%s: %s: %s", name, lang, words)
				}
			}
		}
	}
}
