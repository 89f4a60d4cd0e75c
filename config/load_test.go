package config

import (
	"errors"
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
			Host: "imap.old.test", Port: 993, TLS: "implicit", Login: Login{Kind: "password"}, Limits: Limits{4}}},
		Target: Side{Kind: "imap", IMAP: IMAP{
			Host: "::1", Port: 143, TLS: "none", Login: Login{Kind: "password"}, Limits: Limits{8}}},
		Roster: Roster{Files: []string{"roster.csv"}, Skip: []string{"robot@held.test"}, Mailboxes: []Mailbox{
			{Address: "alice@held.test", SourceLogin: "al", SourcePassword: SecretRef("cell:roster.csv#alice@held.test#source_password"),
				TargetAddress: "alice@held.test", TargetLogin: "alice@held.test", TargetPassword: env("ZOE_NEW"), Kind: "member"},
			{Address: "bob@held.test", SourceLogin: "bob@held.test", SourcePassword: SecretRef("cell:roster.csv#bob@held.test#source_password"),
				TargetAddress: "bob@held.test", TargetLogin: "bob", TargetPassword: env("ZOE_NEW"), Kind: "member"},
			{Address: "zoe@held.example", SourceLogin: "zoe@held.example", SourcePassword: env("ZOE_OLD"),
				TargetAddress: "zoe@held.example", TargetLogin: "zoe@held.example", TargetPassword: env("ZOE_NEW"), Kind: "shared"},
		}},
		History: &History{Mover: "mxmove", Since: "2015-01-01", Deletions: "keep", Refused: "quarantine",
			Skip: []string{"Junk"}, Map: map[string]string{"Sent Items": "Sent"}},
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

