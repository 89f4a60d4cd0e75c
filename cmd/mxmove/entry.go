package main

import (
	"strings"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

// entry is what stays on the screen of one event.
type entry struct {
	label string // the step's place, or what it is about; "": neither
	words string
	under []string // stand below it
	rule  bool     // across the whole width
}

// labelCells is as wide as the words among the labels are.
const labelCells = 5

// screenCells is as wide as a line gets, also where there is no terminal.
const screenCells = 100

// written puts an entry into lines that fit.
func (p *progress) written(at time.Time, e entry) string {
	width := screenCells
	if w := p.width(); w > 0 {
		width = min(w, screenCells)
	}
	var b strings.Builder
	if e.rule {
		for _, l := range render.Wrap("===== "+e.words+" =====", max(width, 20)) {
			b.WriteString(l + "\n")
		}
		return b.String()
	}
	clock := at.In(p.now().Location()).Format("15:04 ")
	head := clock + fill(e.label, p.column)
	if cells().StringWidth(e.label) >= p.column {
		head = clock + e.label + " "
	}
	blank := strings.Repeat(" ", len(clock)+p.column)
	for _, words := range append([]string{e.words}, e.under...) {
		for _, l := range render.Wrap(words, max(width-len(blank), 20)) {
			b.WriteString(strings.TrimRight(head+l, " ") + "\n")
			head = blank
		}
	}
	return b.String()
}

// number is a step's place in the plan, of so many.
func (p *progress) number(id planner.StepID) string {
	if p.places[id] == 0 {
		return ""
	}
	return render.Count(p.places[id]) + "/" + render.Count(len(p.places))
}

// span gives the places of steps that stand one behind the other; "": they
// do not.
func (p *progress) span(ids []planner.StepID) string {
	first, last := len(p.places)+1, 0
	for _, id := range ids {
		first, last = min(first, p.places[id]), max(last, p.places[id])
	}
	switch {
	case first < 1 || last-first+1 != len(ids):
		return ""
	case first == last:
		return p.number(ids[0])
	}
	return render.Count(first) + "-" + render.Count(last)
}

// texts gives parts of a fault. A reason and what to do stand below the first
// step that they are told of, not below each.
func (p *progress) texts(m text.Msg, parts ...string) []string {
	var all []string
	for _, part := range parts {
		code := m.Code + "." + part
		if !p.cat.Has(code) {
			continue
		}
		words := p.cat.Text(text.Msg{Code: code, Args: m.Args})
		if part != "what" && p.said[words] {
			continue
		}
		p.said[words] = true
		all = append(all, words)
	}
	return all
}

// moment is a time of today to the second, or with its day.
func (p *progress) moment(at time.Time) string {
	now := p.now()
	if at = at.In(now.Location()); at.YearDay() != now.YearDay() || at.Year() != now.Year() {
		return at.Format("01-02 15:04")
	}
	return at.Format(time.TimeOnly)
}
