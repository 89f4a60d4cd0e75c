package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// FuzzLoad: no text makes Load panic, no finding lacks its texts or its place,
// and a spec comes exactly when there is no error.
func FuzzLoad(f *testing.F) {
	f.Add(goodSpec, goodRoster)
	f.Add("locals { a = local.a }\nvariable \"x\" { type = list(string) }\n", "address;name\n\"a")
	f.Add(strings.ReplaceAll(goodSpec, "\"", "\u201c"), "\ufeffaddress\taddress\n\t\n")
	f.Add("migration \"a\" { x = \"${env(\"X\")}\" }\nroster {\n mailbox \"a\" {\n}\n}\nsource \"imap\" {\n imap {\n login \"x\" {}\n}\n}\n", "a,b\n1,2,3\n")
	f.Add("x = {for a, b in {x = 1, \"x\" = 2}: a => b...}\ny = [for x in null: x]\nz = <<-X\n ${1}\nX\n", "address,\n,x\n")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, spec, roster string) {
		for name, text := range map[string]string{"main.hcl": spec, "roster.csv": roster} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		l, findings := Load(Options{Dir: dir, Tracked: outside})
		failed := false
		for _, x := range findings {
			failed = failed || x.Severity == Error
			if x.At.File == "" || x.Code == "" {
				t.Errorf("no place: %v", x)
			}
			for _, part := range []string{".what", ".why", ".do"} {
				if !catalogues()[0].Has(x.Code + part) {
					t.Errorf("%s%s: no text", x.Code, part)
				}
			}
		}
		if failed == (l.Spec != nil) {
			t.Errorf("failed %v, spec %v", failed, l.Spec != nil)
		}
		Format([]byte(spec))
	})
}

// FuzzRoster: every row that is taken can be found again by its reference.
func FuzzRoster(f *testing.F) {
	f.Add(goodRoster)
	f.Add(secretRoster)
	f.Add("address,source_password\na@held.test,\"x\ny\"\n\"b@held.test\",\" z\"\n")
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.hcl"), []byte(goodSpec), 0o600); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, roster string) {
		if err := os.WriteFile(filepath.Join(dir, "roster.csv"), []byte(roster), 0o600); err != nil {
			t.Fatal(err)
		}
		l, _ := Load(Options{Dir: dir, Tracked: outside, Getenv: func(string) string { return "x" }})
		if l.Spec == nil {
			return
		}
		for _, m := range l.Spec.Roster.Mailboxes {
			for _, s := range []Secret{m.SourcePassword, m.TargetPassword} {
				if b, err := l.Secrets.Reveal(t.Context(), s); strings.HasPrefix(s.String(), "cell:") && (err != nil || len(b) == 0) {
					t.Errorf("%q: %s: %v", roster, s, err)
				}
			}
		}
	})
}

func bigRoster(n int) string {
	var b strings.Builder
	b.WriteString("address,source_login,source_password,target_address,target_login,target_password,name,department\n")
	for i := range n {
		fmt.Fprintf(&b, "user%05d@held.test,,pw-%d,,,pw-%d,张%d,研发部\n", n-i, i, i, i)
	}
	return b.String()
}

func bigSpec(n int) string {
	roster := strings.Index(goodSpec, "  mailbox")
	var blocks strings.Builder
	for i := range n {
		fmt.Fprintf(&blocks, "  mailbox \"block%05d@held.test\" {\n    source_password = env(\"ZOE_OLD\")\n    target_password = env(\"ZOE_NEW\")\n  }\n", i)
	}
	return goodSpec[:roster] + blocks.String() + goodSpec[roster:]
}

// A company's whole roster loads while a person waits. The bound is generous:
// shared machines are slow.
func TestLoadIsQuick(t *testing.T) {
	start := time.Now()
	l, findings := loadWith(t, write("roster.csv", bigRoster(20000)), write("main.hcl", bigSpec(10000)))
	if len(findings) > 0 || len(l.Spec.Roster.Mailboxes) != 30001 {
		t.Fatalf("%d mailboxes, %d findings", len(l.Spec.Roster.Mailboxes), len(findings))
	}
	for i := 1; i < len(l.Spec.Roster.Mailboxes); i++ {
		if l.Spec.Roster.Mailboxes[i-1].Address >= l.Spec.Roster.Mailboxes[i].Address {
			t.Fatalf("not in order at %d", i)
		}
	}
	last := l.Spec.Roster.Mailboxes[30000-1]
	for range 1000 {
		if _, err := l.Secrets.Reveal(t.Context(), last.SourcePassword); err != nil {
			t.Fatal(err)
		}
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("took %v", d)
	}
}

// Two findings a row: no passwords yet.
func BenchmarkWarnings40000(b *testing.B) {
	var rows strings.Builder
	rows.WriteString("address\n")
	for i := range 20000 {
		fmt.Fprintf(&rows, "user%05d@held.test\n", i)
	}
	benchmarkLoad(b, goodSpec, rows.String())
}

func BenchmarkRoster20000(b *testing.B) { benchmarkLoad(b, goodSpec, bigRoster(20000)) }
func BenchmarkBlocks10000(b *testing.B) { benchmarkLoad(b, bigSpec(10000), goodRoster) }

func benchmarkLoad(b *testing.B, spec, roster string) {
	dir := b.TempDir()
	for name, text := range map[string]string{"main.hcl": spec, "roster.csv": roster} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if l, f := Load(Options{Dir: dir, Tracked: outside, Getenv: func(n string) string { return goodEnv[n] }}); l.Spec == nil {
			b.Fatal(f)
		}
	}
}
