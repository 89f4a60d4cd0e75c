package planner

import (
	"slices"

	"github.com/mxmove/mxmove/config"
)

// drain fetches what still arrives at the source, and compares.
func (b *builder) drain() {
	var needs []StepID
	if !b.someSwitched() {
		needs = b.switchIDs()
	}
	for _, p := range b.people {
		if b.copied(p) && (b.switching || !b.tailClosed(p)) {
			id := b.pass(p, Drain, needs)
			if p.listed || b.off.spfNeedsAll {
				b.tails = append(b.tails, id)
			}
		}
	}
	if b.wizard() {
		b.once(Compare{What: "mailboxes", Corp: b.corp()}, slices.Concat(b.switchIDs(), b.activations())...)
	}
	if op := b.pressOp(); op != nil {
		merged := IDOf(Wait{For: waitMerged, On: b.pressOn()})
		if b.erasing() {
			b.once(Compare{What: "settings", Corp: b.pressOn()}, merged)
		}
		b.once(Compare{What: "members", Corp: b.pressOn()}, merged)
		left := b.spec.Roster.Departures()
		for _, row := range b.spec.Roster.Mailboxes {
			if left[row.Address].Mail != "" {
				continue
			}
			b.once(Notify{Template: "restart-client", To: row.Address, In: Drain}, merged)
		}
	}
	if b.spec.Customers != nil {
		b.once(Compare{What: "customers", Corp: b.corp()}, IDOf(MoveCustomers{From: b.spec.Source.CorpID, Into: b.corp()}))
	}
}

// switchIDs are the changes of MX that still stand.
func (b *builder) switchIDs() []StepID {
	var ids []StepID
	for _, z := range b.zones() {
		if !b.switched(z) && b.seenZone(z) {
			ids = append(ids, IDOf(b.switchOp(z)))
		}
	}
	return ids
}

// activations are the waits for the target to take over the domains.
func (b *builder) activations() []StepID {
	var ids []StepID
	for _, z := range b.zones() {
		ids = append(ids, IDOf(Wait{For: waitActivation, On: z.Domain}))
	}
	return ids
}

// retire takes the old service out of SPF and puts tags back.
func (b *builder) retire() {
	for _, z := range b.zones() {
		if op, ok := b.spfEdit(z, nil, z.SPF.Remove, Retire); ok && b.seenZone(z) {
			needs := append(b.waitsOf(z), b.tails...)
			if !b.switched(z) {
				needs = append(needs, IDOf(b.switchOp(z)))
			}
			work := !b.switching && len(b.tails) == 0 && !b.now.Before(b.tailEnd())
			b.add(op, work, needs...)
		}
	}
	if b.erasing() {
		b.once(PutTags{Corp: b.corp()}, IDOf(Compare{What: "settings", Corp: b.pressOn()}))
	}
}

func (b *builder) waitsOf(z config.Zone) []StepID {
	var ids []StepID
	for _, what := range []string{waitServers, waitCaches, waitActivation} {
		ids = append(ids, IDOf(Wait{For: what, On: z.Domain}))
	}
	return ids
}
