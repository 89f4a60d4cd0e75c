package planner

import (
	"cmp"
	"slices"
	"time"

	"github.com/mxmove/mxmove/config"
)

// ArrivedSlack is how much earlier than the switch [CopyMailbox].Arrived is: the
// clocks of two servers and of this machine differ.
const ArrivedSlack = time.Hour

// BuildReverse gives the plan of the way back: what the journal says that we
// did, taken back in the reverse order, up to the last step that nobody can
// take back. Records are put back by compare-and-swap; where a domain was
// switched its mail is carried from the target to the source until the tail
// of the way back is over; what was given to people is taken last. Mail that
// was copied stays at both, unless cutover.rollback_copies says otherwise. It is pure, as [Build] is.
func BuildReverse(spec *config.Spec, s Snapshot, now time.Time) *Plan {
	return BuildReverseBy("", spec, s, now)
}

// BuildReverseBy is [BuildReverse] by a version of the tool.
func BuildReverseBy(tool string, spec *config.Spec, s Snapshot, now time.Time) *Plan {
	p := buildReverse(spec, s, now)
	p.Digest = Digest(spec)
	p.Stamp(tool)
	return p
}

// buildReverse gives the plan without its digest and ID.
func buildReverse(spec *config.Spec, s Snapshot, now time.Time) *Plan {
	spec, s = ordered(spec, s)
	b := planBack(spec, s, now)
	return &Plan{Format: Format, Lineage: s.Lineage, Direction: Reverse, Spec: spec, Observed: s,
		Steps: b.steps, Findings: sortFindings(b.findings())}
}

// planBack gives the steps of the way back.
func planBack(spec *config.Spec, s Snapshot, now time.Time) *backBuilder {
	b := &backBuilder{builder: newBuilder(spec, s, now, rules{})}
	b.over, b.back = false, true // no window binds the way back
	_, _, b.closed = b.closing()
	b.plan()
	return b
}

// Again builds what p is a plan of, from a newer look.
func (p *Plan) Again(s Snapshot, now time.Time) *Plan {
	if p.Direction == Reverse {
		return BuildReverse(p.Spec, s, now)
	}
	return Build(p.Spec, s, now)
}

// backBuilder makes the steps of a way back.
type backBuilder struct {
	*builder
	closed   int // number of the last final step's intent: what came before it stays
	undos    []Undo
	switches []switchBack
	pending  []StepID // MX, its waits and the passes: what the rest comes behind
	passes   map[string]StepID
}

// switchBack is a domain whose MX we changed.
type switchBack struct {
	zone   string
	undo   Undo
	stands bool // the target's MX is still there, or another that is not the former
	base   int  // number of the last change of the MX that we know
	at     time.Time
}

func (b *backBuilder) plan() {
	if op := b.pressOp(); op != nil && b.begun(op) > 0 {
		return // there is no service any more that mail could go back to
	}
	b.passes = map[string]StepID{}
	for _, r := range b.latestFirst() {
		if u := r.Undo; u != nil && !isMX(r.Step) && r.Intent > b.closed && !tookBack(r, b.index) {
			b.undos = append(b.undos, *u)
		}
	}
	b.switches = b.switchesBack()
	first := b.takeBack(func(u Undo) bool { return u.In == Prepare }, true)
	var mx []StepID
	for _, z := range b.switches {
		if z.stands {
			mx = append(mx, b.add(z.undo, true, first...))
		}
	}
	b.pending = append(b.pending, mx...)
	var shown []StepID
	for _, z := range b.switches {
		shown = append(shown, b.waits(z)...)
	}
	b.carryBack(append(slices.Clone(mx), shown...))
	b.removePlaced(append(slices.Clone(mx), shown...))
	b.takeBack(func(u Undo) bool { return u.In != Prepare }, !b.standing())
	b.temporaries()
	b.behind(append(mx, shown...))
	if b.closed > 0 && !slices.ContainsFunc(b.steps, takesBack) {
		b.steps = nil // what is left is the way forward's own
	}
	b.inPhases()
}

// takesBack reports a step that no plan forward has.
func takesBack(s Step) bool {
	_, restore := s.Op.(Restore)
	return !restore
}

// latestFirst are the records in the reverse order of what was done.
func (b *backBuilder) latestFirst() []Record {
	return slices.SortedStableFunc(slices.Values(b.s.Records), func(x, y Record) int { return cmp.Compare(y.Intent, x.Intent) })
}

// takeBack adds the Undos that are chosen; work says whether it is their turn.
func (b *backBuilder) takeBack(chosen func(Undo) bool, work bool) []StepID {
	var ids []StepID
	for _, u := range b.undos {
		if !chosen(u) || standOf(u, b.index) == standsOther {
			continue
		}
		needs := b.pending
		if account := accountOf(u.Op); account != "" && b.passes[account] != "" {
			needs = []StepID{b.passes[account]}
		} else if account != "" {
			needs = nil
		}
		ids = append(ids, b.add(u, work, needs...))
	}
	return ids
}

