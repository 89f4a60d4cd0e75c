package config

import (
	"strings"

	"github.com/mxmove/mxmove/config/text"
)

// Reference is the page of the whole language, in Markdown: every block and
// argument with its meaning, type, default and an example. It is made of the
// table that decodes specs.
func Reference(lang text.Lang) string {
	w := &writer{c: text.Load(lang)}
	w.lines("# "+w.t("title"), "", w.t("intro"), "", w.t("files"))
	shown := map[string]bool{}
	for _, t := range topics() {
		if t.arg == nil && !shown[t.key] {
			shown[t.key] = true
			w.section(t)
		}
	}
	w.lines("", "## "+w.t("secrets"), "", w.t("secrets.text"), "")
	for _, f := range secretFuncs {
		w.lines("- `" + f.example + "`: " + w.doc("func."+f.name))
	}
	return w.b.String()
}

func (w *writer) section(t topic) {
	b := t.block
	level := min(2+strings.Count(t.key, "."), 4)
	w.lines("", strings.Repeat("#", level)+" "+t.key+strings.ReplaceAll(labelNames(b), `"`, "`"), "", w.doc(t.key), "")
	w.notes(b)
	w.table(t)
	if len(b.blocks) > 0 {
		names := make([]string, len(b.blocks))
		for i, c := range b.blocks {
			names[i] = c.name
		}
		w.lines(w.t("inside", "value", w.code(names)), "")
	}
	w.lines("```hcl", strings.TrimRight(exampleOf(b), "\n"), "```")
}

// notes are a block's kinds, where it may stand and how often.
func (w *writer) notes(b *block) {
	before := w.b.Len()
	for _, label := range b.labels {
		if label.oneOf != nil {
			w.lines("- " + w.t("label", "name", label.name, "value", w.code(label.oneOf)))
		}
	}
	if b.only != nil {
		w.lines("- " + w.t("only", "value", w.code(b.only)))
	}
	if b.many {
		w.lines("- " + w.t("many"))
	}
	if w.b.Len() > before {
		w.lines("")
	}
}

func (w *writer) table(t topic) {
	b := t.block
	if len(b.args) == 0 {
		return
	}
	head := []string{w.t("column.name"), w.t("column.type"), w.t("column.needed"), w.t("column.default"), w.t("column.text")}
	w.row(head...)
	w.row("---", "---", "---", "---", "---")
	for i := range b.args {
		a := &b.args[i]
		x := topic{key: t.key + "." + a.name, block: b, arg: a}
		kind := w.typeOf(a)
		if a.oneOf != nil {
			kind = w.code(a.oneOf)
		}
		def := "-"
		if !needed(a.must, "") {
			def = w.defaultOf(x)
			if a.def != "" {
				def = "`" + def + "`"
			}
		}
		meaning := w.doc(x.key)
		if a.only != nil {
			meaning = w.t("note", "text", meaning, "note", w.t("only", "value", w.code(a.only)))
		}
		w.row("`"+a.name+"`", kind, orElse(w.need(a), "-"), def, meaning)
	}
	w.lines("")
}

func (w *writer) row(cells ...string) {
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(c, "|", "\\|")
	}
	w.lines("| " + strings.Join(cells, " | ") + " |")
}

// code sets words as Markdown's code.
func (w *writer) code(words []string) string {
	out := make([]string, len(words))
	for i, s := range words {
		out[i] = "`" + s + "`"
	}
	return w.list(out)
}
