package transfer

import (
	"context"
	"errors"
	"sync"

	"github.com/mxmove/mxmove/planner"
)

// bulk carries all folders that leave no question open in one go: neither
// side waits for one folder before the next, and the target takes messages in
// batches. It only does what carry would do. What it meets and does not
// understand it leaves to carry, as what a pass that was broken off leaves.
type bulk struct {
	*course
	ctx      context.Context
	src, dst Ahead
	lots     []*lot
	asked    int           // of lots, by Read
	surveyed chan struct{} // closed: lots are ready or dropped
	queue    chan *parcel
	intended *gate
	cancel   context.CancelCauseFunc

	mu    sync.Mutex // over the rest, and owed, ended, left, closed, refused and unsure of lots
	broke error      // what ended a writer first
}

// lot is a folder that bulk carries.
type lot struct {
	*carry
	reading Reading
	limit   uint32 // source UIDs from here on came later: the next pass's
	dropped bool   // nothing of it is done here; settled by surveyed
	last    uint32 // UID read last
	listed  uint32 // UID listed last, of those to be read
	seen    uint32 // messages listed
	count   uint32 // messages read that were there when it was opened
	awaited map[uint32]bool
	there   Opened // the source folder when it was opened

	owed    int // messages on the way
	ended   bool
	left    bool // something of it is left to carry
	closed  bool // its mark is written
	refused int
	unsure  []unsure
}

