//go:build unix

package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// canaries are secrets that can be known anywhere, by where each comes from.
var canaries = map[string]string{
	"ALICE_OLD":     "c4n/env+alice?=Zq1",
	"ALICE_NEW":     "c4n/env+alice?=Zq2",
	"BOB_OLD":       "c4n/file+bob?=Zq3",
	"BOB_NEW_WRONG": "c4n/file+bob?=Zq4", // the server has another
	"CAROL":         "c4n/exec+carol?=Zq5",
	"DAVE":          "c4n/cell+dave?=Zq6",
	"TSIG_KEY":      base64.StdEncoding.EncodeToString([]byte("c4n/tsig/key/of/32/octets?=Zq7+-")),
	"OAUTH":         "c4n/token+oauth?=Zq8",
	"OP_TOKEN":      "c4n/op+service?=Zq9",  // the program's that prints carol's
	"CANARY_OUT":    "c4n/smtp+canary?=Za1", // its server repeats it
	"CANARY_IN":     "c4n/imap+canary?=Za2",
	"ERIN":          "c4n/leaver+erin?=ZqA",
	"MXMOVE_VAR_pw": "c4n/var+sensitive?=Zq0",
}

// forms are ways in which a secret may be written.
func forms(secret string) []string {
	quoted, _ := json.Marshal(secret)
	all := []string{secret, strings.Trim(string(quoted), `"`), hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))),
		url.QueryEscape(secret), url.PathEscape(secret)}
	for before := range 3 { // base64 within something longer, such as SASL PLAIN
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			coded := enc.EncodeToString([]byte(strings.Repeat("\x00", before) + secret))
			from := (before*8 + 5) / 6
			all = append(all, coded[from:len(coded)-4])
		}
	}
	return all
}

// shows names the canaries that a text holds, in whatever form.
func shows(text string) []string {
	var found []string
	for name, secret := range canaries {
		for _, f := range forms(secret) {
			if strings.Contains(text, f) {
				found = append(found, name+" as "+f)
			}
		}
	}
	return found
}

// The finder finds: a leak in any of the forms is seen.
func TestCanariesAreSeen(t *testing.T) {
	secret := canaries["ALICE_OLD"]
	for _, text := range []string{secret, "x" + secret + "x", base64.StdEncoding.EncodeToString([]byte("\x00alice@acme.test\x00" + secret)),
		base64.StdEncoding.EncodeToString([]byte("a\x00alice\x00" + secret)), base64.URLEncoding.EncodeToString([]byte("ab" + secret + "c")),
		hex.EncodeToString([]byte(secret)), url.QueryEscape(secret), fmt.Sprintf("%X", secret)} {
		if len(shows(text)) == 0 {
			t.Errorf("not seen in %s", text)
		}
	}
	if got := shows("c4n/env alice Zq1 env:ALICE_OLD"); got != nil {
		t.Error(got)
	}
}

var tokenForm = regexp.MustCompile(`(?m)^OP_TOKEN=.*$`)

