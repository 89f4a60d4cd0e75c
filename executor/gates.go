package executor

import (
	"cmp"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// gate binds Freeze and Cutover; it is open without reasons.
type gate struct {
	Name    string
	Reasons []config.Finding
	Facts   GateFacts
}

// gateView is all that the gates are judged by.
type gateView struct {
	plan, built    *planner.Plan
	now            time.Time
	stale, foreign planner.StepID
	undone         []planner.StepID
	settings       bool   // the files at hand have other gated settings
	why            string // of the hold file
	held           bool
	approvals      []Approval
	directory      []string // what changed in the directories since the freeze
	unseen         []string // tenants that were not seen since the freeze
	mirror         error
	back           *ClockBack
	loose          bool // the lineage is not committed beside the spec
}

func (a *apply) view(ctx context.Context) (gateView, error) {
	v := gateView{plan: a.Plan, built: a.built, now: a.Self.Now(), stale: a.stale, foreign: a.foreign, undone: a.undone,
		mirror: a.journal.mirrored(), loose: !a.State.Committed, back: a.wentBack()}
	v.settings = a.AtHand != nil && !sameSettings(a.Plan.Spec, a.AtHand)
	v.why, v.held = a.State.held()
	if a.Approved != nil {
		var err error
		if v.approvals, err = a.Approved(ctx); err != nil {
			return v, err
		}
	}
	if a.watch.Pressed.IsZero() { // after it the directories change by it, and nothing stops it
		v.directory, v.unseen = a.watch.Changes, a.watch.Unseen
	}
	return v, nil
}

// cutoverGates judges all gates of Freeze and Cutover; it is pure.
func cutoverGates(v gateView) []gate {
	if v.plan.Direction == planner.Reverse {
		return v.stated(v.backGates())
	}
	return v.stated([]gate{
		{Name: "window", Reasons: v.window()},
		{Name: "same", Reasons: v.same()},
		{Name: "acknowledgements", Reasons: v.acknowledged()},
		{Name: "rules", Reasons: v.rules()},
		{Name: "approvals", Reasons: v.approved()},
		{Name: "guards", Reasons: v.guards()},
		{Name: "directory", Reasons: v.frozen()},
		{Name: "hold", Reasons: v.onHold()},
		{Name: "lineage", Reasons: v.kept()},
		{Name: "mirror", Reasons: v.mirrored()},
		{Name: "clock", Reasons: v.inTime()},
	})
}

// backGates bind the way back. The window does not: the way back leads to
// what was before, and whoever needs it cannot wait. Nor do the guards of a
// switch, or a directory that somebody edited meanwhile.
func (v gateView) backGates() []gate {
	if v.plan.Spec.Cutover == nil {
		return []gate{{Name: "window", Reasons: v.window()}}
	}
	return []gate{
		{Name: "same", Reasons: v.same()},
		{Name: "rules", Reasons: v.rules()},
		{Name: "approvals", Reasons: v.approved()},
		{Name: "hold", Reasons: v.onHold()},
		{Name: "lineage", Reasons: v.kept()},
		{Name: "mirror", Reasons: v.mirrored()},
		{Name: "clock", Reasons: v.inTime()},
	}
}

func open(gates []gate) bool {
	return !slices.ContainsFunc(gates, func(g gate) bool { return len(g.Reasons) > 0 })
}

func reason(code string, pairs ...string) config.Finding {
	return config.Finding{Msg: text.M(code, pairs...), Severity: config.Blocks}
}

// codeEarly is the one reason that time alone removes.
const codeEarly = "gate.early"

// window: open, and long enough for what is left.
func (v gateView) window() []config.Finding {
	c := v.plan.Spec.Cutover
	if c == nil { // the spec of a plan with such steps has one
		return []config.Finding{reason("gate.no-window")}
	}
	need := v.built.CutoverTime()
	latest := c.Closes.Add(-need)
	pairs := []string{"opens", clock(c.Opens), "closes", clock(c.Closes), "need", need.String(), "latest", clock(latest), "now", clock(v.now)}
	var f config.Finding
	switch {
	case v.now.Before(c.Opens):
		f = reason(codeEarly, pairs...)
	case v.now.After(c.Closes):
		f = reason("gate.over", pairs...)
	case v.now.After(latest):
		f = reason("gate.late", pairs...)
	default:
		return nil
	}
	f.At = c.At
	return []config.Finding{f}
}

// same: the plan is what would be planned now, as far as Freeze and Cutover go.
func (v gateView) same() []config.Finding {
	var found []config.Finding
	for _, id := range v.undone {
		rec, _ := v.built.Observed.Record(id)
		found = append(found, reason("gate.undone", "step", string(id), "outcome", itoa(rec.Outcome), "at", clock(rec.OutcomeAt)))
	}
	if v.stale != "" && !slices.Contains(v.undone, v.stale) {
		found = append(found, reason("gate.stale", "step", string(v.stale)))
	}
	if v.foreign != "" && !unannounced(v.built) { // which the rules tell
		found = append(found, reason("gate.foreign", "step", string(v.foreign)))
	}
	if v.settings {
		found = append(found, reason("gate.settings", "plan", v.plan.ID))
	}
	return found
}

// codeUnannounced is of an act that cannot be undone and that was done without
// us: what comes behind it waits until it is attested, in Drain, too.
const codeUnannounced = "plan.unannounced"

func unannounced(built *planner.Plan) bool {
	return slices.ContainsFunc(built.Findings, func(f config.Finding) bool { return f.Code == codeUnannounced })
}

// acknowledgements are told by the planner, of the world as it is now.
var acknowledgements = []string{"plan.unacknowledged", "plan.outgrown", "EDITION-07"}

func (v gateView) acknowledged() []config.Finding {
	return slices.DeleteFunc(blocking(v.built), func(f config.Finding) bool { return !slices.Contains(acknowledgements, f.Code) })
}

func (v gateView) rules() []config.Finding {
	return slices.DeleteFunc(blocking(v.built), func(f config.Finding) bool { return slices.Contains(acknowledgements, f.Code) })
}

func (v gateView) approved() []config.Finding {
	want, have := v.plan.Spec.Cutover.Approvals, len(counting(v.approvals))
	var why []string
	for _, a := range v.approvals {
		if !a.Counts() {
			why = append(why, a.Name+" ("+a.Why.Code+")")
		}
	}
	if have >= want {
		return nil
	}
	f := reason("gate.approvals", "have", itoa(have), "want", itoa(want), "gated", v.plan.Gated()[:16], "others", cmp.Or(strings.Join(why, ", "), "-"))
	f.At = v.plan.Spec.Cutover.At
	return []config.Finding{f}
}

// guards are thresholds that only a reviewed spec raises.
func (v gateView) guards() []config.Finding {
	var found []config.Finding
	if r := v.built.Removal(); !r.Open {
		found = append(found, reason("gate.removed", "share", r.String()))
	}
	n := 0
	for _, m := range v.built.Observed.Mailboxes {
		n += m.Quarantined
	}
	if most := v.plan.Spec.Cutover.Accept.Quarantined; n > most {
		found = append(found, reason("gate.quarantined", "n", itoa(n), "most", itoa(most)))
	}
	return found
}

func (v gateView) frozen() []config.Finding {
	var found []config.Finding
	if len(v.directory) > 0 {
		found = append(found, reason("MERGE-07", "changes", strings.Join(v.directory, "\n")))
	}
	for _, corp := range v.unseen {
		found = append(found, reason("gate.sheet", "corp", corp))
	}
	return found
}

func (v gateView) onHold() []config.Finding {
	if !v.held {
		return nil
	}
	return []config.Finding{reason("gate.hold", "why", cmp.Or(v.why, "-"))}
}

// kept: without a committed lineage a lost state directory would be replaced
// by a new one that knows nothing of what was done.
func (v gateView) kept() []config.Finding {
	if !v.loose {
		return nil
	}
	return []config.Finding{reason("gate.lineage", "file", LineageFile)}
}

func (v gateView) mirrored() []config.Finding {
	if v.mirror == nil {
		return nil
	}
	if errors.Is(v.mirror, errMirrorGone) {
		return []config.Finding{reason("gate.mirror-gone", "file", LineageFile)}
	}
	return []config.Finding{reason("gate.mirror", "error", v.mirror.Error())}
}

// held gives the first line of the hold file.
func (s *State) held() (why string, held bool) {
	b, err := os.ReadFile(s.HoldFile())
	if err != nil {
		return "", !os.IsNotExist(err)
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
	return line, true
}
