package config

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config/text"
)

func catalogueSource(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("text/catalogue/config.txt")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const secretRoster = "\ufeffname;address;source_password;target_password\r\n" +
	";;;\r\n" +
	"Bob;\"BOB@held.test\";\"a;\"\"b\"\"\r\nc \";env:PW\r\n" +
	"\r\n" +
	"Eve;eve@held.test; pw with blanks ;file:pw.txt\r\n" +
	"Tw;two@held.test;1;1\r\nTw;Two@held.test;2;2\r\n"

func secretDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"r.csv": secretRoster, "pw.txt": "from file\n", "crlf.txt": "x\r\n", "two.txt": "x\n\n",
		"none.txt": "", "line.txt": "\n", "long.txt": strings.Repeat("x", maxSecret+1),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReveal(t *testing.T) {
	dir := secretDir(t)
	env := map[string]string{"PW": "from env", "MXMOVE_VAR_b": "b of env", "MXMOVE_VAR_a": "a of env"}
	s := NewSecrets(dir, func(n string) string { return env[n] }, map[string]string{"a": "a at hand"})
	for ref, want := range map[string]string{
		"env:PW": "from env", "env:NONE": "secret.unset ref=env:NONE",
		"var:a": "a at hand", "var:b": "b of env", "var:c": "secret.unset ref=var:c",
		"file:pw.txt": "from file", "file:crlf.txt": "x", "file:two.txt": "x\n",
		"file:" + filepath.Join(dir, "pw.txt"):      "from file",
		"file:none.txt":                             "secret.empty ref=file:none.txt",
		"file:line.txt":                             "secret.empty ref=file:line.txt",
		"file:long.txt":                             "secret.long ref=file:long.txt",
		"file:gone.txt":                             "secret.unreadable error=no such file or directory ref=file:gone.txt",
		"cell:r.csv#bob@held.test#source_password":  "a;\"b\"\nc ",
		"cell:r.csv#bob@held.test#target_password":  "from env",
		"cell:r.csv#eve@held.test#source_password":  " pw with blanks ",
		"cell:r.csv#eve@held.test#target_password":  "from file",
		"cell:r.csv#eve@held.test#wave":             "secret.cell ref=r.csv eve@held.test wave",
		"cell:r.csv#ann@held.test#source_password":  "secret.cell ref=r.csv ann@held.test source_password",
		"cell:r.csv#two@held.test#source_password":  "secret.cell ref=r.csv two@held.test source_password",
		"cell:gone.csv#a@held.test#source_password": "secret.unreadable error=no such file or directory ref=gone.csv a@held.test source_password",
		"cell:r.csv":                                "secret.kind ref=cell:r.csv", "vault:x": "secret.kind ref=vault:x", "": "secret.kind ref=",
	} {
		b, err := s.Reveal(t.Context(), SecretRef(ref))
		got := string(b)
		if err != nil {
			got = err.Error()
			var typed *SecretError
			if !errors.As(err, &typed) || !text.Load(text.Chinese).Has(typed.Code+".do") {
				t.Errorf("%s: %T has no text", ref, err)
			}
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", ref, got, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Reveal(ctx, SecretRef("env:PW")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// A roster that is edited while mxmove runs gives the new cells, never a neighbour's.
func TestRevealAfterEdit(t *testing.T) {
	dir := secretDir(t)
	s, path := NewSecrets(dir, nil, nil), filepath.Join(dir, "r.csv")
	ref := SecretRef("cell:r.csv#eve@held.test#source_password")
	if _, err := s.Reveal(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"address,source_password\nann@held.test,x\neve@held.test,new\n": "new",
		"source_password,address\nold,eve@held.test\n":                  "old",
		"address,name\neve@held.test,Eve\n":                             "",
	} {
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		if b, err := s.Reveal(t.Context(), ref); string(b) != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v", file, b, err)
		}
	}
}

// The index must not hand out a row that moved without its file's size or time changing.
func TestCellOfAnotherRow(t *testing.T) {
	in := indexRows([]byte("address,source_password\na@held.test,1\n"))
	if _, err := in.cell([]byte("b@held.test,2\n"), "a@held.test", 1); !errors.Is(err, errNoCell) {
		t.Errorf("got %v", err)
	}
}

const canary = "hunter2-Kq93"

// Nothing that Load gives shows a secret's value, however it is printed.
func TestNothingLeaks(t *testing.T) {
	env := opt(func(o *Options) { o.Getenv = func(string) string { return canary } })
	for name, c := range map[string][]change{
		"good":                {env, csvEdit("hunter2-bob", canary)},
		"literal":             {inMain(`env("ZOE_OLD")`, `"`+canary+`"`)},
		"without header":      {write("roster.csv", canary+",bob@held.test,"+canary+"\n")},
		"near header":         {write("roster.csv", "adress,"+canary+"\nbob@held.test,"+canary+"\n")},
		"moved cells":         {write("roster.csv", "source_password,address,target_address,kind\nx,"+canary+",b,c\nx,bob@held.test,"+canary+","+canary+"\n")},
		"logins":              {write("roster.csv", "address,target_login\nbob@held.test,"+canary+"\nann@held.test,"+canary+"\n")},
		"mistyped":            {inMain("source_password = env(\"ZOE_OLD\")", `source_pasword = "`+canary+`"`)},
		"mistyped in imap":    {inMain(`host = "::1"`, "host = \"::1\"\n pasword = \""+canary+"\"")},
		"in login":            {inMain(`login "password" {}`, "login \"password\" {\n pw = \""+canary+"\"\n}")},
		"heredoc":             {inMain(`env("ZOE_OLD")`, "<<X\n"+canary+"\nX")},
		"template":            {inMain(`env("ZOE_OLD")`, `"x${upper("`+canary+`")}"`)},
		"control word":        {inMain(`env("ZOE_OLD")`, `"x%{`+strings.ReplaceAll(canary, "-", "")+`}"`)},
		"unfinished":          {inMain(`env("ZOE_OLD")`, `"`+canary)},
		"typographic quotes":  {inMain(`env("ZOE_OLD")`, "\u201c"+canary+"\u201d")},
		"without quotes":      {inMain(`env("ZOE_OLD")`, `'`+canary+`'`)},
		"parsed":              {inMain(`env("ZOE_OLD")`, `parseint("`+canary+`", 10)`)},
		"encoded":             {env, inMain(`"2015-01-01"`, `jsonencode(env("X"))`)},
		"formatted":           {env, inMain(`"2015-01-01"`, `format("%v %#v", env("X"), env("X"))`)},
		"object":              {inMain(`env("ZOE_OLD")`, `{ password = "`+canary+`" }`)},
		"sensitive":           {env, more("variable \"a\" { sensitive = true }"), inMain(`env("ZOE_OLD")`, "var.a")},
		"sensitive elsewhere": {env, more("variable \"a\" { sensitive = true }"), inMain(`"2015-01-01"`, "var.a")},
		"joined":              {env, more("variable \"a\" { sensitive = true }"), inMain(`"2015-01-01"`, `"${var.a}x"`)},
		"indexed":             {env, more("variable \"a\" { sensitive = true }"), inMain(`"2015-01-01"`, `{}[var.a]`)},
		"distinct":            {env, inMain(`["Junk"]`, `distinct([env("A"), env("B"), env("A")])`)},
		"variables' file":     {more("variable \"a\" { sensitive = true }"), varFile("a = \"" + canary + "\"\nb = \"" + canary + "\"\n")},
		"variables' syntax":   {more("variable \"a\" { sensitive = true }"), varFile("a = \"" + canary + "\n")},
		"variables' type":     {more("variable \"a\" { sensitive = true }"), varFile("a = [\"" + canary + "\"]\n")},
		"argv":                {more("variable \"a\" { sensitive = true }"), opt(func(o *Options) { o.Vars = map[string]string{"a": canary} })},
		"cell beside fault":   {csvEdit("hunter2-bob", canary), csvEdit("robot@", "ro\"bot@"), csvEdit("bob@held.test", "bob@helt.test")},
	} {
		l, findings := loadWith(t, c...)
		scan(t, name, l, findings)
	}
}

func scan(t *testing.T, name string, l *Loaded, findings []Finding) {
	t.Helper()
	lower := strings.ToLower(strings.ReplaceAll(canary, "-", ""))
	leaks := func(s string) bool { return strings.Contains(strings.ToLower(strings.ReplaceAll(s, "-", "")), lower) }
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		for _, x := range []any{l.Spec, l.Secrets, findings} {
			if leaks(fmt.Sprintf(verb, x)) {
				t.Errorf("%s: %s of %T shows the secret", name, verb, x)
			}
		}
	}
	for _, x := range []any{l.Spec, l.Secrets, findings} {
		if b, err := json.Marshal(x); err != nil || leaks(string(b)) {
			t.Errorf("%s: JSON of %T shows the secret (%v)", name, x, err)
		}
	}
	for _, lang := range []text.Lang{text.English, text.Chinese} {
		c := text.Load(lang)
		for _, f := range findings {
			for _, part := range []string{".what", ".why", ".do"} {
				if leaks(c.Text(text.Msg{Code: f.Code + part, Args: f.Args})) {
					t.Errorf("%s: %s%s shows the secret", name, f.Code, part)
				}
			}
			if line := lineOf(l.Files[f.At.File], f.At.Line); leaks(line) && !f.Hidden {
				t.Errorf("%s: %s at %s shows the line %q", name, f.Code, f.At, line)
			}
		}
	}
}

func lineOf(b []byte, n int) string {
	lines := strings.Split(string(b), "\n")
	if n < 1 || n > len(lines) {
		return ""
	}
	return lines[n-1]
}

// A spec in a plan file keeps its references and resolves them again.
func TestSecretsSurviveThePlanFile(t *testing.T) {
	l, _ := loadWith(t)
	b, err := json.Marshal(l.Spec)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), "hunter2") {
		t.Fatal("the plan's spec holds a secret")
	}
	var back Spec
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(*l.Spec, back, cmp.Comparer(func(a, b Secret) bool { return a == b })); d != "" {
		t.Error(d)
	}
	if Digest(&back) != Digest(l.Spec) {
		t.Error("the digest changed on the way")
	}
	for i, want := range []string{"hunter2,al", "hunter2-bob", "hunter2-zoe-old"} {
		got, err := l.Secrets.Reveal(t.Context(), back.Roster.Mailboxes[i].SourcePassword)
		if string(got) != want || err != nil {
			t.Errorf("%s: %v", back.Roster.Mailboxes[i].Address, err)
		}
	}
}
