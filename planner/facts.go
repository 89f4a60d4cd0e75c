package planner

import (
	"cmp"
	"slices"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
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
	ClosedBy StepID    `json:"closed_by,omitempty"` // the first final step that was done or begun
	ClosedAt time.Time `json:"closed_at,omitzero"`
	Switched []string  `json:"switched,omitempty"` // domains whose MX is the target's
	Undo     []Undo    `json:"undo,omitempty"`     // Costly steps done, the last first
}

// Undo is what one step that was done costs to take back.
type Undo struct {
	Step  StepID `json:"step"`
	Price string `json:"price"` // catalogue code
}

// WayBack tells what it would take to go back now.
func (p *Plan) WayBack() Back {
	back := Back{Open: true}
	b := newBuilder(p.Spec, p.Observed, p.Observed.At, rules{})
	for _, z := range b.zones() {
		if b.switched(z) {
			back.Switched = append(back.Switched, z.Domain)
		}
	}
	records := slices.SortedFunc(slices.Values(p.Observed.Records), func(x, y Record) int { return cmp.Compare(y.Outcome, x.Outcome) })
	for _, r := range records {
		if of, ok := undoOf[r.Step.Kind()]; ok && r.Outcome > 0 && (r.Step.Kind() != (SetRecords{}).Kind() || isMX(r.Step)) {
			back.Undo = append(back.Undo, Undo{Step: r.Step, Price: of})
		}
	}
	for _, op := range b.presses() {
		id := IDOf(op)
		f, rec := b.facts[id], b.records[id]
		if (b.acted(op) || f.Started > 0 && !f.Never || rec.Intent > 0) && back.Open {
			back.Open, back.ClosedBy, back.ClosedAt = false, id, cmp.Or(rec.OutcomeAt, rec.IntentAt, f.At)
		}
	}
	return back
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

// Deadline is a moment by which something must be done for the window to be
// kept, and which steps it is about.
type Deadline struct {
	text.Msg
	By    time.Time `json:"by"`
	Steps []StepID  `json:"steps"` // in order
	Late  bool      `json:"late,omitempty"`
}

// Leads that are reckoned back from the window's opening.
const (
	passwordLead = 2 * day
	stsAge       = 7 * day // of a policy whose max_age is not known
)

// DoBy reckons the deadlines back from the window, the first due first.
func (p *Plan) DoBy(now time.Time) []Deadline {
	c := p.Spec.Cutover
	if c == nil {
		return nil
	}
	x := indexOf(p.Observed)
	d := deadlines{}
	var copying time.Duration
	for _, s := range p.Steps {
		if !s.Work {
			continue
		}
		switch op := s.Op.(type) {
		case SetTTL:
			ttl := x.sets[op.Set.Zone+"/"+op.Set.Key()].TTL
			d.add("doby.ttl", c.Opens.Add(-time.Duration(ttl)*time.Second), s.ID)
		case SetRecords:
			if op.Temporary {
				d.add("doby.mta-sts", c.Opens.Add(-cmp.Or(x.zoned[op.New.Zone].STSAge, stsAge)), s.ID)
			}
		case Task:
			d.add("doby.task", c.Opens.Add(-tasks[op.Name].lead), s.ID)
		case CopyMailbox:
			if op.In == Copy {
				copying += s.Estimate
			}
			if op.In == Copy && lacksPassword(p.Spec, x, op.Address) {
				d.add("doby.passwords", c.Opens.Add(-passwordLead), s.ID)
			}
		}
	}
	if copying > 0 {
		lines := min(p.Spec.Source.IMAP.Limits.Connections, p.Spec.Target.IMAP.Limits.Connections)
		d.add("doby.copy", c.Opens.Add(-copying/time.Duration(max(lines, 1))))
	}
	return d.sorted(now)
}

func lacksPassword(spec *config.Spec, x index, address string) bool {
	i, ok := slices.BinarySearchFunc(spec.Roster.Mailboxes, address, func(m config.Mailbox, a string) int { return cmp.Compare(m.Address, a) })
	if ok && spec.Source.IMAP.Login.Kind == config.LoginPassword && spec.Roster.Mailboxes[i].SourcePassword.IsZero() {
		return true
	}
	return x.boxes[address].State == WaitPerson
}

type deadlines map[string]*Deadline

func (d deadlines) add(code string, by time.Time, steps ...StepID) {
	key := code + by.String()
	if d[key] == nil {
		d[key] = &Deadline{Msg: text.M(code), By: by}
	}
	d[key].Steps = append(d[key].Steps, steps...)
}

func (d deadlines) sorted(now time.Time) []Deadline {
	var list []Deadline
	for _, key := range sortedKeys(d) {
		one := *d[key]
		one.Late = now.After(one.By)
		one.Args = text.Args{"n": itoa(len(one.Steps))}
		list = append(list, one)
	}
	slices.SortStableFunc(list, func(a, b Deadline) int { return a.By.Compare(b.By) })
	return list
}

// Change is what differs from an earlier plan.
type Change struct {
	Earlier  string        `json:"earlier"` // its ID
	At       time.Time     `json:"at,omitzero"`
	Added    []StepID      `json:"added,omitempty"`
	Done     []StepID      `json:"done,omitempty"`    // gone, and on record or shown as done
	Gone     []StepID      `json:"gone,omitempty"`    // gone otherwise
	Grown    []Growth      `json:"grown,omitempty"`   // final steps whose bounds differ
	Opened   []string      `json:"opened,omitempty"`  // codes of findings that are new
	Settled  []string      `json:"settled,omitempty"` // codes that are gone
	Settings bool          `json:"settings,omitempty"`
	Messages int           `json:"messages,omitempty"` // more at the source
	Estimate time.Duration `json:"estimate,omitempty"` // more
}

// Growth is a bound of a final step that was measured anew.
type Growth struct {
	Step StepID `json:"step"`
	Name string `json:"name"`
	More int64  `json:"more"`
}

// Since compares the plan with an earlier one.
func (p *Plan) Since(earlier *Plan) Change {
	c := Change{Earlier: earlier.ID, At: earlier.Observed.At, Added: Beyond(p, earlier)}
	x := indexOf(p.Observed)
	for _, id := range Beyond(earlier, p) {
		s, _ := earlier.Step(id)
		done, seen := shown(s.Op, id, x)
		if done && seen || x.records[id].Outcome > 0 || x.facts[id].holds(p.Observed.At) {
			c.Done = append(c.Done, id)
		} else {
			c.Gone = append(c.Gone, id)
		}
	}
	c.Grown = growth(p.Finals(), earlier.Finals())
	c.Opened, c.Settled = codesOnlyIn(p.Findings, earlier.Findings), codesOnlyIn(earlier.Findings, p.Findings)
	c.Settings = hashOf(settingsText(p.Spec)) != hashOf(settingsText(earlier.Spec))
	c.Messages = messages(p.Observed) - messages(earlier.Observed)
	c.Estimate = p.total() - earlier.total()
	return c
}

func growth(now, before []FinalStep) []Growth {
	var list []Growth
	was := keyed(before, func(f FinalStep) StepID { return f.Step })
	for _, f := range now {
		old, ok := was[f.Step]
		for i, b := range f.Bounds {
			if ok && i < len(old.Bounds) && old.Bounds[i].Measured != b.Measured {
				list = append(list, Growth{f.Step, b.Name, b.Measured - old.Bounds[i].Measured})
			}
		}
	}
	return list
}

func codesOnlyIn(a, b []config.Finding) []string {
	in := keyed(b, func(f config.Finding) string { return f.Code + " " + f.Subject })
	var codes []string
	for _, f := range a {
		if _, both := in[f.Code+" "+f.Subject]; !both {
			codes = append(codes, f.Code)
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

func messages(s Snapshot) int {
	n := 0
	for _, m := range s.Mailboxes {
		n += m.Source.Messages
	}
	return n
}

func (p *Plan) total() time.Duration {
	var d time.Duration
	for _, s := range p.Steps {
		if s.Work {
			d += s.Estimate
		}
	}
	return d
}
