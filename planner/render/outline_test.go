package render

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// viewOf shows a plan that has only these steps.
func viewOf(spec *config.Spec, opt Options, ops ...planner.Op) *planView {
	plan := &planner.Plan{Format: planner.Format, Spec: spec, Observed: planner.Snapshot{At: now}}
	for _, op := range ops {
		plan.Steps = append(plan.Steps, planner.Step{ID: planner.IDOf(op), Op: op, Work: true})
	}
	return &planView{page: newPage(text.Load(text.English), opt), plan: plan}
}

// Each kind of irreversible step says what it does and asks to be acknowledged.
func TestEveryFinalIsTold(t *testing.T) {
	told := map[string][]string{
		"merge-tenants":  {"4 mailboxes of the target, 9 messages", "nobody could look into 3", "console of wwA", "creator zhang.san", "kept: nothing"},
		"upgrade-tenant": {"moves: 7 accounts of wwA", "for Acme, administrator li.si", "accounts 7, no bound"},
		"move-customers": {"12 customer relations of 1 accounts", "relations 12, no bound", "customers are moved and paid for"},
		"finish-wizard":  {"of 2 mailboxes it is not known to be complete: a@acme.test, b@acme.test", "mailboxes 2, no bound"},
	}
	spec := mergeSpec(false)
	spec.Target.Archive = nil
	v := viewOf(spec, options(100), planner.MergeTenants{From: "wwA", Into: "wwB", Creator: "zhang.san", Erases: planner.Radius{Mailboxes: 4, Messages: 9, Unobserved: 3}},
		planner.UpgradeTenant{From: "wwA", Mode: 1, Accounts: 7, Company: "Acme", Administrator: "li.si"},
		planner.MoveCustomers{From: "wwA", Into: "wwB", Accounts: map[string]string{"a": "b"}, Relations: 12},
		planner.FinishWizard{Corp: "wwB", Abandons: []string{"a@acme.test", "b@acme.test"}})
	finals := v.finals()
	for _, op := range allOps() {
		if op.Traits().Risk == planner.Final && told[op.Kind()] == nil {
			t.Errorf("%s is not tested", op.Kind())
		}
	}
	for _, f := range finals {
		var words strings.Builder
		for _, one := range f.Facts {
			words.WriteString(one.Label + ": " + one.Words + "\n")
		}
		for _, want := range told[planner.StepID(f.ID).Kind()] {
			if !strings.Contains(words.String(), want) {
				t.Errorf("%s does not say %q:\n%s", f.ID, want, words.String())
			}
		}
		if f.Ack != "" || !strings.HasPrefix(f.Block, "acknowledge ") {
			t.Errorf("%s: acknowledged %q, block %q", f.ID, f.Ack, f.Block)
		}
	}
	if len(finals) != 4 {
		t.Errorf("%d final steps", len(finals))
	}
}

// A bound that was outgrown closes the gate and says so.
func TestOutgrownBound(t *testing.T) {
	plan := mergeSite(true, 2000)
	v := &planView{page: newPage(text.Load(text.English), options(100)), plan: plan}
	if f := v.finals()[0]; !strings.Contains(v.of(f, "bounds"), "messages 24,066, MORE than the 20,000 acknowledged") {
		t.Error(v.of(f, "bounds"))
	}
	for _, g := range v.cutoverGates() {
		if g.Name == "acks" && (g.Open || g.Words != "0 of 1") {
			t.Errorf("%+v", g)
		}
	}
}

func gatesAt(at time.Time, approvals int, spec *config.Spec, ops ...planner.Op) map[string]gateView {
	opt := options(100)
	opt.Now, opt.Approvals = at, approvals
	m := map[string]gateView{}
	for _, g := range viewOf(spec, opt, ops...).allGates() {
		m[g.Name] = g
	}
	return m
}