// findingCases make one thing wrong each; want is "code place", all of it.
var findingCases = map[string]struct {
	change []change
	want   []string
}{
	"no directory":     {[]change{opt(func(o *Options) { o.Dir += "/none" })}, []string{"dir.unreadable DIR"}},
	"second history":   {[]change{more("history {}")}, []string{"block.repeated zz.hcl:1:1"}},
	"missing roster":   {[]change{inMain("roster {", "rooster {")}, []string{"block.missing DIR", "block.unknown main.hcl:26:1"}},
	"cutover":          {[]change{more("cutover {\n}\n\nguards {}\n")}, []string{"later.block zz.hcl:1:1", "later.block zz.hcl:4:1"}},
	"shared":           {[]change{inMain(`mailbox "zoe`, "shared \"x\" {}\n  mailbox \"zoe")}, []string{"later.block main.hcl:30:3"}},
	"labels":           {[]change{inMain(`migration "held"`, "migration")}, []string{"block.labels main.hcl:1:1"}},
	"wecom":            {[]change{inMain(`source "imap"`, `source "wecom"`)}, []string{"later.value main.hcl:5:8"}},
	"kind of side":     {[]change{inMain(`source "imap"`, `source "pop3"`)}, []string{"value.choice main.hcl:5:8"}},
	"unknown argument": {[]change{inMain("since =", "sinse =")}, []string{"argument.unknown main.hcl:38:3"}},
	"later argument":   {[]change{inMain("connections = 4", "connections = 4\n rate = \"1MB/s\"")}, []string{"later.argument main.hcl:14:2"}},
	"top argument":     {[]change{more("x = 1")}, []string{"argument.top zz.hcl:1:1"}},
	"missing argument": {[]change{inMain(`host = "imap.old.test"`, "")}, []string{"argument.missing main.hcl:9:3"}},
	"missing domain":   {[]change{inMain(`domain  = "Held.test"`, "")}, []string{"argument.missing main.hcl:5:1"}},
	"argument twice":   {[]change{inMain("since =", "since = \"2016-01-01\"\n  since =")}, []string{"argument.repeated main.hcl:39:3"}},
	"two logins":       {[]change{inMain(`login "password" {}`, "login \"password\" {}\n login \"password\" {}")}, []string{"block.repeated main.hcl:12:2"}},
	"no login":         {[]change{inMain(`login "password" {}`, "")}, []string{"block.missing main.hcl:9:3"}},
	"kind of login":    {[]change{inMain(`login "password"`, `login "ntlm"`)}, []string{"value.choice main.hcl:11:11"}},

	"syntax":            {[]change{more("a = [1,\n")}, []string{"hcl.syntax zz.hcl:2:1"}},
	"not UTF-8":         {[]change{more("# 中\n# \xd6\xd0")}, []string{"file.encoding zz.hcl:2:3"}},
	"nested too deeply": {[]change{more("x = " + strings.Repeat("(", 400))}, []string{"file.deep zz.hcl:1:105"}},
	"mismatched":        {[]change{more(strings.Repeat("a {\n)\n", 400))}, []string{"file.deep zz.hcl:201:3"}},
	"operators":         {[]change{more("x = " + strings.Repeat("!", 30000) + "true")}, []string{"file.deep zz.hcl:1:20005"}},

	"number for text": {[]change{inMain(`"2015-01-01"`, "2015")}, []string{"value.type main.hcl:38:11"}},
	"text for number": {[]change{inMain("= 4", `= "4"`)}, []string{"value.type main.hcl:13:21"}},
	"text for list":   {[]change{inMain(`["Junk"]`, `"Junk"`)}, []string{"value.type main.hcl:40:12"}},
	"list for map":    {[]change{inMain(`{ "Sent Items" = "Sent" }`, `["Sent"]`)}, []string{"value.type main.hcl:41:12"}},
	"number in list":  {[]change{inMain(`["Junk"]`, `["Junk", 7]`)}, []string{"value.type main.hcl:40:21"}},
	"null in list":    {[]change{inMain(`["Junk"]`, `["Junk", null]`)}, []string{"value.null main.hcl:40:21"}},
	"null":            {[]change{inMain(`"2015-01-01"`, "null")}, []string{"value.null main.hcl:38:11"}},
	"null secret":     {[]change{inMain(`env("ZOE_OLD")`, "null")}, []string{"value.null main.hcl:31:23"}},
	"empty":           {[]change{inMain(`"2015-01-01"`, `" "`)}, []string{"value.empty main.hcl:38:11"}},
	"control":         {[]change{inMain(`"imap.old.test"`, `"imap.old.test\r\nA1 LOGOUT"`)}, []string{"value.control main.hcl:10:12"}},
	"range":           {[]change{inMain("= 4", "= 0")}, []string{"value.range main.hcl:13:21"}},
	"fraction":        {[]change{inMain("= 4", "= 4.5")}, []string{"value.range main.hcl:13:21"}},
	"port":            {[]change{inMain(`host = "imap.old.test"`, "host = \"imap.old.test\"\n    port = 65536")}, []string{"value.range main.hcl:11:12"}},
	"choice":          {[]change{inMain("since =", "refused = \"bounce\"\n  since =")}, []string{"value.choice main.hcl:38:13"}},
	"later value":     {[]change{inMain("since =", "deletions = \"follow\"\n  since =")}, []string{"later.value main.hcl:38:15"}},
	"repeated key":    {[]change{inMain(`= "Sent" }`, `= "Sent", "Sent Items" = "S" }`)}, []string{"value.repeated-key main.hcl:41:37"}},
	"characters":      {[]change{inMain(`{ "Sent Items" = "Sent" }`, `{ "已发送" = "Sent", "已发送" = "S" }`)}, []string{"value.repeated-key main.hcl:41:30"}},

	"root":            {[]change{inMain(`"2015-01-01"`, "each.value")}, []string{"expr.root main.hcl:38:11"}},
	"variable":        {[]change{inMain(`"2015-01-01"`, "var.since"), more("variable \"sinse\" { default = \"2015-01-01\" }")}, []string{"expr.var main.hcl:38:11"}},
	"local":           {[]change{inMain(`"2015-01-01"`, "local.since"), more("locals {\n sense = \"2015-01-01\"\n}")}, []string{"expr.local main.hcl:38:11"}},
	"function":        {[]change{inMain(`"2015-01-01"`, `uper("x")`)}, []string{"expr.function main.hcl:38:11"}},
	"later function":  {[]change{inMain(`env("ZOE_OLD")`, `sealed("zoe")`)}, []string{"later.function main.hcl:31:23"}},
	"evaluation":      {[]change{inMain(`"2015-01-01"`, `element([], 0)`)}, []string{"expr.failed main.hcl:38:11"}},
	"circle":          {[]change{more("locals {\n a = local.b\n b = local.c\n c = local.a\n d = local.a\n}"), inMain(`"2015-01-01"`, "local.d")}, []string{"local.circle zz.hcl:2:6"}},
	"local twice":     {[]change{more("locals {\n a = 1\n}\nlocals {\n a = 2\n}\n")}, []string{"local.repeated zz.hcl:5:2"}},
	"block in locals": {[]change{more("locals {\n x {}\n}")}, []string{"block.unknown zz.hcl:2:2"}},

	"variable twice":   {[]change{more("variable \"a\" { default = \"\" }\nvariable \"a\" {}\n")}, []string{"variable.repeated zz.hcl:2:1"}},
	"variable's name":  {[]change{more("variable \"a b\" {}")}, []string{"variable.name zz.hcl:1:10"}},
	"variable's type":  {[]change{more("variable \"a\" { type = \"text\" }")}, []string{"variable.type zz.hcl:1:23"}},
	"variable unset":   {[]change{more("variable \"a\" {}")}, []string{"variable.unset zz.hcl:1:1"}},
	"default's type":   {[]change{more("variable \"a\" { default = 7 }")}, []string{"variable.value zz.hcl:1:26"}},
	"default of names": {[]change{more("variable \"a\" { default = local.x }\nlocals { x = \"1\" }")}, []string{"variable.constant zz.hcl:1:26"}},
	"sensitive number": {[]change{more("variable \"a\" {\n type = number\n sensitive = true\n}")}, []string{"variable.secret-type zz.hcl:1:1"}},
	"sensitive default": {[]change{more("variable \"a\" {\n sensitive = true\n default = \"hunter2\"\n}")},
		[]string{"secret.literal zz.hcl:3:12"}},
	"unknown --var": {[]change{opt(func(o *Options) { o.Vars = map[string]string{"a": "1"} })}, []string{"variable.unknown --var a"}},
	"secret --var": {[]change{more("variable \"a\" { sensitive = true }"), opt(func(o *Options) { o.Vars = map[string]string{"a": "hunter2"} })},
		[]string{"variable.argv --var a"}},
	"value of --var": {[]change{more("variable \"a\" { type = number }"), opt(func(o *Options) { o.Vars = map[string]string{"a": "seven"} })},
		[]string{"variable.value --var a"}},
	"no file of variables": {[]change{opt(func(o *Options) { o.VarFiles = []string{filepath.Join(o.Dir, "none")} })}, []string{"file.unreadable DIR/none"}},
	"directory as file":    {[]change{opt(func(o *Options) { o.VarFiles = []string{o.Dir} })}, []string{"file.irregular DIR"}},
	"block of variables":   {[]change{varFile("a {}\n")}, []string{"variable.block DIR/v.vars:1:1"}},
	"names in variables":   {[]change{more("variable \"a\" {}"), varFile("a = local.b\n")}, []string{"variable.constant DIR/v.vars:1:1", "variable.unset zz.hcl:1:1"}},

	"literal":           {[]change{inMain(`env("ZOE_OLD")`, `"hunter2"`)}, []string{"secret.literal main.hcl:31:23"}},
	"literal by local":  {[]change{inMain(`env("ZOE_OLD")`, `local.pw`), more("locals { pw = \"hunter2\" }")}, []string{"secret.literal main.hcl:31:23"}},
	"misplaced":         {[]change{inMain(`"imap.old.test"`, `env("ZOE_OLD")`)}, []string{"secret.misplaced main.hcl:10:12"}},
	"misplaced in list": {[]change{inMain(`["Junk"]`, `[env("ZOE_OLD")]`)}, []string{"secret.misplaced main.hcl:40:12"}},
	"unset":             {[]change{inMain(`env("ZOE_OLD")`, `env("NONE")`)}, []string{"secret.unset main.hcl:31:23"}},
	"unset variable":    {[]change{inMain(`env("ZOE_OLD")`, `var.pw`), more("variable \"pw\" { sensitive = true }")}, []string{"secret.unset main.hcl:31:23"}},
	"name of env":       {[]change{inMain(`env("ZOE_OLD")`, `env("p@ss w0rd")`)}, []string{"secret.env-name main.hcl:31:23"}},
	"no secret file":    {[]change{inMain(`env("ZOE_OLD")`, `file("none")`)}, []string{"secret.unreadable main.hcl:31:23"}},
	"long secret file":  {[]change{inMain(`env("ZOE_OLD")`, `file("x")`), write("x", strings.Repeat("x", maxSecret+1))}, []string{"secret.long main.hcl:31:23"}},
	"directory secret":  {[]change{inMain(`env("ZOE_OLD")`, `file(".")`)}, []string{"secret.unreadable main.hcl:31:23"}},
	"secret in git":     {[]change{inMain(`env("ZOE_OLD")`, `file("x")`), write("x", "hunter2"), opt(inGit)}, []string{"secret.tracked main.hcl:31:23", "secret.tracked roster.csv:2:16"}},
	"variables in git":  {[]change{more("variable \"a\" { sensitive = true }"), varFile("a = \"hunter2\"\n"), opt(inGit)}, []string{"secret.tracked DIR/v.vars:1:1", "secret.tracked roster.csv:2:16"}},
	"git broken": {[]change{opt(func(o *Options) {
		o.Tracked = func([]string) (map[string]bool, error) { return nil, errors.New("not found") }
	})}, []string{"secret.git roster.csv:2:16"}},

	"migration's name":  {[]change{inMain(`"held"`, `"a b"`)}, []string{"migration.name main.hcl:1:11"}},
	"constraint":        {[]change{inMain(`">= 0.1"`, `"~> 0.1"`)}, []string{"migration.version main.hcl:2:13"}},
	"version":           {[]change{inMain(`">= 0.1"`, `">= 0.1, < 0.1.0"`)}, []string{"migration.version-unmet main.hcl:2:13"}},
	"domain":            {[]change{inMain(`"Held.test"`, `"@held.test"`)}, []string{"domain.invalid main.hcl:6:13", "roster.domain roster.csv:2:1", "roster.domain roster.csv:3:1", "roster.domain roster.csv:4:1"}},
	"domain not ASCII":  {[]change{inMain(`"held.example"`, `"held.例子"`), inMain("zoe@held.example", "zoe@held.test")}, []string{"domain.ascii main.hcl:7:13"}},
	"domain twice":      {[]change{inMain(`["held.example"]`, `["held.example", "HELD.test."]`)}, []string{"domain.repeated main.hcl:7:13"}},
	"host":              {[]change{inMain(`"imap.old.test"`, `"imaps://imap.old.test:993"`)}, []string{"host.invalid main.hcl:10:12"}},
	"host not ASCII":    {[]change{inMain(`"imap.old.test"`, `"邮件.old.test"`)}, []string{"domain.ascii main.hcl:10:12"}},
	"clear text":        {[]change{inMain(`"::1"`, `"10.0.0.1"`)}, []string{"tls.cleartext main.hcl:21:12"}},
	"no CA file":        {[]change{inMain(`host = "::1"`, "host = \"::1\"\n ca_file = \"none\"")}, []string{"file.unreadable main.hcl:21:12"}},
	"CA file":           {[]change{inMain(`host = "::1"`, "host = \"::1\"\n ca_file = \"ca\""), write("ca", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")}, []string{"ca.pem main.hcl:21:12"}},
	"since":             {[]change{inMain(`"2015-01-01"`, `"2015-02-30"`)}, []string{"history.since main.hcl:38:11"}},
	"folder":            {[]change{inMain(`"Junk"`, `"Junk//x"`), inMain(`"Sent" }`, `"Sent/" }`)}, []string{"history.folder main.hcl:40:12", "history.folder main.hcl:41:12"}},
	"folder both":       {[]change{inMain(`"Junk"`, `"Sent Items"`)}, []string{"history.folder-both main.hcl:41:12"}},
	"empty command":     {[]change{inMain(`login "password" {}`, "login \"oauth2\" {\n command = []\n}")}, []string{"value.empty main.hcl:12:12"}},
	"stray in password": {[]change{inMain(`login "password" {}`, "login \"password\" {\n user = \"x\"\n}")}, []string{"argument.unknown main.hcl:12:2"}},

	"skip":           {[]change{inMain(`"robot@held.test"`, `"robot"`)}, []string{"address.at main.hcl:28:11", "roster.password roster.csv:4:1", "roster.password roster.csv:4:1"}},
	"file twice":     {[]change{inMain(`["roster.csv"]`, `["roster.csv", "roster.csv"]`)}, []string{"roster.file-twice main.hcl:27:11"}},
	"no roster file": {[]change{inMain(`["roster.csv"]`, `["none.csv"]`)}, []string{"file.unreadable main.hcl:27:11"}},
	"name of file":   {[]change{inMain(`["roster.csv"]`, `["a#b.csv"]`)}, []string{"roster.file-name main.hcl:27:11"}},
	"workbook":       {[]change{inMain(`["roster.csv"]`, `["a.XLSX"]`)}, []string{"roster.workbook main.hcl:27:11"}},
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
