package planner

import (
	"slices"
	"time"

	"github.com/mxmove/mxmove/config"
)

// carrying reports that passes of Copy stand: until the last domain is
// switched, and for ever without a cutover.
func (b *builder) carrying() bool { return b.spec.Cutover == nil || b.switching }

// copies adds the passes of Copy and the vendor's own.
func (b *builder) copies() {
	if !b.carrying() {
		return
	}
	tried := b.tryAppend()
	for _, p := range b.people {
		if b.copied(p) {
			b.pass(p, Copy, tried)
		}
	}
	b.archivePasses(Prepare)
	if rows := b.wizardRows(); len(rows) > 0 {
		op := WizardCopy{Corp: b.corp(), Addresses: rows}
		if !b.acted(FinishWizard{Corp: b.corp()}) {
			b.once(op, b.prepared...)
		}
	}
}

// triedMost is how many mailboxes are named to try the target with.
const triedMost = 20

// tryAppend has one mail put into the target before the first copy: in a
// mailbox that opened already if there is one, else in one that has a password.
func (b *builder) tryAppend() []StepID {
	if b.route != routeHistory {
		return nil
	}
	var able []person
	for _, p := range b.people {
		ready := b.boxes[p.Address].Target.Seen.Known() || !p.TargetPassword.IsZero() || b.spec.Target.IMAP.Login.Kind != config.LoginPassword
		if p.listed && !p.left.Leaves() && ready && b.copied(p) {
			able = append(able, p)
		}
	}
	if len(able) == 0 {
		return nil
	}
	slices.SortStableFunc(able, func(x, y person) int { return b.unready(x) - b.unready(y) })
	op := TryAppend{On: EndpointOf(b.spec.Target.IMAP, "")}
	for _, p := range able[:min(len(able), triedMost)] {
		op.Addresses = append(op.Addresses, p.Address)
	}
	return []StepID{b.once(op, b.accountNeeds(able[0])...)}
}

// unready ranks people by what is still to be done before their mailbox opens.
func (b *builder) unready(p person) int {
	n := 0
	if p.Kind == kindShared {
		n += 8
	}
	if !b.boxes[p.Address].Target.Seen.Known() {
		n += 4
	}
	if _, lacks := b.memberOp(p); lacks {
		n += 2
	}
	if p.member != nil && p.member.Enabled == No {
		n++
	}
	return n
}

// wizard reports that the vendor's own copy carries some rows' mail.
func (b *builder) wizard() bool { return len(b.wizardRows()) > 0 }

func (b *builder) wizardRows() []string {
	var rows []string
	for _, row := range b.spec.Roster.Mailboxes {
		if b.mover(row) == moverWizard && b.route == routeHistory {
			rows = append(rows, row.Address)
		}
	}
	return rows
}

// pass adds a copy of one person's mail in a phase.
func (b *builder) pass(p person, in Phase, needs []StepID) StepID {
	op, id := b.passOp(p, in), p.first
	if in != Copy {
		id = IDOf(op)
	}
	box, rec := b.boxes[p.Address], b.records[id]
	work := b.passWork(p, in, box, rec)
	if b.off.presenceByCount && in != Drain && box.Behind == (Gap{}) && b.hasFirst(p) {
		return id
	}
	needs = append(slices.Clone(needs), b.accountNeeds(p)...)
	b.addAs(id, op, work, needs...)
	if work {
		b.steps[b.at[id]].Estimate = estimate(box, rec)
	}
	return id
}

// hasFirst reports whether a person's first pass ended.
func (b *builder) hasFirst(p person) bool {
	return b.records[p.first].Outcome > 0
}

func (b *builder) passWork(p person, in Phase, box Mailbox, rec Record) bool {
	switch in {
	case Freeze:
		if b.off.lastUntilLevel && box.Behind != (Gap{}) {
			return true
		}
		return b.staleSince(rec)
	case Drain:
		first := b.someSwitched()
		if b.switching {
			return first && (box.Behind != Gap{} || rec.Intent > rec.Outcome)
		}
		return box.Behind != Gap{} || rec.Failed != nil || !b.now.Before(b.tailEnd())
	}
	return hasWork(box, rec)
}

// staleSince reports that a last pass has no outcome begun after this freeze.
func (b *builder) staleSince(rec Record) bool {
	hold := b.records[b.holdID()]
	return !hold.Open || rec.Outcome == 0 || rec.Intent < hold.Intent || rec.Intent > rec.Outcome
}

// archivePasses keep what a press erases: of each row whose mailbox at the
// target a stored password opens. All others are unobserved (MERGE-03).
func (b *builder) archivePasses(in Phase) {
	a := b.spec.Target.Archive
	if a == nil || b.spec.Target.IMAP.Host == "" || !b.erasing() || b.pressed {
		return
	}
	for _, row := range b.spec.Roster.Mailboxes {
		if row.TargetPassword.IsZero() && b.spec.Target.IMAP.Login.Kind != config.LoginMaster {
			continue
		}
		op := ArchiveMailbox{Corp: b.corp(), Address: row.TargetAddress, Path: a.Path, In: in}
		id := IDOf(op)
		box, rec := b.archived[row.TargetAddress], b.records[id]
		if in == Prepare {
			b.add(op, hasWork(box, rec))
			continue
		}
		first := op
		first.In = Prepare
		needs := []StepID{b.holdID()}
		if b.records[IDOf(first)].Outcome == 0 {
			needs = append(needs, IDOf(first))
		}
		b.archives = append(b.archives, b.add(op, b.staleSince(rec) || !b.keeps(box, rec), needs...))
	}
}

// keptFor is how long a last pass may lie back when its mailbox is erased
// (MERGE-03).
const keptFor = 15 * time.Minute

// keeps reports whether an archive stands as its last pass left it: read back
// since, and not long ago.
func (b *builder) keeps(box Mailbox, rec Record) bool {
	return box.Target.Seen.Known() && !box.ReadBack.Before(rec.IntentAt) && b.now.Sub(box.ReadBack) <= keptFor
}

// drops names each mailbox whose row was removed after its mail was copied.
func (b *builder) drops() {
	if b.route != routeHistory {
		return
	}
	rows := map[string]bool{}
	for _, p := range b.people {
		rows[p.Address] = true
	}
	for _, r := range b.s.Records {
		a := r.Step.Subject()
		if r.Step.Kind() != (CopyMailbox{}).Kind() || rows[a] || r.Tally == (Tally{}) || slices.Contains(b.spec.Roster.Skip, a) {
			continue
		}
		b.once(DropMailbox{Address: a, Copied: Radius{Mailboxes: 1, Messages: r.Tally.Copied, Bytes: r.Tally.Bytes}})
	}
}

// someSwitched reports whether mail of a domain goes to the target already.
func (b *builder) someSwitched() bool { return b.anySwitched }

// tailEnd is when the tail may close: the last switch, or its adoption, and
// the time that the spec gives.
func (b *builder) tailEnd() time.Time { return b.end }

// tailClosed reports whether a mailbox's tail ended.
func (b *builder) tailClosed(p person) bool {
	rec := b.records[IDOf(b.passOp(p, Drain))]
	if b.off.tailUntilLevel && b.boxes[p.Address].Behind != (Gap{}) {
		return false
	}
	return !b.switching && rec.closes(b.tailEnd(), b.tail())
}

// tail is how long a tail lasts by the spec; 0 without a cutover.
func (b *builder) tail() time.Duration {
	if c := b.spec.Cutover; c != nil {
		return c.Tail
	}
	return 0
}
