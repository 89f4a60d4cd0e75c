package transfer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"

	"github.com/mxmove/mxmove/planner"
)

// Opened begins a folder.
func (b *bulk) Opened(n int, o Opened) error {
	<-b.surveyed
	l := b.lots[n]
	l.there = o
	b.report(func(p *planner.Progress) { p.Folder = pathText(l.m.From.Path) })
	if o.UIDValidity != l.from.UIDValidity || o.UIDNext < l.limit {
		b.leave(l) // it was made anew since it was listed
		l.dropped = true
	}
	return nil
}

// leave gives a folder, or what was not done of it, to carry.
func (b *bulk) leave(l *lot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l.left = true
}

// Listed notes a message that must come.
func (b *bulk) Listed(n int, uid uint32) error {
	l := b.lots[n]
	l.seen++
	if l.dropped || uid < l.reading.From || uid >= l.limit {
		return nil
	}
	l.listed = max(l.listed, uid)
	if b.l.has(l.f, uid) {
		return nil
	}
	if l.awaited == nil {
		l.awaited = map[uint32]bool{}
	}
	l.awaited[uid] = true
	return nil
}

// Flags compares what the source shows now with what was written.
func (b *bulk) Flags(n int, it Item) error {
	l := b.lots[n]
	l.seen++
	if l.dropped {
		return nil
	}
	is := l.flagsOf(it).key
	r, was, ok := b.l.row(l.f, it.UID)
	switch {
	case !ok && it.UID < l.limit:
		b.leave(l) // it did not show before
	case ok && was != is:
		l.changed = append(l.changed, change{it.UID, r.dst, was, is})
	}
	return nil
}

// Message takes a message of the source.
func (b *bulk) Message(n int, it Item) error {
	l := b.lots[n]
	if it.UID < l.reading.From || l.dropped {
		return discard(it)
	}
	if it.UID < l.there.UIDNext {
		l.count++
	}
	switch {
	case it.UID >= l.limit || b.l.has(l.f, it.UID):
		return discard(it)
	case it.Body == nil || it.UID <= l.last:
		b.leave(l)
		return discard(it)
	}
	l.last = it.UID
	delete(l.awaited, it.UID)
	return b.take(l, it)
}

func discard(it Item) error {
	if it.Body == nil {
		return nil
	}
	_, err := io.Copy(io.Discard, it.Body)
	return err
}

// Ended makes sure that all of a folder came.
func (b *bulk) Ended(n int, err error) error {
	if isClass(err, planner.Throttled) || isClass(err, planner.Crowded) {
		return err
	}
	l := b.lots[n]
	whole := err == nil && len(l.awaited) == 0 && l.all()
	l.changed = lastWords(l.changed)
	b.mu.Lock()
	l.left = l.left || !whole
	l.ended = true
	b.mu.Unlock()
	if l.dropped {
		return nil
	}
	return b.close(l)
}

// all makes sure that the source did not cut its answers, as some do: it gave
// as many as there are, or the last that it had when it was listed.
func (l *lot) all() bool {
	r := l.reading
	switch {
	case r.From == 1:
		return l.count == l.there.Messages
	case r.Flags && r.Since == 0:
		return l.seen == l.there.Messages
	}
	return r.From == 0 || l.listed == l.limit-1
}

func (b *bulk) take(l *lot, it Item) error {
	p := b.parcel(l, it)
	if it.Size > spoolLimit {
		return b.takeLarge(p, it)
	}
	room := roomFor(it.Size)
	if err := b.held.take(b.ctx, room); err != nil {
		return err
	}
	p.held, p.octets = room, b.held.of.spare.get(it.Size)
	if _, err := io.ReadFull(it.Body, *p.octets); err != nil {
		b.unsent(p)
		return broken(err)
	}
	p.hash = sha256.Sum256(*p.octets)
	p.item.Body = bytes.NewReader(*p.octets)
	return b.push(p)
}

// takeLarge streams a message, and waits until it is through.
func (b *bulk) takeLarge(p *parcel, it Item) error {
	p.large = &stream{r: it.Body, left: it.Size, h: sha256.New(), over: make(chan struct{})}
	p.item.Body, p.item.Alone = p.large, true
	if err := b.push(p); err != nil {
		return err
	}
	<-p.large.over // also when nobody asks for it: see unsent
	if p.large.err != nil {
		return broken(p.large.err)
	}
	return nil
}

func (b *bulk) push(p *parcel) error {
	b.mu.Lock()
	p.lot.owed++
	b.mu.Unlock()
	select {
	case b.queue <- p:
		return nil
	case <-b.ctx.Done():
		b.give(p)
		return context.Cause(b.ctx)
	}
}

// parcel makes a message fit to be sent.
func (b *bulk) parcel(l *lot, it Item) *parcel {
	set := l.flagsOf(it)
	p := &parcel{lot: l, job: job{uid: it.UID}, set: set.key}
	p.item = Item{UID: it.UID, Folder: &l.m.ToFolder, Flags: set.flags, Date: sanitizeDate(it.Date), Size: it.Size}
	if set.lost {
		p.bits |= bitKeywords
	}
	if p.item.Date.IsZero() {
		p.bits |= bitDate
	}
	return p
}