// bulk is done when it returns nil, also where it did nothing.
func (r *course) bulk(ctx context.Context, mapped []Mapped) error {
	if !r.p.Options.Since.IsZero() {
		return nil // what is too old must not be read
	}
	if len(r.lots(mapped, true)) == 0 {
		return nil
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	src, reads := r.src.(Ahead)
	dst, writes := r.dst.(Ahead)
	if !reads || !writes {
		return nil
	}
	b := &bulk{course: r, src: src, dst: dst, lots: r.lots(mapped, dst.Tells()),
		surveyed: make(chan struct{}), queue: make(chan *parcel, 256)}
	b.ctx, b.cancel = context.WithCancelCause(ctx)
	defer b.cancel(nil)
	if err := b.settle(); err != nil || len(b.lots) == 0 {
		return err
	}
	if err := b.transfer(); err != nil {
		return err
	}
	return b.finish()
}

// transfer reads and writes at once.
func (b *bulk) transfer() error {
	read := make(chan error, 1)
	go func() {
		err := b.src.Read(b.ctx, b.nextReading, b)
		if context.Cause(b.ctx) == errDone {
			err = nil // it was broken off by us
		}
		read <- err
		close(b.queue)
	}()
	err := b.write()
	if err == nil && b.stopped() {
		err = ErrStopped
	}
	if err != nil {
		b.cancel(errDone)
	}
	for p := range b.queue {
		b.unsent(p)
	}
	if b.intended != nil {
		<-b.intended.done // the ledger is not closed while it is being synced
	}
	if rerr := <-read; err == nil {
		err = rerr
	}
	return err
}

// nextReading is what Read asks for.
func (b *bulk) nextReading() (Reading, bool) {
	if b.asked == len(b.lots) || b.stopped() {
		return Reading{}, false
	}
	b.asked++
	return b.lots[b.asked-1].reading, true
}

// unsent lets go of a message's octets.
func (b *bulk) unsent(p *parcel) {
	b.give(p)
	if p.large != nil {
		close(p.large.over)
	}
}

// give hands a message's memory back.
func (b *bulk) give(p *parcel) {
	b.held.give(p.held)
	p.held = 0
	if p.octets != nil {
		b.held.of.spare.put(p.octets)
		p.octets = nil
	}
}

// answered takes the target's answer to a message.
func (b *bulk) answered(p *parcel, answer Placed) error {
	l := p.lot
	if answer.Err != nil {
		return b.refusedBy(l, answer.Err)
	}
	if answer.UID != 0 && answer.UIDValidity != l.to.UIDValidity {
		return gone("the target folder was made anew")
	}
	if p.large != nil {
		p.hash = p.large.sum()
	}
	if answer.UID == 0 {
		b.mu.Lock()
		l.unsure = append(l.unsure, unsure{p.uid, p.item.Size, p.set, p.bits, p.hash, p.print})
		b.mu.Unlock()
	}
	b.accepted()
	p.job.size = p.item.Size
	err := l.placedAt(p.job, answer.UID, p.set, p.bits, p.hash, func(t *planner.Tally) {
		t.Copied++
		t.Bytes += p.item.Size
		if p.bits&bitKeywords != 0 {
			t.Keywords++
		}
		if p.bits&bitDate != 0 {
			t.Dates++
		}
	})
	if err != nil {
		return err
	}
	return b.settled(l)
}

func (b *bulk) accepted() {
	b.course.mu.Lock()
	defer b.course.mu.Unlock()
	b.yielded()
}

// refusedBy leaves what was refused to carry, which sends it alone; after
// refusedRow of them also all the rest of the folder.
func (b *bulk) refusedBy(l *lot, err error) error {
	var no *Refusal
	if !errors.As(err, &no) {
		return err
	}
	b.mu.Lock()
	l.left = true
	l.refused++
	b.mu.Unlock()
	return b.settled(l)
}

// settled notes that a message is not on the way any more.
func (b *bulk) settled(l *lot) error {
	b.mu.Lock()
	l.owed--
	b.mu.Unlock()
	return b.close(l)
}

// close records that all of a folder is dealt with, as soon as it is.
func (b *bulk) close(l *lot) error {
	b.mu.Lock()
	over := l.ended && l.owed == 0 && !l.left && len(l.unsure) == 0 && len(l.changed) == 0 && !l.closed
	l.closed = l.closed || over
	b.mu.Unlock()
	if !over {
		return nil
	}
	return b.carried(l)
}

// carried writes the mark of a folder.
func (b *bulk) carried(l *lot) error {
	if err := l.finish(); err != nil {
		return err
	}
	b.course.mu.Lock()
	defer b.course.mu.Unlock()
	b.whole[l.m.From.Name] = true
	return nil
}

// finish writes flags, and marks: a folder that is not whole has no open
// intents, since all was answered, and is carry's.
func (b *bulk) finish() error {
	if err := b.writeFlags(); err != nil {
		return err
	}
	for _, l := range b.lots {
		if l.dropped || l.closed {
			continue
		}
		if err := b.place(l); err != nil {
			return err
		}
		if l.left || !l.ended {
			l.missing = 1
			if err := l.finish(); err != nil {
				return err
			}
			continue
		}
		if err := b.carried(l); err != nil {
			return err
		}
	}
	return nil
}

// place finds what the target stored without telling where.
func (b *bulk) place(l *lot) error {
	if len(l.unsure) == 0 {
		return nil
	}
	if _, err := b.dst.Select(b.ctx, l.m.ToFolder); err != nil {
		return err
	}
	l.next = l.to.UIDNext
	return l.locate(b.ctx, l.unsure)
}

// writeFlags brings changed flags to the target. Where it refuses some, carry
// tries them one by one.
func (b *bulk) writeFlags() error {
	var all []FolderChanges
	var of []*lot
	for _, l := range b.lots {
		if changes := deltas(l.changed); !l.dropped && len(changes) > 0 {
			all, of = append(all, FolderChanges{Folder: l.m.ToFolder, Changes: changes}), append(of, l)
		}
	}
	if len(all) > 0 {
		if err := b.dst.StoreAll(b.ctx, all); err != nil {
			return err
		}
	}
	for i, x := range all {
		if x.Refused != nil {
			of[i].left, of[i].changed = true, nil
			continue
		}
		b.count(func(t *planner.Tally) { t.Flags += len(x.Changes) })
	}
	for _, l := range b.lots {
		if l.dropped {
			continue
		}
		if err := l.flagsWritten(l.changed); err != nil {
			return err
		}
	}
	return nil
}
