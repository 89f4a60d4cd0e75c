package planner

import (
	"slices"
	"time"

	"github.com/mxmove/mxmove/config/text"
)

// Refused says why a plan must not be used as it is. Nothing was done. Its
// code has three texts in the catalogue, as a finding's has.
type Refused struct{ text.Msg }

// Error gives the code and the values; people see the catalogue's text.
func (r *Refused) Error() string { return (&Fault{Msg: r.Msg}).Error() }

func refused(code string, pairs ...string) *Refused { return &Refused{text.M(code, pairs...)} }

// Check refuses a plan that is of a higher format than format, of another
// state directory than lineage's, or older than [ValidFor].
func Check(p *Plan, lineage string, now time.Time, format int) error {
	switch {
	case p.Format > format:
		return newerFormat(p.Format, format)
	case p.Lineage != lineage:
		return refused("plan.lineage", "plan", p.ID, "theirs", p.Lineage, "ours", lineage)
	case p.Observed.At.IsZero():
		return refused("plan.unobserved", "plan", p.ID)
	case now.After(p.ValidUntil()):
		return refused("plan.age", "plan", p.ID,
			"observed", p.Observed.At.Format(time.DateOnly), "until", p.ValidUntil().Format("2006-01-02 15:04"))
	}
	return nil
}

// ValidUntil is the last moment at which the plan may be applied. One with a
// cutover is bound by its window for Freeze and Cutover, and serves the tail
// after that; on the way back there is no window.
func (p *Plan) ValidUntil() time.Time {
	until := p.Observed.At.Add(ValidFor)
	c := p.Spec.Cutover
	switch {
	case c == nil:
	case p.Direction == Reverse:
		return until.Add(c.Tail)
	default:
		if end := c.Closes.Add(c.Tail + ValidFor); end.After(until) {
			return end
		}
	}
	return until
}

// Beyond gives the steps of a fresh build that the approved plan does not
// have, in the build's order, with work or not.
func Beyond(built, approved *Plan) []StepID {
	in := stepSet(approved)
	var ids []StepID
	for _, s := range built.Steps {
		if !in[s.ID] {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// LeftOut gives what apply must not do: the steps beyond the approved plan,
// those undone since ([Drift]), and all that by the fresh build need one of
// these, directly or through others. Each is mapped to the step that causes
// it. stale is the first of them that closes Freeze and Cutover: an approved
// step of these phases, or one beyond the plan that is Final or in Cutover;
// "" if none.
func LeftOut(built, approved *Plan, undone ...StepID) (left map[StepID]StepID, stale StepID) {
	return leftOut(built, approved, undone, rules{})
}

func leftOut(built, approved *Plan, undone []StepID, off rules) (left map[StepID]StepID, stale StepID) {
	left = map[StepID]StepID{}
	for _, id := range slices.Concat(Beyond(built, approved), undone) {
		left[id] = id
	}
	for again := len(left) > 0; again; {
		again = false
		for _, s := range built.Steps {
			again = spread(left, s) || again
		}
	}
	in := stepSet(approved)
	for _, s := range built.Steps {
		if _, out := left[s.ID]; out && stale == "" && closes(s.Op.Traits(), in[s.ID], off) {
			stale = s.ID
		}
	}
	return left, stale
}

// spread leaves a step out if one that it needs is left out.
func spread(left map[StepID]StepID, s Step) bool {
	if _, out := left[s.ID]; out {
		return false
	}
	i := slices.IndexFunc(s.Needs, func(id StepID) bool { return left[id] != "" })
	if i < 0 {
		return false
	}
	left[s.ID] = left[s.Needs[i]]
	return true
}

func closes(t Traits, approved bool, off rules) bool {
	if !approved && off.costlyIsStale {
		return t.Risk != Reversible || t.Phase >= Freeze
	}
	if approved {
		return t.Phase == Freeze || t.Phase == Cutover
	}
	return t.Risk == Final || t.Phase == Cutover
}

func stepSet(p *Plan) map[StepID]bool {
	in := make(map[StepID]bool, len(p.Steps))
	for _, s := range p.Steps {
		in[s.ID] = true
	}
	return in
}
