package planner

import (
	"slices"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
)

// Procedures (config.Side.Procedure); routeIMAP stands for none.
const (
	routeIMAP    = ""
	routeHistory = "history"
	routeMerge   = "merge"
	routeUpgrade = "upgrade"
)

// builder makes the steps of one plan. Steps are added in an order in which
// each stands behind what it needs; sorting by phase keeps it.
type builder struct {
	spec  *config.Spec
	s     Snapshot
	now   time.Time
	off   rules
	route string
	over  bool // the window is over
	back  bool // this is the way back

	index
	people    []person
	left      map[string]config.Departure // rows, by address
	heirs     map[string]inheritance      // by the address of who gets a leaver's mail
	switching bool                        // a domain or a one-shot act is still to come
	pressed   bool                        // the merge or upgrade, if there is one, is done
	steps     []Step
	at        map[StepID]int
	temps     []temp
	raised    map[StepID]bool // of temps
	shared    map[string]StepID
	found     []config.Finding

	// Reckoned once, for each is asked for every mailbox.
	zoneList    []config.Zone
	lastOf      map[string]Record // by domain
	switchedOf  map[string]bool
	anySwitched bool // some domain is switched
	end         time.Time
	hold        StepID

	prepared, settled, lasts, tails []StepID // what the acts of Cutover need
	archives                        []StepID
}

// person is a row, or a member of the target's directory that is given a
// mailbox without one.
type person struct {
	config.Mailbox
	listed  bool
	account string
	member  *Member // nil: none
	left    config.Departure
	from    Endpoint
	to      Endpoint
	first   StepID // the first pass
	made    bool   // the address is of our making
	two     []string
}

// temp is a Temporary that may stand: it does while a step needs it.
type temp struct {
	op    Op
	group string // restored in reverse order within it
	needs []StepID
}

func newBuilder(spec *config.Spec, s Snapshot, now time.Time, off rules) *builder {
	b := survey(spec, s, now, off)
	b.people = b.whoIsWho()
	return b
}

// survey is a builder that knows what became of domains and acts, not who is who.
func survey(spec *config.Spec, s Snapshot, now time.Time, off rules) *builder {
	b := &builder{spec: spec, s: s, now: now, off: off, route: spec.Target.Procedure,
		index: indexOf(s), at: map[StepID]int{}, raised: map[StepID]bool{}, shared: map[string]StepID{}}
	b.over = spec.Cutover != nil && now.After(spec.Cutover.Closes)
	b.left = b.departures()
	b.reckon()
	b.pressed = true
	if op := b.pressOp(); op != nil {
		b.pressed = b.acted(op)
	}
	b.switching = spec.Cutover != nil && !b.pressed
	for _, z := range b.zones() {
		b.switching = b.switching || !b.switched(z)
	}
	return b
}

// reckon looks once at what many steps ask for.
func (b *builder) reckon() {
	b.hold = IDOf(b.holdOp())
	if b.spec.Cutover == nil {
		return
	}
	b.zoneList = sortedBy(b.spec.Cutover.Zones, func(z config.Zone) string { return z.Domain })
	b.lastOf, b.switchedOf = map[string]Record{}, map[string]bool{}
	var last time.Time
	for _, z := range b.zoneList {
		rec := b.findLastSwitch(z)
		b.lastOf[z.Domain] = rec
		b.switchedOf[z.Domain] = b.findSwitched(z)
		b.anySwitched = b.anySwitched || b.switchedOf[z.Domain]
		at := rec.OutcomeAt
		if rec.Outcome == 0 && b.switchedOf[z.Domain] { // by whom and when is lost
			at = b.s.Recovered
		}
		if at.After(last) {
			last = at
		}
	}
	b.end = last.Add(b.spec.Cutover.Tail)
}

// plan adds all steps.
func (b *builder) plan() {
	b.tasks()
	b.inventories()
	b.spfAdded()
	b.keysAdded()
	b.accounts()
	b.sharedAndGroups()
	b.seats()
	b.notices()
	b.copies()
	b.drops()
	if b.spec.Cutover != nil {
		b.freeze()
		b.acts()
		b.switches()
		b.drain()
		b.retire()
	}
	b.temporaries()
	b.lastOfAll()
	b.inPhases()
}

// inPhases orders the steps by phase and reckons each.
func (b *builder) inPhases() {
	var phases [Retire + 1][]Step
	for _, s := range b.steps {
		in := s.Op.Traits().Phase
		phases[in] = append(phases[in], s)
	}
	b.steps = slices.Concat(phases[:]...)
	for i := range b.steps {
		b.finish(&b.steps[i])
	}
}

