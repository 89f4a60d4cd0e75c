package transfer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"io"
	"slices"

	"github.com/mxmove/mxmove/planner"
)

// look reads every message of the target that no record explains, before
// anything is sent: it may be one of ours whose answer was lost, or mail that
// another tool brought. What it finds is recorded, so it is read once.
func (c *carry) look(ctx context.Context) error {
	if len(c.jobs) == 0 {
		return nil
	}
	t := c.f.target
	if c.next == 0 || c.next > t.looked {
		if err := c.lookFrom(ctx, t); err != nil {
			return err
		}
	}
	if c.owed() {
		if err := c.calm(ctx); err != nil {
			return err
		}
	}
	return c.match(ctx)
}

func (c *carry) lookFrom(ctx context.Context, t *targetState) error {
	known := c.l.st.explained(t)
	var uids []uint32
	next := c.next
	err := c.dst.Scan(ctx, t.looked, 0, func(it Item) error {
		if _, ok := slices.BinarySearch(known, it.UID); it.UID >= t.looked && !ok {
			uids = append(uids, it.UID)
		}
		next = max(next, it.UID+1)
		return nil
	})
	if err != nil {
		return err
	}
	c.next = max(next, t.looked)
	for chunk := range slices.Chunk(uids, 500) {
		if c.stopped() {
			return ErrStopped
		}
		missing, no, err := ask(ctx, c.dst, chunk, c.seen)
		for _, uid := range missing { // some servers leave out what they give when asked again
			if err == nil && no[uid] == nil {
				_, _, err = ask(ctx, c.dst, []uint32{uid}, c.seen)
			}
		}
		if err != nil {
			return err
		}
	}
	return c.l.put(lookedRecord{t.id, c.next})
}

// seen records one message of the target.
func (c *carry) seen(it Item) error {
	p := NewFingerprinter()
	if _, err := io.Copy(p, it.Body); err != nil {
		return err
	}
	flags, _ := Sanitize(it.Flags, nil)
	if !c.l.admits(flagKey(flags)) {
		flags = systemOnly(flags)
	}
	c.count(func(*planner.Tally) {})
	return c.l.foreign(c.f.target, it.UID, flagKey(flags), p.Sum())
}

