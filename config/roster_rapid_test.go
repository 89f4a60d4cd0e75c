package config

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"
)

// encode writes text as spreadsheets do: with a mark where they set one.
func encode(t *rapid.T, s string, how string) []byte {
	switch how {
	case "UTF-8":
		return []byte(s)
	case "UTF-8 with mark":
		return []byte("\ufeff" + s)
	case "GB18030":
		b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	out := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	if how == "UTF-16 BE" {
		for i := 0; i < len(out); i += 2 {
			out[i], out[i+1] = out[i+1], out[i]
		}
	}
	return out
}

// cellGen makes what people type into cells: Chinese, quotes, separators, line
// ends, blanks.
func cellGen() *rapid.Generator[string] {
	return rapid.StringOfN(rapid.SampledFrom([]rune("aZ0张伟示例㐂𠮷，;,\t\"'/\\ \n#:é€")), 0, 12, -1)
}

// Whatever stands in a password cell, in whatever encoding and with whatever
// separator, is the password that is revealed; names come as they were typed.
func TestRosterRoundTrip(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.hcl"), []byte(strings.Replace(corpSpec, "FILE", "r.csv", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		how := rapid.SampledFrom([]string{"UTF-8", "UTF-8 with mark", "GB18030", "UTF-16 LE", "UTF-16 BE"}).Draw(t, "encoding")
		n := rapid.IntRange(1, 6).Draw(t, "rows")
		var src bytes.Buffer
		w := csv.NewWriter(&src)
		w.Comma = rapid.SampledFrom([]rune{',', ';', '\t'}).Draw(t, "separator")
		w.UseCRLF = rapid.Bool().Draw(t, "CRLF")
		w.Write([]string{"企业微信成员姓名", "原邮箱密码", "原邮箱地址", "所在部门"})
		passwords := map[string]string{}
		for i := range n {
			address := fmt.Sprintf("user%d@corp.example", i)
			password := cellGen().Draw(t, "password")
			if strings.HasPrefix(strings.TrimSpace(password), "env:") || strings.HasPrefix(strings.TrimSpace(password), "file:") {
				password = "x"
			}
			passwords[address] = password
			name := strings.Map(func(r rune) rune {
				if r < ' ' {
					return -1
				}
				return r
			}, cellGen().Draw(t, "name"))
			w.Write([]string{"张三李四王五" + name, password, address, "示例公司研发中心"})
		}
		w.Flush()
		if err := os.WriteFile(filepath.Join(dir, "r.csv"), encode(t, src.String(), how), 0o600); err != nil {
			t.Fatal(err)
		}
		l, findings := Load(Options{Dir: dir, Tracked: outside, Getenv: func(string) string { return "x" }})
		if l.Spec == nil || len(l.Spec.Roster.Mailboxes) != n {
			t.Fatalf("%s: %v\n%q", how, findings, src.String())
		}
		for _, m := range l.Spec.Roster.Mailboxes {
			want := passwords[m.Address]
			if strings.TrimSpace(want) == "" {
				if !m.SourcePassword.IsZero() {
					t.Errorf("%q is taken for a password", want)
				}
				continue
			}
			b, err := l.Secrets.Reveal(t.Context(), m.SourcePassword)
			if err != nil || string(b) != want {
				t.Errorf("%s: %q revealed as %q: %v", how, want, b, err)
			}
		}
	})
}