func TestGates(t *testing.T) {
	spec := cutoverSpec(9)
	drop := planner.DropMailbox{Address: "gone@acme.test"}
	spec.Cutover.Duration = 4 * time.Hour
	press := []planner.Op{planner.MergeTenants{From: "wwA", Into: "wwB"}}
	for _, c := range []struct {
		name      string
		at        time.Time
		approvals int
		gate      string
		open      bool
		words     string
		ops       []planner.Op
	}{
		{"early", now, 1, "window", false, "opens Sat 2026-12-05 20:00 +0800, in 2 d 3 h, for 10 h", nil},
		{"too late to begin", windowCloses.Add(-time.Hour), 2, "window", false, "open until Sun 2026-12-06 06:00 +0800, 1 h left; needs 4 h (4 h declared); it does not fit", press},
		{"enough time", windowCloses.Add(-5 * time.Hour), 2, "window", true, "open until Sun 2026-12-06 06:00 +0800, 5 h left; needs 4 h (4 h declared)", press},
		{"in time", windowOpens.Add(time.Hour), 2, "window", true, "open until Sun 2026-12-06 06:00 +0800, 9 h left", nil},
		{"late", windowCloses.Add(time.Second), 2, "window", false, "over since Sun 2026-12-06 06:00 +0800: write a new one", nil},
		{"one of two", now, 1, "approvals", false, "1 of 2", nil},
		{"both", now, 2, "approvals", true, "2 of 2", nil},
		{"10 % dropped", now, 2, "removed", false, "10.0 of 5 %", []planner.Op{drop}},
		{"none dropped", now, 2, "removed", true, "0.0 of 5 %", nil},
		{"old plan", windowCloses.Add(12*24*time.Hour + time.Second), 2, "valid", false, "until Fri 2026-12-18 06:00 +0800", nil},
	} {
		g := gatesAt(c.at, c.approvals, spec, c.ops...)[c.gate]
		if g.Open != c.open || g.Words != c.words {
			t.Errorf("%s: %+v", c.name, g)
		}
	}
	spec.Guards.Removed = config.Share{Number: 1}
	if g := gatesAt(now, 0, spec, drop)["removed"]; !g.Open || g.Words != "1 of 1" {
		t.Errorf("a number as limit: %+v", g)
	}
	spec.Cutover = nil
	if n := len(gatesAt(now, 0, spec)); n != 2 {
		t.Errorf("%d gates without a cutover", n)
	}
}

// The way back has its price after the switch, and is closed after a press.
func TestWayBack(t *testing.T) {
	plan := fiveSite()
	var mx planner.StepID
	for _, s := range plan.Steps {
		if s.Op.Traits().Risk == planner.Costly {
			mx = s.ID
		}
	}
	s := plan.Observed
	s.Records = []planner.Record{{Step: mx, Intent: 3, Outcome: 4, OutcomeAt: now}}
	s.Zones[0].Sets[0].Values = []string{"10 mx.new.test"}
	v := &planView{page: newPage(text.Load(text.English), options(100)), plan: planner.Build(cutoverSpec(5), s, now)}
	for _, want := range []string{"open, at a price", "mail for acme.test goes to the target", "1 done: put the old MX back"} {
		if !strings.Contains(v.wayBack(), want) {
			t.Errorf("%q is not in %q", want, v.wayBack())
		}
	}
	before := mergeSite(true, 9)
	press := before.Finals()[0].Step
	s = before.Observed
	s.Records = []planner.Record{{Step: press, Intent: 7, IntentAt: windowOpens}}
	v.plan = planner.Build(mergeSpec(true), s, now)
	if want := "closed since Sat 2026-12-05 20:00 +0800: " + string(press) + " cannot be undone"; v.wayBack() != want {
		t.Errorf("%q, want %q", v.wayBack(), want)
	}
}

func TestSince(t *testing.T) {
	words := func(plan, earlier *planner.Plan) string {
		opt := options(100)
		opt.Earlier = earlier
		return (&planView{page: newPage(text.Load(text.English), opt), plan: plan}).since()
	}
	five := fiveSite()
	if got := words(five, nil); got != "" {
		t.Errorf("told of no plan: %q", got)
	}
	if got := words(five, five); !strings.HasSuffix(got, ": nothing changed") {
		t.Errorf("the same plan: %q", got)
	}
	s := cutoverSpec(6)
	s.Cutover.Closes = windowCloses.Add(time.Hour)
	more := planner.Build(s, worldOf(s, 20), now)
	got := words(more, five)
	for _, want := range []string{"settings changed", "+ 3 steps (copy-mailbox u00005@acme.test", "settled memory.login", "+135 messages"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %q", want, got)
		}
	}
	if got := words(five, more); !strings.Contains(got, "- 3 steps (") || !strings.Contains(got, "-135 messages") {
		t.Errorf("%q", got)
	}
}

