package render

import (
	_ "embed" // the run-sheet's template
	"html/template"
	"io"
	"strconv"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

//go:embed runsheet.html
var runSheet string

// HTML writes a plan as a run-sheet to print: one page of its own that needs
// no other file, with times, owners, room for initials and signatures.
// Steps that people do and those that cannot be undone stand alone; others of
// one kind share a line unless opt.Full.
func HTML(w io.Writer, cat *text.Catalogue, plan *planner.Plan, opt Options) error {
	v := &planView{page: newPage(cat, opt), plan: plan}
	v.told = acknowledging
	t, err := template.New("runsheet").Funcs(template.FuncMap{"t": func(code string) string { return cat.T(code) }}).Parse(runSheet)
	if err != nil {
		return err
	}
	return t.Execute(w, v.sheet())
}

// sheetView is what the template shows.
type sheetView struct {
	Lang                                string
	Title, Route, ID, Seen, Rule, Press string
	Counts                              []fact
	Finals                              []finalView
	Phases                              []sheetPhase
	Gates                               []gateView
	DoBy, Facts                         []fact
	Findings                            []fact
	Gated                               string
}

type sheetPhase struct {
	Name, When, Takes string
	Lines             []sheetLine
}

// sheetLine is a step, or several of one kind.
type sheetLine struct {
	Place, When, What, Note, ID, Owner, Takes string
	Proof                                     string // what will show that a person did it
	Final, Costly                             bool
}

func (v *planView) sheet() sheetView {
	s := sheetView{Lang: string(v.cat.Lang()), Title: clean(v.title()), Route: v.route(), ID: v.plan.ID, Gated: v.plan.Gated()[:16],
		Seen: v.seen(), Rule: v.pointOfNoReturn(), Press: v.onePress(), Finals: v.finals(), Phases: v.phases(), Gates: v.allGates(), DoBy: v.deadlines()}
	for _, r := range []struct {
		code string
		risk planner.Risk
	}{{"render.irreversible", planner.Final}, {"render.costly", planner.Costly}, {"render.routine", planner.Reversible}} {
		words := Count(len(v.ofRisk(r.risk)))
		if r.risk == planner.Costly {
			words = v.costlyWords()
		}
		s.Counts = append(s.Counts, fact{v.t(r.code), words})
	}
	if v.isBack() {
		s.Title = v.t("render.back.heading") + v.t("render.colon") + s.Title
		for _, f := range v.backFacts() {
			s.Facts = append(s.Facts, fact{f.Label, clean(f.Words)})
		}
		s.Findings = v.sheetFindings()
		return s
	}
	for _, f := range []fact{{"render.since", v.since()}, {"render.touches", v.touched()}, {"render.not-carried", v.notCarriedWords()},
		{"render.cannot-see", v.unknownWords()}, {"render.way-back", v.wayBack()}} {
		if f.Words != "" {
			s.Facts = append(s.Facts, fact{v.t(f.Label), clean(f.Words)})
		}
	}
	s.Findings = v.sheetFindings()
	return s
}

// sheetFindings are the findings grouped by code, in words.
func (v *planView) sheetFindings() []fact {
	var list []fact
	for _, f := range v.foundWords() {
		list = append(list, fact{f.severity + " " + f.code, clean(joinWords(v.t("render.colon"), f.where, joinWords(v.t("render.semicolon"), f.what, f.do)))})
	}
	return list
}

// phases are the phases that have steps.
func (v *planView) phases() []sheetPhase {
	var list []sheetPhase
	for in := planner.Prepare; in <= planner.Retire; in++ {
		lines := v.phaseLines(in)
		if len(lines) == 0 {
			continue
		}
		p := sheetPhase{Name: v.t("render.phase." + in.String()), When: v.phaseWhen(in), Lines: lines}
		if d := v.plan.PhaseTime(in); d > 0 {
			p.Takes = v.t("render.aside", "words", v.t("render.sheet.takes", "span", Duration(v.cat, max(d, time.Second))))
		}
		list = append(list, p)
	}
	return list
}

// phaseWhen places a phase around the window.
func (v *planView) phaseWhen(in planner.Phase) string {
	c := v.plan.Spec.Cutover
	switch {
	case c == nil || v.isBack():
		return ""
	case in < planner.Freeze:
		return v.t("render.sheet.before", "at", v.moment(c.Opens))
	case in == planner.Freeze:
		return v.t("render.sheet.from", "at", v.moment(c.Opens))
	case in == planner.Cutover:
		return v.t("render.sheet.from", "at", v.moment(c.Opens.Add(v.plan.PhaseTime(planner.Freeze)))) + v.t("render.semicolon") +
			v.t("render.sheet.until", "at", v.moment(c.Closes))
	case in == planner.Drain:
		return v.t("render.sheet.until", "at", v.moment(c.Closes.Add(c.Tail)))
	}
	return v.t("render.sheet.from", "at", v.moment(c.Closes.Add(c.Tail)))
}

// sharedFrom is how many steps of one kind share a line.
const sharedFrom = 6

// namedOnPaper is how many of them are named if they can hurt.
const namedOnPaper = 40

func (v *planView) phaseLines(in planner.Phase) []sheetLine {
	n := map[string]int{}
	for _, s := range v.plan.Steps {
		if s.Op.Traits().Phase == in {
			n[s.Op.Kind()]++
		}
	}
	var lines []sheetLine
	shared, at := map[string]*kindView{}, map[string]int{} // which line is whose
	clock := v.clock(in)
	for i, s := range v.plan.Steps {
		t, kind := s.Op.Traits(), s.Op.Kind()
		if t.Phase != in {
			continue
		}
		k, begun := shared[kind]
		if !begun {
			lines = append(lines, v.sheetLine(i+1, s, clock))
		}
		if alone := t.Person || t.Risk == planner.Final || n[kind] < sharedFrom || v.opt.Full; !begun && !alone {
			k = &kindView{Kind: kind, Label: v.kind(kind)}
			shared[kind], at[kind] = k, len(lines)-1
		}
		if k != nil {
			k.add(i+1, s.Op.Subject())
		}
		clock.pass(v, s)
	}
	for kind, k := range shared {
		l := &lines[at[kind]]
		l.Place, l.ID, l.Takes = v.places(k.numbers), "", ""
		l.What = clean(v.words(*k, l.Costly && k.N <= namedOnPaper))
	}
	return lines
}

func (v *planView) sheetLine(n int, s planner.Step, at *sheetClock) sheetLine {
	t := s.Op.Traits()
	l := sheetLine{Place: strconv.Itoa(n), When: at.time(), What: v.kind(s.Op.Kind()) + " " + clean(s.Op.Subject()), ID: clean(string(s.ID)),
		Owner: "mxmove", Final: t.Risk == planner.Final, Costly: t.Risk == planner.Costly}
	if task, ok := s.Op.(planner.Task); ok {
		l.What = v.cat.Text(text.Msg{Code: "task." + task.Name + ".what", Args: text.Args(task.Args)}) + v.t("render.aside", "words", clean(task.On))
		l.Note = v.taskNote(task)
	}
	if v.plan.Observed.ByPerson(s.Op) {
		l.Owner = v.t("render.sheet.person")
	}
	if s.Proof != nil {
		l.Proof = v.proof(s.Proof)
	}
	if m, ok := s.Op.(planner.MergeTenants); ok && m.Creator != "" {
		l.Owner = m.Creator
	}
	if d := v.plan.Lasts(s); d > 0 {
		l.Takes = Duration(v.cat, max(d, time.Second))
	}
	return l
}

// taskNote says how a person's task is done, and with which values.
func (v *planView) taskNote(task planner.Task) string {
	words := v.cat.Text(text.Msg{Code: "task." + task.Name + ".do", Args: text.Args(task.Args)})
	for _, k := range sortedKeys(task.Args) {
		words += v.t("render.semicolon") + k + v.t("render.colon") + task.Args[k]
	}
	return clean(words)
}

// sheetClock goes through the window step by step.
type sheetClock struct{ at time.Time }

func (v *planView) clock(in planner.Phase) *sheetClock {
	c := v.plan.Spec.Cutover
	if c == nil || v.isBack() || in != planner.Freeze && in != planner.Cutover {
		return &sheetClock{}
	}
	at := c.Opens.In(v.opt.Now.Location())
	if in == planner.Cutover {
		at = at.Add(v.plan.PhaseTime(planner.Freeze))
	}
	return &sheetClock{at}
}

func (c *sheetClock) time() string {
	if c.at.IsZero() {
		return ""
	}
	return c.at.Format("15:04")
}

// pass lets a step's time go by; copies run side by side.
func (c *sheetClock) pass(v *planView, s planner.Step) {
	if c.at.IsZero() || !s.Work {
		return
	}
	d := v.plan.Lasts(s)
	if _, copy := s.Op.(planner.CopyMailbox); copy {
		d /= time.Duration(v.atOnce())
	}
	c.at = c.at.Add(d)
}

// atOnce is how many mailboxes are copied side by side.
func (v *planView) atOnce() int {
	return max(1, min(v.plan.Spec.Source.IMAP.Limits.Connections, v.plan.Spec.Target.IMAP.Limits.Connections))
}
