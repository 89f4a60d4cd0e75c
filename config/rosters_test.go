package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const corpSpec = `migration "corp" {}
source "imap" {
  domain = "corp.example"
  imap {
    host = "imap.old.test"
    login "password" {}
  }
}
target "imap" {
  imap {
    host = "imap.new.test"
    login "plain" {
      user     = "admin"
      password = env("ZOE_NEW")
    }
  }
}
roster {
  files = ["FILE"]
}
`

func loadRoster(t *testing.T, file string) (*Loaded, []Finding) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata/roster", file))
	if err != nil {
		t.Fatal(err)
	}
	return loadWith(t, write("main.hcl", strings.Replace(corpSpec, "FILE", file, 1)), write(file, string(b)))
}

// rosterRow is what matters of a row, with its password as it is revealed.
type rosterRow struct{ Address, Account, Name, Department, Password string }

func rosterRows(t *testing.T, l *Loaded, findings []Finding) []rosterRow {
	t.Helper()
	if l.Spec == nil {
		t.Fatalf("findings: %v", findings)
	}
	var rows []rosterRow
	for _, m := range l.Spec.Roster.Mailboxes {
		r := rosterRow{Address: m.Address, Account: m.Account, Name: m.Name, Department: m.Department}
		if !m.SourcePassword.IsZero() {
			b, err := l.Secrets.Reveal(t.Context(), m.SourcePassword)
			if err != nil {
				t.Errorf("%s: %v", m.Address, err)
			}
			r.Password = string(b)
		}
		rows = append(rows, r)
	}
	return rows
}

