package render

import (
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// commentLimit is how many characters Markdown has unless the options say
// otherwise: GitHub's comments hold 65,536.
const commentLimit = 60_000

// Markdown writes a plan as one comment of at most opt.Limit characters.
// Irreversible steps, gates and what is not carried are never cut; of the
// findings and the other steps as many are listed as there is room for, and
// the last line says what was left out.
func Markdown(w io.Writer, cat *text.Catalogue, plan *planner.Plan, opt Options) error {
	v := &planView{page: newPage(cat, opt), plan: plan}
	d := &draft{limit: opt.Limit}
	if d.limit <= 0 {
		d.limit = commentLimit
	}
	d.put(v.mdHead() + v.mdFinals() + v.mdGates() + v.mdFacts())
	for _, part := range []struct {
		name  string
		items []string
	}{{"render.md.findings", v.mdFindings()}, {"render.md.costly", v.mdSteps(planner.Costly)}, {"render.md.routine", v.mdSteps(planner.Reversible)}} {
		d.list(v.t(part.name), v.mdSummary(part.name, len(part.items)), part.items, v.page)
	}
	d.put(v.t("render.md.approve", "gated", plan.Gated()[:16]) + "\n")
	_, err := io.WriteString(w, d.b.String()+d.foot(v.page))
	return err
}

// draft is a comment under way. Room is kept for its last lines.
type draft struct {
	b     strings.Builder
	n     int // characters
	limit int
	left  []string
}

const footRoom = 600

func (d *draft) put(s string) {
	d.b.WriteString(s)
	d.n += utf8.RuneCountInString(s)
}

// list adds as many items as fit, folded under a summary.
func (d *draft) list(name, summary string, items []string, p *page) {
	if len(items) == 0 {
		return
	}
	head, tail := "<details><summary>"+summary+"</summary>\n\n", "\n</details>\n\n"
	room := d.limit - footRoom - d.n - utf8.RuneCountInString(head+tail)
	fit := 0
	for fit < len(items) && room >= utf8.RuneCountInString(items[fit]) {
		room -= utf8.RuneCountInString(items[fit])
		fit++
	}
	if fit > 0 {
		d.put(head + strings.Join(items[:fit], "") + tail)
	}
	if fit < len(items) {
		d.left = append(d.left, p.t("render.md.cut-one", "name", name, "n", Count(len(items)-fit)))
	}
}

// foot says how long the comment is, itself included, and what was left out.
func (d *draft) foot(p *page) string {
	cut := p.t("render.md.nothing-cut")
	if len(d.left) > 0 {
		cut = p.t("render.md.cut", "what", strings.Join(d.left, p.t("render.comma")))
	}
	foot, n := "", d.n
	for range 3 { // its own length has a length
		foot = "<sub>" + p.t("render.md.size", "n", Count(n), "limit", Count(d.limit)) + p.t("render.semicolon") + cut + "</sub>\n"
		n = d.n + utf8.RuneCountInString(foot)
	}
	return foot
}

func (v *planView) mdHead() string {
	n := map[planner.Risk]int{}
	for _, s := range v.plan.Steps {
		n[s.Op.Traits().Risk]++
	}
	mark := ""
	if n[planner.Final] > 0 {
		mark = "⛔ "
	}
	if v.isBack() {
		mark = v.t("render.back.heading") + v.t("render.colon")
	}
	return "### " + mark + "mxmove " + v.t("render.plan-id", "id", mdCode(v.plan.ID)) + v.t("render.colon") + mdText(v.title()) + "\n" +
		v.t("render.md.counts", "final", Count(n[planner.Final]), "costly", Count(n[planner.Costly]), "routine", Count(n[planner.Reversible])) +
		v.t("render.semicolon") + mdText(v.route()) + v.t("render.semicolon") + v.seen() + "\n\n"
}

func (v *planView) mdFinals() string {
	finals := v.finals()
	if len(finals) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("> [!CAUTION]\n> **" + mdText(v.pointOfNoReturn()) + "**\n>\n")
	b.WriteString("> | | " + strings.Join([]string{v.t("render.md.step"), v.t("render.md.consequence"), v.t("render.md.agreed"),
		v.t("render.md.kept"), v.t("render.md.undo")}, " | ") + " |\n> |---|---|---|---|---|---|\n")
	for _, f := range finals {
		agreed := f.Ack
		if agreed == "" {
			agreed = v.t("render.md.no-ack")
		} else {
			agreed = mdText(agreed)
		}
		agreed = joinWords("<br>", agreed, mdText(v.of(f, "bounds")))
		var effects []string
		for _, label := range []string{"destroys", "ends", "moves", "who", "doubt"} {
			if words := v.of(f, label); words != "" {
				effects = append(effects, mdText(v.t("render.final."+label)+v.t("render.colon")+words))
			}
		}
		b.WriteString("> | **" + f.Name + "** | " + mdCode(f.ID) + " | " + strings.Join(effects, "<br>") + " | " +
			agreed + " | " + joinWords("<br>", mdText(v.of(f, "kept")), mdText(v.of(f, "gap"))) + " | " + mdText(v.of(f, "undo")) + " |\n")
	}
	for _, f := range finals {
		if f.Ack == "" {
			b.WriteString(">\n> " + f.Name + " " + v.t("render.final.paste") + "\n> ```hcl\n> " +
				strings.ReplaceAll(strings.TrimRight(clean(f.Block), "\n"), "\n", "\n> ") + "\n> ```\n")
		}
	}
	b.WriteString("\n")
	return b.String()
}

// of gives the words of one fact of a final step; "" if it has none.
func (v *planView) of(f finalView, label string) string {
	i := slices.IndexFunc(f.Facts, func(one fact) bool { return one.Label == v.t("render.final."+label) })
	if i < 0 {
		return ""
	}
	return f.Facts[i].Words
}

func joinWords(sep string, words ...string) string {
	return strings.Join(slices.DeleteFunc(words, func(s string) bool { return s == "" }), sep)
}

// allGates are the plan's gates, those of every apply first.
func (v *planView) allGates() []gateView {
	until := v.plan.ValidUntil()
	age := gateView{v.t("render.md.valid"), v.t("render.gate.age", "until", v.moment(until)), true}
	if v.plan.Observed.At.IsZero() {
		age.Words, age.Open = v.t("render.gate.never-observed"), false
	}
	age.Open = age.Open && !v.opt.Now.After(until)
	n := 0
	for _, f := range v.plan.Findings {
		if f.Severity != config.Warning {
			n++
		}
	}
	found := gateView{v.t("render.md.findings"), v.t("render.gate.no-findings"), n == 0}
	if n > 0 {
		found.Words = v.t("render.gate.findings", "n", strconv.Itoa(n))
	}
	return append([]gateView{age, found}, v.cutoverGates()...)
}

func (v *planView) mdGates() string {
	head, line, now := "| "+v.t("render.md.gate")+" |", "|---|", "| "+v.t("render.md.now")+" |"
	for _, g := range v.allGates() {
		mark := "❌ "
		if g.Open {
			mark = "✅ "
		}
		head, line, now = head+" "+g.Name+" |", line+"---|", now+" "+mark+mdText(g.Words)+" |"
	}
	return head + "\n" + line + "\n" + now + "\n\n"
}

// mdFacts are the paragraphs that are short and never cut.
func (v *planView) mdFacts() string {
	var b strings.Builder
	add := func(code, words string) {
		if words != "" {
			b.WriteString("**" + v.t(code) + "**" + v.t("render.colon") + mdText(words) + "\n\n")
		}
	}
	if v.isBack() {
		for _, f := range v.backFacts() {
			b.WriteString("**" + f.Label + "**" + v.t("render.colon") + mdText(f.Words) + "\n\n")
		}
		add("render.since", v.since())
		add("render.cannot-see", v.unknown())
		return b.String()
	}
	add("render.since", v.since())
	add("render.touches", v.touched())
	add("render.not-carried", v.notCarriedWords())
	add("render.cannot-see", v.unknown())
	var due []string
	for _, d := range v.deadlines() {
		due = append(due, d.Label+v.t("render.colon")+d.Words)
	}
	add("render.do-by", strings.Join(due, v.t("render.semicolon")))
	add("render.way-back", v.wayBack())
	return b.String()
}

// mdFindings are the findings, those that block first.
func (v *planView) mdFindings() []string {
	var items []string
	for _, f := range v.plan.Findings {
		words := "- **" + v.t("render.severity."+string(f.Severity)) + "** " + joinWords(" ", mdCode(f.Code), mdText(placeOf(f))) +
			v.t("render.colon") + mdText(v.what(f.Msg))
		if f.Code != "plan.unacknowledged" && v.cat.Has(f.Code+".do") {
			words += v.t("render.semicolon") + mdText(v.cat.Text(text.Msg{Code: f.Code + ".do", Args: f.Args}))
		}
		items = append(items, words+"\n")
	}
	return items
}

func (v *planView) mdSteps(risk planner.Risk) []string {
	var items []string
	for i, s := range v.plan.Steps {
		if s.Op.Traits().Risk == risk {
			items = append(items, "- "+strconv.Itoa(i+1)+" "+mdCode(string(s.ID))+"\n")
		}
	}
	return items
}

func (v *planView) mdSummary(name string, n int) string {
	words := v.t(name) + v.t("render.colon") + Count(n)
	if name == "render.md.routine" && n > 0 {
		words += v.t("render.aside", "words", v.routineKinds())
	}
	return words
}

// mdText makes words harmless in Markdown and HTML: no markup, no mention.
func mdText(s string) string {
	s = strings.ReplaceAll(clean(s), "\n", " ")
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", "|", "&#124;", "\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_",
		"[", "\\[", "]", "\\]", "#", "\\#", "@", "&#64;").Replace(s)
}

// mdCode is a code span; what would end it or a table's cell is replaced.
func mdCode(s string) string {
	s = clean(s)
	if !strings.ContainsAny(s, "`|\n") {
		return "`" + s + "`"
	}
	return "`" + strings.NewReplacer("`", "'", "|", "\u00a6", "\n", " ").Replace(s) + "`"
}
