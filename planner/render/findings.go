package render

import (
	"cmp"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
)

// Findings writes what was found by code, each with its place, the line of the
// file it is about, why it matters and what to do, and at the end how many
// there are. files holds the contents of the files that places name. The line
// of a hidden finding is never shown. Many warnings of one code are one entry
// with their places, unless opt.Full.
func Findings(w io.Writer, cat *text.Catalogue, files map[string][]byte, found []config.Finding, opt Options) error {
	p := newPage(cat, opt)
	for _, of := range bundles(found) {
		p.bundle(of, files, 0, 2)
		p.line("")
	}
	if len(found) > 0 {
		p.line(p.tally(found))
	}
	return p.flush(w)
}

// Problem writes the three texts of a fault or refusal.
func Problem(w io.Writer, cat *text.Catalogue, m text.Msg, opt Options) error {
	p := newPage(cat, opt)
	p.heading(config.Error, m.Code, "", 0)
	p.para(2, bold, p.what(m))
	p.hint(2, m, reasons)
	return p.flush(w)
}

// place says where a finding is, or whom it is about.
func place(f config.Finding) string {
	if at := f.At.String(); at != "" {
		return at
	}
	return f.Subject
}

// finding writes all but the reason and the remedy.
func (p *page) finding(f config.Finding, file []byte, head, body int) {
	p.heading(f.Severity, f.Code, place(f), head)
	if !f.Hidden && f.At.Line > 0 {
		p.snippet(f.At, file)
	}
	p.para(body, bold, p.what(f.Msg))
}

func (p *page) heading(s config.Severity, code, place string, indent int) {
	label := p.t("render.severity." + string(s))
	blank, rest := strings.Repeat(" ", indent), "  "+clean(code)
	if place != "" && indent+cells(label+rest+"  "+clean(place)) <= p.width {
		rest, place = rest+"  "+clean(place), ""
	}
	p.line(blank + p.paint(severityStyle(s), label) + rest)
	if place != "" {
		p.para(indent+2, plain, place)
	}
}

func severityStyle(s config.Severity) style {
	if s == config.Warning {
		return yellow
	}
	return red
}

// hint writes some of a message's reasons.
func (p *page) hint(indent int, m text.Msg, parts []string) {
	for _, part := range parts {
		if m.Code == p.told || !p.cat.Has(m.Code+"."+part) {
			continue
		}
		label := strings.Repeat(" ", indent) + p.t("render.label."+part)
		for _, l := range Wrap(p.cat.Text(text.Msg{Code: m.Code + "." + part, Args: m.Args}), p.width-indent-p.labelCells()) {
			p.line(pad(label, indent+p.labelCells(), false) + l)
			label = ""
		}
	}
}

// labelCells is the room for "why:" and "do:"; a full-width colon has its
// blank built in.
func (p *page) labelCells() int {
	why, do := p.t("render.label.why"), p.t("render.label.do")
	n := max(cells(why), cells(do))
	if strings.HasSuffix(why, ":") {
		n++
	}
	return n
}

// tally counts findings by severity.
func (p *page) tally(found []config.Finding) string {
	n := map[config.Severity]int{}
	for _, f := range found {
		n[f.Severity]++
	}
	var parts []string
	for _, s := range []config.Severity{config.Error, config.Blocks, config.Warning} {
		if n[s] > 0 {
			parts = append(parts, p.t("render.count."+string(s), "n", strconv.Itoa(n[s])))
		}
	}
	return strings.Join(parts, p.t("render.comma"))
}

// snippet shows the line and marks the range below it. Columns count
// characters, the marks stand below cells.
func (p *page) snippet(at config.Pos, file []byte) {
	lines := strings.Split(string(file), "\n")
	if at.Line > len(lines) || len(file) == 0 {
		return
	}
	chars := clusters(strings.ToValidUTF8(strings.TrimSuffix(lines[at.Line-1], "\r"), "\uFFFD"))
	for i, c := range chars {
		if c == "\t" {
			c = "    "
		}
		chars[i] = clean(c)
	}
	number := strconv.Itoa(at.Line)
	gutter := strings.Repeat(" ", len(number)+3) + "| "
	from, to := span(at, len(chars))
	from, to, chars = p.crop(chars, from, to, p.width-len(gutter))
	p.line("  " + number + " | " + strings.Join(chars, ""))
	if at.Column > 0 {
		before, marked := cells(strings.Join(chars[:from], "")), cells(strings.Join(chars[from:min(to, len(chars))], ""))
		p.line(gutter + strings.Repeat(" ", before) + p.paint(red, strings.Repeat("^", max(marked, 1))))
	}
}

// span gives the marked characters, counted from 0; the place after the last
// character counts as one.
func span(at config.Pos, length int) (from, to int) {
	from = min(max(at.Column-1, 0), length)
	to = min(max(at.End-1, from+1), length)
	return from, max(to, from)
}

// crop cuts a long line to what is around the marks; three dots stand for
// what is left out.
func (p *page) crop(chars []string, from, to, width int) (int, int, []string) {
	const dots = "..."
	if cells(strings.Join(chars, "")) < width { // the mark may stand behind the line
		return from, to, chars
	}
	start := from
	for start > 0 && cells(strings.Join(chars[start-1:from], "")) <= width/3 {
		start--
	}
	end, room := start, width-2*len(dots)-1
	for end < len(chars) && cells(strings.Join(chars[start:end+1], "")) <= room {
		end++
	}
	out := slices.Clone(chars[start:end])
	from, to = from-start, min(to, end)-start
	if start > 0 {
		out = append([]string{dots}, out...)
		from, to = from+1, to+1
	}
	if end < len(chars) {
		out = append(out, dots)
	}
	return from, max(to, from), out
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
