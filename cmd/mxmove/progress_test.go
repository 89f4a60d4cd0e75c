package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
)

func eight() time.Time { return time.Date(2026, 12, 5, 20, 0, 0, 0, time.FixedZone("", 8*3600)) }

// listening gives a progress on a terminal of so many cells, and what it wrote.
func listening(lang text.Lang, width int, expected int64) (*progress, *bytes.Buffer) {
	var out bytes.Buffer
	c := &cli{env: &env{Stdout: &out, Screen: func() int { return width }, Now: eight}}
	c.speak(lang)
	plan := &planner.Plan{Observed: planner.Snapshot{Mailboxes: []planner.Mailbox{{Behind: planner.Gap{Bytes: expected}}}}}
	for _, name := range []string{"alice", "bob", "carol", "dora"} {
		plan.Steps = append(plan.Steps, planner.Step{ID: step(name), Op: planner.CopyMailbox{Address: name + "@acme.test"}})
	}
	return newProgress(c, plan), &out
}

func step(name string) planner.StepID {
	return planner.StepID("copy-mailbox " + name + "@acme.test @00000000")
}

func moving(name string, done, total int, bytes int64) executor.Event {
	return executor.StepProgress{Step: step(name), Progress: planner.Progress{Done: done, Total: total, Bytes: bytes}}
}

func refusedLogin() *planner.Fault {
	return &planner.Fault{Msg: text.M("login.refused", "server", "imap.old.test", "login", "bob", "said", "NO"), Class: planner.Credential}
}

type moment struct {
	after time.Duration
	event executor.Event
}

// night is a run with everything that a person can be told.
func night() []moment {
	return []moment{
		{0, executor.LockTaken{Holder: executor.Holder{Who: "zhang.wei@pc-07", PID: 8812}, Plan: "7c1e-44b8"}},
		{0, executor.GateChecked{Gate: "plan", Open: true}},
		{1 * time.Second, executor.PlanCompared{Plan: "7c1e-44b8", Approved: 4, Todo: 3}},
		{1 * time.Second, executor.StepHeld{Step: step("dora"), Reason: config.Finding{Msg: text.M("apply.credential.source", "address", "dora@acme.test")}}},
		{2 * time.Second, executor.StepStarted{Step: step("alice"), N: 1, Of: 3}},
		{2 * time.Second, executor.StepStarted{Step: step("bob"), N: 2, Of: 3}},
		{3 * time.Second, moving("alice", 100, 1000, 10<<20)},
		{9 * time.Second, moving("alice", 300, 1000, 30<<20)},
		{12 * time.Second, moving("alice", 500, 1000, 50<<20)},
		{13 * time.Second, moving("alice", 600, 1000, 60<<20)},
		{14 * time.Second, executor.StepFailed{Step: step("bob"), Fault: refusedLogin()}},
		{21 * time.Second, executor.StepWaits{Step: step("alice"), Try: 1, Until: eight().Add(time.Minute), Fault: refusedLogin()}},
		{23 * time.Second, moving("alice", 900, 1000, 90<<20)},
		{24 * time.Second, executor.StepDone{Step: step("alice"), Took: 22 * time.Second,
			Tally: planner.Tally{Copied: 1000, Bytes: 100 << 20, Adopted: 2, Refused: 1}}},
		{24 * time.Second, executor.StepDone{Step: step("carol"), Took: time.Second}},
		{25 * time.Second, executor.Observed{Mailboxes: 3, Again: true}},
		{26 * time.Second, executor.Finished{Reason: executor.ReasonFailed, Done: 2, Failed: 1, Left: 1, Report: "reports/1.json"}},
	}
}

func play(p *progress, all []moment) {
	for _, m := range all {
		p.read(eight().Add(m.after), m.event)
	}
	p.clear()
}