// match gathers what source messages may be adopted from. First of all it
// gives their places to messages that were stored without telling where.
func (c *carry) match(ctx context.Context) error {
	g := c.l.gather(c.f, c.names)
	if len(g.gone) > 0 {
		g.there = map[uint32]bool{}
		if err := c.dst.Scan(ctx, 1, 0, func(it Item) error { g.there[it.UID] = true; return nil }); err != nil {
			return err
		}
	}
	if err := g.look(); err != nil {
		return err
	}
	c.found = g.found
	for hash, rows := range g.lost {
		for _, r := range rows {
			set := c.l.st.flagSets[r.set()]
			if x := c.found.same(hash, set); x != nil && x.uid != 0 {
				if err := c.l.placed(c.f, r.src, x.uid, set, r.flags&(1<<rowBits-1), r.hash); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// adopt records that a source message is at the target already. set is what
// the source shows now.
func (c *carry) adopt(j job, x *candidate, set string, hash [sha256.Size]byte) error {
	if err := c.settleMended(j, x.mended); err != nil {
		return err
	}
	return c.takeOver(j, x, set, hash)
}

// settleMended makes the record say how a message is altered at the target;
// nil: it is not.
func (c *carry) settleMended(j job, m *Mended) error {
	if m != nil {
		return c.l.put(mendedRecord{folder: c.f.id, uid: j.uid, Mended: *m})
	}
	if c.l.mendedAt(c.f, j.uid) == nil {
		return nil
	}
	return c.l.put(mendedRecord{folder: c.f.id, uid: j.uid, over: true})
}

// adoptMended is adopt of what an earlier try or copy of ours altered.
func (c *carry) adoptMended(j job, is *form, set string) error {
	if err := c.settleMended(j, &is.Mended); err != nil {
		return err
	}
	return c.takeOver(j, is.at, set, is.Source)
}

// takeOver records the place of a message that is at the target already.
func (c *carry) takeOver(j job, x *candidate, set string, hash [sha256.Size]byte) error {
	x.used = true
	was := set // a person's flags at the target stay as they are
	if x.ours || c.before.may(j.uid, x.uid) {
		was = x.flags // what the source had when we sent it
	}
	if was != set {
		c.changed = append(c.changed, change{j.uid, x.uid, was, set})
	}
	return c.placedAt(j, x.uid, was, bitAdopted, hash, func(t *planner.Tally) { t.Adopted++ })
}

// settleDeferred decides, when all exact matches are made, about messages
// that the target may hold in an altered form.
func (c *carry) settleDeferred() error {
	slices.SortFunc(c.deferred, func(a, b deferral) int { return cmp.Compare(a.uid, b.uid) })
	for _, d := range c.deferred {
		if d.made != nil && d.made.at.used { // by a duplicate
			d.made.at = c.found.exactly(d.made.Stored)
		}
		if d.made != nil && d.made.at != nil {
			if err := c.adoptMended(d.job, d.made, d.set); err != nil {
				return err
			}
			continue
		}
		if x := c.found.like(d.print); x != nil {
			if err := c.adopt(d.job, x, d.set, d.print.Exact); err != nil {
				return err
			}
			continue
		}
		c.second = append(c.second, d.job)
	}
	c.deferred = nil
	return nil
}

// unsure is a message that was stored without telling where (no UIDPLUS).
type unsure struct {
	src  uint32
	size int64
	set  string
	bits uint32
	hash [sha256.Size]byte

	print Fingerprint // or zero
}

// locate finds the places of messages that were stored without telling where:
// by order, where the new messages are as many and as large; else by content.
// What is not found keeps place 0 and is never sent again.
func (c *carry) locate(ctx context.Context, sent []unsure) error {
	if len(sent) == 0 {
		return nil
	}
	c.matching.Lock()
	defer c.matching.Unlock()
	from, known := max(c.next, c.f.target.looked), c.l.st.explained(c.f.target)
	var uids []uint32
	same := true
	err := c.dst.Scan(ctx, from, 0, func(it Item) error {
		if _, ok := slices.BinarySearch(known, it.UID); it.UID < from || ok {
			return nil
		}
		n := len(uids)
		same = same && n < len(sent) && it.Size == sent[n].size
		uids = append(uids, it.UID)
		return nil
	})
	if err != nil {
		return err
	}
	if same && len(uids) == len(sent) {
		c.next = uids[len(uids)-1] + 1
		return c.located(sent, uids)
	}
	if err := c.lookFrom(ctx, c.f.target); err != nil {
		return err
	}
	if err := c.match(ctx); err != nil {
		return err
	}
	return c.locateRest(sent, from)
}

// locateRest finds what a server altered on storing: by what is known of
// servers, then in order, if it is as many.
func (c *carry) locateRest(sent []unsure, from uint32) error {
	for _, u := range sent {
		at, ok := c.f.find(u.src)
		x := c.found.like(u.print)
		if !ok || c.f.rows[at].dst != 0 || x == nil || x.uid < from {
			continue
		}
		x.used = true
		if err := c.l.placed(c.f, u.src, x.uid, u.set, u.bits, u.hash); err != nil {
			return err
		}
	}
	sent = slices.DeleteFunc(sent, func(u unsure) bool {
		at, ok := c.f.find(u.src)
		return ok && c.f.rows[at].dst != 0
	})
	free := slices.DeleteFunc(c.found.free(), func(x *candidate) bool { return x.uid < from })
	if len(free) != len(sent) {
		return nil
	}
	uids := make([]uint32, len(free))
	for i, x := range free {
		x.used, uids[i] = true, x.uid
	}
	return c.located(sent, uids)
}

func (c *carry) located(sent []unsure, uids []uint32) error {
	for i, s := range sent {
		if err := c.l.placed(c.f, s.src, uids[i], s.set, s.bits, s.hash); err != nil {
			return err
		}
	}
	return nil
}
