package render

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
)

// alone is how many findings of one code are written out each.
const alone = 3

// bundles groups findings by severity and code, in the order in which these
// first occur.
func bundles(found []config.Finding) [][]config.Finding {
	var list [][]config.Finding
	at := map[string]int{}
	for _, f := range found {
		key := string(f.Severity) + " " + f.Code
		i, ok := at[key]
		if !ok {
			i = len(list)
			at[key], list = i, append(list, nil)
		}
		list[i] = append(list[i], f)
	}
	return list
}

// bundle writes findings of one code: few are written out each, many warnings
// are one entry, many others are a line each, since each must be mended. What
// is the same of all is said once, at the end.
func (p *page) bundle(of []config.Finding, files map[string][]byte, head, body int) {
	f := of[0]
	if f.Severity == config.Warning && len(of) > alone && !p.opt.Full {
		p.heading(f.Severity, f.Code, p.times(of), head)
		p.para(body, bold, p.example(of))
		p.hint(body, f.Msg, reasons)
		return
	}
	own, common := p.parts(of)
	if len(of) > alone && !p.opt.Full {
		p.heading(f.Severity, f.Code, p.t("render.times", "n", Count(len(of))), head)
	}
	for _, one := range of {
		if len(of) > alone && !p.opt.Full {
			p.para(body, bold, joinWords(p.t("render.colon"), one.At.String(), p.what(one.Msg)))
		} else {
			p.finding(one, files[one.At.File], head, body)
		}
		p.hint(body, one.Msg, own)
	}
	p.hint(body, f.Msg, common)
}

// reasons are the texts of a message besides what it says.
var reasons = []string{"why", "do"}

// parts tells the texts that differ among findings from those that do not.
func (p *page) parts(of []config.Finding) (own, common []string) {
	for _, part := range reasons {
		words := func(f config.Finding) string { return p.cat.Text(text.Msg{Code: f.Code + "." + part, Args: f.Args}) }
		if p.cat.Has(of[0].Code+"."+part) && slices.ContainsFunc(of, func(f config.Finding) bool { return words(f) != words(of[0]) }) {
			own = append(own, part)
		} else {
			common = append(common, part)
		}
	}
	return own, common
}

// times says how many findings there are, and where.
func (p *page) times(of []config.Finding) string {
	n := p.t("render.times", "n", Count(len(of)))
	if where := p.where(of); where != "" {
		n += p.t("render.colon") + where
	}
	return n
}

// example is what the first finding says; that it is one of many is said where
// the others say something else.
func (p *page) example(of []config.Finding) string {
	words := p.what(of[0].Msg)
	if slices.ContainsFunc(of, func(f config.Finding) bool { return p.what(f.Msg) != words }) {
		words += p.t("render.first-of", "n", Count(len(of)))
	}
	return words
}

// stretch are places that are told as one: neighbouring lines of a file.
type stretch struct {
	words string
	n     int
}

// where names the first places, all if they are asked for.
func (p *page) where(of []config.Finding) string {
	const few = 4
	list, left := stretches(of), 0
	if !p.opt.Full && len(list) > few {
		for _, s := range list[few:] {
			left += s.n
		}
		list = list[:few]
	}
	var names []string
	for _, s := range list {
		names = append(names, s.words)
	}
	words := strings.Join(names, p.t("render.comma"))
	if left > 0 {
		words = p.t("render.and-others", "names", words, "n", Count(left))
	}
	return words
}

func stretches(of []config.Finding) []stretch {
	var list []stretch
	lines := map[string][]int{}
	var files []string
	for _, f := range of {
		switch {
		case f.At.Line == 0 && place(f) != "":
			list = append(list, stretch{place(f), 1})
		case f.At.Line > 0 && lines[f.At.File] == nil:
			files = append(files, f.At.File)
			fallthrough
		case f.At.Line > 0:
			lines[f.At.File] = append(lines[f.At.File], f.At.Line)
		}
	}
	var inFiles []stretch
	for _, file := range files {
		for _, r := range runs(lines[file]) {
			inFiles = append(inFiles, stretch{file + ":" + r.String(), r.n})
		}
	}
	return append(inFiles, list...)
}

// run are numbers without a gap; n counts those that were given more than once, too.
type run struct{ from, to, n int }

func (r run) String() string {
	if r.from == r.to {
		return strconv.Itoa(r.from)
	}
	return strconv.Itoa(r.from) + "-" + strconv.Itoa(r.to)
}

// runs puts numbers in order and joins neighbours.
func runs(numbers []int) []run {
	var list []run
	for _, n := range slices.SortedFunc(slices.Values(numbers), cmp.Compare[int]) {
		if last := len(list) - 1; last >= 0 && n <= list[last].to+1 {
			list[last].to, list[last].n = n, list[last].n+1
			continue
		}
		list = append(list, run{n, n, 1})
	}
	return list
}

// hints are a message's other texts: why, and what to do.
func (p *page) hints(m text.Msg) []string { return p.hintsOf(m, reasons...) }

func (p *page) hintsOf(m text.Msg, parts ...string) []string {
	var lines []string
	for _, part := range parts {
		if p.cat.Has(m.Code + "." + part) {
			words := p.cat.Text(text.Msg{Code: m.Code + "." + part, Args: m.Args})
			lines = append(lines, p.besideLabel(p.t("render.label."+part), words))
		}
	}
	return lines
}
