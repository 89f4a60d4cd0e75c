package render

import (
	"strconv"
	"strings"

	"github.com/mxmove/mxmove/planner"
)

// byRisk tells of the steps, those that cannot be undone first.
func (v *planView) byRisk() {
	v.irreversible()
	if words := v.pointOfNoReturn(); words != "" {
		v.rule(words)
	}
	v.costly()
	steps := v.ofRisk(planner.Reversible)
	if v.onlyCopies(steps) {
		v.section("render.routine", plain, v.routine(steps))
		return
	}
	v.section("render.routine", plain, v.routineWords())
}

func (v *planView) onlyCopies(steps []planner.Step) bool {
	for _, s := range steps {
		if op, ok := s.Op.(planner.CopyMailbox); !ok || op.In != planner.Copy {
			return false
		}
	}
	return true
}

func (v *planView) irreversible() {
	finals := v.finals()
	if len(finals) == 0 {
		v.section("render.irreversible", plain, v.noFinal())
		return
	}
	words := v.t("render.irreversible.of", "n", Count(len(finals)), "all", Count(len(v.plan.Steps)))
	v.section("render.irreversible", red, joinWords(v.t("render.semicolon"), words, v.onePress()))
	for _, f := range finals {
		v.final(f)
	}
}

// noFinal says that nothing is destroyed; where addresses are switched that is
// said under COSTLY.
func (v *planView) noFinal() string {
	if v.plan.Spec.Cutover != nil {
		return v.t("render.irreversible.none-switched")
	}
	return v.t("render.irreversible.none")
}

func (v *planView) final(f finalView) {
	items := []string{f.ID, f.Label, v.t("render.final.step", "n", strconv.Itoa(f.N)), f.Rules}
	if f.Ack != "" {
		items = append(items, v.t("render.final.ack")+" "+f.Ack)
	}
	for i, l := range v.flowed(v.width-5, items...) {
		if label := " " + f.Name + "  "; i == 0 {
			rest, first := strings.CutPrefix(l, f.ID)
			l = v.paint(bold, label)
			if first {
				l += v.paint(red, f.ID)
			}
			l += rest
		} else {
			l = strings.Repeat(" ", 5) + l
		}
		v.line(l)
	}
	column := 0
	for _, one := range f.Facts {
		column = max(column, 5+cells(one.Label)+2)
	}
	for _, one := range f.Facts {
		v.indented(one.Label, 5, column, one.Words)
	}
	if f.Ack == "" {
		v.para(5, red, v.t("render.final.paste"))
		v.toPaste(f.Block)
	}
}

// toPaste shows lines that must not be broken; a narrow page moves them left.
func (v *planView) toPaste(block string) {
	lines, widest := strings.Split(strings.TrimRight(clean(block), "\n"), "\n"), 0
	for _, l := range lines {
		widest = max(widest, cells(l))
	}
	for _, l := range lines {
		v.line(strings.Repeat(" ", max(0, min(7, v.width-widest))) + l)
	}
}

// indented is a label and words beside it, both to the right of the margin.
func (v *planView) indented(label string, indent, column int, words string) {
	v.hang(strings.Repeat(" ", indent)+label, column, plain, words)
}

// rule is a line across the page with words in it.
func (v *planView) rule(words string) {
	const least = 3
	room := v.width - cells(words) - 2
	if room < 2*least {
		v.para(0, red, words)
		return
	}
	side := min(room/2, 5)
	v.line(v.paint(red, strings.Repeat("=", side)+" "+words+" "+strings.Repeat("=", side)))
}

func (v *planView) touches() {
	v.section("render.touches", plain, v.touched())
}

func (v *planView) touched() string {
	n, boxes := len(v.plan.Steps), map[string]bool{}
	switch {
	case n == 0:
		return v.t("render.none")
	case v.plan.Spec.Cutover == nil && v.onlyCopies(v.plan.Steps):
		words := v.t("render.touches.copy", "n", Count(n), "host", v.plan.Spec.Target.IMAP.Host)
		return strings.Join(append(append([]string{words}, v.leavers()...), v.removals()...), v.t("render.semicolon"))
	}
	for _, s := range v.plan.Steps {
		if op, ok := s.Op.(planner.CopyMailbox); ok {
			boxes[op.Address] = true
		}
	}
	words := strings.Join(append([]string{v.people()}, v.leavers()...), v.t("render.semicolon"))
	if len(boxes) > 0 {
		words += v.t("render.semicolon") + v.t("render.people.copied", "n", Count(len(boxes)))
		words = strings.Join(append([]string{words}, v.removals()...), v.t("render.semicolon"))
	}
	return words
}

// removals tells what a copy takes away at the target.
func (v *planView) removals() []string {
	if h := v.plan.Spec.History; h == nil || h.Deletions != "follow" {
		return nil
	}
	limit := strconv.FormatFloat(v.plan.Spec.Guards.PerPass(), 'g', 4, 64)
	return []string{v.t("render.touches.removed", "limit", limit)}
}

func (v *planView) notCarried() {
	v.section("render.not-carried", plain, v.notCarriedWords())
}

// vendorLeaves is what a merge or an upgrade leaves behind: the vendor
// carries the source's mail itself.
func (v *planView) vendorLeaves() string {
	parts := []string{}
	if v.losing() > 0 {
		parts = append(parts, v.t("render.not-carried.erased"))
	}
	for i, s := range v.plan.Steps {
		if _, ok := s.Op.(planner.PutTags); ok {
			parts = append(parts, v.t("render.not-carried.tags", "n", strconv.Itoa(i+1)))
		}
	}
	if skip := v.plan.Spec.Roster.Skip; len(skip) > 0 {
		parts = append(parts, v.t("render.not-carried.addresses", "addresses", v.list(skip)))
	}
	return strings.Join(append(parts, v.t("render.not-carried.vendor")), v.t("render.semicolon"))
}

// sinceAndBack closes the page: what differs, what going back takes, what is due.
func (v *planView) sinceAndBack() {
	if words := v.since(); words != "" {
		v.section("render.since", plain, words)
	}
	v.section("render.way-back", plain, v.wayBack())
	for i, d := range v.deadlines() {
		label := ""
		if i == 0 {
			label = v.t("render.do-by")
		}
		v.hang(label, v.column, plain, d.Label+v.t("render.colon")+d.Words)
	}
}
