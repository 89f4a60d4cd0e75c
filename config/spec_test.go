package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config/text"
)

// The smallest spec that copies: every default in place.
func TestSmallestSpec(t *testing.T) {
	l, findings := loadWith(t, write("main.hcl", `
migration "m" {}
source "imap" {
  domain = "held.test"
  imap {
    host = "127.0.0.1"
    port = 1
    tls  = "none"
    login "password" {}
  }
}
target "imap" {
  imap {
    host = "localhost"
    tls  = "starttls"
    login "password" {}
  }
}
roster {
  files = ["roster.csv"]
}
history {}
`), write("roster.csv", "address,source_login,source_password,target_address,target_login,target_password\na@held.test,,x,,,y\n"))
	if len(findings) > 0 {
		t.Fatalf("findings: %v", findings)
	}
	s := l.Spec
	got := []any{s.Source.IMAP.Port, s.Target.IMAP.Port, s.Migration.State, s.History.Mover, s.History.Refused, s.History.Deletions, len(s.Roster.Mailboxes)}
	if d := cmp.Diff([]any{1, 143, ".mxmove", "mxmove", "quarantine", "keep", 1}, got); d != "" {
		t.Error(d)
	}
}

func TestLogins(t *testing.T) {
	bySecret := cmp.Comparer(func(a, b Secret) bool { return a == b })
	for block, want := range map[string]Login{
		"login \"plain\" {\n user = \"admin\"\n password = env(\"ZOE_OLD\")\n}":  {Kind: "plain", User: "admin", Password: SecretRef("env:ZOE_OLD")},
		"login \"master\" {\n user = \"m\"\n password = file(\"roster.csv\")\n}": {Kind: "master", User: "m", Separator: "*", Password: SecretRef("file:roster.csv")},
		"login \"master\" {\n user = \"m\"\n separator = \"%\"\n password = env(\"ZOE_NEW\")\n}": {
			Kind: "master", User: "m", Separator: "%", Password: SecretRef("env:ZOE_NEW")},
		"login \"oauth2\" {\n command = [\"token\", \"-q\"]\n mechanism = \"XOAUTH2\"\n}": {Kind: "oauth2", Command: []string{"token", "-q"}, Mechanism: "XOAUTH2"},
	} {
		l, findings := loadWith(t, inMain(`login "password" {}`, block))
		if len(findings) > 0 {
			t.Errorf("%s: %v", block, findings)
			continue
		}
		got := l.Spec.Source.IMAP.Login
		got.At = Pos{}
		if d := cmp.Diff(want, got, bySecret); d != "" {
			t.Errorf("%s:\n%s", block, d)
		}
	}
	for block, want := range map[string]string{
		"login \"plain\" {\n user = \"admin\"\n}":                           "argument.missing",
		"login \"master\" {\n password = env(\"ZOE_OLD\")\n}":               "argument.missing",
		"login \"oauth2\" {}":                                               "argument.missing",
		"login \"oauth2\" {\n command = [\"x\"]\n mechanism = \"PLAIN\"\n}": "value.choice",
	} {
		_, findings := loadWith(t, inMain(`login "password" {}`, block))
		if len(findings) != 1 || findings[0].Code != want {
			t.Errorf("%s: %v", block, findings)
		}
	}
}

func certificate(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func TestCertificates(t *testing.T) {
	good := certificate(t)
	for name, c := range map[string]struct {
		file []byte
		want bool
	}{
		"one": {good, true}, "two with text": {slices.Concat([]byte("# ours\n"), good, good), true},
		"none": {nil, false}, "text": {[]byte("certificate"), false},
		"a key too":  {slices.Concat(good, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")})), true},
		"only a key": {pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}), false},
		"one broken": {slices.Concat(good, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})), false},
	} {
		if got := certificates(c.file); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if _, findings := loadWith(t, write("ca.pem", string(good)), inMain(`host = "::1"`, "host = \"::1\"\n ca_file = \"ca.pem\"")); len(findings) > 0 {
		t.Errorf("findings: %v", findings)
	}
}

