package transfer

import (
	"context"
	"slices"

	"github.com/mxmove/mxmove/planner"
)

// setsLimit is how many octets of flags as given are remembered.
const setsLimit = 4 << 20

// flagsOf sanitizes flags; the same ones come again and again. Where there are
// too many different sets for the ledger, keywords are dropped.
func (c *carry) flagsOf(it Item) cleanFlags {
	key := flagKey(it.Flags)
	s, ok := c.sets[key]
	if ok {
		return s
	}
	s.flags, s.lost = Sanitize(it.Flags, c.to.Permanent)
	s.key = flagKey(s.flags)
	if !c.l.admits(s.key) {
		s.flags, s.lost = systemOnly(s.flags), true
		s.key = flagKey(s.flags)
	}
	if c.octets += len(key); c.octets > setsLimit {
		clear(c.sets)
		c.octets = len(key)
	}
	c.sets[key] = s
	return s
}

// writeFlags brings changed flags to the target.
func (c *carry) writeFlags(ctx context.Context) error {
	for chunk := range slices.Chunk(c.changed, 500) {
		if c.stopped() {
			return ErrStopped
		}
		if err := c.storeFlags(ctx, chunk); err != nil {
			return err
		}
		if err := c.flagsWritten(chunk); err != nil {
			return err
		}
	}
	return nil
}

// flagsWritten records that changes are dealt with.
func (c *carry) flagsWritten(changed []change) error {
	bySet := map[string][]uint32{}
	for _, x := range changed {
		bySet[x.is] = append(bySet[x.is], x.src)
	}
	for set, uids := range bySet {
		if err := c.l.flagged(c.f, uids, set); err != nil {
			return err
		}
	}
	return nil
}

// deltas are the changes that the target is to make.
func deltas(changed []change) map[uint32]FlagChange {
	changes := map[uint32]FlagChange{}
	for _, x := range changed {
		if d := flagDelta(x.was, x.is); x.dst != 0 && len(d.Add)+len(d.Remove) > 0 {
			changes[x.dst] = d
		}
	}
	return changes
}

func (c *carry) storeFlags(ctx context.Context, chunk []change) error {
	changes := deltas(chunk)
	if len(changes) == 0 {
		return nil
	}
	err := c.dst.Store(ctx, changes)
	if isRefusal(err) {
		for dst, d := range changes {
			if err = c.storeSystem(ctx, dst, d); err != nil {
				return err
			}
		}
	}
	if err == nil {
		c.count(func(t *planner.Tally) { t.Flags += len(changes) })
	}
	return err
}

// storeSystem is for a target that refused one of many changes: without
// keywords, and what it refuses then is left as it is there.
func (c *carry) storeSystem(ctx context.Context, dst uint32, d FlagChange) error {
	d.Add, d.Remove = systemOnly(d.Add), systemOnly(d.Remove)
	if len(d.Add)+len(d.Remove) == 0 {
		return nil
	}
	if err := c.dst.Store(ctx, map[uint32]FlagChange{dst: d}); !isRefusal(err) {
		return err
	}
	return nil
}
