package zone

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/zone/wire"
)

// wait ends when authoritative servers, or caches, have the wanted MX, or on
// the way back the former one; its fault says how long that still takes.
func (z *Zones) wait(ctx context.Context, w planner.Wait, aim Aim, l *look) error {
	if w.For != "authoritative" && w.For != "caches" {
		return fault(planner.Internal, "zone.no-zone", "domain", w.Subject())
	}
	g := goal{name: aim.Domain, kind: "MX"}
	if len(w.Values) > 0 {
		aim.MX = w.Values
	}
	want := canonical("MX", aim.MX)
	seen := aim.Domain + " " + strings.Join(want, ",")
	all := l.readAll(ctx, g)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	behind := lagging(all, func(set []wire.Record) bool { return slices.Equal(wire.Values(set), want) })
	z.mu.Lock()
	defer z.mu.Unlock()
	if len(behind) > 0 || len(all) == 0 {
		delete(z.since, seen)
		f := fault(planner.Throttled, "zone.behind", "set", g.key(), "list", strings.Join(behind, "; "))
		f.Wait = 5 * time.Second
		return f
	}
	now := z.Observer.Now()
	if z.since == nil {
		z.since = map[string]time.Time{}
	}
	if z.since[seen].IsZero() {
		z.since[seen] = z.begun(w, now)
	}
	if w.For == "caches" {
		return z.cached(ctx, w, aim, l, z.since[seen].Sub(now))
	}
	return nil
}

// begun is since when every server has had the MX: now, at the latest. A switch
// that is on record was read back from all of them, whoever made it, so the
// wait goes on where an earlier run left it.
func (z *Zones) begun(w planner.Wait, now time.Time) time.Time {
	if z.Past == nil || len(w.Values) > 0 {
		return now
	}
	if at := z.Past()[w.On].Switched; !at.IsZero() && at.Before(now) {
		return at
	}
	return now
}

// cached waits for the old TTL, counted from when all servers were seen with
// the new MX, and for what the listed resolvers still have; a second more,
// since caches count whole ones.
func (z *Zones) cached(ctx context.Context, w planner.Wait, aim Aim, l *look, ago time.Duration) error {
	left, list := w.Least+time.Second+ago, []string(nil)
	mx := key(aim.Domain, "MX")
	l.cachesOf(ctx, []asked{{aim.Domain, "MX"}})
	for _, c := range l.v.Caches {
		set := c.Sets[mx]
		if c.Err == nil && !slices.Equal(wire.Values(set.Records), canonical("MX", aim.MX)) {
			left = max(left, time.Duration(set.TTL()+1)*time.Second)
			list = append(list, fmt.Sprintf("%s: %s, TTL %d", c.Resolver, shown(wire.Values(set.Records)), set.TTL()))
		}
	}
	if left <= 0 {
		return nil
	}
	f := fault(planner.Throttled, "zone.cached", "domain", aim.Domain, "left", left.Round(time.Second).String(), "list", shown(list))
	f.Wait = left
	return f
}
