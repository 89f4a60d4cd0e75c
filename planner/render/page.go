// Package render puts plans, findings and status into words for a terminal.
// Its functions depend on nothing but their arguments.
package render

import (
	"io"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// Options say how to show something.
type Options struct {
	Earlier   *planner.Plan // to tell what changed since; nil: not told
	Approvals int           // how many valid approvals are at hand
	Limit     int           // characters that Markdown may have; 0: as many as it takes

	Width  int       // cells a line; 60 to 100, others are brought into that range
	Color  bool      // ANSI colours
	Full   bool      // every mailbox, not only the first ones
	File   string    // the plan's file, if it was written to one
	Now    time.Time // for ages; its location is the one that times are shown in
	AsSeen bool      // Now is the moment of the observation: no age is told, so that the words are the same at any time
	Doing  bool      // the plan is shown by the apply that carries it out: no next command
}

const (
	minWidth = 60
	maxWidth = 100
)

// style is an SGR parameter of ECMA-48.
type style string

const (
	plain  style = ""
	bold   style = "1"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
)

// page collects lines that fit the width.
type page struct {
	cat   *text.Catalogue
	opt   Options
	width int
	told  string // code of a finding whose reason and remedy stand elsewhere
	b     strings.Builder
}

func newPage(cat *text.Catalogue, opt Options) *page {
	return &page{cat: cat, opt: opt, width: min(max(opt.Width, minWidth), maxWidth)}
}

func (p *page) flush(w io.Writer) error {
	_, err := io.WriteString(w, p.b.String())
	return err
}

func (p *page) t(code string, pairs ...string) string { return p.cat.T(code, pairs...) }

// paint colours what was measured already.
func (p *page) paint(s style, words string) string {
	if !p.opt.Color || s == plain || words == "" {
		return words
	}
	return "\x1b[" + string(s) + "m" + words + "\x1b[0m"
}

func (p *page) line(words string) {
	p.b.WriteString(strings.TrimRight(words, " "))
	p.b.WriteByte('\n')
}

// para writes text wrapped between indent and the width.
func (p *page) para(indent int, s style, words string) {
	for _, l := range Wrap(words, p.width-indent) {
		p.line(strings.Repeat(" ", indent) + p.paint(s, l))
	}
}

// few joins the first names, all if they are asked for; code counts the rest.
func (p *page) few(names []string, code string) string {
	const few = 8
	if p.opt.Full || len(names) <= few {
		return strings.Join(names, p.t("render.comma"))
	}
	return p.t(code, "names", strings.Join(names[:few], p.t("render.comma")), "n", Count(len(names)-few))
}

// hang writes a bold label and beside it text whose further lines stand below
// the text. A label wider than its column has a line of its own.
func (p *page) hang(label string, column int, s style, words string) {
	if cells(label) >= column {
		p.line(p.paint(bold, label))
		label = ""
	}
	for _, l := range Wrap(words, p.width-column) {
		p.line(p.paint(bold, label) + strings.Repeat(" ", column-cells(label)) + p.paint(s, l))
		label = ""
	}
}

// flow sets items side by side, three blanks apart, as many as fit a line.
func (p *page) flow(items ...string) {
	for _, l := range p.flowed(p.width, items...) {
		p.line(l)
	}
}

// flowed gives such lines. An item that is too long for one is wrapped.
func (p *page) flowed(width int, items ...string) []string {
	var lines []string
	line := ""
	for _, item := range append(items, "\n") {
		last := item == "\n"
		if item = clean(item); !last && (item == "" || line == "") {
			line += item
			continue
		}
		if !last && cells(line)+3+cells(item) <= width {
			line += "   " + item
			continue
		}
		if cells(line) > width {
			lines = append(lines, Wrap(line, width)...)
		} else {
			lines = append(lines, line)
		}
		line = item
	}
	return lines
}
