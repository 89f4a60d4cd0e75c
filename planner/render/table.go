package render

import "strings"

// column of a table. The first column gives way when the page is narrow; Rest
// takes what is left of the line and wraps.
type column struct {
	head  string
	right bool
	rest  bool // the last column only
}

// leastRest is how narrow a wrapping column may get before it moves below.
const leastRest = 24

// table lines columns up by cells. A first cell that is too wide has a line
// of its own, so that no address is ever cut.
func (p *page) table(indent int, cols []column, rows [][]string) {
	t := p.fit(indent, cols, rows)
	head := make([]string, len(cols))
	for i, c := range cols {
		head[i] = c.head
	}
	if t.below {
		head[len(head)-1] = ""
	}
	t.row(head, bold)
	for _, r := range rows {
		t.row(r, plain)
	}
}

// layout is a table whose widths are settled.
type layout struct {
	p      *page
	indent int
	gap    int
	cols   []column
	widths []int // of all but a wrapping column
	rest   int   // width of the wrapping column, when it is not below
	below  bool
}

func (p *page) fit(indent int, cols []column, rows [][]string) *layout {
	t := &layout{p: p, indent: indent, gap: 2, cols: cols}
	if p.width < 80 {
		t.gap = 1
	}
	n := len(cols)
	if cols[n-1].rest {
		n--
	}
	used := indent
	for i := range n {
		w := cells(cols[i].head)
		for _, r := range rows {
			w = max(w, cells(clean(r[i])))
		}
		t.widths = append(t.widths, w)
		if i > 0 {
			used += w + t.gap
		}
	}
	left := p.width - used
	if n < len(cols) {
		t.below = left-min(t.widths[0], 20)-t.gap < leastRest
		if !t.below {
			t.widths[0] = min(t.widths[0], left-t.gap-leastRest)
			t.rest = left - t.widths[0] - t.gap
			return t
		}
	}
	t.widths[0] = max(min(t.widths[0], left), 0)
	return t
}

func (t *layout) row(cellsOf []string, s style) {
	n := len(t.widths)
	first := clean(cellsOf[0])
	if cells(first) > t.widths[0] {
		t.p.para(t.indent, s, first)
		first = ""
	}
	line := strings.Repeat(" ", t.indent) + pad(first, t.widths[0], t.cols[0].right)
	for i := 1; i < n; i++ {
		line += strings.Repeat(" ", t.gap) + pad(clean(cellsOf[i]), t.widths[i], t.cols[i].right)
	}
	if n == len(t.cols) || cellsOf[n] == "" {
		t.p.line(t.p.paint(s, strings.TrimRight(line, " ")))
		return
	}
	if t.below {
		t.p.line(t.p.paint(s, strings.TrimRight(line, " ")))
		t.p.para(t.indent+4, plain, cellsOf[n])
		return
	}
	t.withRest(line, cellsOf[n], s)
}

func (t *layout) withRest(line, rest string, s style) {
	for i, l := range Wrap(rest, t.rest) {
		if i > 0 {
			line = strings.Repeat(" ", cells(line))
		}
		t.p.line(t.p.paint(s, line+strings.Repeat(" ", t.gap)+l))
	}
}
