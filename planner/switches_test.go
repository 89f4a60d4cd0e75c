package planner_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/mxmove/mxmove/planner"
)

// broken names for each rule a property that does not hold without it.
var broken = []struct {
	rule string
	name string
	property
}{
	{"presence by count", "innocence", innocence},
	{"presence by TTL", "innocence", innocence},
	{"no old value", "danger", danger},
	{"result in ID", "innocence", innocence},
	{"creator in ID", "prefixes", prefixes},
	{"SPF needs all", "innocence", innocence},
	{"needs unlisted", "innocence", innocence},
	{"costly is stale", "innocence", innocence},
	{"costly is foreign", "innocence", innocence},
	{"no outcome is foreign", "deaths", deaths},
	{"again by name", "danger", danger},
	{"pre-image late", "deaths", deaths},
	{"latest pre-image", "preimages", preimages},
	{"whole pre-image", "prefixes", prefixes},
	{"tied to pending", "danger", danger},
	{"last until level", "flood", flood},
	{"tail until level", "flood", flood},
	{"standing only", "losses", losses},
	{"loose gate", "values", values},
	{"recovered is fresh", "losses", losses},
}

// mostCases is how many cases are searched for one that shows a rule missing.
const mostCases = 400

// Each rule is needed by a property, not only by the world that was made for
// it: without it a random case breaks the property. Cases are drawn from the
// seeds 1, 2 and so on, the same each time.
func TestEveryRuleIsNeededByAProperty(t *testing.T) {
	named := map[string]bool{}
	for _, b := range broken {
		named[b.rule] = true
		t.Run(b.rule, func(t *testing.T) {
			t.Parallel()
			for seed := 1; seed <= mostCases; seed++ {
				if err := caseOf(b.property, planner.Without(b.rule), seed); err != nil {
					t.Logf("%s, case %d: %.200s", b.name, seed, err)
					if err := caseOf(b.property, "", seed); err != nil {
						t.Errorf("also with the rule: %v", err)
					}
					return
				}
			}
			t.Errorf("%d cases of %s hold without the rule", mostCases, b.name)
		})
	}
	for rule := range planner.Off {
		if !named[rule] {
			t.Errorf("no property is said to need the rule %q", rule)
		}
	}
}

// caseOf tries one case of a property.
func caseOf(holds property, off planner.Without, seed int) error {
	type outcome struct{ error }
	return rapid.Custom(func(t *rapid.T) outcome { return outcome{holds(t, off)} }).Example(seed).error
}
