package manual_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/manual"
)

// historySpec copies alice by mxmove and bob by the vendor.
func historySpec() *config.Spec {
	row := func(name, mover string) config.Mailbox {
		a := name + "@acme.test"
		return config.Mailbox{Address: a, TargetAddress: a, Account: name, Mover: mover}
	}
	return &config.Spec{
		Source:  config.Side{Kind: config.KindExmail, Domain: "acme.test"},
		Target:  config.Side{Kind: config.KindWeCom, CorpID: "wwB", Procedure: config.ProcedureHistory, Directory: &config.Directory{Sheet: "b.csv"}},
		History: &config.History{Mover: config.MoverMxmove},
		Roster:  config.Roster{Mailboxes: []config.Mailbox{row("alice", ""), row("bob", config.MoverWizard)}},
	}
}

// look is what the sheet of the target shows.
func look(t *testing.T, spec *config.Spec, sheet string) planner.Snapshot {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "b.csv")
	if err := os.WriteFile(file, []byte(sheet), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(file, noon, noon); err != nil {
		t.Fatal(err)
	}
	w := manual.NewTenants(&inner{}, manual.Sheets{Spec: spec, Dir: dir, Now: func() time.Time { return noon }})
	snap, err := w.Observe(t.Context(), planner.Recorded)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

// That the vendor gave nobody an address yet is shown; that it did is not, for
// no sheet lists shared mailboxes. Who mxmove copies does not matter to it.
func TestAddressesThatAreNotThereYet(t *testing.T) {
	step := planner.IDOf(planner.Compare{What: "mailboxes", Corp: "wwB"})
	const head = "姓名,账号,企业邮箱,企业邮箱别名\n"
	for sheet, missing := range map[string]bool{
		head + "Bob,bob,,\n":                               true,
		head + "Bob,bob,bob@trial.test,\n":                 true,
		head + "Bob,bob,bob@acme.test,\n":                  false,
		head + "Bob,bob,bob@trial.test,bob@acme.test\n":    false,
		head + "Alice,alice,alice@acme.test,\nBob,bob,,\n": true,
	} {
		snap := look(t, historySpec(), sheet)
		shown := slices.ContainsFunc(snap.Sights, func(v planner.Sight) bool { return v.Step == step && !v.Done && v.Seen.Known() })
		if shown != missing || len(snap.Sights) > 1 || len(snap.Findings) > 0 {
			t.Errorf("%q: %+v %v", sheet, snap.Sights, snap.Findings)
		}
	}
	left := historySpec()
	left.Roster.Leavers = []config.Leaver{{Address: "bob@acme.test", Mail: config.MailArchive}}
	if snap := look(t, left, head+"Bob,bob,,\n"); len(snap.Sights) > 0 {
		t.Errorf("who left: %+v", snap.Sights)
	}
	merge := historySpec()
	merge.History, merge.Target.Procedure, merge.Source.Directory = nil, config.ProcedureMerge, &config.Directory{Sheet: "b.csv"}
	if snap := look(t, merge, head+"Bob,bob,,\n"); len(snap.Sights) > 0 {
		t.Errorf("a merge: %+v", snap.Sights)
	}
}

// A column that is not there shows nothing, and is never taken for empty.
func TestColumnsThatASheetNeeds(t *testing.T) {
	short := "姓名,账号\nBob,bob\n"
	noAliases := "姓名,账号,企业邮箱\nBob,bob,bob@acme.test\n"
	for name, c := range map[string]struct {
		sheet  string
		change func(*config.Spec)
		column string
	}{
		"no addresses":            {short, func(*config.Spec) {}, "企业邮箱"},
		"no aliases, none wanted": {noAliases, func(*config.Spec) {}, ""},
		"another domain":          {noAliases, func(s *config.Spec) { s.Source.Aliases = []string{"acme.example"} }, "企业邮箱别名"},
		"renamed":                 {noAliases, func(s *config.Spec) { s.Roster.Mailboxes[0].Was = "al@acme.test" }, "企业邮箱别名"},
		"an heir": {noAliases, func(s *config.Spec) {
			s.Roster.Leavers = []config.Leaver{{Address: "bob@acme.test", Mail: config.MailTo, To: "alice@acme.test"}}
		}, "企业邮箱别名"},
		"a merge": {short, func(s *config.Spec) {
			s.History, s.Target.Procedure, s.Source.Directory = nil, config.ProcedureMerge, &config.Directory{Sheet: "b.csv"}
		}, ""},
		"an upgrade": {short, func(s *config.Spec) {
			s.History, s.Target = nil, config.Side{Kind: config.KindWeCom, Procedure: config.ProcedureUpgrade, Mode: 1}
			s.Source.Directory = &config.Directory{Sheet: "b.csv"}
		}, "企业邮箱"},
	} {
		spec := historySpec()
		spec.Roster.Mailboxes[1].Mover = ""
		c.change(spec)
		snap := look(t, spec, c.sheet)
		switch {
		case c.column == "" && len(snap.Findings) > 0, c.column != "" && len(snap.Findings) != 1:
			t.Errorf("%s: %v", name, snap.Findings)
		case c.column == "":
		case snap.Findings[0].Code != "sheet.column" || snap.Findings[0].Args["column"] != c.column || snap.Findings[0].Severity != config.Blocks:
			t.Errorf("%s: %v", name, snap.Findings)
		}
	}
}

// The directory of a source matters only where its tenant moves.
func TestSourcesWithoutASheet(t *testing.T) {
	spec := historySpec()
	if snap := look(t, spec, "姓名,账号,企业邮箱\nBob,bob,bob@acme.test\n"); snap.Source.Tenant != nil || snap.Target.Tenant == nil {
		t.Errorf("%+v", snap)
	}
	spec.History, spec.Target.Procedure = nil, config.ProcedureMerge
	snap := look(t, spec, "姓名,账号,企业邮箱\nBob,bob,bob@acme.test\n")
	if snap.Source.Tenant == nil || snap.Source.Tenant.Seen.Known() || len(snap.Findings) != 1 || snap.Findings[0].Code != "sheet.none" {
		t.Errorf("%+v %v", snap.Source.Tenant, snap.Findings)
	}
}
