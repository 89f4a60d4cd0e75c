package render

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// A plan that apply shows names no next command, since apply goes on by itself.
func TestPlanThatIsBeingApplied(t *testing.T) {
	cat := text.Load(text.English)
	show := func(p *planner.Plan, doing bool) string {
		var b bytes.Buffer
		if err := Plan(&b, cat, p, Options{Width: 100, Now: now, Doing: doing}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	plan := planner.Build(spec(), snapshot(), now)
	if shown, alone := show(plan, true), show(plan, false); strings.Contains(shown, "Next:") || alone != shown+"Next: mxmove apply\n" {
		t.Errorf("%s", shown)
	}
	for i := range plan.Steps {
		plan.Steps[i].Work = false
	}
	if s := show(plan, true); !strings.Contains(s, "Nothing to copy now. Not wholly in step: 5 of 6 mailboxes; mxmove status says why.") {
		t.Errorf("with trouble left:\n%s", s)
	}
	plan.Steps = slices.DeleteFunc(plan.Steps, func(s planner.Step) bool { return s.ID.Subject() != "sun.li@acme.test" })
	if s := show(plan, false); !strings.HasSuffix(s, "Nothing to do: every mailbox is in step.\n") {
		t.Errorf("all in step:\n%s", s)
	}
}

// Many warnings of a code are one entry with their places, in the fewest
// words; of errors each is told, since each must be mended.
func TestManyOfAKind(t *testing.T) {
	var many []config.Finding
	for n := range 15 {
		at := config.Pos{File: "members.csv", Line: n + 2 + n/10, Column: 1}
		row := text.M("plan.row-gone", "address", fmt.Sprintf("u%02d@acme.test", n))
		many = append(many, config.Finding{Msg: row, Severity: config.Warning, At: at},
			config.Finding{Msg: text.M("plan.no-history"), Severity: config.Error, At: at},
			config.Finding{Msg: text.M("plan.quota", "address", fmt.Sprintf("u%02d@acme.test", n), "need", strconv.Itoa(n), "quota", "1"), Severity: config.Blocks, At: at},
			config.Finding{Msg: text.M("plan.row-changed", "address", row.Args["address"]), Severity: config.Warning, Subject: row.Args["address"]})
	}
	show := func(full bool) string {
		var b bytes.Buffer
		if err := Findings(&b, text.Load(text.English), nil, many, Options{Width: 100, Now: now, Full: full}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	for want, n := range map[string]int{
		"warning  plan.row-gone  15 times: members.csv:2-11, members.csv:13-17\n":  1,
		"u00@acme.test was copied, but it has no row any more (the first of 15)\n": 1,
		"put the row back": 1,
		"plan.row-changed\n  15 times: u00@acme.test, u01@acme.test, u02@acme.test, u03@acme.test and 11 more\n": 1,
		"error  plan.no-history  15 times\n  members.csv:2:1: there is no history block":                         1,
		"there is no history block":                         15,
		"without it mxmove has no step":                     1,
		"it needs 14, the target allows 1":                  1,
		"15 errors, 15 findings block apply, 30 warnings\n": 1,
	} {
		if got := strings.Count(show(false), want); got != n {
			t.Errorf("%d times %q, not %d:\n%s", got, want, n, show(false))
		}
	}
	if out := show(true); strings.Count(out, "has no row any more") != 15 || strings.Count(out, "first of") != 0 || strings.Count(out, "put the row back") != 1 {
		t.Errorf("with all:\n%s", out)
	}
}

// Neighbouring numbers are one run, however they come.
func TestRuns(t *testing.T) {
	for _, c := range []struct {
		in   []int
		want string
	}{{nil, ""}, {[]int{3}, "3"}, {[]int{3, 2, 1}, "1-3"}, {[]int{1, 3, 3, 4, 9}, "1 3-4 9"}} {
		var words []string
		n := 0
		for _, r := range runs(c.in) {
			words, n = append(words, r.String()), n+r.n
		}
		if got := strings.Join(words, " "); got != c.want || n != len(c.in) {
			t.Errorf("%v gives %q, %d numbers", c.in, got, n)
		}
	}
}