// The sections stand in the order of the design also for a merge.
func TestMergeOrder(t *testing.T) {
	for _, lang := range []text.Lang{text.English, text.Chinese} {
		cat, last := text.Load(lang), -1
		opt := options(100)
		opt.Earlier = mergeSite(true, 9)
		var b bytes.Buffer
		if err := Plan(&b, cat, mergeSite(false, 1500), opt); err != nil {
			t.Fatal(err)
		}
		for _, code := range []string{"render.irreversible", "render.costly", "render.routine", "render.touches", "render.not-carried",
			"render.cannot-see", "render.gates", "render.findings", "render.since", "render.way-back", "render.do-by"} {
			i := strings.Index("\n"+b.String(), "\n"+cat.T(code))
			if i <= last {
				t.Errorf("%s: %s at %d, after %d", lang, code, i, last)
			}
			last = i
		}
		acts := strings.Index(b.String(), " F1 ")
		line := strings.Index(b.String(), strings.Split(cat.T("render.no-return"), "{n}")[0])
		if line < acts || strings.Index(b.String(), cat.T("render.costly")) < line {
			t.Errorf("%s: the point of no return does not follow the final steps", lang)
		}
	}
}

// Every kind of step, route and phase has a name in both languages.
func TestEveryKindHasAName(t *testing.T) {
	for _, lang := range []text.Lang{text.English, text.Chinese} {
		cat := text.Load(lang)
		for _, k := range planner.Kinds() {
			if !cat.Has("render.kind." + k) {
				t.Errorf("%s: %s has no name", lang, k)
			}
		}
		for p := planner.Prepare; p <= planner.Retire; p++ {
			if !cat.Has("render.phase." + p.String()) {
				t.Errorf("%s: phase %s has no name", lang, p)
			}
		}
		for _, r := range []string{"history", "merge", "upgrade"} {
			if !cat.Has("render.route." + r) {
				t.Errorf("%s: route %s has no words", lang, r)
			}
		}
	}
}

// A press in doubt says so in every form: nobody is to press twice.
func TestDoubtIsTold(t *testing.T) {
	s := mergeSite(true, 9).Observed
	s.Recovered = now.Add(-time.Hour)
	plan := planner.Build(mergeSpec(true), s, now)
	for name, show := range map[string]func(io.Writer, *text.Catalogue, *planner.Plan, Options) error{"text": Plan, "Markdown": Markdown, "HTML": HTML} {
		var b bytes.Buffer
		if err := show(&b, text.Load(text.Chinese), plan, options(100)); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), "执行前须先登记是否已完成") {
			t.Errorf("%s does not tell of the doubt", name)
		}
	}
}

// The run-sheet tells people how to do what they are to do.
func TestTasksAreExplained(t *testing.T) {
	v := viewOf(mergeSpec(true), options(100), planner.Task{Name: "unbind-domain", On: "wwB", Args: map[string]string{"domains": "b.test", "loses": "3"}})
	l := v.phases()[0].Lines[0]
	if do := v.t("task.unbind-domain.do"); !strings.HasPrefix(l.Note, do) || !strings.HasSuffix(l.Note, "domains: b.test; loses: 3") {
		t.Errorf("%q", l.Note)
	}
	if l.Owner != "administrator" || l.ID == "" || l.What != v.t("task.unbind-domain.what")+" (wwB)" {
		t.Errorf("%+v", l)
	}
}

// Acts of people stand alone however many there are; others share a line.
func TestPeoplesActsStandAlone(t *testing.T) {
	var ops []planner.Op
	for _, name := range planner.Tasks() {
		if op := (planner.Task{Name: name, On: "acme.test"}); op.Traits().Phase == planner.Prepare {
			ops = append(ops, op)
		}
	}
	tasks := len(ops)
	for _, row := range rows(20) {
		ops = append(ops, planner.ArchiveMailbox{Corp: "wwB", Address: row.Address})
	}
	phases := viewOf(mergeSpec(true), options(100), ops...).phases()
	if len(phases) != 1 || len(phases[0].Lines) != tasks+1 {
		t.Fatalf("%d tasks and 20 archives give %+v", tasks, phases)
	}
	last := phases[0].Lines[tasks]
	if last.What != "20 archive-mailbox: u00000@acme.test .. u00019@acme.test" || last.Place != strconv.Itoa(tasks+1)+"-"+strconv.Itoa(tasks+20) {
		t.Errorf("%+v", last)
	}
}
