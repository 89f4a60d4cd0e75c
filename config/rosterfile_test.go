package config

import (
	"regexp"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/config/text"
)

var unfilled = regexp.MustCompile(`\{[a-z]+[|}]`)

var rosterCases = map[string]struct {
	change []change
	want   []string
}{
	"mark":               {[]change{csvEdit("address", "\ufeffaddress")}, []string{}},
	"line ends":          {[]change{write("roster.csv", strings.ReplaceAll(goodRoster, "\n", "\r\n"))}, []string{}},
	"semicolons":         {[]change{write("roster.csv", "address;source_password;target_password;name\nbob@held.test;a,b;c;x\n")}, []string{}},
	"tabs":               {[]change{write("roster.csv", "address\tsource_password\ttarget_password\nbob@held.test\ta,b\tc;d\n")}, []string{}},
	"empty rows":         {[]change{csvEdit("bob@", "\n,,,,,\n  ,\nbob@")}, []string{}},
	"order and gaps":     {[]change{write("roster.csv", "target_password,,address,source_password,\nx,,bob@held.test,y,\n")}, []string{}},
	"other encoding":     {[]change{csvEdit("robot", "\xd6\xd0robot")}, []string{"address.local roster.csv:4:1"}},
	"encoding with mark": {[]change{write("roster.csv", "\ufeffaddress,name\nbob@held.test,张\xd6\n")}, []string{"roster.encoding roster.csv:2"}},
	"UTF-16":             {[]change{write("roster.csv", "\xff\xfea\x00d\x00")}, []string{"roster.no-address roster.csv:1:1"}},
	"NUL":                {[]change{csvEdit("source_login", "source\x00login")}, []string{"roster.nul roster.csv:1:9"}},
	"NUL in a row":       {[]change{csvEdit("robot", "ro\x00bot")}, []string{"address.local roster.csv:4:1"}},
	"NUL in a password":  {[]change{csvEdit("hunter2-bob", "hunter2\x00bob")}, []string{"value.control roster.csv:2:16"}},
	"mixed encoding":     {[]change{csvEdit("address,", "address,name,"), csvEdit("bob@held.test,", "bob@held.test,\xd5\xc5\xc8\xfd,"), csvEdit("alice@held.test,", "alice@held.test,\xc0\xee\xcb\xc4,"), csvEdit("robot@held.test,", "robot@held.test,张三丰,")}, []string{"roster.encoding roster.csv:4"}},
	"foreign twice":      {[]change{csvEdit("target_login", "电话,target_login,电话"), csvEdit(",bob,", ",,bob,,"), csvEdit(",,,env", ",,,,,env")}, []string{"roster.foreign-twice roster.csv:1:69"}},
	"alias":              {[]change{csvEdit("bob@held.test", "zoe@held.test")}, []string{"roster.alias roster.csv:2:1"}},
	"mover":              {[]change{csvEdit("target_login", "mover"), csvEdit(",bob,", ",robot,")}, []string{"roster.mover roster.csv:2:29"}},
	"account":            {[]change{csvEdit("target_login", "account"), csvEdit(",bob,", ",b o,")}, []string{"tenant.account roster.csv:2:29"}},
	"accounts":           {[]change{csvEdit("target_login", "帐号"), csvEdit(",bob,", ",zs,"), csvEdit("al\",,,", "al\",,ZS,")}, []string{"roster.account roster.csv:2:29"}},
	"source login":       {[]change{csvEdit("bob@held.test,,", "bob@held.test,AL,")}, []string{"roster.source-login roster.csv:2:15"}},
	"was":                {[]change{csvEdit("target_login", "was"), csvEdit(",bob,", ",zoe@held.example,")}, []string{"roster.was roster.csv:2:29"}},
	"no address in was":  {[]change{csvEdit("target_login", "was"), csvEdit(",bob,", ",bob,")}, []string{"address.at roster.csv:2:29"}},
	"one name":           {[]change{csvEdit("target_login", "姓名"), csvEdit(",bob,", ",Kim,"), csvEdit("al\",,,", "al\",,ｋｉｍ,")}, []string{"roster.name roster.csv:2:29"}},
	"one wave":           {[]change{csvEdit("target_login", "批次"), csvEdit(",bob,", ",Pilot,"), csvEdit("al\",,,", "al\",,pilot,")}, []string{"roster.wave roster.csv:2:29"}},
	"both movers":        {[]change{csvEdit("target_login", "mover"), csvEdit(",bob,", ",mxmove,"), csvEdit("robot@held.test,,,,,", "bob@held.test,,x,,wizard,y")}, []string{"history.wizard roster.csv:4:19", "roster.both-movers roster.csv:4:1"}},
	"mover for nothing":  {[]change{csvEdit("target_login", "mover"), csvEdit(",bob,", ",mxmove,"), write("main.hcl", goodSpec[:strings.Index(goodSpec, "history {")])}, []string{"roster.mover-history roster.csv:2:29"}},
	"empty file":         {[]change{write("roster.csv", "\n\n")}, []string{"roster.no-header roster.csv"}},
	"no address":         {[]change{csvEdit("address,", "adress,")}, []string{"roster.column roster.csv:1:1", "roster.no-address roster.csv:1:1"}},
	"unknown column":     {[]change{csvEdit("target_login", "target_user")}, []string{"roster.column roster.csv:1:53"}},
	"column twice":       {[]change{csvEdit("target_login", "source_login")}, []string{"roster.column-twice roster.csv:1:53"}},
	"quote":              {[]change{csvEdit("robot", "ro\"bot")}, []string{"roster.quotes roster.csv:4:3"}},
	"two quotes":         {[]change{csvEdit("robot", "ro\"bot"), csvEdit("bob@", "\"bob\"@")}, []string{"roster.quotes roster.csv:2:5", "roster.quotes roster.csv:4:3"}},
	"open quote":         {[]change{csvEdit("robot@held.test,", "\"robot@held.test,")}, []string{"roster.quotes roster.csv:4:23"}},
	"surplus":            {[]change{csvEdit("bob,env:ZOE_NEW", "bob,env:ZOE_NEW,x")}, []string{"roster.cells roster.csv:2:45"}},
	"under no header":    {[]change{write("roster.csv", "address,source_password,target_password,\nbob@held.test,a,b,c\n")}, []string{"roster.cells roster.csv:2:19"}},
	"row without":        {[]change{csvEdit("bob@held.test,", ",")}, []string{"address.empty roster.csv:2:1"}},
	"duplicate":          {[]change{csvEdit("robot@", " BOB@")}, []string{"address.tidied roster.csv:4:1", "roster.duplicate roster.csv:4:1"}},
	"duplicate in wide":  {[]change{csvEdit("robot@", "ｂob＠")}, []string{"address.fullwidth roster.csv:4:1", "roster.duplicate roster.csv:4:1"}},
	"duplicate of block": {[]change{csvEdit("robot@held.test", "zoe@held.example")}, []string{"roster.duplicate roster.csv:4:1"}},
	"domain":             {[]change{csvEdit("robot@held.test", "robot@sub.held.test")}, []string{"roster.domain roster.csv:4:1", "roster.password roster.csv:4:1", "roster.password roster.csv:4:1"}},
	"ideographic stop":   {[]change{csvEdit("robot@held.test", "robot@held。test")}, []string{"address.fullwidth roster.csv:4:1"}},
	"look-alike":         {[]change{csvEdit("robot@held", "robot@h\u03bfld")}, []string{"address.ascii roster.csv:4:1"}},
	"local part":         {[]change{csvEdit("robot@", "ro\u200bbot@")}, []string{"address.local roster.csv:4:1"}},
	"bad domain":         {[]change{csvEdit("@held.test,al", "@held..test,al")}, []string{"address.domain roster.csv:3:1"}},
	"kind":               {[]change{csvEdit("target_login", "kind"), csvEdit(",bob,", ",robot,")}, []string{"roster.kind roster.csv:2:29"}},
	"target login":       {[]change{csvEdit(",bob,", ",ALICE@held.test,")}, []string{"roster.target-login roster.csv:2:29"}},
	"target address":     {[]change{csvEdit("hunter2-bob,,", "hunter2-bob,alice@held.test,")}, []string{"roster.target-address roster.csv:2:28"}},
	"bad target address": {[]change{csvEdit("hunter2-bob,,", "hunter2-bob,alice,")}, []string{"address.at roster.csv:2:28"}},
	"no password":        {[]change{csvEdit("hunter2-bob", " ")}, []string{"roster.password roster.csv:2:1"}},
	"unset in cell":      {[]change{csvEdit("hunter2-bob", "env:NONE")}, []string{"secret.unset roster.csv:2:16"}},
	"no name in cell":    {[]change{csvEdit("hunter2-bob", "env:p@ss")}, []string{"secret.env-name roster.csv:2:16"}},
	"control in cell":    {[]change{csvEdit(",bob,", ",\"bo\tb\",")}, []string{"value.control roster.csv:2:29"}},
	"nothing in it":      {[]change{write("roster.csv", "address\n"), inMain(`mailbox "zoe@held.example" {`, ""), inMain("kind            = \"shared\"\n  }", ""), inMain(`source_password = env("ZOE_OLD")`, ""), inMain(`target_password = env("ZOE_NEW")`, "")}, []string{"roster.empty main.hcl:26:1"}},
}

