package render

import (
	"slices"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// Stand is how far a migration's steps are, whoever carries the mail.
type Stand struct {
	Route  string    `json:"route,omitempty"` // history, merge or upgrade; "": between IMAP services
	Phase  string    `json:"phase,omitempty"` // of the next step with work; "": nothing is left
	Pass   int       `json:"pass,omitempty"`  // so often the mailbox that was gone over most was
	Until  time.Time `json:"until,omitzero"`  // the window opens; zero: it has, or there is none
	Done   int       `json:"done"`            // steps with an outcome and nothing to do
	All    int       `json:"all"`             // these, and those ahead
	Press  *Press    `json:"press,omitempty"` // nil: nothing that cannot be undone was begun
	Waits  []Waiting `json:"waits,omitempty"`
	Next   Next      `json:"next"`
	Vendor bool      `json:"vendor,omitempty"` // carries the mail: none of it is counted here
}

// Press is the last act that cannot be undone.
type Press struct {
	Step  planner.StepID `json:"step"`
	Since time.Time      `json:"since"`
	Ended time.Time      `json:"ended,omitzero"` // when it was said, or seen, to be over
}

// Waiting is what people are waited for.
type Waiting struct {
	Step  planner.StepID `json:"step"`           // the first such one
	Words text.Msg       `json:"words"`          // CODE.what and CODE.do
	More  int            `json:"more,omitempty"` // further steps of the kind
}

// Next is the next act: what, when, and by whom.
type Next struct {
	Kind string         `json:"kind"` // attest, window, apply, plan or done
	Step planner.StepID `json:"step,omitempty"`
	Who  string         `json:"who,omitempty"`
	At   time.Time      `json:"at,omitzero"` // not before
	By   time.Time      `json:"by,omitzero"` // not after
}

// standOf reckons what the plan and its records show.
func standOf(p *planner.Plan, now time.Time) Stand {
	s := Stand{Route: p.Spec.Target.Procedure, Vendor: vendors(p.Spec.Target.Procedure)}
	s.count(p)
	s.press(p)
	cut := p.Spec.Cutover
	begun := slices.ContainsFunc(p.Observed.Records, func(r planner.Record) bool { return gatedKinds[r.Step.Kind()] && r.Outcome > 0 })
	first, left := firstPhase(p)
	if left {
		if s.Press != nil {
			first = max(first, planner.Cutover)
		}
		if !begun && first > planner.Copy {
			first = planner.Copy
			if s.Vendor {
				first = planner.Prepare
			}
		}
		s.Phase = first.String()
	}
	if cut != nil && left && now.Before(cut.Opens) {
		s.Until = cut.Opens
	}
	s.Next = s.next(p, now, left)
	return s
}

// gatedKinds are what a freeze begins with, and what a cutover does.
var gatedKinds = map[string]bool{planner.HoldDirectory{}.Kind(): true, planner.MergeTenants{}.Kind(): true, planner.UpgradeTenant{}.Kind(): true}

// vendors reports whether no step carries mail to the target.
func vendors(procedure string) bool {
	return procedure == config.ProcedureMerge || procedure == config.ProcedureUpgrade
}

func (s *Stand) count(p *planner.Plan) {
	ahead := map[planner.StepID]bool{}
	records := map[planner.StepID]planner.Record{}
	for _, r := range p.Observed.Records {
		records[r.Step] = r
	}
	for _, st := range p.Steps {
		again := st.Work && st.Op.Traits().Repeat != planner.Converge // a pass is repeated while there is something to carry
		if again || records[st.ID].Outcome == 0 {
			ahead[st.ID] = true
		}
	}
	for id, r := range records {
		if r.Outcome > 0 && !ahead[id] {
			s.Done++
		}
	}
	s.All = s.Done + len(ahead)
}

// press finds the last final step that was begun, and whether it is over.
func (s *Stand) press(p *planner.Plan) {
	back := p.WayBack()
	if back.Open {
		return
	}
	fact, _ := p.Observed.Fact(back.ClosedBy)
	rec, _ := p.Observed.Record(back.ClosedBy)
	s.Press = &Press{Step: back.ClosedBy, Since: back.ClosedAt}
	if !rec.IntentAt.IsZero() {
		s.Press.Since = rec.IntentAt
	}
	if fact.Finished > 0 && !fact.Void {
		s.Press.Ended = fact.At
	}
	for _, w := range p.Observed.Records { // what is waited for behind it, where the world shows it
		if w.Step.Kind() == (planner.Wait{}).Kind() && w.Outcome > 0 && w.OutcomeAt.After(s.Press.Since) {
			s.Press.Ended = w.OutcomeAt
		}
	}
}

func firstPhase(p *planner.Plan) (first planner.Phase, left bool) {
	for _, st := range p.Steps {
		if in := st.Op.Traits().Phase; st.Work && (!left || in < first) {
			first, left = in, true
		}
	}
	return first, left
}

func (s *Stand) next(p *planner.Plan, now time.Time, left bool) Next {
	cut := p.Spec.Cutover
	for _, st := range p.Steps {
		if st.Doubt && st.Work {
			f, _ := p.Observed.Fact(st.ID)
			return Next{Kind: "attest", Step: st.ID, Who: f.Who}
		}
	}
	var n Next
	for _, f := range p.Finals() {
		if st, ok := p.Step(f.Step); ok && st.Work {
			n.Step, n.Who = f.Step, pressedBy(st.Op)
		}
	}
	switch {
	case !left && len(p.Steps) == 0:
		return Next{Kind: "done"}
	case cut == nil:
		n.Kind = "apply"
	case now.Before(cut.Opens):
		n.Kind, n.At, n.By = "window", cut.Opens, cut.Closes
	case now.After(cut.Closes) && s.Phase != planner.Drain.String() && s.Phase != planner.Retire.String():
		n.Kind = "plan"
	default:
		n.Kind = "apply"
	}
	return n
}

// pressedBy names who presses; "": nobody in particular.
func pressedBy(op planner.Op) string {
	switch o := op.(type) {
	case planner.MergeTenants:
		return o.Creator
	case planner.UpgradeTenant:
		return o.Administrator
	}
	return ""
}
