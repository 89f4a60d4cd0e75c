package config

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// FuzzLoad: no text makes Load panic, no finding lacks its texts or its place,
// and a spec comes exactly when there is no error.
func FuzzLoad(f *testing.F) {
	f.Add(goodSpec, goodRoster)
	f.Add(wholeSpec, goodRoster)
	f.Add(mergeSpec, "原邮箱地址,企业微信成员帐号,原邮箱密码（选填）\nbob@held.test,bob,x\n")
	f.Add(upgradeSpec, "\xff\xfea\x00d\x00d\x00r\x00e\x00s\x00s\x00\n\x00")
	f.Add(strings.NewReplacer("2026", "", "+08:00", "", "MB", "mb", "5d", "5", "%", "", "\"5 mx", "\"mx").Replace(wholeSpec), "帐号,邮箱,电话,电话\n")
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

// FuzzShallow: what passes the quick look is never too deep for the exact one.
func FuzzShallow(f *testing.F) {
	f.Add(wholeSpec)
	f.Add(strings.Repeat("[", 99) + "\"]\"" + strings.Repeat("[", 20))
	f.Add(strings.Repeat("a = \"\\\"\" # (\n", 300) + strings.Repeat("{\n", 150))
	f.Add(strings.Repeat("(// )\n", 150))
	f.Add(strings.Repeat("!", maxOperators+1))
	f.Fuzz(func(t *testing.T, spec string) {
		if _, deep := exactlyTooDeep("", []byte(spec)); deep && shallow([]byte(spec)) {
			t.Errorf("%q", spec)
		}
	})
}

// FuzzRoster: every row that is taken can be found again by its reference.
func FuzzRoster(f *testing.F) {
	f.Add(goodRoster)
	f.Add(secretRoster)
	for _, file := range []string{"members-gbk.csv", "members-utf16.txt", "export-exmail.csv", "faulty-mixed-encoding.csv", "variant-quoting.csv"} {
		b, err := os.ReadFile(filepath.Join("testdata/roster", file))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(strings.ReplaceAll(string(b), "corp.example", "held.test"))
	}
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

// A tenant's spec with 10,000 blocks: references, groups and shared mailboxes.
func BenchmarkWhole10000(b *testing.B) { benchmarkLoad(b, bigWhole(10000), goodRoster) }

func bigWhole(n int) string {
	var blocks strings.Builder
	for i := range n {
		fmt.Fprintf(&blocks, "  mailbox \"block%05d@held.test\" {\n    account = \"a%05d\"\n    wave = \"%d\"\n    source_password = env(\"ZOE_OLD\")\n    target_password = env(\"ZOE_NEW\")\n  }\n", i, i, i%7)
		if i%10 == 0 {
			fmt.Fprintf(&blocks, "  group \"group%05d@held.test\" {\n    members = [\"block%05d@held.test\"]\n  }\n  shared \"shared%05d@held.test\" {\n    users = [\"block%05d@held.test\"]\n  }\n", i, i, i, i)
		}
	}
	s := strings.Replace(wholeSpec, "  approvals = 2\n  approvers = \"allowed_signers\"\n", "  approvals = 0\n", 1)
	return strings.Replace(s, "  shared \"info", blocks.String()+"  shared \"info", 1)
}

func benchmarkLoad(b *testing.B, spec, roster string) {
	dir := b.TempDir()
	for name, text := range map[string]string{"main.hcl": spec, "roster.csv": roster} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	var most uint64
	for b.Loop() {
		if l, f := Load(Options{Dir: dir, Tracked: outside, Getenv: func(n string) string { return goodEnv[n] }}); l.Spec == nil {
			b.Fatal(f)
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapSys)
	}
	b.ReportMetric(float64(most)/1e6, "MB-heap")
}