func TestVersions(t *testing.T) {
	for _, c := range []struct {
		have, want string
		met        bool
	}{
		{"0.1.0", ">= 0.1", true}, {"0.1.0", ">=0.1.0,<0.2", true}, {"0.0.9", ">= 0.1", false}, {"0.2.0", "< 0.2", false},
		{"0.10.0", ">= 0.9", true}, {"1", "= 1.0.0", true}, {"v1.2.3", "> 1.2.2", true}, {"1.2.3-rc1", "<= 1.2.3", true},
		{"(devel)", ">= 99", true}, {"", ">= 99", true}, {"1.0.0", "> 1", false},
	} {
		l := newLoader(Options{Version: c.have})
		l.checkVersion(c.want, Pos{})
		if met := len(l.findings) == 0; met != c.met {
			t.Errorf("%s %s: %v", c.have, c.want, l.findings)
		}
	}
	for _, bad := range []string{"0.1", ">= x", ">= 0.1,", "== 1", ">= 1.2.3.4", ">= 99999999999999999999"} {
		l := newLoader(Options{Version: "1.0.0"})
		l.checkVersion(bad, Pos{})
		if len(l.findings) != 1 || l.findings[0].Code != "migration.version" {
			t.Errorf("%s: %v", bad, l.findings)
		}
	}
}

func TestEmptyAndLargeFiles(t *testing.T) {
	dir := t.TempDir()
	o := Options{Dir: dir, Tracked: outside}
	if l, f := Load(o); len(f) != 1 || f[0].Code != "dir.empty" || l.Spec != nil || l.Secrets == nil {
		t.Errorf("empty: %v", f)
	}
	path := filepath.Join(dir, "a.hcl")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, maxFile+1); err != nil {
		t.Fatal(err)
	}
	if _, f := Load(o); len(f) != 1 || f[0].Code != "file.large" {
		t.Errorf("large: %v", f)
	}
}

// A mailbox on the skip list stays out, whichever way its address is written.
func TestSkip(t *testing.T) {
	l, findings := loadWith(t, inMain(`"robot@held.test"`, `"robot@held.test", "BOB@held.test"`))
	if len(findings) > 0 {
		t.Fatalf("findings: %v", findings)
	}
	if d := cmp.Diff([]string{"robot@held.test", "bob@held.test"}, l.Spec.Roster.Skip); d != "" {
		t.Error(d)
	}
	if n := len(l.Spec.Roster.Mailboxes); n != 2 {
		t.Errorf("%d mailboxes", n)
	}
}

func TestDigest(t *testing.T) {
	digest := func(changes ...change) string {
		l, findings := loadWith(t, changes...)
		if l.Spec == nil {
			t.Fatalf("findings: %v", findings)
		}
		return Digest(l.Spec)
	}
	good := digest()
	rows := strings.SplitAfter(goodRoster, "\n")
	same := map[string][]change{
		"lines":   {inMain("migration", "\n\n# a comment\nmigration")},
		"order":   {write("roster.csv", rows[0]+rows[2]+rows[1]+rows[3])},
		"default": {inMain("since =", "refused = \"quarantine\"\n  since =")},
		"files":   {write("other.hcl", "history {\n  since = \"2015-01-01\"\n  folders {\n    skip = [\"Junk\"]\n    map  = { \"Sent Items\" = \"Sent\" }\n  }\n}\n"), write("main.hcl", goodSpec[:strings.Index(goodSpec, "history {")])},
		"case":    {csvEdit("bob@held.test", "Bob@held.test")},
	}
	for name, c := range same {
		if digest(c...) != good {
			t.Errorf("%s changes the digest", name)
		}
	}
	other := map[string][]change{
		"host":    {inMain("imap.old.test", "imap.older.test")},
		"mailbox": {csvEdit("alice@", "alicia@")},
		"secret":  {inMain(`env("ZOE_OLD")`, `env("ZOE_NEW")`)},
		"skip":    {inMain(`"robot@held.test"`, `"robot@held.test", "x@held.test"`)},
		"folder":  {inMain(`["Junk"]`, `["Junk", "Spam"]`)},
		"history": {write("main.hcl", goodSpec[:strings.Index(goodSpec, "history {")])},
		"limit":   {inMain("= 4", "= 5")},
	}
	for name, c := range other {
		if digest(c...) == good {
			t.Errorf("%s does not change the digest", name)
		}
	}
	if len(good) != 64 {
		t.Errorf("%s", good)
	}
}

