package render

import (
	"strconv"
	"strings"

	"github.com/mxmove/mxmove/planner"
)

// reverse writes a plan of the way back: what comes back, what is carried,
// what stays.
func (v *planView) reverse() {
	v.rule(v.t("render.back.heading"))
	v.header()
	for _, f := range v.backFacts() {
		v.hang(f.Label, v.column, plain, f.Words)
	}
	v.costly()
	v.section("render.routine", plain, v.routineWords())
	v.gates()
	v.findings()
	v.peoplesActs()
	if words := v.since(); words != "" {
		v.section("render.since", plain, words)
	}
	v.next()
}

var backLabels = [...]string{"render.back.comes", "render.back.carried", "render.back.waits", "render.back.removed", "render.back.stays"}

// nextBack is the text of what comes next; "": nothing is to be said.
func (v *planView) nextBack() string {
	switch {
	case len(v.plan.Steps) == 0:
		return "render.back.nothing"
	case v.opt.Doing:
		return ""
	case v.opt.File == "":
		return "render.back.next"
	}
	return "render.back.next-file"
}

// isBack reports a plan of the way back.
func (v *planView) isBack() bool { return v.plan.Direction == planner.Reverse }

// backFacts say what a way back does, in every rendering.
func (v *planView) backFacts() []fact {
	facts := []fact{{v.t("render.back.comes"), orNone(v, v.comesBack())}}
	price := v.plan.Price()
	if price.Boxes > 0 {
		words := v.t("render.back.mail", "n", Count(price.Messages), "boxes", Count(price.Boxes), "span", Duration(v.cat, price.Time))
		if price.Unknown > 0 {
			words += v.t("render.semicolon") + v.t("render.back.uncounted", "n", Count(price.Unknown))
		}
		facts = append(facts, fact{v.t("render.back.carried"), words})
		if c := v.plan.Spec.Cutover; c != nil {
			facts = append(facts, fact{v.t("render.back.waits"), v.t("render.back.until", "ttl", strconv.Itoa(int(price.Caches.Seconds())),
				"caches", Duration(v.cat, price.Caches), "tail", Duration(v.cat, c.Tail))})
		}
	}
	if sum := v.plan.Removals(); sum.Mailboxes > 0 {
		facts = append(facts, fact{v.t("render.back.removed"), v.t("render.back.copies", "n", Count(sum.Messages), "size", planner.Bytes(sum.Bytes), "boxes", Count(sum.Mailboxes))})
	}
	var stays []string
	for _, s := range v.plan.Stays() {
		stays = append(stays, v.t(s.Code, "n", Count(s.N)))
	}
	return append(facts, fact{v.t("render.back.stays"), orNone(v, stays)})
}

func orNone(v *planView, parts []string) string {
	if len(parts) == 0 {
		return v.t("render.none")
	}
	return strings.Join(parts, v.t("render.semicolon"))
}

// comesBack names each record, and counts what is about people.
func (v *planView) comesBack() []string {
	var parts []string
	n := map[string]int{}
	for _, s := range v.plan.Steps {
		switch o := s.Op.(type) {
		case planner.Restore:
			n["restored"]++
		case planner.Undo:
			if set, ok := o.Op.(planner.SetRecords); ok {
				parts = append(parts, v.recordsBack(set))
			} else {
				n[o.Op.Kind()]++
			}
		}
	}
	for _, what := range sortedKeys(n) {
		parts = append(parts, v.t("render.back."+what, "n", Count(n[what])))
	}
	return parts
}

func (v *planView) recordsBack(o planner.SetRecords) string {
	if len(o.Add)+len(o.Remove) == 0 {
		return v.t("render.back.set", "set", o.New.Key(), "was", orNoValue(v, o.New.Values), "ours", orNoValue(v, o.Old.Values))
	}
	var terms []string
	for _, t := range o.Add {
		terms = append(terms, "+ "+t)
	}
	for _, t := range o.Remove {
		terms = append(terms, "- "+t)
	}
	return v.t("render.back.terms", "set", o.New.Key(), "terms", strings.Join(terms, v.t("render.comma")))
}

func orNoValue(v *planView, values []string) string {
	if len(values) == 0 {
		return v.t("render.none")
	}
	return strings.Join(values, v.t("render.comma"))
}

// returnOf reckons what going back takes now.
func returnOf(plan *planner.Plan) Return {
	r := Return{Back: plan.WayBack()}
	if r.Open {
		r.Price = plan.GoingBack()
	}
	return r
}

// wayBack says so.
func (p *page) wayBack(back Return) string {
	if !back.Open {
		at := ""
		if !back.ClosedAt.IsZero() {
			at = p.t("render.since-when", "at", p.moment(back.ClosedAt))
		}
		words := p.t("render.way-back.closed", "step", string(back.ClosedBy), "at", at)
		if back.Unobserved {
			words += p.t("render.semicolon") + p.t("render.way-back.unobserved")
		}
		return words
	}
	now := p.t("render.way-back.now", "span", Duration(p.cat, back.Price.Time), "n", Count(back.Price.Messages))
	if back.Price.Unknown > 0 {
		now += p.t("render.semicolon") + p.t("render.back.uncounted", "n", Count(back.Price.Unknown))
	}
	if len(back.Switched)+len(back.Undo) == 0 {
		return p.t("render.way-back.open") + p.t("render.semicolon") + now
	}
	parts := []string{p.t("render.way-back.price"), now}
	if len(back.Switched) > 0 {
		parts = append(parts, p.t("render.way-back.switched", "domains", strings.Join(back.Switched, p.t("render.comma"))))
	}
	n := map[string]int{}
	var order []string
	for _, u := range back.Undo {
		if n[u.Price] == 0 {
			order = append(order, u.Price)
		}
		n[u.Price]++
	}
	for _, price := range order {
		parts = append(parts, p.t("render.way-back.undo", "n", Count(n[price]), "price", p.t(price)))
	}
	return strings.Join(parts, p.t("render.semicolon"))
}
