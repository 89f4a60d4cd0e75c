package config

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// Every example loads without an error, and with only its secrets missing, is
// formatted, and is found at all.
func TestExamplesLoad(t *testing.T) {
	dirs, err := filepath.Glob("../examples/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, dir := range dirs {
		if specs, _ := filepath.Glob(filepath.Join(dir, "*.hcl")); specs == nil {
			continue // no spec: examples/ci
		}
		loaded, findings := Load(Options{Dir: dir, Version: "0.1.0", Getenv: func(string) string { return "set" },
			Tracked: func([]string) (map[string]bool, error) { return nil, nil }})
		if loaded.Spec == nil {
			t.Errorf("%s: %v", dir, findings)
			continue
		}
		for _, f := range findings {
			if f.Code != "secret.unreadable" && f.Code != "secret.sealed" {
				t.Errorf("%s: %s %v", f.At, f.Code, f.Args)
			}
		}
		files, _ := filepath.Glob(filepath.Join(dir, "*.hcl"))
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(b, Format(b)) {
				t.Errorf("%s is not as fmt writes it", file)
			}
		}
	}
}

// The full example holds every attribute of the language, so it is documentation.
func TestTheFullExampleIsDecoded(t *testing.T) {
	loaded, _ := Load(Options{Dir: "../examples/imap-to-imap", Version: "0.1.0", Getenv: func(string) string { return "set" },
		Tracked: func([]string) (map[string]bool, error) { return nil, nil }})
	s := loaded.Spec
	if s == nil {
		t.Fatal("it does not load")
	}
	if len(s.Roster.Mailboxes) != 4 || len(s.Roster.Skip) != 1 || s.Source.IMAP.Login.Kind != LoginMaster ||
		s.Source.IMAP.Limits.Connections != 4 || s.History.Since != "2015-01-01" || s.History.Map["Old/Projects"] != "Projects" ||
		len(s.Cutover.Canaries) != 1 || s.Cutover.Canaries[0].Arrival.Port != 993 || s.Source.IMAP.Login.Password.String() != "var:old_admin_password" || s.Roster.Mailboxes[0].Kind != "shared" {
		t.Errorf("%+v", s)
	}
}

// Every kind of zone has its block.
func TestTheZonesExampleIsDecoded(t *testing.T) {
	loaded, _ := Load(Options{Dir: "../examples/dns-zones", Version: "0.1.0", Getenv: func(string) string { return "set" },
		Tracked: func([]string) (map[string]bool, error) { return nil, nil }})
	if loaded.Spec == nil {
		t.Fatal("it does not load")
	}
	kinds := map[string]bool{}
	for _, z := range loaded.Spec.Cutover.Zones {
		kinds[z.Kind] = true
	}
	for _, k := range zoneKinds {
		if !kinds[k] {
			t.Errorf("no zone is of kind %s", k)
		}
	}
}

// Moving into a tenant and merging two: the language that IMAP has no use for.
func TestTheTenantExamplesAreDecoded(t *testing.T) {
	load := func(dir string) *Spec {
		loaded, findings := Load(Options{Dir: dir, Version: "0.1.0", Getenv: func(string) string { return "set" },
			Tracked: func([]string) (map[string]bool, error) { return nil, nil }})
		if loaded.Spec == nil {
			t.Fatalf("%s: %v", dir, findings)
		}
		return loaded.Spec
	}
	h := load("../examples/wecom-history")
	if h.Target.Procedure != ProcedureHistory || h.Target.Directory.Sheet != "directory.csv" || h.Target.Seats.VIP != 20 || len(h.Roster.Mailboxes) != 5 ||
		h.Roster.Mailboxes[0].SourcePassword.String() != "sealed:alice-old" || h.Roster.Mailboxes[1].Was != "chen.xiaojie@acme.test" ||
		len(h.Cutover.Zones) != 2 || h.Cutover.Zones[1].SPF.Remove[0] != "include:spf.old.test" || h.Guards.Removed.Percent != 5 ||
		h.Source.IMAP.Limits.Hours[0].Rate != 5e6 || h.Cutover.Accept.Quarantined != 5 {
		t.Errorf("%+v", h)
	}
	m := load("../examples/wecom-merge")
	if m.Target.Procedure != ProcedureMerge || m.Source.Creator != m.Target.Creator || m.Target.Archive.Path != "archive/wwB" || m.Cutover.Zones != nil ||
		len(m.Acknowledged) != 1 || m.Acknowledged[0].AtMost.Messages != 20000 || m.History != nil || m.Roster.Mailboxes[0].Department != "销售部/华东" {
		t.Errorf("%+v", m)
	}
}
