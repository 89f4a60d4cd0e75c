package render

import (
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

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
	v.told = acknowledging
	d := &draft{limit: opt.Limit}
	if d.limit <= 0 {
		d.limit = commentLimit
	}
	d.put(v.mdHead() + v.mdFinals() + v.mdGates() + v.mdFacts())
	d.list(v.mdLabel("render.findings"), v.tally(plan.Findings), v.mdFindings(), v.page)
	d.list(v.mdLabel("render.costly"), v.costlyWords(), v.mdKinds(planner.Costly), v.page)
	d.list(v.mdLabel("render.routine"), v.routineWords(), v.mdKinds(planner.Reversible), v.page)
	d.put(v.mdApprove())
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

// foot says how long the comment is, itself included, and what was left out.
func (d *draft) foot(p *page) string {
	cut := p.t("render.md.nothing-cut")
	if len(d.left) > 0 {
		cut = p.t("render.md.cut", "what", strings.Join(d.left, p.t("render.comma")))
	}
	offline := ""
	if p.opt.AsSeen {
		offline = p.t("render.md.offline", "at", p.moment(p.opt.Now)) + p.t("render.semicolon")
	}
	foot, n := "", d.n
	for range 3 { // its own length has a length
		foot = "<sub>" + offline + p.t("render.md.size", "n", Count(n), "limit", Count(d.limit)) + p.t("render.semicolon") + cut + "</sub>\n"
		n = d.n + utf8.RuneCountInString(foot)
	}
	return foot
}

func (v *planView) mdHead() string {
	finals, routine := len(v.ofRisk(planner.Final)), len(v.ofRisk(planner.Reversible))
	costly, notices := v.costlyCount()
	mark, told := "", ""
	if finals > 0 {
		mark = "⛔ "
	}
	if v.isBack() {
		mark = v.t("render.back.heading") + v.t("render.colon")
	}
	if notices > 0 {
		told = v.t("render.plus") + v.t("render.notices", "n", Count(notices))
	}
	counts := v.t("render.md.counts", "final", Count(finals), "costly", Count(costly), "notices", told, "routine", Count(routine))
	return "### " + mark + v.t("render.md.head", "plan", mdCode(v.plan.ID), "title", mdText(v.title()), "counts", counts) + "\n" +
		joinWords(v.t("render.semicolon"), mdText(v.route()), v.t("render.spec-digest", "digest", mdCode(v.plan.Digest)), v.seen()) + "\n\n"
}

func (v *planView) mdFinals() string {
	finals := v.finals()
	if len(finals) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("> [!CAUTION]\n> **" + mdText(joinWords(v.t("render.semicolon"), v.pointOfNoReturn(), v.onePress())) + "**\n>\n")
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

func (v *planView) mdGates() string {
	head, line, now := "| "+v.t("render.md.gate")+" |", "|---|", "| "+v.t("render.md.now")+" |"
	for _, g := range v.allGates() {
		mark := "❌ "
		if g.Open {
			mark = "✅ "
		}
		head, line, now = head+" "+mdText(g.Name)+" |", line+"---|", now+" "+mark+mdText(g.Words)+" |"
	}
	return head + "\n" + line + "\n" + now + "\n\n"
}

// mdFacts are the paragraphs that are short and never cut.
func (v *planView) mdFacts() string {
	var b strings.Builder
	add := func(code, words string) {
		if words != "" {
			b.WriteString("**" + v.mdLabel(code) + "**" + v.t("render.colon") + mdText(words) + "\n\n")
		}
	}
	if v.isBack() {
		for _, f := range v.backFacts() {
			b.WriteString("**" + f.Label + "**" + v.t("render.colon") + mdText(f.Words) + "\n\n")
		}
		add("render.since", v.since())
		add("render.cannot-see", v.unknownWords())
		return b.String()
	}
	add("render.since", v.since())
	add("render.touches", v.touched())
	add("render.not-carried", v.notCarriedWords())
	add("render.cannot-see", v.unknownWords())
	var due []string
	for _, d := range v.deadlines() {
		due = append(due, d.Label+v.t("render.colon")+d.Words)
	}
	add("render.do-by", strings.Join(due, v.t("render.semicolon")))
	add("render.way-back", v.wayBack())
	return b.String()
}

// mdText makes words harmless in Markdown and HTML: no markup, nobody called,
// no issue linked. GitHub looks for these after it has read escapes and
// entities (cmark-gfm issue 181), a comment parts them. An address is no call.
func mdText(s string) string {
	s = strings.ReplaceAll(clean(s), "\n", " ")
	s = strings.NewReplacer("&", "&amp;", "<", "&lt;", "|", "&#124;", "\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_",
		"[", "\\[", "]", "\\]", "#", "\\#<!-- -->", "~", "\\~").Replace(s)
	return calls.ReplaceAllString(s, "$1@<!-- -->")
}

var calls = regexp.MustCompile(`(^|[^0-9A-Za-z_])@`)

// mdCode is a code span; what would end it or a table's cell is replaced.
func mdCode(s string) string {
	s = clean(s)
	if !strings.ContainsAny(s, "`|\n") {
		return "`" + s + "`"
	}
	return "`" + strings.NewReplacer("`", "'", "|", "\u00a6", "\n", " ").Replace(s) + "`"
}
