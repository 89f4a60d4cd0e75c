package transfer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"maps"
	"slices"
	"sync"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/planner"
)

// carry is one try at one folder. It begins from the ledger and from what the
// two stores show, so it may be broken off anywhere and begun again.
type carry struct {
	*course
	m       Mapped
	f       *folderState
	from    Opened
	to      Opened
	next    uint32   // the target's UIDNEXT, as far as is known
	before  attempts // what earlier tries may have sent
	jobs    []job
	changed []change
	skipped uint32
	missing int

	matching sync.Mutex // found is being used or replaced: places are looked up while messages are matched
	found    *candidates
	deferred []deferral // a server may have altered them
	second   []job      // to be sent without being matched, for they were

	stages map[uint32]stage
	listed map[uint32]bool       // messages with a problem that the source still lists; nil: it was not asked for all
	sets   map[string]cleanFlags // by the flags as given
	octets int                   // of its keys
}

// job is a message of the source that has no place at the target.
type job struct {
	uid  uint32
	size int64 // RFC822.SIZE: only plans
}

// change is a placed message whose flags changed at the source.
type change struct {
	src, dst uint32
	was, is  string
}

type deferral struct {
	job
	print Fingerprint
	set   string
	made  *form // one that the target has
}

type cleanFlags struct {
	flags []imap.Flag
	key   string
	lost  bool
}

func (r *course) newCarry(m Mapped) *carry {
	return &carry{course: r, m: m, stages: inner(r.stages, m.From.Name), sets: map[string]cleanFlags{}}
}

func (r *course) carry(ctx context.Context, m Mapped) error {
	c := r.newCarry(m)
	c.report(func(p *planner.Progress) { p.Folder = pathText(m.From.Path) })
	steps := []func(context.Context) error{c.begin, c.scan, c.look, c.copyAll, c.writeFlags}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return folderFault(m, err)
		}
	}
	if err := c.forget(); err != nil {
		return err
	}
	return c.finish()
}

// scan finds what is new and what changed at the source. A message that it
// lists several times counts once.
func (c *carry) scan(ctx context.Context) error {
	if err := c.list(ctx); err != nil {
		return err
	}
	slices.SortFunc(c.jobs, func(a, b job) int { return cmp.Compare(a.uid, b.uid) })
	c.jobs = slices.CompactFunc(c.jobs, func(a, b job) bool { return a.uid == b.uid })
	c.changed = lastWords(c.changed)
	return nil
}

// lastWords orders changes by UID; of several of one message the last counts.
func lastWords(changed []change) []change {
	slices.Reverse(changed)
	slices.SortStableFunc(changed, func(a, b change) int { return cmp.Compare(a.src, b.src) })
	return slices.CompactFunc(changed, func(a, b change) bool { return a.src == b.src })
}

func (c *carry) list(ctx context.Context) error {
	m := c.f.mark
	delta := c.f.marked && m.pending == 0 && m.since == sinceMark(c.p.Options.Since) && len(c.stages) == 0 &&
		m.next > 0 && m.modSeq > 0 && c.from.ModSeq > 0
	if !delta {
		c.listed = map[uint32]bool{}
		return c.src.Scan(ctx, 1, 0, func(it Item) error { return c.take(it, 1) })
	}
	c.skipped = m.skipped
	if c.from.UIDNext != m.next {
		err := c.src.Scan(ctx, m.next, 0, func(it Item) error { return c.take(it, m.next) })
		if err != nil {
			return err
		}
	}
	if c.from.ModSeq == m.modSeq {
		return nil
	}
	return c.src.Scan(ctx, 1, m.modSeq, func(it Item) error {
		if at, ok := c.f.find(it.UID); ok {
			c.compare(it, c.f.rows[at])
		}
		return nil
	})
}

// take takes a message of the source's listing. "n:*" gives the last message
// even where it is below n (RFC 9051 section 9, seq-range).
func (c *carry) take(it Item, from uint32) error {
	if it.UID < from || it.UID == 0 {
		return nil
	}
	if at, ok := c.f.find(it.UID); ok {
		c.compare(it, c.f.rows[at])
		return nil
	}
	if p, ok := c.f.problems[it.UID]; ok {
		if c.listed != nil {
			c.listed[it.UID] = true
		}
		if !p.Missing {
			return nil
		}
	}
	if since := c.p.Options.Since; !since.IsZero() && !it.Date.IsZero() && it.Date.Before(since) {
		c.skipped++
		if c.once("since", c.m.From.Name, it.UID) {
			c.count(func(t *planner.Tally) { t.Skipped++ })
		}
		return nil
	}
	if inner(c.deaths, c.m.From.Name)[it.UID] >= maxDeaths {
		c.missing++
		return nil
	}
	c.jobs = append(c.jobs, job{it.UID, it.Size})
	return nil
}

// compare notes a change of flags at the source.
func (c *carry) compare(it Item, r row) {
	was, is := c.l.st.flagSets[r.set()], c.flagsOf(it).key
	if was != is {
		c.changed = append(c.changed, change{it.UID, r.dst, was, is})
	}
}

// forget drops problems of messages that the source does not list any more.
func (c *carry) forget() error {
	if c.listed == nil {
		return nil
	}
	for uid := range maps.Clone(c.f.problems) {
		if c.listed[uid] {
			continue
		}
		if err := c.l.put(problemRecord{folder: c.f.id, uid: uid, over: true}); err != nil {
			return err
		}
	}
	return nil
}

// finish records that all of the folder is dealt with.
func (c *carry) finish() error {
	c.l.mu.Lock()
	looked := c.l.st.advance(c.f.target, ^uint32(0))
	c.l.mu.Unlock()
	next := max(c.from.UIDNext, 1)
	if c.from.UIDNext == 0 && len(c.f.rows) > 0 {
		next = c.f.rows[len(c.f.rows)-1].src + 1
	}
	m := mark{next: next, messages: c.from.Messages, modSeq: c.from.ModSeq, since: sinceMark(c.p.Options.Since),
		pending: uint32(max(c.missing, c.unsettled())), skipped: c.skipped}
	if c.m.ToFolder.Subscribed {
		m.subscribed = 1
	}
	if c.f.marked && c.f.mark == m && looked == c.f.target.looked && len(c.f.intents) == 0 {
		return nil
	}
	return c.l.put(lookedRecord{c.f.target.id, looked}, markRecord{c.f.id, m})
}

// unsettled counts messages that have neither a place nor a reason.
func (c *carry) unsettled() int {
	n := 0
	for _, j := range c.jobs {
		_, placed := c.f.find(j.uid)
		if p, named := c.f.problems[j.uid]; !placed && (!named || p.Missing) {
			n++
		}
	}
	return n
}

// placedAt records a message's place and counts it.
func (c *carry) placedAt(j job, dst uint32, set string, bits uint32, hash [sha256.Size]byte, change func(*planner.Tally)) error {
	if kept := c.l.keptAs(c.f, j.uid); kept != "" {
		if err := c.unkeep(kept, j.uid); err != nil {
			return err
		}
	}
	if err := c.l.placed(c.f, j.uid, dst, set, bits, hash); err != nil {
		return err
	}
	c.count(change)
	c.dealt(j.size)
	return nil
}

// dealt moves the progress on by one message.
func (c *carry) dealt(size int64) {
	c.report(func(p *planner.Progress) {
		p.Done++
		p.Bytes += size
		p.Total, p.BytesAll = max(p.Total, p.Done), max(p.BytesAll, p.Bytes)
	})
}
