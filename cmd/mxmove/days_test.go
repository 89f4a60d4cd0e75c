package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	mem "github.com/mxmove/mxmove/providers/memory"
)

var update = flag.Bool("update", false, "write the transcripts in examples/")

const (
	members  = 300
	toCreate = 9  // of them have no account in the target
	trials   = 12 // of them have mail in the target's trial domain
	blind    = 86 // of them have no password in the roster
)

// days is a merge of a company of 300 as its operator lives it.
type days struct {
	t    *testing.T
	w    *scriptWorld
	dir  string
	lang string
	text strings.Builder
}

// A whole merge, day by day, looks as examples/wecom-merge shows it.
func TestDays(t *testing.T) {
	for _, lang := range []string{"en", "zh-CN"} {
		t.Run(lang, func(t *testing.T) {
			d := newDays(t, lang)
			d.monday()
			d.tuesday()
			d.thursday()
			d.saturday()
			d.after()
			d.holds(filepath.Join("..", "..", "examples", "wecom-merge", "transcript."+lang+".txt"))
		})
	}
}

func (d *days) monday() {
	d.at("2026-11-30 16:04")
	d.run(0, "validate")
	d.run(0, "plan", "--out", "sat.plan")
	d.run(0, "show", "sat.plan", "--format", "markdown")
}

func (d *days) tuesday() {
	d.at("2026-12-01 10:12")
	d.run(0, "approve", "sat.plan", "--key", "li.si", "--yes")
	d.run(2, "approvals", "sat.plan")
	d.at("2026-12-01 17:20")
	d.run(0, "approve", "sat.plan", "--key", "wang.wu", "--yes")
	d.run(0, "approvals", "sat.plan")
}

func (d *days) thursday() {
	d.at("2026-12-03 09:30")
	d.run(4, "apply", "sat.plan")
	d.at("2026-12-03 09:50")
	d.people()
	d.at("2026-12-03 11:00")
	d.run(4, "apply", "sat.plan")
	d.run(0, "status")
}

// people say that their tasks are done.
func (d *days) people() {
	for i, s := range d.plan().Steps {
		if s.Op.Kind() == "task" {
			d.run(0, "attest", string(s.ID), "--finished", "--evidence", fmt.Sprintf("CHG-%d", 1050+i))
		}
	}
}

func (d *days) saturday() {
	plan := d.plan()
	i := slices.IndexFunc(plan.Steps, func(s planner.Step) bool { return s.Op.Kind() == "merge-tenants" })
	press := plan.Steps[i]
	d.w.mem.Blind("merge-tenants", true)
	d.w.mem.Deliver(mem.Target, d.address(3), "INBOX", d.mail(3, 2000))
	d.at("2026-12-05 20:01")
	d.typed(4, []string{plan.ID, ""}, "apply", "sat.plan")
	d.at("2026-12-05 20:30")
	d.w.mem.PutAccount(planner.Member{Account: "chen.xin", Name: "陈欣", Enabled: planner.Yes})
	d.run(3, "apply", "sat.plan")
	d.at("2026-12-05 20:34")
	d.w.mem.DropAccount("chen.xin")
	d.typed(5, []string{"started " + press.ID.Hash(), ""}, "apply", "sat.plan")
	d.at("2026-12-05 22:10")
	d.run(0, "status")
	if _, err := d.w.mem.Do(d.t.Context(), press.Op, nil, func(planner.Progress) {}); err != nil {
		d.t.Fatal(err)
	}
	d.at("2026-12-05 23:18")
	d.run(0, "attest", "merge-tenants", "--finished", "--evidence", "done.png", "--plan", "sat.plan")
	d.run(0, "apply", "sat.plan")
	d.run(0, "status")
}

func (d *days) plan() *planner.Plan {
	plan, err := readPlan(filepath.Join(d.dir, "sat.plan"))
	if err != nil {
		d.t.Fatal(err)
	}
	return plan
}

func (d *days) after() {
	d.at("2026-12-07 09:00")
	d.run(0, "plan")
	d.run(0, "report")
	d.run(0, "report", "--check")
}

func newDays(t *testing.T, lang string) *days {
	d := &days{t: t, dir: t.TempDir(), lang: lang}
	d.write(".gitconfig", "[user]\n\tname = zhang.wei\n\temail = zhang.wei@acme.test\n")
	t.Setenv("HOME", d.dir)
	t.Setenv("XDG_CONFIG_HOME", d.dir)
	b, err := os.ReadFile(filepath.Join("..", "..", "examples", "wecom-merge", "main.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	d.write("main.hcl", strings.NewReplacer("  language = \"zh-CN\"\n", "", "mailboxes  = 21", "mailboxes  = 310", "messages   = 20000", "messages   = 2000", "unobserved = 0", "unobserved = 90").Replace(string(b)))
	d.write("members.csv", d.roster())
	d.write("allowed_signers", d.key("li.si")+d.key("wang.wu"))
	d.world()
	if _, err := executor.InitState(d.dir, ""); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *days) address(i int) string { return fmt.Sprintf("u%03d@acme.test", i) }

func (d *days) roster() string {
	var b strings.Builder
	b.WriteString("address,account,name,target_password\n")
	for i := range members {
		password := "env:PW"
		if i >= members-blind {
			password = ""
		}
		fmt.Fprintf(&b, "%s,u%03d,成员%03d,%s\n", d.address(i), i, i, password)
	}
	return b.String()
}

// key makes a key of an approver and gives its line of the signers.
func (d *days) key(name string) string {
	d.t.Helper()
	file := filepath.Join(d.dir, name)
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file).CombinedOutput(); err != nil {
		d.t.Fatalf("%v: %s", err, out)
	}
	b, err := os.ReadFile(file + ".pub")
	if err != nil {
		d.t.Fatal(err)
	}
	return name + "@acme.test " + string(b)
}

