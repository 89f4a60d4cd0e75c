package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config/text"
)

// goodSpec and goodRoster load without any finding; the cases below change one thing each.
const goodSpec = `migration "held" {
  version = ">= 0.1"
}

source "imap" {
  domain  = "Held.test"
  aliases = ["held.example"]

  imap {
    host = "imap.old.test"
    login "password" {}
    limits {
      connections = 4
    }
  }
}

target "imap" {
  imap {
    host = "::1"
    tls  = "none"
    login "password" {}
  }
}

roster {
  files = ["roster.csv"]
  skip  = ["robot@held.test"]

  mailbox "zoe@held.example" {
    source_password = env("ZOE_OLD")
    target_password = env("ZOE_NEW")
    kind            = "shared"
  }
}

history {
  since = "2015-01-01"
  folders {
    skip = ["Junk"]
    map  = { "Sent Items" = "Sent" }
  }
}
`

const goodRoster = `address,source_login,source_password,target_address,target_login,target_password
bob@held.test,,hunter2-bob,,bob,env:ZOE_NEW
alice@held.test,al,"hunter2,al",,,env:ZOE_NEW
robot@held.test,,,,,
`

var goodEnv = map[string]string{"ZOE_OLD": "hunter2-zoe-old", "ZOE_NEW": "hunter2-zoe-new"}

// outside answers that git keeps nothing.
func outside([]string) (map[string]bool, error) { return nil, nil }

type change func(files map[string]string, o *Options)

func edit(file, old, new string) change {
	return func(files map[string]string, _ *Options) {
		if strings.Count(files[file], old) == 0 {
			panic("no such text in " + file + ": " + old)
		}
		files[file] = strings.Replace(files[file], old, new, 1)
	}
}

func inMain(old, new string) change  { return edit("main.hcl", old, new) }
func csvEdit(old, new string) change { return edit("roster.csv", old, new) }
func write(file, text string) change {
	return func(files map[string]string, _ *Options) { files[file] = text }
}
func more(text string) change { return write("zz.hcl", text) }
func opt(f func(o *Options)) change {
	return func(_ map[string]string, o *Options) { f(o) }
}

