package render

import (
	"bytes"
	"slices"
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

// Three warnings of a kind are written out, of more the places; errors all.
func TestManyOfAKind(t *testing.T) {
	var many []config.Finding
	for n := range 15 {
		at := config.Pos{File: "members.csv", Line: n + 2, Column: 1}
		many = append(many, config.Finding{Msg: text.M("plan.row-gone", "address", "a@acme.test"), Severity: config.Warning, At: at},
			config.Finding{Msg: text.M("plan.no-history"), Severity: config.Error, At: at})
	}
	for _, c := range []struct {
		full           bool
		warnings, more int
	}{{false, 4, 1}, {true, 15, 0}} {
		var b bytes.Buffer
		if err := Findings(&b, text.Load(text.English), nil, many, Options{Width: 100, Now: now, Full: c.full}); err != nil {
			t.Fatal(err)
		}
		out := b.String()
		if strings.Count(out, "warning  plan.row-gone") != c.warnings || strings.Count(out, "error  plan.no-history") != 15 ||
			strings.Count(out, "also 12 more: members.csv:5:1, ") != c.more || strings.Count(out, "and 4 more") != c.more ||
			!strings.Contains(out, "15 errors, 15 warnings") {
			t.Errorf("full %v:\n%s", c.full, out)
		}
	}
}