func TestDigestLeavesTheSpec(t *testing.T) {
	l, _ := loadWith(t)
	at, skip := l.Spec.Roster.Mailboxes[0].At, slices.Clone(l.Spec.Roster.Skip)
	Digest(l.Spec)
	if l.Spec.Roster.Mailboxes[0].At != at || !slices.Equal(l.Spec.Roster.Skip, skip) || l.Spec.History.At == (Pos{}) {
		t.Error("the spec was changed")
	}
}

func TestFormat(t *testing.T) {
	for in, want := range map[string]string{
		"a{\nb=1\n  ccc = 2 # c\n}\n":     "a {\n  b   = 1\n  ccc = 2 # c\n}\n",
		"\ufeffa = 1\n":                   "a = 1\n",
		"a = [1,\n":                       "a = [1,\n",
		"":                                "",
		"# only":                          "# only",
		"x = " + strings.Repeat("[", 500): "x = " + strings.Repeat("[", 500),
	} {
		got := string(Format([]byte(in)))
		if got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
		if again := string(Format([]byte(got))); again != got {
			t.Errorf("%q: not stable: %q", in, again)
		}
	}
}

// The first spec loads as it is: without errors, and silently once its passwords exist.
func TestStarter(t *testing.T) {
	for _, lang := range []text.Lang{text.English, text.Chinese} {
		for _, env := range []string{"", "x"} {
			dir := t.TempDir()
			for name, b := range Starter(lang, "acme.test", "", "imap.held.test") {
				if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			l, findings := Load(Options{Dir: dir, Getenv: func(string) string { return env }, Tracked: outside})
			if l.Spec == nil || (len(findings) == 0) != (env != "") {
				t.Errorf("%s: %v", lang, findings)
				continue
			}
			if got := l.Spec; got.Migration.Language != string(lang) || got.Source.Domain != "acme.test" || len(got.Roster.Mailboxes) != 1 ||
				got.Source.IMAP.Host != "imap.old.acme.test" || got.Target.IMAP.Host != "imap.held.test" {
				t.Errorf("%s: %+v", lang, got)
			}
			if src := l.Files["main.hcl"]; string(Format(src)) != string(src) {
				t.Errorf("%s: fmt would change it", lang)
			}
		}
	}
}

// Uncommenting what the first spec offers gives a spec that loads, too.
func TestStarterUncommented(t *testing.T) {
	for _, lang := range []text.Lang{text.English, text.Chinese} {
		src := string(Starter(lang, "acme.test", "", "")["main.hcl"])
		for _, arg := range []string{"aliases", "tls", "skip", "since", "map "} {
			src = strings.Replace(src, "# "+arg, arg, 1)
		}
		src = strings.Replace(src, "    # skip", "    skip", 1)
		l, findings := loadWith(t, write("main.hcl", src), write("members.csv", "address,source_password,target_password\na@acme.test,x,y\n"))
		if len(findings) > 0 {
			t.Errorf("%s: %v", lang, findings)
		} else if h := l.Spec.History; h.Since == "" || len(h.Map) != 1 || len(h.Skip) != 1 || l.Spec.Source.IMAP.TLS != TLSStart {
			t.Errorf("%s: %+v", lang, l.Spec)
		}
	}
}

func TestCompress(t *testing.T) {
	l, findings := loadWith(t, inMain(`login "password" {}`, "compress = true\n login \"password\" {}"))
	if len(findings) > 0 || !l.Spec.Source.IMAP.Compress || l.Spec.Target.IMAP.Compress {
		t.Errorf("%+v, %v", l, findings)
	}
	if _, findings := loadWith(t, inMain(`login "password" {}`, "compress = \"yes\"\n login \"password\" {}")); len(findings) != 1 {
		t.Errorf("text for a yes: %v", findings)
	}
}
