package config

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/mxmove/mxmove/config/text"
)

// TopicError says that there is nothing of a name to explain; its code has the
// catalogue's three texts.
type TopicError struct{ text.Msg }

// Error gives the code and the values, for logs and tests.
func (e *TopicError) Error() string { return errorText(e.Msg) }

// Explain tells in a language what a block (cutover.zone), an argument
// (cutover.zone.mx), a function that names a secret (env), or the code of a
// finding (zone.mx) or of a rule (MERGE-03, in either case) means, which values
// it takes and how it is written. A path's end is enough where only one ends
// so. Without a topic it lists the blocks.
// The text ends with a line end. The error is a [*TopicError].
func Explain(lang text.Lang, name string) (string, error) {
	w := &writer{c: text.Load(lang)}
	name = strings.TrimSpace(name)
	if name == "" {
		w.overview()
		return w.b.String(), nil
	}
	t, found := findTopic(name)
	switch {
	case found && t.arg != nil:
		w.argument(t)
	case found:
		w.block(t)
	default:
		found = w.function(name)
	}
	if r, ok := ruleOf(name); ok {
		w.rule(r)
		name, found = r.code, true
	}
	if w.c.Has(name + ".what") { // some findings are called as what they are about
		if found {
			w.lines("")
		}
		w.finding(name)
		found = true
	}
	if !found {
		return "", unknownTopic(w.c, name)
	}
	return w.b.String(), nil
}

func unknownTopic(c *text.Catalogue, name string) error {
	near, hint := "0", ""
	if like := topicsLike(c, name); like != nil {
		near, hint = "1", strings.Join(like, ", ")
	} else {
		for _, b := range language.blocks {
			hint += ", " + b.name
		}
		hint = hint[2:]
	}
	return &TopicError{text.M("explain.unknown", "name", name, "near", near, "hint", hint)}
}

// writer puts explanations together.
type writer struct {
	c *text.Catalogue
	b strings.Builder
}

func (w *writer) lines(lines ...string) {
	for _, s := range lines {
		w.b.WriteString(s + "\n")
	}
}

func (w *writer) t(code string, pairs ...string) string { return w.c.T("reference."+code, pairs...) }
func (w *writer) doc(key string) string                 { return w.c.T("doc." + key) }

// list joins words as the language does.
func (w *writer) list(words []string) string {
	s := words[0]
	for _, next := range words[1:] {
		s = w.t("list", "a", s, "b", next)
	}
	return s
}

func (w *writer) overview() {
	w.lines(w.t("title"), "", w.t("files"), "")
	for _, b := range language.blocks {
		w.lines("  "+w.t("label", "name", b.name, "value", w.doc(b.name)), "")
	}
}

var (
	manyForm  = regexp.MustCompile(`\{\w+\|[^|}]*\|([^}]*)\}`)
	valueForm = regexp.MustCompile(`\{(\w+)\}`)
)

// finding shows a finding's texts with <names> for the values that it fills in.
func (w *writer) finding(code string) {
	part := func(p string) string {
		s := manyForm.ReplaceAllString(w.c.T(code+p), "$1")
		return valueForm.ReplaceAllString(s, "<$1>")
	}
	w.lines(w.t("label", "name", w.t("finding"), "value", code), "", "  "+part(".what"), "", "  "+w.t("why", "value", part(".why")), "  "+w.t("do", "value", part(".do")))
}

// ruleOf finds a rule by its code: MERGE-03, merge-3.
func ruleOf(name string) (rule, bool) {
	group, number, _ := strings.Cut(strings.ToUpper(name), "-")
	if len(number) == 1 {
		number = "0" + number
	}
	i := slices.IndexFunc(procedureRules, func(r rule) bool { return r.code == group+"-"+number })
	if i < 0 {
		return rule{}, false
	}
	return procedureRules[i], true
}

// rule tells what a rule says, of which kind it is, and what a plan does about it.
func (w *writer) rule(r rule) {
	kinds := w.c.T("rule.kind." + r.kinds[0])
	for _, k := range r.kinds[1:] {
		kinds = w.t("aside", "a", kinds, "b", w.c.T("rule.kind."+k))
	}
	w.lines(w.t("label", "name", w.t("rule"), "value", r.code), "", "  "+w.c.T("rule."+r.code+".fact"), "",
		"  "+w.t("kind", "value", kinds), "  "+w.t("does", "value", w.c.T("rule."+r.code+".does")))
}