// world is what both tenants hold.
func (d *days) world() {
	loaded, found := config.Load(config.Options{Dir: d.dir, Version: "0.1.0-test", Getenv: func(string) string { return "pw" }})
	if loaded.Spec == nil {
		d.t.Fatalf("%v", found)
	}
	d.w = &scriptWorld{now: time.Date(2026, 11, 30, 16, 0, 0, 0, time.FixedZone("", 8*3600))}
	d.w.mem = mem.New(loaded.Spec, d.w.clock)
	d.w.mem.Blind("task", true)
	source := planner.Tenant{Corp: loaded.Spec.Source.CorpID, Creator: "zhang.san"}
	for i, row := range loaded.Spec.Roster.Mailboxes {
		source.Members = append(source.Members, planner.Member{Account: row.Account, Address: row.Address, Name: row.Name, Enabled: planner.Yes})
		for n := range 3 {
			d.w.mem.Deliver(mem.Source, row.Address, "INBOX", d.mail(i, n))
		}
		if i < members-toCreate {
			d.w.mem.PutAccount(planner.Member{Account: row.Account, Name: row.Name, Address: row.Account + "@trial.test", Enabled: planner.Yes, VIP: planner.No})
		}
		if i < trials {
			for n := range 151 {
				d.w.mem.Deliver(mem.Target, row.Address, "INBOX", d.mail(i, 1000+n))
			}
		}
	}
	d.w.mem.SourceTenant(source)
	d.w.mem.TargetTenant(planner.Tenant{Creator: "zhang.san", Cap: 500, Paid: planner.No})
}

func (d *days) mail(i, n int) mem.Message {
	return mem.Message{Body: fmt.Appendf(nil, "%d %d %s", i, n, strings.Repeat("x", 900)), Date: d.w.now}
}

func (d *days) write(name, content string) {
	if err := os.WriteFile(filepath.Join(d.dir, name), []byte(content), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// at sets the clock.
func (d *days) at(moment string) {
	at, err := time.ParseInLocation("2006-01-02 15:04", moment, d.w.now.Location())
	if err != nil {
		d.t.Fatal(err)
	}
	d.w.now = at
	fmt.Fprintf(&d.text, "# %s\n\n", at.Format("Mon 2006-01-02 15:04"))
}

func (d *days) run(code int, args ...string) { d.t.Helper(); d.typed(code, nil, args...) }

// typed runs the program, with what a person answers.
func (d *days) typed(code int, answers []string, args ...string) {
	d.t.Helper()
	fmt.Fprintf(&d.text, "$ mxmove %s\n", strings.Join(args, " "))
	args = slices.Clone(args)
	for i, a := range args {
		if strings.HasSuffix(a, ".plan") || i > 0 && args[i-1] == "--key" {
			args[i] = filepath.Join(d.dir, a)
		}
	}
	c := call{args: append(args, "--dir", d.dir, "--lang", d.lang), answer: strings.Join(answers, "\n"), now: d.w.clock,
		vars: map[string]string{"PW": "pw", "A_DIRECTORY_SECRET": "a", "B_DIRECTORY_SECRET": "b"},
		open: func(opening) (world, error) { return d.w, nil }}
	var out bytes.Buffer
	e := c.env(&out, &out)
	e.Stdin = &echo{answers, &out}
	got := run(d.t.Context(), e, c.args)
	d.text.Write(out.Bytes())
	if got != 0 {
		fmt.Fprintf(&d.text, "[exit %d]\n", got)
	}
	d.text.WriteString("\n")
	if got != code {
		d.t.Errorf("mxmove %v: exit code %d, want %d:\n%s", args, got, code, out.String())
	}
}

// echo is a terminal that shows what is typed.
type echo struct {
	answers []string
	out     io.Writer
}

func (e *echo) Read(b []byte) (int, error) {
	if len(e.answers) == 0 {
		return 0, io.EOF
	}
	line := e.answers[0] + "\n"
	e.answers = e.answers[1:]
	io.WriteString(e.out, line)
	return copy(b, line), nil
}

// own is what each run has of its own.
var own = []struct {
	form *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`\b[0-9a-f]{4}-[0-9a-f]{4}\b`), "7c1e-44b8"},
	{regexp.MustCompile(`SHA256:[A-Za-z0-9+/]{43}`), "SHA256:3kq0dVbXkWcJp1Yt6uHnRzO2sLfGmEaT8iQvBwC5yDM"},
	{regexp.MustCompile(`\b[0-9a-f]{16}\b`), "472ef3cb7668d872"},
	{regexp.MustCompile("(spec|配置) (`?)[0-9a-f]{6}\\b"), "$1 ${2}91d0c2"},
}

// holds fails unless a file shows what was seen.
func (d *days) holds(name string) {
	seen := strings.ReplaceAll(d.text.String(), d.dir, "/srv/acme")
	for _, o := range own {
		seen = o.form.ReplaceAllString(seen, o.as)
	}
	if *update {
		if err := os.WriteFile(name, []byte(seen), 0o644); err != nil {
			d.t.Fatal(err)
		}
		return
	}
	b, err := os.ReadFile(name)
	if err != nil {
		d.t.Fatal(err)
	}
	is, shown := linesOf(seen), linesOf(string(b))
	if diff := cmp.Diff(shown, is); diff != "" {
		d.t.Errorf("%s shows otherwise:\n%s", name, diff)
	}
}

// linesOf are the lines of a text in no order: what goes on at once ends in any.
func linesOf(text string) []string { return slices.Sorted(strings.Lines(text)) }
