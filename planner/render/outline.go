package render

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/mxmove/mxmove/planner"
)

// fact is a label and what is to be said about it.
type fact struct{ Label, Words string }

// finalView is an irreversible step in words.
type finalView struct {
	Name  string // F1
	Label string // its kind, where the reader's language has another word
	N     int
	ID    string
	Rules string
	Ack   string // where it is acknowledged; "": nowhere
	Facts []fact
	Block string // to paste where Ack is ""
}

// title says what moves where: domain -> host, or domain -> tenant (name).
func (v *planView) title() string {
	t := v.plan.Spec.Target
	to := t.IMAP.Host
	if t.CorpID != "" {
		to = t.CorpID
		if t.Name != "" {
			to += v.t("render.aside", "words", t.Name)
		}
	}
	if v.isBack() {
		return sourceName(v.plan.Spec) + " <- " + to
	}
	return sourceName(v.plan.Spec) + " -> " + to
}

func (v *planView) route() string {
	if v.isBack() {
		if v.plan.Removals().Mailboxes > 0 {
			return v.t("render.back.route-removes")
		}
		return v.t("render.back.route")
	}
	if r := v.plan.Spec.Target.Procedure; r != "" {
		return v.t("render.route." + r)
	}
	return v.t("render.carrier")
}

// byVendor reports a procedure in which the vendor carries the mail.
func (v *planView) byVendor() bool {
	r := v.plan.Spec.Target.Procedure
	return r == "merge" || r == "upgrade"
}

func (v *planView) ofRisk(r planner.Risk) []planner.Step {
	harmless := func(s planner.Step) bool { return s.Op.Traits().Risk != r }
	return slices.DeleteFunc(slices.Clone(v.plan.Steps), harmless)
}

func (v *planView) finals() []finalView {
	var list []finalView
	for i, f := range v.plan.Finals() {
		s := v.plan.Steps[f.N-1]
		view := finalView{Name: finalName(i), N: f.N, ID: string(f.Step), Block: f.Block,
			Rules: v.rules(s.Op.Traits().Rules), Facts: v.finalFacts(f, s.Op)}
		if kind := s.Op.Kind(); v.kind(kind) != kind {
			view.Label = v.kind(kind)
		}
		if s.Doubt {
			view.Facts = append(view.Facts, fact{v.t("render.final.doubt"), v.t("render.final.doubt-words")})
		}
		if f.Acknowledged != nil {
			view.Ack = clean(cmp.Or(f.Acknowledged.At.String(), f.Acknowledged.Because))
		}
		list = append(list, view)
	}
	return list
}

// rules joins the numbers of rules; what all their names begin with is said once.
func (v *planView) rules(list []string) string {
	short := slices.Clone(list)
	for i := 1; i < len(list); i++ {
		begin, number, _ := strings.Cut(list[i], "-")
		if strings.HasPrefix(list[0], begin+"-") {
			short[i] = "-" + number
		}
	}
	return strings.Join(short, v.t("render.comma"))
}

// finalName is what the plan's i-th final step, from 0, is called on a page.
func finalName(i int) string { return "F" + strconv.Itoa(i+1) }

// finalFacts are what a person must know to judge a step: what it does first
// and what of that is kept, what else it does, who does it, and the way back.
func (v *planView) finalFacts(f planner.FinalStep, op planner.Op) []fact {
	effects, erases, who := v.consequences(op)
	facts := append(effects[:1:1], fact{"bounds", v.bounds(f)})
	if erases {
		facts = append(facts, fact{"kept", v.kept(f)}, fact{"gap", v.gap(f)})
	}
	facts = append(append(facts, effects[1:]...), fact{"who", who}, fact{"undo", v.t(op.Traits().Undo)})
	facts = slices.DeleteFunc(facts, func(one fact) bool { return one.Words == "" })
	for i, one := range facts {
		facts[i] = fact{v.t("render.final." + one.Label), clean(one.Words)}
	}
	return facts
}

// consequences tells what an irreversible step destroys, ends or moves, what it
// destroys first, and who does it.
func (v *planView) consequences(op planner.Op) (effects []fact, erases bool, who string) {
	who = v.t("render.final.person")
	switch o := op.(type) {
	case planner.MergeTenants:
		effects = []fact{{"destroys", v.radius(o.Erases)}, {"ends", v.t("render.final.console", "corp", o.From)}}
		return effects, true, v.t("render.final.creator", "creator", orDash(o.Creator))
	case planner.UpgradeTenant:
		if erases = o.Mode == 2; erases {
			effects = append(effects, fact{"destroys", v.radius(o.Erases)})
		}
		effects = append(effects, fact{"moves", v.t("render.final.upgraded", "n", Count(o.Accounts), "corp", o.From)})
		if o.Company+o.Administrator != "" {
			who = v.t("render.final.named", "company", orDash(o.Company), "administrator", orDash(o.Administrator))
		}
	case planner.MoveCustomers:
		effects = []fact{{"moves", v.t("render.final.customers", "n", Count(o.Relations), "accounts", Count(len(o.Accounts)))}}
	case planner.FinishWizard:
		effects = []fact{{"ends", v.t("render.final.wizard", "n", Count(len(o.Abandons)), "addresses", v.list(o.Abandons))}}
	}
	return effects, erases, who
}

