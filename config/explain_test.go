package config

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/mxmove/mxmove/config/text"
)

var update = flag.Bool("update", false, "write docs/reference*.md anew")

// Every block and argument is explained in both languages, and nothing else is.
func TestLanguageIsDocumented(t *testing.T) {
	wanted := map[string]bool{}
	for _, x := range topics() {
		wanted["doc."+x.key] = true
		if a := x.arg; a != nil {
			wanted["doc.type."+string(a.typ)] = true
			if a.example == "" {
				t.Errorf("%s: no example", x.path)
			}
			if a.def == "" && a.must == nil {
				wanted["doc."+x.key+".default"] = false // may be
			}
		}
		for _, label := range x.block.labels {
			if label.example == "" {
				t.Errorf("%s: label without example", x.path)
			}
		}
	}
	for _, f := range secretFuncs {
		wanted["doc.func."+f.name] = true
	}
	b, err := os.ReadFile("text/catalogue/language.txt")
	if err != nil {
		t.Fatal(err)
	}
	stand := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^(doc\.\S+)$`).FindAllStringSubmatch(string(b), -1) {
		stand[m[1]] = true
		if _, ok := wanted[m[1]]; !ok {
			t.Errorf("%s explains nothing", m[1])
		}
	}
	for code, must := range wanted {
		if must && !stand[code] {
			t.Errorf("%s: no text", code)
		}
	}
	if len(stand) < 120 {
		t.Errorf("only %d texts", len(stand))
	}
}

// places of each type of value, to decode examples into.
func placeFor(a *arg) any {
	switch a.typ {
	case typNumber:
		return new(int)
	case typBool:
		return new(bool)
	case typList:
		return new([]string)
	case typMap:
		return new(map[string]string)
	case typSecret:
		return new(Secret)
	case typMoment:
		return new(time.Time)
	case typDuration:
		return new(time.Duration)
	case typRate, typSize:
		return new(int64)
	case typShare:
		return new(Share)
	}
	return new(string)
}

// What is shown as an example or a default is taken where it would be written.
func TestExamplesOfArguments(t *testing.T) {
	l := newLoader(Options{Getenv: func(string) string { return "x" }})
	l.evaluate()
	for _, x := range topics() {
		a := x.arg
		if a == nil || a.typ == typType {
			continue
		}
		for _, src := range []string{a.example, a.def} {
			if src == "" {
				continue
			}
			e, diags := hclsyntax.ParseExpression([]byte(src), "x", hcl.InitialPos)
			if diags.HasErrors() {
				t.Errorf("%s = %s: %v", x.path, src, diags)
				continue
			}
			l.findings = nil
			l.set(&field{name: a.name, into: placeFor(a), arg: a}, e)
			if len(l.findings) > 0 {
				t.Errorf("%s = %s: %v", x.path, src, l.findings)
			}
		}
	}
	for _, f := range secretFuncs {
		e, _ := hclsyntax.ParseExpression([]byte(f.example), "x", hcl.InitialPos)
		var s Secret
		l.set(&field{name: "password", into: &s, arg: &arg{typ: typSecret}}, e)
		if !strings.HasPrefix(s.String(), f.name+":") {
			t.Errorf("%s: %s", f.example, s)
		}
	}
}

// Every block's example is HCL in fmt's layout, with the labels of its kind.
func TestExamplesOfBlocks(t *testing.T) {
	for _, x := range topics() {
		if x.arg != nil {
			continue
		}
		src := exampleOf(x.block)
		f, diags := hclsyntax.ParseConfig([]byte(src), "x", hcl.InitialPos)
		if diags.HasErrors() || string(Format([]byte(src))) != src {
			t.Errorf("%s: %v\n%s", x.path, diags, src)
			continue
		}
		l := newLoader(Options{})
		for _, b := range f.Body.(*hclsyntax.Body).Blocks {
			if !l.labels(b, x.block) {
				t.Errorf("%s: %v", x.path, l.findings)
			}
		}
	}
}

func TestExplain(t *testing.T) {
	for topic, want := range map[string]string{
		"cutover.zone.mx": `cutover.zone.mx

  the domain's MX records after the switch, each "PREFERENCE HOST"

  type: list of text
  default: the target's own
  example:
    mx = ["5 mxbiz1.qq.com", "10 mxbiz2.qq.com"]
`,
		"zone.key_name": `cutover.zone.key_name

  name of the TSIG key

  type: text
  needed for rfc2136
  only for rfc2136
  default: none
  example:
    key_name = "cutover"
`,
		"limits.connections": `source.imap.limits.connections

  connections at once to this server

  type: whole number, 1 to 500
  default: 8
  example:
    connections = 20
`,
		"roster.leaver": `roster.leaver "ADDRESS"

  a row whose person has left

  may stand several times
  arguments:
    mail  needed; keep it, give it to somebody, or archive it
    to    optional; address of the row that gets the mail, with mail = "to"
  example:
    leaver "bob@acme.test" {
      mail = "to"
      to   = "alice@acme.test"
    }
`,
		"exec": `exec

  a secret that a program prints; run when it is used, without a shell, blanks around the output are cut

  example:
    password = exec("op", "read", "op://mail/old-master/password")
`,
		"zone.spf-both": `finding: zone.spf-both

  "<value>" is added and removed

  why: only one can be meant
  do: remove it from add or from remove
`,
		"value.type": `finding: value.type

  <name> must be <want>, not <got>

  why: values are not converted silently: 007 and "007" are two things
  do: write text in quotes, numbers and true or false without
`,
	} {
		got, err := Explain(text.English, topic)
		if err != nil {
			t.Errorf("%s: %v", topic, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: -want +got\n%s", topic, d)
		}
	}
}

// Where a finding is called as what it is about, both are told.
func TestExplainBoth(t *testing.T) {
	for _, name := range []string{"history.since", "migration.version", "zone.mx"} {
		s, err := Explain(text.Chinese, name)
		if err != nil || !strings.Contains(s, "类型：") || !strings.Contains(s, "\n\n检查结果："+name) {
			t.Errorf("%s: %v\n%s", name, err, s)
		}
	}
}

// Whatever can be asked for has an answer, in both languages, without a gap.
func TestExplainEverything(t *testing.T) {
	names := []string{"", "env", "file", "exec", "sealed"}
	for _, x := range topics() {
		names = append(names, x.path, x.key)
	}
	for _, m := range regexp.MustCompile(`(?m)^([a-z.-]+)\.what$`).FindAllStringSubmatch(catalogueSource(t), -1) {
		names = append(names, m[1])
	}
	for _, r := range procedureRules {
		names = append(names, r.code)
	}
	for _, lang := range []text.Lang{text.English, text.Chinese} {
		for _, n := range names {
			s, err := Explain(lang, n)
			if err != nil || !strings.HasSuffix(s, "\n") || strings.ContainsAny(strings.ReplaceAll(s, "{ \"", ""), "\t") || unfilled.MatchString(s) || strings.Contains(s, "doc.") {
				t.Errorf("%s in %s: %v\n%s", n, lang, err, s)
			}
		}
	}
}

// The reference pages are what the language's table says: go test ./config
// -run Reference -update writes them.
func TestReference(t *testing.T) {
	for name, lang := range map[string]text.Lang{"reference.md": text.English, "reference.zh-CN.md": text.Chinese} {
		path, page := filepath.Join("../docs", name), Reference(lang)
		if *update {
			if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(b), page); d != "" {
			t.Errorf("%s is not up to date (-run Reference -update):\n%s", path, d)
		}
		for _, x := range topics() {
			if x.arg != nil && !strings.Contains(page, "| `"+x.arg.name+"` |") {
				t.Errorf("%s: no %s", name, x.path)
			}
		}
	}
}