// The same 50 people come from each encoding and separator, with the same
// passwords.
func TestEncodingsOfRosters(t *testing.T) {
	l, findings := loadRoster(t, "members-utf8.csv")
	want := rosterRows(t, l, findings)
	if len(want) != 50 || !slices.Contains(want, rosterRow{"zhangsan@corp.example", "Zhangsan", "张三", "示例公司", "Fake-Pass-001!"}) {
		t.Fatalf("%d rows: %v", len(want), want)
	}
	for _, file := range []string{"members-utf8-bom.csv", "members-gbk.csv", "members-semicolon.csv", "members-utf16.txt", "members-gb18030.csv"} {
		l, findings := loadRoster(t, file)
		got, want := rosterRows(t, l, findings), slices.Clone(want)
		if file == "members-gb18030.csv" { // three people have characters that GBK lacks
			for i, r := range got {
				switch r.Address {
				case "zhangsan@corp.example", "lisi@corp.example", "wangwu@corp.example":
					if !strings.ContainsAny(r.Name, "㐂𠮷€") {
						t.Errorf("%s: %q", r.Address, r.Name)
					}
					got[i].Name, want[i].Name = "", ""
				}
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: -want +got\n%s", file, d)
		}
		for _, f := range findings {
			if f.Code != "roster.password" && f.Code != "roster.name" {
				t.Errorf("%s: %s at %s", file, f.Code, f.At)
			}
		}
	}
}

// Files that are faulty or foreign: the places named, the good rows read.
func TestFaultyRosters(t *testing.T) {
	for file, want := range map[string]struct {
		rows     int
		findings []string
	}{
		"variant-quoting.csv":       {5, []string{"warning roster.cells 7:54"}},
		"faulty-mixed-encoding.csv": {3, []string{"error roster.encoding 5", "error roster.encoding 6"}},
		"faulty-nul.csv":            {0, []string{"error address.local 2:1"}},
		"export-exmail.csv":         {30, []string{"warning roster.foreign-twice 1:27"}},
		"export-aliyun.csv":         {30, nil},
	} {
		l, findings := loadRoster(t, file)
		var got []string
		for _, f := range findings {
			if f.Code != "roster.password" && f.Code != "roster.name" {
				got = append(got, string(f.Severity)+" "+f.Code+" "+strings.TrimPrefix(f.At.String(), file+":"))
			}
			if !f.Hidden && f.At.File == file {
				t.Errorf("%s: %s shows its line", file, f.At)
			}
		}
		if d := cmp.Diff(want.findings, got); d != "" {
			t.Errorf("%s: -want +got\n%s", file, d)
		}
		if l.Spec != nil && len(rosterRows(t, l, findings)) != want.rows {
			t.Errorf("%s: %d rows", file, len(l.Spec.Roster.Mailboxes))
		}
	}
}

// The good rows of a faulty file are read, though nothing is planned from it.
func TestGoodRowsOfAFaultyFile(t *testing.T) {
	b, err := os.ReadFile("testdata/roster/faulty-mixed-encoding.csv")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "r.csv"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	l := newLoader(Options{Dir: dir, Tracked: outside})
	l.rosterFile("r.csv", Pos{})
	var names []string
	for _, r := range l.rows {
		names = append(names, r.Name)
	}
	if d := cmp.Diff([]string{"张三", "李四", "王五"}, names); d != "" {
		t.Error(d)
	}
}

func TestQuotedCells(t *testing.T) {
	l, findings := loadRoster(t, "variant-quoting.csv")
	rows := rosterRows(t, l, findings)
	for _, want := range []rosterRow{
		{"zhangsan@corp.example", "Zhangsan", "张三", `示例公司/研发,"核心"组`, "Fake-Pass-001!"},
		{"lisi@corp.example", "Lisi", "李四", "示例公司/研发中心", "line1\nline2"},
		{"wangwu@corp.example", "Wangwu", "王五", "示例公司/研发中心/后端组", `"quoted"`},
		{"zhaoliu@corp.example", "Zhaoliu", "", "", ""},
	} {
		if !slices.Contains(rows, want) {
			t.Errorf("no %v in %v", want, rows)
		}
	}
}

// Lists of other vendors: the part before the @ alone, or the whole address.
func TestExports(t *testing.T) {
	for file, want := range map[string]rosterRow{
		"export-exmail.csv": {"lisi@corp.example", "", "李四", "示例公司/研发中心", "Fake-Pass-002!"},
		"export-aliyun.csv": {"lisi@corp.example", "", "李四", "研发中心", "Fake-Pass-002!"},
	} {
		l, findings := loadRoster(t, file)
		if rows := rosterRows(t, l, findings); !slices.Contains(rows, want) {
			t.Errorf("%s: no %v in %v", file, want, rows)
		}
	}
}

func TestHeaders(t *testing.T) {
	for cell, want := range map[string]int{
		"address": colAddress, " Address": colAddress, "*原邮箱地址": colAddress, "原邮箱地址（必填）": colAddress, "原邮箱地址 (必填) ": colAddress,
		"企业微信成员帐号": colAccount, "企业微信成员账号": colAccount, "原邮箱密码（选填）": colSourcePassword, "姓名": colName, "部门": colDepartment,
		"E-Mail": colAddress, "公共邮箱地址": colAddress, "手机": ignored, "邮箱容量(M)": ignored, "": unnamed, " ": unnamed, "地址": stray, "adress": stray,
	} {
		if got := columnOf(cell); got != want {
			t.Errorf("%q: %d, want %d", cell, got, want)
		}
	}
	h := readHeader([]string{"公共邮箱地址", "公共邮箱密码"})
	if !h.shared || h.local {
		t.Errorf("%+v", h)
	}
	if h := readHeader([]string{"原邮箱地址", "账号"}); h.local || h.columns[1] != colAccount {
		t.Errorf("%+v", h)
	}
}

// A sheet of shared mailboxes, and a password that the vendor holds.
func TestVendorsSheets(t *testing.T) {
	l, findings := loadWith(t, write("main.hcl", strings.Replace(corpSpec, `"FILE"`, `"a.csv", "b.csv"`, 1)),
		write("a.csv", "公共邮箱地址,公共邮箱密码\ninfo@corp.example,env:ZOE_OLD\n"),
		write("b.csv", "原邮箱地址,企业微信成员账号,姓名,所在部门,原邮箱密码\nli@corp.example,li,李,研发,已存在密码\n"))
	if l.Spec == nil || len(findings) != 1 || findings[0].Code != "roster.password" || findings[0].Subject != "li@corp.example" {
		t.Fatalf("%v", findings)
	}
	m := l.Spec.Roster.Mailboxes
	if m[0].Kind != "shared" || !m[1].SourcePassword.IsZero() || m[1].Kind != "member" {
		t.Errorf("%+v", m)
	}
}

// Octets by octets: what an encoding is taken for, and which lines do not fit.
func TestDecodeText(t *testing.T) {
	for name, c := range map[string]struct {
		raw  string
		enc  encoding
		text string
		bad  []int
	}{
		"ASCII":               {"a\nb", encUTF8, "a\nb", nil},
		"empty":               {"", encUTF8, "", nil},
		"mark":                {"\ufeff张\n", encUTF8, "张\n", nil},
		"GBK":                 {"\xd5\xc5\n", encGB18030, "张\n", nil},
		"four octets":         {"\x81\x39\xef\x31\n", encGB18030, "㐂\n", nil},
		"LE":                  {"\xff\xfea\x00\n\x00 _\n\x00", encUTF16LE, "a\n张\n", nil},
		"BE":                  {"\xfe\xff\x00a\x00\n\x5f\x20", encUTF16BE, "a\n张", nil},
		"a code unit 0A":      {"\xff\xfe\x0a\x4e\n\x00", encUTF16LE, "\u4e0a\n", nil},
		"odd":                 {"\xff\xfea\x00\n\x00b", encUTF16LE, "a\n", []int{2}},
		"lone surrogate":      {"\xff\xfe\x00\xd8\n\x00b\x00", encUTF16LE, "\nb", []int{1}},
		"one line of GBK":     {"张\n李\n\xd5\xc5\n", encUTF8, "张\n李\n\n", []int{3}},
		"one line of UTF-8":   {"\xd5\xc5\n\xc0\xee\n张三丰\n", encGB18030, "张\n李\n\n", []int{3}},
		"mark and other line": {"\ufeff\xd5\xc5\na", encUTF8, "\na", []int{1}},
		"half a character":    {"\xd5\xc5\n\xd5\nx", encGB18030, "张\n\nx", []int{2}},
	} {
		d := decodeText([]byte(c.raw))
		if d.enc != c.enc || string(d.data) != c.text || !slices.Equal(d.bad, c.bad) {
			t.Errorf("%s: %d %q %v", name, d.enc, d.data, d.bad)
		}
	}
}