// accountOf is the account that an op is about; "": none.
func accountOf(op Op) string {
	switch o := op.(type) {
	case SetEnabled:
		return o.Account
	case SetSeat:
		return o.Account
	case PutMember:
		return o.Account
	}
	return ""
}

// switchesBack finds the domains whose MX we changed: of each the change that
// was made or taken back last.
func (b *backBuilder) switchesBack() []switchBack {
	last := map[string]Record{}
	reached := func(r Record) int { return max(r.Intent, b.records[IDOf(*r.Undo)].Outcome) }
	for _, r := range b.s.Records {
		if r.Undo == nil || !isMX(r.Step) || reached(r) <= b.closed {
			continue
		}
		zone := r.Undo.Op.(SetRecords).New.Zone
		if old, ok := last[zone]; !ok || reached(r) > reached(old) {
			last[zone] = r
		}
	}
	var list []switchBack
	for _, zone := range sortedKeys(last) {
		r := last[zone]
		back := b.records[IDOf(*r.Undo)]
		z := switchBack{zone: zone, undo: *r.Undo, base: max(r.Outcome, back.Outcome), at: back.OutcomeAt}
		z.stands = r.Intent > 0 && standOf(*r.Undo, b.index) != standsBack
		if z.stands || z.base > 0 || back.Intent > 0 {
			list = append(list, z)
		}
	}
	return list
}

func (z switchBack) former() []string { return canonicalMX(z.undo.Op.(SetRecords).New.Values) }

// wait is what the world needs to notice that a domain's MX is the former one.
func (z switchBack) wait(what string) Wait {
	w := Wait{For: what, On: z.zone, In: Cutover, Values: z.former()}
	if what == waitCaches {
		w.In = Drain
	}
	return w
}

// What waits are for.
const (
	waitServers    = "authoritative"
	waitCaches     = "caches"
	waitActivation = "activation"
)

// waits adds those of a domain, until each has an outcome since the MX was
// changed last; it gives the one on the servers.
func (b *backBuilder) waits(z switchBack) (servers []StepID) {
	for _, what := range []string{waitServers, waitCaches} {
		w := z.wait(what)
		if !z.stands && b.records[IDOf(w)].Outcome > z.base {
			continue
		}
		if what == waitCaches { // the target's MX may have been fetched a moment before
			is, _ := b.set(z.zone, z.zone, "MX")
			w.Least = time.Duration(is.TTL) * time.Second
		}
		id := b.add(w, true, IDOf(z.undo))
		b.pending = append(b.pending, id)
		if what == waitServers {
			servers = append(servers, id)
		}
	}
	return servers
}

// carryBack adds the passes from the target to the source.
func (b *backBuilder) carryBack(needs []StepID) {
	if len(b.switches) == 0 {
		return
	}
	arrived := b.switches[0].undo.Since
	for _, z := range b.switches {
		if z.undo.Since.Before(arrived) {
			arrived = z.undo.Since
		}
	}
	for _, p := range b.people {
		if !p.listed || p.left.Leaves() || !b.copied(p) {
			continue
		}
		op := passBackOf(b.spec, p.Mailbox)
		op.Arrived = arrived.Add(-ArrivedSlack)
		id := IDOf(op)
		rec := b.records[id]
		if b.ended(rec) {
			continue
		}
		own := slices.Clone(needs)
		if b.tenant() != nil {
			own = append(own, b.opened(p.account))
		}
		b.addAs(id, op, b.passBack(rec), own...)
		b.steps[b.at[id]].Estimate = estimateBack(b.boxes[p.Address])
		b.passes[p.account] = id
		b.pending = append(b.pending, id)
	}
}

// passBackOf carries a row's mail from the target to the source.
func passBackOf(spec *config.Spec, row config.Mailbox) CopyMailbox {
	return CopyMailbox{Address: row.Address, From: EndpointOf(spec.Target.IMAP, row.TargetLogin),
		To: EndpointOf(spec.Source.IMAP, row.SourceLogin), Wave: row.Wave, In: Drain}
}

// standing reports that mail may still go to the target.
func (b *backBuilder) standing() bool { return len(b.pending) > 0 }

// behind puts Restores behind the steps that they would get in the way of.
func (b *backBuilder) behind(ids []StepID) {
	for i := range b.steps {
		if _, restore := b.steps[i].Op.(Restore); restore {
			b.steps[i].Needs = append(b.steps[i].Needs, ids...)
		}
	}
}