func (w *writer) function(name string) bool {
	for _, f := range secretFuncs {
		if f.name == name {
			w.lines(name, "", "  "+w.doc("func."+name), "", "  "+w.t("example"), "    password = "+f.example)
			return true
		}
	}
	return false
}

func (w *writer) argument(t topic) {
	a := t.arg
	w.lines(t.path, "", "  "+w.doc(t.key), "")
	w.lines("  " + w.t("type", "value", w.typeOf(a)))
	if a.oneOf != nil {
		w.lines("  " + w.t("values", "value", w.list(a.oneOf)))
	}
	if s := w.need(a); s != "" {
		w.lines("  " + s)
	}
	if a.only != nil {
		w.lines("  " + w.t("only", "value", w.list(a.only)))
	}
	if !needed(a.must, "") {
		w.lines("  " + w.t("default", "value", w.defaultOf(t)))
	}
	w.lines("  "+w.t("example"), "    "+a.name+" = "+a.example)
}

func (w *writer) block(t topic) {
	b := t.block
	w.lines(t.path+labelNames(b), "", "  "+w.doc(t.key), "")
	for _, label := range b.labels {
		if label.oneOf != nil {
			w.lines("  " + w.t("label", "name", label.name, "value", w.list(label.oneOf)))
		}
	}
	if b.many {
		w.lines("  " + w.t("many"))
	}
	if b.only != nil {
		w.lines("  " + w.t("only", "value", w.list(b.only)))
	}
	if len(b.args) > 0 {
		w.lines("  " + w.t("arguments"))
	}
	for i := range b.args {
		a := &b.args[i]
		need := w.need(a)
		if need == "" {
			need = w.t("optional")
		}
		w.lines("    " + a.name + strings.Repeat(" ", widest(b)-len(a.name)) + "  " + need + "; " + w.doc(t.key+"."+a.name))
	}
	if len(b.blocks) > 0 {
		w.lines("  " + w.t("blocks"))
	}
	for _, c := range b.blocks {
		w.lines("    " + c.name + labelNames(c))
	}
	w.lines("  " + w.t("example"))
	for line := range strings.Lines(exampleOf(b)) {
		w.b.WriteString("    " + line)
	}
}

func widest(b *block) int {
	n := 0
	for _, a := range b.args {
		n = max(n, len(a.name))
	}
	return n
}

// labelNames are a block's labels as placeholders.
func labelNames(b *block) string {
	s := ""
	for _, label := range b.labels {
		s += " " + strconv.Quote(label.name)
	}
	return s
}

// need says when an argument must be there; "" is never.
func (w *writer) need(a *arg) string {
	switch {
	case needed(a.must, ""):
		return w.t("needed")
	case a.must != nil:
		return w.t("needed-for", "value", w.list(a.must))
	}
	return ""
}

func (w *writer) typeOf(a *arg) string {
	s := w.c.T("doc.type." + string(a.typ))
	if a.typ == typNumber && a.max < unbounded {
		return w.t("range", "type", s, "min", strconv.Itoa(a.min), "max", strconv.Itoa(a.max))
	}
	return s
}

// defaultOf is an argument's default: as it would be written, or in words
// where it depends.
func (w *writer) defaultOf(t topic) string {
	switch {
	case t.arg.def != "":
		return t.arg.def
	case w.c.Has("doc." + t.key + ".default"):
		return w.doc(t.key + ".default")
	}
	return w.t("none")
}

// exampleOf writes a block with an example of each argument that goes with its
// kind.
func exampleOf(b *block) string {
	var s strings.Builder
	s.WriteString(b.name)
	kind := ""
	for _, label := range b.labels {
		s.WriteString(" " + strconv.Quote(label.example))
		if label.oneOf != nil {
			kind = label.example
		}
	}
	s.WriteString(" {\n")
	if b == language.child("locals") {
		s.WriteString("domain = \"acme.test\"\n")
	}
	for i := range b.args {
		if a := &b.args[i]; a.fits(kind) && !a.apart {
			s.WriteString(a.name + " = " + a.example + "\n")
		}
	}
	s.WriteString("}\n")
	return string(Format([]byte(s.String())))
}
