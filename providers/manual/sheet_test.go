package manual_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/manual"
)

const sheet = "姓名,账号,企业邮箱,企业邮箱别名,部门,启用状态\n李四,lisi,li.si@acme.test,,,已禁用\n陈,chen,chen@acme.test,c@acme.test,销售部,已激活\n"

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// observed looks at a target whose sheet was written some time ago.
func observed(t *testing.T, text string, age time.Duration) (planner.Snapshot, *inner, *manual.World) {
	t.Helper()
	dir := t.TempDir()
	if text != "" {
		file := filepath.Join(dir, "b.csv")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, noon.Add(-age), noon.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	spec := &config.Spec{Source: config.Side{Kind: config.KindIMAP},
		Target: config.Side{Kind: config.KindWeCom, CorpID: "wwB", Directory: &config.Directory{Sheet: "b.csv"}}}
	in := &inner{}
	w := manual.NewTenants(in, manual.Sheets{Spec: spec, Dir: dir, Now: func() time.Time { return noon }})
	snap, err := w.Observe(t.Context(), planner.Recorded)
	if err != nil {
		t.Fatal(err)
	}
	return snap, in, w
}

func TestSheetShowsTheTenant(t *testing.T) {
	snap, _, _ := observed(t, sheet, time.Hour)
	want := &planner.Tenant{Corp: "wwB", Seen: planner.Seen{At: noon.Add(-time.Hour), How: "sheet"}, Members: []planner.Member{
		{Account: "chen", Name: "陈", Address: "chen@acme.test", Aliases: []string{"c@acme.test"}, Departments: []string{"销售部"}, Enabled: planner.Yes},
		{Account: "lisi", Name: "李四", Address: "li.si@acme.test", Enabled: planner.No}}}
	if d := cmp.Diff(want, snap.Target.Tenant); d != "" || len(snap.Findings) > 0 || snap.Source.Tenant != nil {
		t.Error(d, snap.Findings, snap.Source.Tenant)
	}
}

// What cannot be seen is never shown as empty, and an old sheet is told.
func TestSheetsThatDoNotShow(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		age   time.Duration
		code  string
		known bool
	}{
		"missing":    {"", 0, "sheet.unreadable", false},
		"no header":  {"a,b\n", 0, "sheet.strange", false},
		"no member":  {"姓名,账号\n", 0, "sheet.strange", false},
		"open quote": {"姓名,账号\n\"李,l\n", 0, "sheet.unreadable", false},
		"future":     {sheet, -time.Hour, "sheet.future", false},
		"old":        {sheet, 25 * time.Hour, "sheet.old", true},
	} {
		snap, _, _ := observed(t, c.text, c.age)
		if len(snap.Findings) != 1 || snap.Findings[0].Code != c.code || (snap.Findings[0].Severity == config.Blocks) == c.known {
			t.Errorf("%s: %v", name, snap.Findings)
		}
		if snap.Target.Tenant.Seen.Known() != c.known {
			t.Errorf("%s: seen %v", name, snap.Target.Tenant.Seen)
		}
	}
}

// What people do in place of an API is never carried out, nor passed on.
func TestPeopleDoWhatNoAPIDoes(t *testing.T) {
	snap, in, w := observed(t, sheet, 0)
	for _, op := range []planner.Op{planner.Inventory{What: "tags", Corp: "wwA"}, planner.Compare{What: "members", Corp: "wwB"},
		planner.Notify{Template: "restart-client", To: "a@acme.test"}, planner.PutMember{Corp: "wwB", Account: "a"}, planner.PutTags{Corp: "wwB"},
		planner.SetEnabled{Corp: "wwB", Account: "a"}, planner.SetSeat{Corp: "wwB", Account: "a"}, planner.Wait{For: "merged", On: "wwB"},
		planner.PutShared{Corp: "wwB"}, planner.PutGroup{Corp: "wwB"}, planner.Wait{For: "activation", On: "acme.test"}} {
		if _, err := w.Do(t.Context(), op, nil, nil); err == nil || !snap.ByPerson(op) {
			t.Errorf("%s: %v", op.Kind(), err)
		}
	}
	for _, op := range []planner.Op{planner.Wait{For: "caches", On: "acme.test"}, planner.ArchiveMailbox{Address: "a@acme.test"}} {
		if _, err := w.Do(t.Context(), op, nil, nil); err != nil || snap.ByPerson(op) {
			t.Errorf("%s: %v", op.Kind(), err)
		}
	}
	if !slices.Equal(in.did, []string{"wait", "archive-mailbox"}) || !slices.IsSorted(snap.People) {
		t.Error(in.did, snap.People)
	}
}