func TestRosterFindings(t *testing.T) {
	for name, c := range rosterCases {
		t.Run(name, func(t *testing.T) { checkFindings(t, c.change, c.want) })
	}
}

// A row may hold a password, so no line of a roster file is ever shown.
func TestRosterLinesAreHidden(t *testing.T) {
	for name, c := range rosterCases {
		_, findings := loadWith(t, c.change...)
		for _, f := range findings {
			if strings.HasPrefix(f.At.File, "roster") && f.At.Line > 0 && !f.Hidden {
				t.Errorf("%s: %s at %s shows its line", name, f.Code, f.At)
			}
		}
	}
}

// Every entry about specs is reached by a case, and so is none that nobody needs.
func TestEveryCodeFires(t *testing.T) {
	fired := map[string]bool{
		"dir.empty": true, "file.large": true, // each has a test of its own
		"secret.empty": true, "secret.kind": true, "secret.cell": true, "secret.failed": true, // of Reveal
	}
	for _, cases := range []map[string]struct {
		change []change
		want   []string
	}{findingCases, rosterCases, languageCases, mergeCases} {
		for _, c := range cases {
			for _, w := range c.want {
				code, _, _ := strings.Cut(w, " ")
				fired[code] = true
			}
		}
	}
	entries := regexp.MustCompile(`(?m)^([a-z.-]+)\.what$`).FindAllStringSubmatch(catalogueSource(t), -1)
	if len(entries) < 60 {
		t.Fatalf("only %d entries", len(entries))
	}
	for _, e := range entries {
		if !fired[e[1]] {
			t.Errorf("%s: no case fires it", e[1])
		}
		delete(fired, e[1])
	}
	for code := range fired {
		t.Errorf("%s: no entry in the catalogue", code)
	}
}

func TestHints(t *testing.T) {
	en := text.Load(text.English)
	for _, c := range []struct {
		change change
		want   string
	}{
		{inMain("since =", "sinse ="), "did you mean since"},
		{inMain("since =", "frobnicate ="), "known here: deletions, mover, refused, since"},
		{inMain("history {", "histroy {"), "did you mean history"},
		{inMain(`"2015-01-01"`, "vr.x"), "did you mean var"},
		{inMain(`"2015-01-01"`, `uper("x")`), "did you mean upper"},
		{csvEdit("target_login", "Target_Logn"), "did you mean target_login"},
	} {
		_, findings := loadWith(t, c.change)
		if len(findings) == 0 {
			t.Errorf("%s: silent", c.want)
			continue
		}
		f := findings[0]
		if got := en.Text(text.Msg{Code: f.Code + ".why", Args: f.Args}); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
