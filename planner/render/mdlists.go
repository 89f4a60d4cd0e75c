package render

import (
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// mdItem is a line of a list, and what stands for it where there is no room:
// "" nothing. It is about n findings or steps.
type mdItem struct {
	long, short string
	n           int
}

// list adds as many items as fit, folded under a summary.
func (d *draft) list(name, counted string, items []mdItem, p *page) {
	if len(items) == 0 {
		return
	}
	head, tail := "<details><summary>"+name+p.t("render.colon")+mdText(counted)+"</summary>\n\n", "\n</details>\n\n"
	room := d.limit - footRoom - d.n - utf8.RuneCountInString(head+tail)
	var lines strings.Builder
	left, unnamed := 0, 0
	for _, item := range items {
		long, short := utf8.RuneCountInString(item.long), utf8.RuneCountInString(item.short)
		switch {
		case left == 0 && room >= long:
			lines.WriteString(item.long)
			room -= long
		case left == 0 && short > 0 && room >= short:
			lines.WriteString(item.short)
			room -= short
			unnamed += item.n
		default:
			left += item.n
		}
	}
	if lines.Len() > 0 {
		d.put(head + lines.String() + tail)
	}
	if unnamed > 0 {
		d.left = append(d.left, p.t("render.md.cut-names", "name", name, "n", Count(unnamed)))
	}
	if left > 0 {
		d.left = append(d.left, p.t("render.md.cut-one", "name", name, "n", Count(left)))
	}
}

// mdKinds are the steps of a risk, a line for those of one kind. Those that can
// hurt are named, since approvals bind them; notices and others by the first and
// the last, unless opt.Full: then each step with what it is called.
func (v *planView) mdKinds(risk planner.Risk) []mdItem {
	var items []mdItem
	for _, k := range v.kinds(risk) {
		if v.opt.Full {
			for _, n := range k.numbers {
				items = append(items, mdItem{long: "- " + strconv.Itoa(n) + " " + mdCode(string(v.plan.Steps[n-1].ID)) + "\n", n: 1})
			}
			continue
		}
		items = append(items, v.mdKind(k, risk == planner.Costly))
	}
	return items
}

func (v *planView) mdKind(k kindView, costly bool) mdItem {
	end := "\n"
	if costly {
		end = v.t("render.semicolon") + mdText(v.t("render.undo", "undo", k.Undo)) + end
	}
	if k.N == 1 {
		return mdItem{long: "- " + k.Places + " " + mdCode(k.ID) + end, n: 1}
	}
	line := func(all bool) string { return "- " + mdText(k.Places+" "+v.words(k, all)) + end }
	item := mdItem{long: line(costly && k.Kind != planner.Notify{}.Kind()), n: k.N}
	if short := line(false); short != item.long {
		item.short = short
	}
	return item
}

// mdFindings are the findings by code, those that block first.
func (v *planView) mdFindings() []mdItem {
	var items []mdItem
	for _, f := range v.foundWords() {
		words := "- **" + f.severity + "** " + joinWords(" ", mdCode(f.code), mdText(f.where)) + v.t("render.colon") + mdText(f.what)
		if f.do != "" {
			words += v.t("render.semicolon") + mdText(f.do)
		}
		items = append(items, mdItem{long: words + "\n", n: f.n})
	}
	return items
}

// foundView are findings of one code in words.
type foundView struct {
	severity, code, where, what, do string
	n                               int
}

// foundWords are all findings of the plan, each said once.
func (v *planView) foundWords() []foundView {
	var list []foundView
	for _, of := range bundles(v.plan.Findings) {
		f := of[0]
		one := foundView{severity: v.t("render.severity." + string(f.Severity)), code: f.Code, where: place(f), what: v.example(of), n: len(of)}
		if len(of) > 1 {
			one.where = v.times(of)
		}
		if f.Code != v.told && v.cat.Has(f.Code+".do") {
			one.do = v.cat.Text(text.Msg{Code: f.Code + ".do", Args: f.Args})
		}
		list = append(list, one)
	}
	return list
}

// mdLabel is a label as it is written within text.
func (v *planView) mdLabel(code string) string {
	label := []rune(strings.ToLower(v.t(code)))
	label[0] = unicode.ToUpper(label[0])
	return string(label)
}

// mdApprove says how to approve the plan, and what that binds; "" where no
// approval is asked for.
func (v *planView) mdApprove() string {
	gated := mdCode(v.plan.Gated()[:16])
	c := v.plan.Spec.Cutover
	if c == nil || c.Approvals == 0 {
		return v.t("render.md.gated", "gated", gated) + "\n"
	}
	file := "PLAN"
	if v.opt.File != "" {
		file = filepath.Base(v.opt.File)
	}
	return v.t("render.md.approve", "command", mdCode("mxmove approve "+file+" --key KEY"), "gated", gated) + "\n"
}
