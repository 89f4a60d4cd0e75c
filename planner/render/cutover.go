package render

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// gateView is a gate in words.
type gateView struct {
	Name, Words string
	Open        bool
}

// cutoverGates are the gates of Freeze and Cutover.
func (v *planView) cutoverGates() []gateView {
	c := v.plan.Spec.Cutover
	if c == nil {
		return nil
	}
	gates := []gateView{v.window(c), {v.t("render.gate.approvals"),
		v.t("render.gate.of", "n", Count(v.opt.Approvals), "all", Count(c.Approvals)), v.opt.Approvals >= c.Approvals}}
	if finals := v.plan.Finals(); len(finals) > 0 {
		n := 0
		for _, f := range finals {
			if f.Acknowledged != nil && !slices.ContainsFunc(f.Bounds, func(b planner.Bound) bool { return b.Measured > b.AtMost }) {
				n++
			}
		}
		gates = append(gates, gateView{v.t("render.gate.acks"), v.t("render.gate.of", "n", Count(n), "all", Count(len(finals))), n == len(finals)})
	}
	return append(gates, v.removed())
}

func (v *planView) window(c *config.Cutover) gateView {
	need, how := c.Duration, "render.gate.declared"
	if need == 0 {
		need, how = v.cutoverTime(), "render.gate.estimated"
	}
	g := gateView{Name: v.t("render.gate.window")}
	lasts := Duration(v.cat, c.Closes.Sub(c.Opens))
	switch now := v.opt.Now; {
	case now.Before(c.Opens):
		g.Words = v.t("render.gate.opens", "at", v.moment(c.Opens), "span", Duration(v.cat, c.Opens.Sub(now)), "for", lasts)
	case now.After(c.Closes):
		g.Words = v.t("render.gate.over", "at", v.moment(c.Closes))
		return g
	default:
		g.Open = true
		g.Words = v.t("render.gate.closes", "at", v.moment(c.Closes), "span", Duration(v.cat, c.Closes.Sub(now)))
	}
	if need > 0 {
		g.Words += v.t("render.semicolon") + v.t(how, "span", Duration(v.cat, need))
	}
	return g
}

// cutoverTime reckons Freeze and Cutover; copies run side by side.
func (v *planView) cutoverTime() time.Duration {
	return v.phaseTime(planner.Freeze) + v.phaseTime(planner.Cutover)
}

func (v *planView) phaseTime(in planner.Phase) time.Duration {
	var copies, others time.Duration
	for _, s := range v.plan.Steps {
		if s.Op.Traits().Phase != in || !s.Work {
			continue
		}
		if _, copy := s.Op.(planner.CopyMailbox); copy {
			copies += s.Estimate
		} else {
			others += v.lasts(s)
		}
	}
	return others + copies/time.Duration(v.atOnce())
}

// defaultRemoved is the share of the roster that one plan may drop unless the
// spec says otherwise, in percent (config.Guards).
const defaultRemoved = 5

func (v *planView) removed() gateView {
	n := 0
	for _, s := range v.plan.Steps {
		if _, drop := s.Op.(planner.DropMailbox); drop {
			n++
		}
	}
	all := len(v.plan.Spec.Roster.Mailboxes) + n
	limit := v.plan.Spec.Guards.Removed
	g := gateView{Name: v.t("render.gate.removed")}
	if limit.Number > 0 {
		g.Open = n <= limit.Number
		g.Words = v.t("render.gate.of", "n", Count(n), "all", Count(limit.Number))
		return g
	}
	share := 100 * float64(n) / float64(max(all, 1))
	most := cmp.Or(limit.Percent, defaultRemoved)
	g.Open = share <= most
	g.Words = v.t("render.gate.share", "share", strconv.FormatFloat(share, 'f', 1, 64), "most", strconv.FormatFloat(most, 'f', -1, 64))
	return g
}
