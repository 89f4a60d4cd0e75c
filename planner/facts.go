package planner

import (
	"cmp"
	"slices"
	"time"

	"github.com/mxmove/mxmove/config"
)

// Point is the point of no return: it stands before step N of Of.
type Point struct {
	Before    StepID    `json:"before"`
	N         int       `json:"n"` // from 1
	Of        int       `json:"of"`
	NotBefore time.Time `json:"not_before,omitzero"` // the window opens
}

// PointOfNoReturn finds the first irreversible step; ok is false if the plan
// has none.
func (p *Plan) PointOfNoReturn() (point Point, ok bool) {
	i := slices.IndexFunc(p.Steps, func(s Step) bool { return s.Op.Traits().Risk == Final })
	if i < 0 {
		return Point{}, false
	}
	point = Point{Before: p.Steps[i].ID, N: i + 1, Of: len(p.Steps)}
	if p.Spec.Cutover != nil {
		point.NotBefore = p.Spec.Cutover.Opens
	}
	return point, true
}

// Back is the way back: open at a price, or closed since a final step.
type Back struct {
	Open     bool      `json:"open"`
	ClosedBy StepID    `json:"closed_by,omitempty"` // the last final step that was done or begun
	ClosedAt time.Time `json:"closed_at,omitzero"`

	// ClosedBy was not announced, as far as is on record: nobody looked, and no
	// gate was judged, right before it.
	Unobserved bool `json:"unobserved,omitempty"`

	Switched []string    `json:"switched,omitempty"` // domains whose MX is the target's
	Undo     []UndoPrice `json:"undo,omitempty"`     // Costly steps done, the last first
}

// UndoPrice is what one step that was done costs to take back.
type UndoPrice struct {
	Step  StepID `json:"step"`
	Price string `json:"price"` // catalogue code
}

// WayBack tells what it would take to go back now.
func (p *Plan) WayBack() Back {
	back := Back{Open: true}
	b := survey(p.Spec, p.Observed, p.Observed.At, rules{})
	for _, z := range b.zones() {
		if b.switched(z) && !b.vendorsAlready(z) {
			back.Switched = append(back.Switched, z.Domain)
		}
	}
	records := slices.SortedFunc(slices.Values(p.Observed.Records), func(x, y Record) int { return cmp.Compare(y.Outcome, x.Outcome) })
	for _, r := range records {
		if of, ok := undoOf[r.Step.Kind()]; ok && r.Outcome > 0 && (r.Step.Kind() != (SetRecords{}).Kind() || isMX(r.Step)) {
			back.Undo = append(back.Undo, UndoPrice{Step: r.Step, Price: of})
		}
	}
	if id, at, n := b.closing(); n > 0 {
		back.Open, back.ClosedBy, back.ClosedAt = false, id, at
		back.Unobserved = b.records[id].Intent == 0 && b.facts[id].Started == 0
	}
	return back
}

// closing finds the last final step that was done or begun, when, and the
// number of its start in the journal: 1 where only the world shows it; 0: none.
func (b *builder) closing() (id StepID, at time.Time, number int) {
	for _, op := range b.presses() {
		if n := b.begun(op); n > number {
			id, number = IDOf(op), n
			rec := b.records[id]
			at = cmp.Or(rec.IntentAt, rec.OutcomeAt, b.facts[id].At)
		}
	}
	return id, at, number
}

// begun is the number of an act's start in the journal: 1 where only the world
// shows it, 0 where it was not begun.
func (b *builder) begun(op Op) int {
	f, rec := b.facts[IDOf(op)], b.records[IDOf(op)]
	if !b.acted(op) && (f.Started == 0 || f.Never) && rec.Intent == 0 {
		return 0
	}
	return max(rec.Intent, f.Started, 1)
}

// unannounced tells of acts of Cutover that the world shows done and that no
// record says anybody began.
func (b *builder) unannounced() []config.Finding {
	var found []config.Finding
	for _, op := range b.presses() {
		id := IDOf(op)
		done, seen := b.sight(id)
		if done && seen && op.Traits().Phase == Cutover && b.s.Recovered.IsZero() && unknownToUs(b.index, id, rules{}) {
			found = append(found, blocks(op.Subject(), "plan.unannounced", "step", string(id)))
		}
	}
	return found
}

// undoOf are the prices of the Costly kinds.
var undoOf = map[string]string{
	PutMember{}.Kind():   "undo.put-member",
	PutShared{}.Kind():   "undo.put-shared",
	SetSeat{}.Kind():     "undo.set-seat",
	Notify{}.Kind():      "undo.notify",
	DropMailbox{}.Kind(): "undo.drop-mailbox",
	SetRecords{}.Kind():  "undo.set-mx",
}

func isMX(id StepID) bool { return keyedSet(id.Subject(), "").Type == "MX" }

// presses are the one-shot acts that the spec leads to.
func (b *builder) presses() []Op {
	var ops []Op
	if op := b.pressOp(); op != nil {
		ops = append(ops, op)
	}
	if len(b.wizardRows()) > 0 {
		ops = append(ops, FinishWizard{Corp: b.corp()})
	}
	if b.spec.Customers != nil {
		ops = append(ops, MoveCustomers{From: b.spec.Source.CorpID, Into: b.corp()})
	}
	return ops
}

// Acts gives the acts of people that a spec leads to, so that observers know
// what to look for: see [Sight]. Only their identity is filled in.
func Acts(spec *config.Spec, s Snapshot) []Op {
	b := newBuilder(spec, s, s.At, rules{})
	ops := b.presses()
	b.tasks()
	for _, st := range b.steps {
		if st.Op.Traits().Person {
			ops = append(ops, st.Op)
		}
	}
	return ops
}
