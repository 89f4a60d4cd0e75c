package render

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// gateView is a gate in words.
type gateView struct {
	Name, Words string
	Open        bool
}

// gates writes the gates, short ones side by side.
func (v *planView) gates() {
	label, row := v.t("render.gates"), ""
	room := v.width - v.column
	flush := func() {
		if row != "" {
			v.line(v.paint(bold, label) + strings.Repeat(" ", v.column-cells(label)) + v.marked(row))
			label, row = "", ""
		}
	}
	for _, g := range v.allGates() {
		mark := v.t("render.gate.closed")
		if g.Open {
			mark = v.t("render.gate.open")
		}
		item := clean(mark + " " + v.t("render.gate.line", "name", g.Name, "words", g.Words))
		if row != "" && cells(row)+3+cells(item) <= room {
			row += "   " + item
			continue
		}
		flush()
		if row = item; cells(item) <= room {
			continue
		}
		for i, l := range Wrap(strings.TrimPrefix(item, mark+" "), room-cells(mark)-1) {
			if row = mark + " " + l; i > 0 {
				row = strings.Repeat(" ", cells(mark)+1) + l
			}
			flush()
		}
	}
	flush()
}

// marked paints the marks in a line of gates.
func (v *planView) marked(line string) string {
	open, closed := v.t("render.gate.open"), v.t("render.gate.closed")
	return strings.NewReplacer(open, v.paint(green, open), closed, v.paint(red, closed)).Replace(line)
}

// allGates are the plan's gates in words, the same in every rendering.
func (v *planView) allGates() []gateView {
	return append(v.cutoverGates(), v.found(), v.valid())
}

// valid is the gate of the plan's age.
func (v *planView) valid() gateView {
	if v.plan.Observed.At.IsZero() {
		return gateView{Name: v.t("render.gate.observed"), Words: v.t("render.gate.never-observed")}
	}
	until := v.plan.ValidUntil()
	return gateView{v.t("render.gate.valid"), v.t("render.gate.until", "until", v.moment(until)), !v.opt.Now.After(until)}
}

// found is the gate of the findings, with those that block.
func (v *planView) found() gateView {
	g := gateView{Name: v.t("render.gate.findings"), Words: v.t("render.gate.no-findings"), Open: true}
	blocks := slices.DeleteFunc(slices.Clone(v.plan.Findings), func(f config.Finding) bool { return f.Severity == config.Warning })
	if len(blocks) == 0 {
		return g
	}
	var names []string
	for _, of := range bundles(blocks) {
		where := v.where(of)
		if len(of) > 1 {
			where = v.times(of)
		}
		names = append(names, joinWords(" ", of[0].Code, where))
	}
	return gateView{Name: g.Name, Words: v.t("render.gate.blocks", "n", Count(len(blocks)), "names", v.list(names))}
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
	g := gateView{Name: v.t("render.gate.window")}
	left := c.Closes.Sub(c.Opens)
	switch now := v.opt.Now; {
	case now.Before(c.Opens):
		g.Words = v.t("render.gate.opens", "at", v.moment(c.Opens), "span", Duration(v.cat, c.Opens.Sub(now)), "for", Duration(v.cat, left))
	case now.After(c.Closes):
		g.Words = v.t("render.gate.over", "at", v.moment(c.Closes))
		return g
	default:
		g.Open, left = true, c.Closes.Sub(now)
		g.Words = v.t("render.gate.closes", "at", v.moment(c.Closes), "span", Duration(v.cat, left))
	}
	if need := v.plan.CutoverTime(); need > 0 {
		g.Words += v.t("render.semicolon") + v.needs(c)
		if need > left {
			g.Open = false
			g.Words += v.t("render.semicolon") + v.t("render.gate.no-fit")
		}
	}
	return g
}

// needs says what Freeze and Cutover take: our own steps by estimate, a
// person's final act as declared, which alone can tell what the vendor takes.
func (v *planView) needs(c *config.Cutover) string {
	span := Duration(v.cat, v.plan.CutoverTime())
	press := slices.ContainsFunc(v.plan.Steps, func(s planner.Step) bool {
		t := s.Op.Traits()
		return s.Work && t.Person && t.Risk == planner.Final && t.Phase == planner.Cutover
	})
	switch {
	case !press:
		return v.t("render.gate.estimated", "span", span)
	case c.Duration == 0:
		return v.t("render.gate.undeclared", "span", span)
	}
	return v.t("render.gate.declared", "span", span, "declared", Duration(v.cat, c.Duration))
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
