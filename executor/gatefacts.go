package executor

import (
	"slices"
	"time"

	"github.com/mxmove/mxmove/planner"
)

// GateFacts are the values that a gate is judged by, where it has any.
type GateFacts struct {
	Have   int           `json:"have,omitempty"`  // of approvals and acknowledgements: how many count
	Want   int           `json:"want,omitempty"`  // and are needed
	Names  []string      `json:"names,omitempty"` // of who approved
	Opens  time.Time     `json:"opens,omitzero"`  // of the window
	Closes time.Time     `json:"closes,omitzero"` // the same
	Left   time.Duration `json:"left,omitempty"`  // until it closes, in nanoseconds; 0: not open
	Needs  time.Duration `json:"needs,omitempty"` // what is left of Freeze and Cutover takes; 0: not known
	Latest time.Time     `json:"latest,omitzero"` // the last moment to start
}

// stated puts the facts beside what was judged by them.
func (v gateView) stated(gates []gate) []gate {
	for i := range gates {
		switch gates[i].Name {
		case "window":
			gates[i].Facts = v.windowFacts()
		case "approvals":
			names := counting(v.approvals)
			gates[i].Facts = GateFacts{Have: len(names), Want: v.plan.Spec.Cutover.Approvals, Names: names}
		case "acknowledgements":
			gates[i].Facts = acknowledgedOf(v.built)
		}
	}
	return gates
}

func (v gateView) windowFacts() GateFacts {
	c := v.plan.Spec.Cutover
	if c == nil {
		return GateFacts{}
	}
	f := GateFacts{Opens: c.Opens, Closes: c.Closes, Needs: v.built.CutoverTime()}
	f.Latest = c.Closes.Add(-f.Needs)
	if !v.now.Before(c.Opens) {
		f.Left = max(c.Closes.Sub(v.now), 0)
	}
	return f
}

// acknowledgedOf counts the final steps that are acknowledged and within
// their bounds.
func acknowledgedOf(built *planner.Plan) GateFacts {
	var f GateFacts
	for _, final := range built.Finals() {
		f.Want++
		outgrown := slices.ContainsFunc(final.Bounds, func(b planner.Bound) bool { return b.Measured > b.AtMost })
		if final.Acknowledged != nil && !outgrown {
			f.Have++
		}
	}
	return f
}

// counting gives the names behind the approvals that count.
func counting(all []Approval) []string {
	var names []string
	for _, a := range all {
		if a.Counts() {
			names = append(names, a.Name)
		}
	}
	return names
}
