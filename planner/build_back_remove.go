package planner

import (
	"slices"

	"github.com/mxmove/mxmove/config"
)

// RemovePlaced takes away at the target what passes placed there of a mailbox,
// where the source holds the same: the way back's last step about its mail,
// where cutover.rollback_copies is "remove". Retire, Costly, Converge; bound by
// the gates as a step of Cutover is.
type RemovePlaced struct {
	Address string   `json:"address"`
	From    Endpoint `json:"from"` // at the target
	Kept    Endpoint `json:"kept"` // at the source

	// AtMost bounds what is removed: the mailbox at the target as it was seen
	// last, else what is on record as copied. Never part of the identity.
	AtMost Radius `json:"at_most"`
}

// Kind is remove-placed.
func (RemovePlaced) Kind() string { return "remove-placed" }

// Subject is the address.
func (r RemovePlaced) Subject() string { return r.Address }

// Identity is both ends.
func (r RemovePlaced) Identity() []string { return []string{string(r.From), string(r.Kept)} }

// Traits of a removal: a pass forward copies again what the source holds.
func (RemovePlaced) Traits() Traits {
	return Traits{Phase: Retire, Risk: Costly, Repeat: Converge, Gates: AlwaysGated, Undo: "undo.remove-placed"}
}

func (RemovePlaced) op() {}

// removePlaced adds, where the spec wants it, the steps that take copies away:
// each has its turn when nothing can come to the target any more.
func (b *backBuilder) removePlaced(needs []StepID) {
	if c := b.spec.Cutover; c == nil || c.RollbackCopies != config.CopiesRemove || b.closed > 0 {
		return
	}
	forward := b.copiedForward()
	turn := !b.standing()
	var added []StepID
	for _, p := range b.people {
		last, ok := forward[p.Address]
		if !ok || !p.listed || p.left.Leaves() || !b.copied(p) {
			continue
		}
		pass := passBackOf(b.spec, p.Mailbox)
		op := RemovePlaced{Address: p.Address, From: pass.From, Kept: pass.To, AtMost: b.atMost(p.Address, last.Tally)}
		id := IDOf(op)
		if rec := b.records[id]; rec.Outcome > rec.Intent && rec.Failed == nil && rec.Intent > last.Intent {
			continue
		}
		own := slices.Clone(needs)
		if first := b.passes[p.account]; first != "" {
			own = append(own, first)
		}
		if b.tenant() != nil {
			own = append(own, b.opened(p.account))
		}
		b.addAs(id, op, turn, own...)
		b.steps[b.at[id]].Estimate = estimateRemoval(op.AtMost)
		b.passes[p.account] = id
		added = append(added, id)
	}
	b.pending = append(b.pending, added...)
}

// copiedForward sums up the passes forward by mailbox: what they placed, and
// the last of their intents.
func (b *backBuilder) copiedForward() map[string]Record {
	sums := map[string]Record{}
	for _, p := range b.people {
		back := IDOf(passBackOf(b.spec, p.Mailbox))
		for _, r := range b.s.Records {
			if r.Step.Kind() != (CopyMailbox{}).Kind() || r.Step.Subject() != p.Address || r.Step == back || r.Intent == 0 {
				continue
			}
			sum := sums[p.Address]
			sum.Intent = max(sum.Intent, r.Intent)
			sum.Tally.Copied, sum.Tally.Bytes = sum.Tally.Copied+r.Tally.Copied, sum.Tally.Bytes+r.Tally.Bytes
			sums[p.Address] = sum
		}
	}
	return sums
}

func (b *backBuilder) atMost(address string, copied Tally) Radius {
	at := b.boxes[address].Target
	if !at.Seen.Known() {
		return Radius{Mailboxes: 1, Messages: copied.Copied, Bytes: copied.Bytes}
	}
	return Radius{Mailboxes: 1, Messages: at.Messages, Bytes: at.Bytes}
}

// Removals sums up what the way back takes away at most: mailboxes, messages
// and octets.
func (p *Plan) Removals() (sum Radius) {
	for _, s := range p.Steps {
		if op, ok := s.Op.(RemovePlaced); ok {
			sum.Mailboxes++
			sum.Messages += op.AtMost.Messages
			sum.Bytes += op.AtMost.Bytes
		}
	}
	return sum
}
