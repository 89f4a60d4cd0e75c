package render

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

func statusOf(t *testing.T, lang text.Lang, v StatusView, width int) string {
	t.Helper()
	var b bytes.Buffer
	if err := Status(&b, text.Load(lang), v, options(width)); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if n := cells(strings.TrimSuffix(line, "\n")); n > width {
			t.Errorf("%s: %d cells: %s", lang, n, line)
		}
	}
	return b.String()
}

// Each press has its words, while it runs and when it is over, in both
// languages.
func TestPressIsTold(t *testing.T) {
	for kind, want := range map[string][2]string{
		"merge-tenants":  {"MERGE RUNNING since", "MERGED: started"},
		"upgrade-tenant": {"UPGRADE RUNNING since", "UPGRADED: started"},
		"move-customers": {"move-customers tenant/x STARTED", "move-customers tenant/x started"},
		"finish-wizard":  {"finish-wizard tenant/x STARTED", "finish-wizard tenant/x started"},
	} {
		v := StatusView{At: now, Source: "acme.test", Target: "wwB", Stand: Stand{Vendor: true, Phase: "cutover", Done: 441, All: 747,
			Press: &Press{Step: planner.StepID(kind + " tenant/x @00000000"), Since: now.Add(-96 * time.Minute)}}}
		v.Stand.Next = Next{Kind: "attest", Step: v.Stand.Press.Step}
		got := statusOf(t, text.English, v, 100)
		for _, words := range []string{want[0], "(1 h 36 m ago)", "No way back", "59 %   441 of 747 steps done", "mxmove attest @00000000 --finished"} {
			if flat := strings.Join(strings.Fields(got), " "); !strings.Contains(flat, strings.Join(strings.Fields(words), " ")) {
				t.Errorf("%s: no %q in\n%s", kind, words, got)
			}
		}
		if strings.Contains(got, "mailbox ") || strings.Contains(got, "not started") {
			t.Errorf("%s: it counts mail that the vendor carries:\n%s", kind, got)
		}
		v.Stand.Press.Ended = now
		if got := statusOf(t, text.English, v, 100); !strings.Contains(got, want[1]) || strings.Contains(got, "RUNNING") {
			t.Errorf("%s: over:\n%s", kind, got)
		}
		if got := statusOf(t, text.Chinese, v, 60); !strings.Contains(got, "不可回退") || strings.Contains(got, "render.") {
			t.Errorf("%s: %s", kind, got)
		}
	}
}

// What comes next is told with its time and who acts; not while a run is at
// work on it, but always when somebody must say how an act ended.
func TestNextIsTold(t *testing.T) {
	opens := now.Add(50 * time.Hour)
	for _, c := range []struct {
		next  Next
		alive bool
		want  string
	}{
		{Next{Kind: "window", At: opens, By: opens.Add(10 * time.Hour), Who: "zhang.san", Step: "merge-tenants x @0"}, false,
			"NEXT from Sat 2026-12-05 18:04 +0800 until Sun 2026-12-06 04:04 +0800, at a terminal: mxmove apply PLAN; zhang.san does merge-tenants"},
		{Next{Kind: "apply"}, false, "NEXT mxmove apply PLAN"},
		{Next{Kind: "plan"}, false, "NEXT the window is over: write a new one, then mxmove plan"},
		{Next{Kind: "done"}, false, "NEXT nothing: no step is left"},
		{Next{Kind: "apply"}, true, ""},
		{Next{Kind: "attest", Step: "merge-tenants x @9b02f1c4"}, true, "NEXT find out how it ended; then mxmove attest @9b02f1c4"},
	} {
		v := StatusView{At: now, Source: "acme.test", Target: "wwB", Cutover: true, Stand: Stand{Vendor: true, Next: c.next}}
		if c.alive {
			v.Apply = &Running{Host: "srv2", PID: 7, Seen: now}
		}
		flat := strings.Join(strings.Fields(statusOf(t, text.English, v, 100)), " ")
		if c.want == "" && strings.Contains(flat, "NEXT") || !strings.Contains(flat, c.want) {
			t.Errorf("%+v: %s", c.next, flat)
		}
	}
}

// Waiting is told with what to do, of many like it once.
func TestWaitingIsTold(t *testing.T) {
	v := StatusView{At: now, Stand: Stand{Vendor: true, Until: now.Add(time.Hour), Waits: []Waiting{
		{Step: "task x @0", Words: text.M("act.open", "step", "merge-tenants x @0", "who", "zhang.wei", "started", "9")},
		{Step: "notify x @0", Words: text.M("act.in-doubt", "step", "notify x @0"), More: 299}}}}
	flat := strings.Join(strings.Fields(statusOf(t, text.English, v, 100)), " ")
	for _, want := range []string{"WAITS FOR the window: it opens Thu 2026-12-03 17:04 +0800, in 1 h", "begun and not known to have ended: merge-tenants x @0; find out; then mxmove attest",
		"not known whether it was done: notify x @0 (and 299 more like it); find out"} {
		if !strings.Contains(flat, want) {
			t.Errorf("no %q in %s", want, flat)
		}
	}
}

// Steps are done or ahead; a pass that has something to carry again was done,
// an act that must be repeated was not.
func TestStepsAreCounted(t *testing.T) {
	copied, act := planner.CopyMailbox{Address: "a@x"}, planner.HoldDirectory{Domain: "acme.test"}
	plan := &planner.Plan{Spec: spec(), Steps: []planner.Step{{ID: planner.IDOf(copied), Op: copied, Work: true}, {ID: planner.IDOf(act), Op: act, Work: true}}}
	plan.Observed.Records = []planner.Record{{Step: planner.IDOf(copied), Outcome: 4}, {Step: "task gone @0", Outcome: 5}, {Step: "task begun @0", Intent: 6}}
	var s Stand
	if s.count(plan); s.Done != 2 || s.All != 3 {
		t.Errorf("%d of %d", s.Done, s.All)
	}
}
