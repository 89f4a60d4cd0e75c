package render

import (
	"slices"
	"strconv"

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
	approvals := gateView{v.t("render.gate.approvals"),
		v.t("render.gate.of", "n", Count(v.opt.Approvals), "all", Count(c.Approvals)), v.opt.Approvals >= c.Approvals}
	if v.isBack() { // no window binds it
		return []gateView{approvals}
	}
	gates := []gateView{v.window(c), approvals}
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
		need, how = v.plan.CutoverTime(), "render.gate.estimated"
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

func (v *planView) removed() gateView {
	r := v.plan.Removal()
	g := gateView{Name: v.t("render.gate.removed"), Open: r.Open}
	if r.Number {
		g.Words = v.t("render.gate.of", "n", Count(int(r.Is)), "all", Count(int(r.Max)))
		return g
	}
	g.Words = v.t("render.gate.share", "share", strconv.FormatFloat(r.Is, 'f', 1, 64), "most", strconv.FormatFloat(r.Max, 'f', -1, 64))
	return g
}