// add gives a step and its ID. Needs that do not stand are taken out at the end.
func (b *builder) add(op Op, work bool, needs ...StepID) StepID {
	return b.addAs(IDOf(op), op, work, needs...)
}

// addAs is add for who reckoned the ID already.
func (b *builder) addAs(id StepID, op Op, work bool, needs ...StepID) StepID {
	if _, twice := b.at[id]; twice {
		return id
	}
	b.at[id] = len(b.steps)
	b.steps = append(b.steps, Step{ID: id, Op: op, Needs: needs, Work: work, Doubt: work && b.doubt(op, id)})
	return id
}

// finish keeps the needs that stand, each once, and reckons.
func (b *builder) finish(s *Step) {
	var needs []StepID
	if len(s.Needs) > 0 {
		seen := make(map[StepID]bool, len(s.Needs))
		for _, id := range s.Needs {
			if _, stands := b.at[id]; stands && !seen[id] && id != s.ID {
				seen[id] = true
				needs = append(needs, id)
			}
		}
	}
	s.Needs, s.Proof = needs, b.proofOf(s.Op)
	if s.Work && s.Estimate == 0 {
		s.Estimate = assumedOf(s.Op)
	}
}

// doubt says that a person must attest before a one-shot act is instructed:
// it was begun, or the state directory was rebuilt and nobody can see it.
func (b *builder) doubt(op Op, id StepID) bool {
	t := op.Traits()
	if t.Repeat != OneShot && t.Risk != Final {
		return false
	}
	f := b.facts[id]
	if f.Started > 0 && f.Finished == 0 && !f.Never && !b.again(id, f.Started) {
		return true
	}
	_, seen := b.sight(id)
	return !b.off.recoveredIsFresh && !b.s.Recovered.IsZero() && !seen && !f.Never
}

// again reports whether the spec lets a step be done anew: it names it and
// the number of the outcome, or start, that it answers to.
func (b *builder) again(id StepID, number int) bool {
	return againFor(b.spec, id, number, b.off)
}

func againFor(spec *config.Spec, id StepID, number int, off rules) bool {
	return slices.ContainsFunc(spec.Again, func(a config.Again) bool {
		return a.Step == string(id) && (a.Outcome == number || off.againByName)
	})
}

// sight gives what the world shows of an act; seen is false where it cannot.
func (x index) sight(id StepID) (done, seen bool) {
	v, ok := x.sights[id]
	return ok && v.Done, ok && v.Seen.Known()
}

// attestable is sight of a task: where nobody looked for the act itself, the table's
// post-check tells.
func (x index) attestable(id StepID, t Task) (done, seen bool) {
	if done, seen = x.sight(id); seen {
		return done, seen
	}
	return taskShown(t, x.of)
}

// acted reports whether an act is done: shown, attested, or on record. A
// one-shot act stays done whatever the world shows later.
func (b *builder) acted(op Op) bool {
	id := IDOf(op)
	done, seen := b.sight(id)
	if t, ok := op.(Task); ok {
		done, seen = b.attestable(id, t)
	}
	attested := b.facts[id].holds(b.now) || b.records[id].Outcome > 0
	if op.Traits().Repeat == OneShot {
		return done || attested
	}
	if seen {
		return done
	}
	return attested
}

// once adds a step that no observation shows, until it has an outcome.
func (b *builder) once(op Op, needs ...StepID) StepID {
	if b.acted(op) {
		return IDOf(op)
	}
	return b.add(op, true, needs...)
}

// need names a Temporary and has it stand while somebody needs it.
func (b *builder) need(op Op, needs ...StepID) StepID {
	id := IDOf(op)
	if !b.raised[id] {
		b.raised[id] = true
		b.temps = append(b.temps, temp{op, groupOf(op), needs})
	}
	return id
}

// corp is the target tenant.
func (b *builder) corp() string { return b.spec.Target.CorpID }

// mover says who carries a row's mail: mxmove, wizard, or "" for nobody or
// the vendor's press.
func (b *builder) mover(row config.Mailbox) string {
	if b.spec.History == nil || b.vendor() {
		return ""
	}
	if b.left[row.Address].Leaves() {
		return moverSelf // the vendor's wizard carries a mailbox into its own only
	}
	if row.Mover != "" {
		return row.Mover
	}
	return strings.TrimSpace(b.spec.History.Mover)
}
