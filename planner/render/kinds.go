package render

import (
	"strings"

	"github.com/mxmove/mxmove/planner"
)

// kindView are steps of one kind, phase and price.
type kindView struct {
	Places   string // in the plan, from 1: 4-12, 20
	N        int
	Kind     string
	Label    string
	Undo     string
	ID       string // of the first
	Subjects []string
	numbers  []int
}

func (k *kindView) add(n int, subject string) {
	k.N++
	k.numbers, k.Subjects = append(k.numbers, n), append(k.Subjects, subject)
}

// kinds groups steps by kind, phase and price, in the order of the plan.
func (v *planView) kinds(of planner.Risk) []kindView {
	var list []kindView
	at := map[string]int{}
	for i, s := range v.plan.Steps {
		t := s.Op.Traits()
		if t.Risk != of {
			continue
		}
		key := s.Op.Kind() + " " + t.Phase.String() + " " + t.Undo
		j, ok := at[key]
		if !ok {
			j = len(list)
			at[key] = j
			list = append(list, kindView{Kind: s.Op.Kind(), Label: v.kind(s.Op.Kind()), Undo: v.t(t.Undo), ID: string(s.ID)})
		}
		list[j].add(i+1, s.Op.Subject())
	}
	for i, k := range list {
		list[i].Places = v.places(k.numbers)
	}
	return list
}

// places joins the numbers of steps.
func (v *planView) places(numbers []int) string {
	const few = 4
	var words []string
	list, left := runs(numbers), 0
	for i, r := range list {
		if i < few || v.opt.Full {
			words = append(words, r.String())
		} else {
			left += r.n
		}
	}
	if left > 0 {
		return v.t("render.and-others", "names", strings.Join(words, v.t("render.comma")), "n", Count(left))
	}
	return strings.Join(words, v.t("render.comma"))
}

// words say what the steps are: each name if all is asked for, else the first
// and the last of many.
func (v *planView) words(k kindView, all bool) string {
	if k.N == 1 {
		return k.Label + " " + k.Subjects[0]
	}
	return v.t("render.kind-count", "n", Count(k.N), "kind", k.Label) + v.t("render.colon") + v.names(k.Subjects, all)
}

// names are compact: what all begin or end with is said once.
func (p *page) names(list []string, all bool) string {
	const few = 3
	if !all && len(list) > few {
		return p.t("render.from-to", "first", list[0], "last", list[len(list)-1])
	}
	begin, end := shared(list)
	short := make([]string, len(list))
	for i, name := range list {
		short[i] = name[len(begin) : len(name)-len(end)]
	}
	words := strings.Join(short, p.t("render.comma"))
	if begin != "" {
		words = strings.TrimSuffix(begin, "/") + p.t("render.colon") + words
	}
	if end != "" {
		words += p.t("render.aside", "words", end)
	}
	return words
}

// shared is what all of several names begin with, up to a slash, and end with,
// from an at sign.
func shared(list []string) (begin, end string) {
	if len(list) < 2 {
		return "", ""
	}
	if i := strings.IndexByte(list[0], '/'); i >= 0 {
		begin = list[0][:i+1]
	}
	if i := strings.LastIndexByte(list[0], '@'); i >= len(begin) && i > 0 {
		end = list[0][i:]
	}
	for _, name := range list {
		if !strings.HasPrefix(name, begin) {
			begin = ""
		}
		if !strings.HasSuffix(name, end) {
			end = ""
		}
	}
	return begin, end
}

// costlyCount counts the steps that have a price; notices, each a line to
// somebody, apart.
func (v *planView) costlyCount() (steps, notices int) {
	for _, s := range v.ofRisk(planner.Costly) {
		if _, notice := s.Op.(planner.Notify); notice {
			notices++
		} else {
			steps++
		}
	}
	return steps, notices
}

func (v *planView) costlyWords() string {
	steps, notices := v.costlyCount()
	switch {
	case steps+notices == 0:
		return v.t("render.none")
	case notices == 0:
		return v.t("render.steps", "n", Count(steps))
	case steps == 0:
		return v.t("render.notices", "n", Count(notices))
	}
	return v.t("render.steps", "n", Count(steps)) + v.t("render.plus") + v.t("render.notices", "n", Count(notices))
}

// costly writes what has a price: where in the plan, what of whom, and the price.
func (v *planView) costly() {
	kinds := v.kinds(planner.Costly)
	if len(kinds) == 0 {
		v.section("render.costly", plain, v.t("render.costly.none"))
		return
	}
	v.section("render.costly", yellow, v.costlyWords())
	column := 0
	for _, k := range kinds {
		column = max(column, min(1+cells(k.Places)+2, 12))
	}
	for _, k := range kinds {
		words, undo := v.words(k, v.opt.Full), v.t("render.undo", "undo", k.Undo)
		if both := words + "   " + undo; column+cells(both) <= v.width && cells(k.Places)+1 < column {
			v.line(v.paint(bold, pad(" "+k.Places, column, false)) + v.paint(yellow, words) + "   " + undo)
			continue
		}
		v.hang(" "+k.Places, column, yellow, words)
		v.para(column, plain, undo)
	}
}

// routineWords counts the reversible steps, those of the most frequent kinds first.
func (v *planView) routineWords() string {
	steps := v.ofRisk(planner.Reversible)
	if len(steps) == 0 {
		return v.t("render.none")
	}
	return v.t("render.steps", "n", Count(len(steps))) + v.t("render.colon") + v.routineKinds()
}
