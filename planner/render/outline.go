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
	N     int
	ID    string
	Rules string
	Ack   string // where it is acknowledged; "": nowhere
	Facts []fact
	Block string // to paste where Ack is ""
}

// kindView are steps of one kind and price.
type kindView struct {
	First, Last int // places in the plan, from 1
	N           int
	Kind, Label string
	Undo        string
	Subjects    []string
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
		view := finalView{Name: "F" + strconv.Itoa(i+1), N: f.N, ID: string(f.Step), Block: f.Block,
			Rules: strings.Join(s.Op.Traits().Rules, ", "), Facts: v.finalFacts(f, s.Op)}
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

func (v *planView) finalFacts(f planner.FinalStep, op planner.Op) []fact {
	var facts []fact
	add := func(label, words string) {
		if words != "" {
			facts = append(facts, fact{v.t("render.final." + label), clean(words)})
		}
	}
	erases, who := v.consequences(op, add)
	add("bounds", v.bounds(f))
	if erases {
		add("kept", v.kept(f))
		add("gap", v.gap(f))
	}
	add("who", who)
	add("undo", v.t(op.Traits().Undo))
	return facts
}

// consequences tells what an irreversible step destroys, ends or moves, and
// who does it.
func (v *planView) consequences(op planner.Op, add func(label, words string)) (erases bool, who string) {
	radius := func(r planner.Radius) string {
		words := v.t("render.final.erased", "n", Count(r.Mailboxes), "messages", Count(r.Messages), "size", planner.Bytes(r.Bytes))
		if r.Unobserved > 0 {
			words += v.t("render.final.unobserved", "n", Count(r.Unobserved))
		}
		return words
	}
	who = v.t("render.final.person")
	switch o := op.(type) {
	case planner.MergeTenants:
		add("destroys", radius(o.Erases))
		add("ends", v.t("render.final.console", "corp", o.From))
		return true, v.t("render.final.creator", "creator", orDash(o.Creator))
	case planner.UpgradeTenant:
		if o.Mode == 2 {
			add("destroys", radius(o.Erases))
		}
		add("moves", v.t("render.final.upgraded", "n", Count(o.Accounts), "corp", o.From))
		if o.Company+o.Administrator != "" {
			who = v.t("render.final.named", "company", orDash(o.Company), "administrator", orDash(o.Administrator))
		}
		return o.Mode == 2, who
	case planner.MoveCustomers:
		add("moves", v.t("render.final.customers", "n", Count(o.Relations), "accounts", Count(len(o.Accounts))))
	case planner.FinishWizard:
		add("ends", v.t("render.final.wizard", "n", Count(len(o.Abandons)), "addresses", v.list(o.Abandons)))
	}
	return false, who
}

func (v *planView) bounds(f planner.FinalStep) string {
	var parts []string
	for _, b := range f.Bounds {
		code := "render.bound.within"
		switch {
		case f.Acknowledged == nil:
			code = "render.bound.none"
		case b.Measured > b.AtMost:
			code = "render.bound.over"
		}
		parts = append(parts, v.t(code, "what", v.t("render.bound."+b.Name), "measured", Count(int(b.Measured)), "most", Count(int(b.AtMost))))
	}
	return strings.Join(parts, v.t("render.semicolon"))
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

// kinds groups steps by kind and price, in the order of the plan.
func (v *planView) kinds(of planner.Risk) []kindView {
	var list []kindView
	at := map[string]int{}
	for i, s := range v.plan.Steps {
		t := s.Op.Traits()
		if t.Risk != of {
			continue
		}
		key := s.Op.Kind() + " " + t.Undo
		j, ok := at[key]
		if !ok {
			j = len(list)
			at[key] = j
			list = append(list, kindView{First: i + 1, Kind: s.Op.Kind(), Label: v.kind(s.Op.Kind()), Undo: v.t(t.Undo)})
		}
		list[j].Last = i + 1
		list[j].N++
		list[j].Subjects = append(list[j].Subjects, s.Op.Subject())
	}
	return list
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