func TestProgressOnAPipe(t *testing.T) {
	p, out := listening(text.English, 0, 200<<20)
	play(p, night())
	want := `20:00 lock   zhang.wei@pc-07 pid 8812; plan 7c1e-44b8
20:00 fresh  4 approved, 0 done before, 3 to do, 0 beyond
20:00 4/4    dora@acme.test waits for somebody
             dora@acme.test has no password for the old mailbox yet
             put it, env:NAME or file:PATH into the row's column source_password, then plan and
             apply again
20:00        0 of 3 steps, 50.0 MiB, 4.2 MiB/s, 36 s left
20:00 2/4    bob@acme.test failed; before that 0 copied, 0 B; the others go on
             imap.old.test refused the login bob
             The server said: NO
             Correct the login or the password of this mailbox, then run apply again; it is not
             tried again in this run, since repeated failures lock accounts.
20:00 1/4    alice@acme.test waits 1 m, until 20:01, for the server; others go on
             imap.old.test refused the login bob
20:00        1 of 3 steps, 90.0 MiB, 3.9 MiB/s, 28 s left
20:00 1/4    copy alice@acme.test 1,000 messages, 100.0 MiB, 22 s, 2 were there already, 1 refused,
             kept in quarantine
20:00 3/4    copy carol@acme.test nothing new
20:00        incomplete: 2 done, 1 failed, 0 waiting, 1 with work left; 0 copied, 0 B
             report: reports/1.json
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("control sequences on a pipe")
	}
}

// screen is a terminal that knows what progress uses of ECMA-48.
type screen struct {
	t     *testing.T
	width int
	lines []string
}

func (s *screen) write(out string) {
	for out != "" {
		var up int
		if n, _ := fmt.Sscanf(out, "\x1b[%dA\r\x1b[J", &up); n == 1 {
			if up > len(s.lines) {
				s.t.Fatalf("%d lines up, of %d", up, len(s.lines))
			}
			s.lines = s.lines[:len(s.lines)-up]
			out = out[len(fmt.Sprintf("\x1b[%dA\r\x1b[J", up)):]
			continue
		}
		line, rest, _ := strings.Cut(out, "\n")
		s.lines, out = append(s.lines, line), rest
	}
}

func TestProgressOnATerminal(t *testing.T) {
	p, out := listening(text.English, 80, 200<<20)
	s := &screen{t: t, width: 80}
	for _, m := range night()[:8] {
		p.read(eight().Add(m.after), m.event)
	}
	s.write(out.String())
	want := []string{
		"alice@acme.test             [########...................] 300/1,000  30.0 MiB",
		"bob@acme.test",
		"[##...............] 0 of 3 steps, 30.0 MiB, 3.3 MiB/s, 51 s left",
	}
	if diff := cmp.Diff(want, s.lines[len(s.lines)-3:]); diff != "" {
		t.Error(diff)
	}

	p, out = listening(text.English, 80, 200<<20)
	play(p, night())
	s = &screen{t: t, width: 80}
	s.write(out.String())
	piped, lines := listening(text.English, 0, 200<<20)
	play(piped, night())
	stay := strings.Split(strings.TrimSpace(lines.String()), "\n")
	for i := len(stay) - 1; i >= 0; i-- {
		if strings.Contains(stay[i], " left") && strings.Contains(stay[i], "/s") {
			stay = append(stay[:i], stay[i+1:]...)
		}
	}
	for _, l := range s.lines {
		if n := cells().StringWidth(l); n > 80 {
			t.Errorf("%q takes %d cells", l, n)
		}
	}
	flat := func(lines []string) string { return strings.Join(strings.Fields(strings.Join(lines, " ")), " ") }
	if diff := cmp.Diff(flat(stay), flat(s.lines)); diff != "" {
		t.Errorf("what stays on a terminal is not what a pipe gets:\n%s", diff)
	}
}

// A line that is redrawn never wraps, in any language and width.
func TestRedrawnLinesFit(t *testing.T) {
	for _, lang := range []text.Lang{text.English, text.Chinese} {
		for width := 1; width <= 200; width++ {
			p, out := listening(lang, width, 200<<20)
			for i := range 12 {
				name := strings.Repeat("someone.", i) + "x"
				p.read(eight(), executor.StepStarted{Step: step(name)})
				p.read(eight().Add(time.Second), moving(name, 1204*i, 88410*i, 1<<(3*i)))
			}
			p.read(eight().Add(2*time.Second), executor.StepProgress{Step: step("x"), Progress: planner.Progress{Waiting: refusedLogin()}})
			drawn := p.drawn
			if width > 20 && drawn != onScreen+2 {
				t.Errorf("%s, %d cells: %d lines are redrawn, want %d", lang, width, drawn, onScreen+2)
			}
			lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
			for _, l := range lines[len(lines)-drawn:] {
				if i := strings.LastIndex(l, "\x1b[J"); i >= 0 {
					l = l[i+3:]
				}
				if n := cells().StringWidth(l); n >= width {
					t.Fatalf("%s, %d cells: %q takes %d", lang, width, l, n)
				}
			}
		}
	}
}

// Events that come faster than an eye sees are not drawn one by one.
func TestProgressIsCalm(t *testing.T) {
	p, out := listening(text.English, 80, 0)
	p.read(eight(), executor.StepStarted{Step: step("alice")})
	before := out.Len()
	for i := range 50 {
		p.read(eight().Add(time.Duration(i)*time.Millisecond), moving("alice", i, 100, int64(i)))
	}
	if out.Len() != before {
		t.Errorf("%q was drawn within 50 ms", out.String()[before:])
	}
	p.read(eight().Add(time.Second), moving("alice", 60, 100, 60))
	if !strings.Contains(out.String()[before:], "60/100") {
		t.Error("nothing was drawn after a second")
	}
}

// A reason and its remedy stand once, however many mailboxes they are of.
func TestReasonsAreToldOnce(t *testing.T) {
	p, out := listening(text.English, 0, 0)
	for _, name := range []string{"alice", "bob", "carol"} {
		p.read(eight(), executor.StepFailed{Step: step(name), Fault: refusedLogin()})
	}
	for words, want := range map[string]int{"refused the login bob": 3, "The server said: NO": 1, "Correct the login": 1} {
		if got := strings.Count(out.String(), words); got != want {
			t.Errorf("%q stands %d times, want %d:\n%s", words, got, want, out)
		}
	}
}

// Where there is no room for both, the total goes without its bar.
func TestNarrowTotal(t *testing.T) {
	p, out := listening(text.English, 60, 200<<20)
	p.read(eight(), executor.StepStarted{Step: step("alice")})
	p.read(eight().Add(time.Second), moving("alice", 10, 1000, 1<<20))
	p.read(eight().Add(9*time.Second), moving("alice", 100, 1000, 10<<20))
	if !strings.Contains(out.String(), "0 of 0 steps, 10.0 MiB, 1.1 MiB/s, 2 m 51 s left\n") {
		t.Errorf("%s", out)
	}
}

// A wait is told with its end, by whose wish, and the time left reckons it in:
// what is left of the mailbox that waits begins only then.
func TestProgressReckonsWaits(t *testing.T) {
	for lang, want := range map[text.Lang][3]string{
		text.English: {"server asked alice@acme.test to wait 4 m 59 s, until 20:04; others go on",
			"alice@acme.test  waits for the server until 20:04", "6 m 39 s left"},
		text.Chinese: {"服务器要求 alice@acme.test 等待 4 分 59 秒，至 20:04；其他邮箱继续",
			"alice@acme.test  等待服务器至 20:04", "还需 6 分 39 秒"},
	} {
		c := &cli{env: &env{Stdout: io.Discard, Screen: func() int { return 80 }, Now: eight}}
		c.speak(lang)
		p := newProgress(c, &planner.Plan{Observed: planner.Snapshot{Mailboxes: []planner.Mailbox{
			{Address: "alice@acme.test", Behind: planner.Gap{Bytes: 110 << 20}}, {Address: "bob@acme.test", Behind: planner.Gap{Bytes: 20 << 20}}}}})
		told := &planner.Fault{Msg: text.M("server.throttled", "server", "imap.old.test", "said", "slow down"), Class: planner.Throttled, Wait: 299 * time.Second}
		waits := executor.StepWaits{Step: step("alice"), Try: 1, Until: eight().Add(299 * time.Second), Fault: told}
		for _, m := range []moment{
			{0, executor.StepStarted{Step: step("alice")}}, {0, executor.StepStarted{Step: step("bob")}},
			{10 * time.Second, moving("alice", 1, 10, 10<<20)}, {10 * time.Second, waits},
		} {
			p.note(eight().Add(m.after), m.event)
		}
		row := p.row(p.find(step("alice")), 80)
		if got := p.waits(waits); got != want[0] || row != want[1] || !strings.HasSuffix(p.summary(), want[2]) {
			t.Errorf("%q\n%q\n%q", got, row, p.summary())
		}
		p.note(eight().Add(20*time.Second), moving("alice", 2, 10, 20<<20))
		if row = p.row(p.find(step("alice")), 80); strings.Contains(row, "20:04") {
			t.Errorf("it goes on, and the screen says %q", row)
		}
	}
	if c := (&progress{now: eight}); c.clock(eight().Add(5*time.Hour)) != "12-06 01:00" {
		t.Error(c.clock(eight().Add(5 * time.Hour)))
	}
}
