package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
)

func gateOf(name string, facts executor.GateFacts, why ...text.Msg) executor.Event {
	g := executor.GateChecked{Gate: name, Open: len(why) == 0, GateFacts: facts}
	for _, m := range why {
		g.Reasons = append(g.Reasons, config.Finding{Msg: m})
	}
	return g
}

// Gates that are open are one line with the values that they were judged by;
// later only what changed is told.
func TestGatesAreOneLine(t *testing.T) {
	window := executor.GateFacts{Left: 9*time.Hour + 58*time.Minute, Needs: 4*time.Hour + 20*time.Minute}
	early := text.M("gate.early", "opens", "2026-12-05 20:00:00 +0800")
	p, out := listening(text.English, 0, 0)
	for _, e := range []executor.Event{
		gateOf("plan", executor.GateFacts{}), gateOf("findings", executor.GateFacts{}),
		gateOf("window", executor.GateFacts{}, early), gateOf("same", executor.GateFacts{}),
		gateOf("approvals", executor.GateFacts{Have: 2, Want: 2, Names: []string{"li.si@acme.test", "wang.wu@acme.test"}}),
		gateOf("acknowledgements", executor.GateFacts{Have: 1, Want: 1}), gateOf("hold", executor.GateFacts{}),
		executor.Observed{}, gateOf("window", window), executor.Observed{},
	} {
		p.read(eight(), e)
	}
	want := `20:00 gates  approvals 2 of 2 (li.si@acme.test, wang.wu@acme.test); acks 1 of 1; no hold file
20:00        window closed: the window is not open yet: it opens 2026-12-05 20:00:00 +0800
20:00 gates  window open
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	for lang, want := range map[text.Lang]string{
		text.English: "20:00 gates  window open, 9 h 58 m left, needs 4 h 20 m; approvals 0 of 0; no hold file\n",
		text.Chinese: "20:00 关口   时间窗已开，剩 9 时 58 分，需 4 时 20 分；审批 0/0；无暂停文件\n",
	} {
		p, out := listening(lang, 0, 0)
		p.read(eight(), gateOf("window", window))
		p.read(eight(), gateOf("approvals", executor.GateFacts{}))
		p.read(eight(), gateOf("hold", executor.GateFacts{}))
		p.read(eight(), executor.ApprovalUsed{Name: "li.si@acme.test"})
		if out.Len() > 0 {
			t.Errorf("told before all gates were judged: %s", out)
		}
		p.ahead()
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Error(diff)
		}
	}
}

// Passes that bring nothing are one line a look, and none is swallowed.
func TestUnmovedPassesAreOneLine(t *testing.T) {
	p, out := listening(text.English, 0, 0)
	for _, name := range []string{"alice", "bob", "carol"} {
		p.read(eight(), executor.StepDone{Step: step(name)})
	}
	p.read(eight(), executor.StepDone{Step: step("dora"), Tally: planner.Tally{Copied: 1, Bytes: 441}})
	p.read(eight(), executor.Resting{Until: eight().Add(48 * time.Second)})
	p.read(eight(), executor.StepDone{Step: step("alice")})
	p.read(eight(), executor.StepDone{Step: step("carol")})
	p.read(eight(), executor.Observed{Again: true})
	p.read(eight(), executor.Resting{Until: eight().Add(5 * time.Hour)})
	p.read(eight(), executor.Resting{Until: eight().Add(5 * time.Minute)})
	p.read(eight(), executor.StepDone{Step: step("bob")})
	p.read(eight(), executor.StepDone{Step: "wait caches/acme.test @00000000"})
	want := `20:00 4/4    copy dora@acme.test 1 message, 441 B, 0 s
20:00 1-3    copy: 3 mailboxes without anything new; looks again at 20:00:48
20:00        copy: 2 mailboxes without anything new; looks again at 12-06 01:00
20:00        looks again at 20:05:00
20:00 2/4    copy bob@acme.test nothing new
20:00        wait caches/acme.test: done
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

// Of many steps that wait for the same the first ones are named, the others
// counted.
func TestManyHeldAreCounted(t *testing.T) {
	p, out := listening(text.English, 0, 0)
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		p.read(eight(), executor.StepHeld{Step: step(name), Reason: config.Finding{Msg: text.M("apply.credential.target", "address", name+"@acme.test")}})
	}
	p.read(eight(), executor.StepHeld{Step: step("x"), Reason: config.Finding{Msg: text.M("apply.credential.source", "address", "x@acme.test")}})
	p.read(eight(), executor.Observed{})
	for words, n := range map[string]int{"a@acme.test waits": 1, "c@acme.test waits": 1, "d@acme.test": 0, "x@acme.test waits": 1, "3 more wait for the same, 6 in all": 1} {
		if got := strings.Count(out.String(), words); got != n {
			t.Errorf("%q stands %d times:\n%s", words, got, out)
		}
	}
}