func (v *planView) radius(r planner.Radius) string {
	words := v.t("render.final.erased", "n", Count(r.Mailboxes), "messages", Count(r.Messages), "size", planner.Bytes(r.Bytes))
	if r.Unobserved > 0 {
		words += v.t("render.final.unobserved", "n", Count(r.Unobserved))
	}
	return words
}

// onePress says that one act of a person does several of these things; "" where
// none does.
func (v *planView) onePress() string {
	for _, f := range v.plan.Finals() {
		op := v.plan.Steps[f.N-1].Op
		if effects, _, _ := v.consequences(op); len(effects) > 1 {
			return v.t("render.press." + op.Kind())
		}
	}
	return ""
}

// bounds are what the acknowledgement allows; where less than was found, or
// nothing, each with what was found.
func (v *planView) bounds(f planner.FinalStep) string {
	var most, each []string
	over := false
	for _, b := range f.Bounds {
		code := "render.bound.within"
		switch {
		case f.Acknowledged == nil:
			code = "render.bound.none"
		case b.Measured > b.AtMost:
			code, over = "render.bound.over", true
		}
		each = append(each, v.t(code, "what", v.t("render.bound."+b.Name), "measured", Count(int(b.Measured)), "most", Count(int(b.AtMost))))
		most = append(most, v.t("render.most."+b.Name, "n", Count(int(b.AtMost))))
	}
	if over || f.Acknowledged == nil {
		return strings.Join(each, v.t("render.semicolon"))
	}
	return v.t("render.bound.most", "list", strings.Join(most, v.t("render.comma")))
}

func (v *planView) kept(f planner.FinalStep) string {
	a := v.plan.Spec.Target.Archive
	if a == nil {
		return v.t("render.final.kept-nothing")
	}
	if f.KeptAt.IsZero() {
		return v.t("render.final.kept-not-yet", "path", a.Path, "n", Count(f.Kept.Mailboxes), "messages", Count(f.Kept.Messages))
	}
	code := "render.final.kept-in"
	if f.ReadBack {
		code = "render.final.kept-read"
	}
	return v.t(code, "path", a.Path, "n", Count(f.Kept.Mailboxes), "messages", Count(f.Kept.Messages),
		"of", Count(max(f.KeptOf, f.Kept.Messages)), "size", planner.Bytes(f.Kept.Bytes), "at", v.moment(f.KeptAt))
}

func (v *planView) gap(f planner.FinalStep) string {
	if v.plan.Spec.Target.Archive == nil {
		return ""
	}
	words := v.t("render.final.gap-words", "n", Count(f.Gap))
	if f.PerHour > 0 {
		words += v.t("render.final.gap-hour", "n", Count(max(1, int(math.Round(f.PerHour)))))
	}
	return words
}

// pointOfNoReturn is a line across the page; "" where every step can be undone.
func (v *planView) pointOfNoReturn() string {
	p, ok := v.plan.PointOfNoReturn()
	if !ok {
		return ""
	}
	words := v.t("render.no-return", "n", strconv.Itoa(p.N), "of", Count(p.Of))
	if !p.NotBefore.IsZero() {
		words += v.t("render.no-return.at", "at", v.moment(p.NotBefore))
	}
	return words
}

// kind is the name of a kind of step in the reader's language.
func (v *planView) kind(k string) string { return v.t("render.kind." + k) }

// routineKinds counts the steps of each kind, the most frequent first.
func (v *planView) routineKinds() string {
	n := map[string]int{}
	for _, s := range v.ofRisk(planner.Reversible) {
		n[s.Op.Kind()]++
	}
	kinds := sortedKeys(n)
	slices.SortStableFunc(kinds, func(a, b string) int { return cmp.Compare(n[b], n[a]) })
	var parts []string
	for _, k := range kinds {
		parts = append(parts, v.t("render.kind-count", "n", Count(n[k]), "kind", v.kind(k)))
	}
	return strings.Join(parts, v.t("render.comma"))
}
