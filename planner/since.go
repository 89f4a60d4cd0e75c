package planner

import (
	"slices"
	"time"

	"github.com/mxmove/mxmove/config"
)

// Change is what differs from an earlier plan.
type Change struct {
	Earlier  string        `json:"earlier"` // its ID
	At       time.Time     `json:"at,omitzero"`
	Added    []StepID      `json:"added,omitempty"`
	Done     []StepID      `json:"done,omitempty"`    // gone, and on record or shown as done
	Gone     []StepID      `json:"gone,omitempty"`    // gone otherwise
	Grown    []Growth      `json:"grown,omitempty"`   // final steps whose bounds differ
	Opened   []string      `json:"opened,omitempty"`  // codes of findings that are new
	Settled  []string      `json:"settled,omitempty"` // codes that are gone
	Settings bool          `json:"settings,omitempty"`
	Messages int           `json:"messages,omitempty"` // more at the source
	Estimate time.Duration `json:"estimate,omitempty"` // more
}

// Growth is a bound of a final step that was measured anew.
type Growth struct {
	Step StepID `json:"step"`
	Name string `json:"name"`
	More int64  `json:"more"`
}

// Since compares the plan with an earlier one.
func (p *Plan) Since(earlier *Plan) Change {
	c := Change{Earlier: earlier.ID, At: earlier.Observed.At, Added: Beyond(p, earlier)}
	x := indexOf(p.Observed)
	for _, id := range Beyond(earlier, p) {
		s, _ := earlier.Step(id)
		done, seen := shown(s.Op, id, x)
		if done && seen || x.records[id].Outcome > 0 || x.facts[id].holds(p.Observed.At) {
			c.Done = append(c.Done, id)
		} else {
			c.Gone = append(c.Gone, id)
		}
	}
	c.Grown = growth(p.Finals(), earlier.Finals())
	c.Opened, c.Settled = codesOnlyIn(p.Findings, earlier.Findings), codesOnlyIn(earlier.Findings, p.Findings)
	c.Settings = hashOf(settingsText(p.Spec)) != hashOf(settingsText(earlier.Spec))
	c.Messages = messages(p.Observed) - messages(earlier.Observed)
	c.Estimate = p.total() - earlier.total()
	return c
}

func growth(now, before []FinalStep) []Growth {
	var list []Growth
	was := keyed(before, func(f FinalStep) StepID { return f.Step })
	for _, f := range now {
		old, ok := was[f.Step]
		for i, b := range f.Bounds {
			if ok && i < len(old.Bounds) && old.Bounds[i].Measured != b.Measured {
				list = append(list, Growth{f.Step, b.Name, b.Measured - old.Bounds[i].Measured})
			}
		}
	}
	return list
}

func codesOnlyIn(a, b []config.Finding) []string {
	in := keyed(b, func(f config.Finding) string { return f.Code + " " + f.Subject })
	var codes []string
	for _, f := range a {
		if _, both := in[f.Code+" "+f.Subject]; !both {
			codes = append(codes, f.Code)
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

func messages(s Snapshot) int {
	n := 0
	for _, m := range s.Mailboxes {
		n += m.Source.Messages
	}
	return n
}

func (p *Plan) total() time.Duration {
	var d time.Duration
	for _, s := range p.Steps {
		if s.Work {
			d += s.Estimate
		}
	}
	return d
}