// Passwords, keys and tokens of every kind of source are nowhere but where
// they came from, after a run with all commands, refused sign-ins, a refused
// TSIG and a server that repeats what it is told: not in what was said, not in
// a file, not in a child's arguments or environment.
func TestNoSecretIsLeftAnywhere(t *testing.T) {
	v := newVault(t)
	v.servers()
	in := func(name string) string { return filepath.Join(v.dir, name) }
	for _, c := range []struct {
		args string
		want string // in what it says
	}{
		{"init", ""}, {"validate", ""}, {"check", "refused the login bob@acme.test"}, {"check --canary", "it repeats the secret"}, {"check --canary --json", ""}, {"observe --out " + in("a.snapshot"), ""},
		{"observe --masked --out " + in("m.snapshot"), ""}, {"plan --out " + in("a.plan"), ""}, {"plan --json", ""}, {"plan --format markdown", ""}, {"plan --format html", ""},
		{"show " + in("a.plan"), ""}, {"approve " + in("a.plan") + " --yes --key " + in("key"), "li.si@acme.test approves"}, {"approvals " + in("a.plan"), "1 of 1"},
		{"apply " + in("a.plan"), "bob@acme.test"}, {"apply " + in("a.plan") + " --json", ""}, {"status --all", ""}, {"status --json", ""},
		{"verify", "alice@acme.test"}, {"verify --json", ""}, {"report", "MIGRATION REPORT"}, {"report --json --out " + in("r.json"), ""}, {"report --out " + in("r.html"), ""},
		{"report --format csv --out " + in("r.csv"), ""}, {"report --check " + in("r.html"), "of this journal"}, {"ledger alice@acme.test", ""}, {"trace --to alice@acme.test --subject hello", ""},
		{"report --format html", "<html"}, {"report --format csv", ""}, {"archive list", "erin@acme.test"}, {"archive verify", "1 of 1 archives are whole"}, {"archive list --json", ""},
		{"archive restore " + in("archive/erin@acme.test") + " --to alice@acme.test --folder erin", "1 message"}, {"ledger", ""},
		{"attest 1 --finished --evidence seen --plan " + in("a.plan"), ""}, {"plan --reverse --out " + in("back.plan"), ""}, {"rollback " + in("back.plan") + " --yes", ""}, {"rollback " + in("back.plan") + " --json", ""},
		{"fmt --check", ""}, {"roster import --domain acme.test --out " + in("rows.csv") + " " + in("list.txt"), "rows.csv"}, {"roster sheets", ""}, {"roster leave erin@acme.test --keep", ""},
		{"help apply", ""}, {"version", "test"}, {"completion bash", "mxmove"}, {"demo", "mailboxes proven"},
		{"retry", ""}, {"dns", ""}, {"roster check", ""}, {"explain cutover", ""}, {"unlock", ""}, {"verify --lang zh-CN", ""}, {"check --lang zh-CN", ""},
	} {
		if got := v.call(v.dir, strings.Fields(c.args)...); !strings.Contains(got.out+got.errors, c.want) {
			t.Errorf("mxmove %s: no %q in\n%s%s", c.args, c.want, got.out, got.errors)
		}
	}
	for _, name := range []string{"ALICE_OLD", "TSIG_KEY", "CANARY_OUT", "CANARY_IN", "ERIN"} { // of which the other spec knows nothing
		t.Setenv(name, "")
		delete(v.vars, name)
	}
	for _, args := range []string{"init", "check", "plan", "apply --yes", "verify", "report"} {
		v.call(in("oauth"), strings.Fields(args)...)
	}
	if err := os.RemoveAll(in(".mxmove")); err != nil {
		t.Fatal(err)
	}
	v.call(v.dir, "recover", "--from", in("mirror"))
	if err := os.RemoveAll(in(".mxmove")); err != nil {
		t.Fatal(err)
	}
	v.call(v.dir, "recover", "--world", "--plan", in("a.plan"))
	v.call(v.dir, "plan")
	v.everyCommand()
	for _, want := range []string{"refuses the change of acme.test MX", "it repeats the secret"} {
		if !strings.Contains(v.said.String(), want) {
			t.Errorf("nobody said %q", want)
		}
	}
	for _, leak := range shows(v.said.String()) {
		t.Errorf("said: %s", leak)
	}
	v.scan()
}

// scan looks through all that is left.
func (v *vault) scan() {
	sources := map[string]bool{"members.csv": true, "list.txt": true, "rows.csv": true, "bob.old": true, "bob.new": true, "bin/op": true, "bin/token": true}
	files, programs := 0, map[string]int{}
	look := func(root string, wanted func(name, content string) string) {
		filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			name, _ := filepath.Rel(root, path)
			if err != nil || !d.Type().IsRegular() || sources[name] && root == v.dir {
				return err
			}
			b, err := os.ReadFile(path)
			files++
			for _, leak := range shows(name + "\n" + wanted(name, string(b))) {
				v.Errorf("%s: %s", name, leak)
			}
			return err
		})
	}
	look(v.dir, func(_, content string) string { return content })
	look(v.logs, func(name, content string) string {
		program, _, _ := strings.Cut(name, ".")
		programs[program]++
		if program == "op" || program == "token" { // the token is theirs
			content = tokenForm.ReplaceAllString(content, "")
		}
		return content
	})
	if files < 30 || programs["ssh-keygen"] == 0 || programs["git"] == 0 || programs["op"] == 0 || programs["token"] == 0 {
		v.Errorf("only %d files, %v", files, programs)
	}
}