// What is done for good is told with its hour, and what is to be said next.
func TestBegunForGood(t *testing.T) {
	for lang, want := range map[text.Lang][]string{
		text.English: {"===== the next act cannot be undone; observed again 20:00:00: equal; gates again: all open =====",
			"found 12 of 21 mailboxes, 18,244 of 20,000 messages; in the archive 18,244 messages",
			"MERGE RUNNING since 20:06:14. No way back.", "mxmove attest @9b02f1c4 --finished"},
		text.Chinese: {"不可撤销；20:00:00 再次查看", "邮箱 12/21", "20:06:14 起合并进行中，不可回退", "mxmove attest @9b02f1c4 --finished"},
	} {
		p, out := listening(lang, 0, 0)
		press := planner.StepID("merge-tenants tenant/wwB @9b02f1c4")
		p.read(eight(), executor.FinalAhead{Step: press, Seen: eight().UTC(), Kept: planner.Radius{Messages: 18244},
			Bounds: []planner.Bound{{Name: "mailboxes", Measured: 12, AtMost: 21}, {Name: "messages", Measured: 18244, AtMost: 20000}}})
		p.read(eight().Add(374*time.Second), executor.ActStarted{Step: press, Who: "zhang.wei@pc-07"})
		for _, w := range want {
			if flat := strings.Join(strings.Fields(out.String()), " "); !strings.Contains(flat, w) {
				t.Errorf("%s: no %q in\n%s", lang, w, out)
			}
		}
		for line := range strings.Lines(out.String()) {
			if n := cells().StringWidth(strings.TrimSuffix(line, "\n")); n > screenCells {
				t.Errorf("%d cells: %s", n, line)
			}
		}
	}
}

// Every kind of press has a line of its own or the general one.
func TestEveryPressIsTold(t *testing.T) {
	p, _ := listening(text.English, 0, 0)
	for kind, want := range map[string]string{"merge-tenants": "MERGE RUNNING", "upgrade-tenant": "UPGRADE RUNNING", "finish-wizard": "STARTED finish-wizard", "move-customers": "STARTED move-customers"} {
		if got := p.begun(eight(), executor.ActStarted{Step: planner.StepID(kind + " tenant/x @00000000")}); !strings.HasPrefix(got.words, want) || !strings.Contains(got.words, "No way back") {
			t.Errorf("%s: %q", kind, got.words)
		}
	}
}

// A freeze says what it froze.
func TestFreezeIsTold(t *testing.T) {
	p, out := listening(text.English, 0, 0)
	hold := planner.StepID("hold-directory acme.test @00000000")
	p.read(eight(), executor.StepStarted{Step: hold, Held: []executor.DirectoryHeld{{Corp: "wwA", Members: 300, Hash: "77ab0000"}, {Corp: "wwB", Members: 1, Hash: "03fe0000"}}})
	p.read(eight(), executor.StepDone{Step: hold})
	if want := "hold-directory acme.test: done; wwA 300 members (77ab); wwB 1 member (03fe)\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("%s", out)
	}
}