// loadWith loads the good spec after some changes.
func loadWith(t testing.TB, changes ...change) (*Loaded, []Finding) {
	t.Helper()
	files := map[string]string{"main.hcl": goodSpec, "roster.csv": goodRoster}
	o := Options{Dir: t.TempDir(), Version: "0.1.0", Getenv: func(n string) string { return goodEnv[n] }, Tracked: outside}
	dir := o.Dir
	for _, c := range changes {
		c(files, &o)
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Load(o)
}

func TestGoodSpec(t *testing.T) {
	l, findings := loadWith(t)
	if len(findings) > 0 {
		t.Fatalf("findings: %v", findings)
	}
	env := func(n string) Secret { return SecretRef("env:" + n) }
	want := &Spec{
		Migration: Migration{Name: "held", Version: ">= 0.1", State: ".mxmove"},
		Source: Side{Kind: "imap", Domain: "held.test", Aliases: []string{"held.example"}, IMAP: IMAP{
			Host: "imap.old.test", Port: 993, TLS: "implicit", Login: Login{Kind: "password"}, Limits: Limits{Connections: 4, PerMailbox: 1}}},
		Target: Side{Kind: "imap", IMAP: IMAP{
			Host: "::1", Port: 143, TLS: "none", Login: Login{Kind: "password"}, Limits: Limits{Connections: 8, PerMailbox: 1}}},
		Roster: Roster{Files: []string{"roster.csv"}, Skip: []string{"robot@held.test"}, Unlisted: "leave", Mailboxes: []Mailbox{
			{Address: "alice@held.test", SourceLogin: "al", SourcePassword: SecretRef("cell:roster.csv#alice@held.test#source_password"),
				TargetAddress: "alice@held.test", TargetLogin: "alice@held.test", TargetPassword: env("ZOE_NEW"), Kind: "member"},
			{Address: "bob@held.test", SourceLogin: "bob@held.test", SourcePassword: SecretRef("cell:roster.csv#bob@held.test#source_password"),
				TargetAddress: "bob@held.test", TargetLogin: "bob", TargetPassword: env("ZOE_NEW"), Kind: "member"},
			{Address: "zoe@held.example", SourceLogin: "zoe@held.example", SourcePassword: env("ZOE_OLD"),
				TargetAddress: "zoe@held.example", TargetLogin: "zoe@held.example", TargetPassword: env("ZOE_NEW"), Kind: "shared"},
		}},
		History: &History{Mover: "mxmove", Since: "2015-01-01", Deletions: "keep", Refused: "quarantine",
			Skip: []string{"Junk"}, Map: map[string]string{"Sent Items": "Sent"}},
		Guards: Guards{Removed: Share{Percent: 5}},
	}
	noPlace := cmp.Comparer(func(a, b Pos) bool { return true })
	bySecret := cmp.Comparer(func(a, b Secret) bool { return a == b })
	if d := cmp.Diff(want, l.Spec, noPlace, bySecret); d != "" {
		t.Error(d)
	}
	places := map[string]string{
		"migration": l.Spec.Migration.At.String(), "source": l.Spec.Source.At.String(),
		"alice": l.Spec.Roster.Mailboxes[0].At.String(), "zoe": l.Spec.Roster.Mailboxes[2].At.String(),
	}
	wantPlaces := map[string]string{
		"migration": "main.hcl:1:1", "source": "main.hcl:5:1", "alice": "roster.csv:3:1", "zoe": "main.hcl:30:11",
	}
	if d := cmp.Diff(wantPlaces, places); d != "" {
		t.Error(d)
	}
}

func varFile(text string) change {
	return func(files map[string]string, o *Options) {
		files["v.vars"] = text
		o.VarFiles = []string{filepath.Join(o.Dir, "v.vars")}
	}
}

func inGit(o *Options) {
	o.Tracked = func(paths []string) (map[string]bool, error) {
		kept := map[string]bool{}
		for _, p := range paths {
			kept[p] = true
		}
		return kept, nil
	}
}

func TestFindings(t *testing.T) {
	for name, c := range findingCases {
		t.Run(name, func(t *testing.T) { checkFindings(t, c.change, c.want) })
	}
}

func checkFindings(t *testing.T, changes []change, want []string) {
	t.Helper()
	var dir string
	l, findings := loadWith(t, append(slices.Clone(changes), opt(func(o *Options) { dir = o.Dir }))...)
	got := []string{}
	for _, f := range findings {
		got = append(got, f.Code+" "+strings.ReplaceAll(f.At.String(), dir, "DIR"))
		complete(t, f)
	}
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	failed := slices.ContainsFunc(findings, func(f Finding) bool { return f.Severity == Error })
	if failed == (l.Spec != nil) {
		t.Errorf("failed %v, spec %v", failed, l.Spec != nil)
	}
	for file, b := range l.Files {
		if strings.Contains(string(b), "= \"hunter2") && file != "zz.hcl" {
			t.Errorf("%s kept a secret's literal", file)
		}
	}
}

var catalogues = sync.OnceValue(func() []*text.Catalogue {
	return []*text.Catalogue{text.Load(text.English), text.Load(text.Chinese)}
})

// complete checks that a finding has its three texts in both languages, with
// every value filled in and no secret in them.
func complete(t *testing.T, f Finding) {
	t.Helper()
	for _, c := range catalogues() {
		for _, part := range []string{".what", ".why", ".do"} {
			if !c.Has(f.Code + part) {
				t.Errorf("%s%s: no text in %s", f.Code, part, c.Lang())
			}
			s := c.Text(text.Msg{Code: f.Code + part, Args: f.Args})
			if unfilled.MatchString(s) || strings.Contains(s, "hunter2") || strings.Contains(s, "p@ss") {
				t.Errorf("%s%s: %q", f.Code, part, s)
			}
		}
	}
}
