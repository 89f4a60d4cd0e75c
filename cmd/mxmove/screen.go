package main

import (
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

// onScreen is how many steps are shown at once.
const onScreen = 8

// draw gives the lines that are redrawn at each event: the steps under way and
// the run as a whole. A line never wraps, or it could not be taken away again.
func (p *progress) draw() string {
	width := p.width() - 1
	if width < 20 || len(p.running) == 0 {
		return ""
	}
	var lines []string
	for i, a := range p.running {
		if i == onScreen {
			lines = append(lines, p.cat.T("cmd.progress.more", "n", render.Count(len(p.running)-onScreen)))
			break
		}
		lines = append(lines, p.row(a, width))
	}
	total, sum := bar(p.bytes(), p.expected, min(width/4, 30)), p.summary()
	if cells().StringWidth(total+sum) > width {
		total = ""
	}
	lines = append(lines, total+sum)
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(cut(l, width) + "\n")
	}
	p.drawn = len(lines)
	return b.String()
}

// row is one step: whose, how far, and what it waits for.
func (p *progress) row(a *active, width int) string {
	name := a.step.Subject()
	if !a.until.IsZero() {
		return name + "  " + p.cat.T("cmd.progress.until", "until", p.clock(a.until))
	}
	if w := a.at.Waiting; w != nil {
		return name + "  " + p.cat.Text(text.Msg{Code: w.Code + ".what", Args: w.Args})
	}
	if a.at.Total == 0 {
		return name
	}
	amount := render.Count(a.at.Done) + "/" + render.Count(a.at.Total) + "  " + planner.Bytes(a.at.Bytes)
	nameWidth := min(32, width/3)
	barWidth := min(width-nameWidth-len(amount)-5, 30)
	return fill(cut(name, nameWidth), nameWidth) + "  " + bar(int64(a.at.Done), int64(a.at.Total), barWidth) + amount
}

// bar is full only when all is done; "" where there is no room or nothing to show.
func bar(done, all int64, width int) string {
	inner := width - 2
	if inner < 6 || all <= 0 {
		return ""
	}
	n := int(float64(inner) * min(float64(done)/float64(all), 1))
	return "[" + strings.Repeat("#", n) + strings.Repeat(".", inner-n) + "] "
}

func cells() *runewidth.Condition { return &runewidth.Condition{StrictEmojiNeutral: true} }

func cut(s string, width int) string { return cells().Truncate(s, width, "~") }

func fill(s string, width int) string { return cells().FillRight(s, width) }
