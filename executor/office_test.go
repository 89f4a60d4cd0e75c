package executor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/manual"
	"github.com/mxmove/mxmove/providers/memory"
)

// officeSpec is a company whose tenants only people can reach: route is
// upgrade (of the old edition, into a tenant that exists), history or wizard.
func officeSpec(route string, n int) *config.Spec {
	if route == "upgrade" {
		s := siteSpec("merge", n)
		s.Source.Kind, s.Target.Procedure, s.Target.Mode = "exmail", "upgrade", 2
		s.Source.Directory, s.Target.Directory = &config.Directory{Sheet: "a.csv"}, &config.Directory{Sheet: "b.csv"}
		s.Acknowledged[0].Kind, s.Acknowledged[0].Company, s.Acknowledged[0].Administrator = "upgrade-tenant", "Acme", "admin"
		s.Acknowledged[0].AtMost.Accounts = n
		return s
	}
	s := siteSpec("imap", n)
	s.Target.Kind, s.Target.CorpID, s.Target.Procedure = "wecom", "wwB", "history"
	s.Target.Directory = &config.Directory{Sheet: "b.csv"}
	s.Roster.Shared = []config.Shared{{Address: "info@acme.test", Users: []string{"m0@acme.test"}}}
	s.Roster.Groups = []config.Group{{Address: "all@acme.test", Members: []string{"m0@acme.test"}, Allow: "company"}}
	if route == "wizard" {
		s.History.Mover = config.MoverWizard
		s.Acknowledged = []config.Acknowledge{{Kind: "finish-wizard", Subject: "tenant/wwB", Because: "tried", AtMost: config.Bounds{Mailboxes: n}}}
	}
	return s
}

func newOffice(t testing.TB, route string) *site {
	t.Helper()
	s := siteOf(t, officeSpec(route, 2))
	s.office = true
	s.world.PutAccount(planner.Member{Account: "zhang", Name: "Zhang", Enabled: planner.Yes})
	return s
}

// desk is what people see: of the tenants, sheets that are exported at each
// look.
func (s *site) desk() World {
	return desk{manual.NewTenants(s.world, manual.Sheets{Spec: s.spec, Dir: s.dir, Now: s.clock}), s}
}

type desk struct {
	*manual.World
	s *site
}

func (d desk) Observe(ctx context.Context, depth planner.Depth) (planner.Snapshot, error) {
	snap, err := d.s.world.Observe(ctx, planner.Recorded)
	if err != nil {
		return snap, err
	}
	for name, t := range map[string]*planner.Tenant{"a.csv": snap.Source.Tenant, "b.csv": snap.Target.Tenant} {
		if err := d.s.export(name, t); err != nil {
			return snap, err
		}
	}
	return d.World.Observe(ctx, depth)
}

func (s *site) export(name string, t *planner.Tenant) error {
	if t == nil {
		return nil
	}
	rows := []string{"姓名,账号,企业邮箱,启用状态"}
	for _, m := range t.Members {
		rows = append(rows, fmt.Sprintf("%s,%s,%s,%s", m.Account, m.Account, m.Address, map[planner.Tri]string{planner.No: "已禁用"}[m.Enabled]))
	}
	file := filepath.Join(s.dir, name)
	if err := os.WriteFile(file, []byte(strings.Join(rows, "\n")+"\n"), 0o600); err != nil {
		return err
	}
	now := s.clock()
	return os.Chtimes(file, now, now)
}

// handed are the kinds of step that people were asked to do.
func (s *site) handed() map[string]bool {
	kinds := map[string]bool{}
	for _, q := range s.asked {
		if q.Kind == AskEnded {
			kinds[q.Step.Op.Kind()] = true
		}
	}
	return kinds
}

// Each way into a tenant is gone to its end by people and sheets alone.
func TestWaysIntoATenantByPeople(t *testing.T) {
	for route, kinds := range map[string][]string{
		"upgrade": {"task", "inventory", "put-member", "upgrade-tenant", "wait", "notify", "compare", "put-tags"},
		"history": {"task", "put-member", "put-shared", "put-group", "wait"},
		"wizard":  {"task", "put-member", "put-shared", "put-group", "wizard-copy", "finish-wizard", "wait", "compare"},
	} {
		t.Run(route, func(t *testing.T) {
			s := newOffice(t, route)
			if err := s.through(t, s.plan(t)); err != nil {
				t.Fatal(err, s.lines(t)[len(s.lines(t))-1])
			}
			if err := s.complete(t); err != nil {
				t.Fatal(err)
			}
			did := s.handed()
			for _, k := range kinds {
				if !did[k] {
					t.Errorf("nobody was asked to do a %s", k)
				}
			}
			if n := len(s.world.Dump(memory.Target, "m0@acme.test")["INBOX"]); n != 1 {
				t.Errorf("%d messages", n)
			}
		})
	}
}

// The machine dies before or after every line of the journal; people are asked
// again, never told twice to press, and the end is the same.
func TestDeathAtEveryLineByPeople(t *testing.T) {
	for _, c := range []struct {
		route, press string
		after, blind bool // blind: nothing shows what people did
	}{{"upgrade", "upgrade-tenant", false, true}, {"history", "", true, true}, {"wizard", "finish-wizard", true, true}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			t.Parallel()
			survivesEveryLine(t, c.after, 40, func() *site {
				s := newOffice(t, c.route)
				s.world.Blind(c.press, c.blind)
				s.world.Blind("task", c.blind)
				return s
			})
		})
	}
}
