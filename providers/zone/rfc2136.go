package zone

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/zone/wire"
)

// update changes a set at the server that takes updates (RFC 2136): what was
// read is the prerequisite of what is written, so that nobody's edit is lost.
// The answer is never believed: the set is read again, and then at every
// authoritative server.
func (z *Zones) update(ctx context.Context, l *look, g goal) error {
	at, ok := l.updates(ctx)
	if !ok {
		return either(ctx, fault(planner.Unreachable, "zone.unwatched", "set", g.key(), "list", l.aim.Server))
	}
	key, err := z.key(ctx, l.aim)
	if err != nil {
		return err
	}
	var last error
	for n := 0; n < maxAttempts; n++ {
		is, err := l.read(ctx, at, g)
		if err != nil {
			return either(ctx, fault(planner.Unreachable, "zone.unknown", "set", g.key(), "server", l.aim.Server, "error", err.Error()))
		}
		want, done, err := g.decide(is)
		if err != nil {
			return err
		}
		if done {
			return z.settle(ctx, l, g, wanted{wire.Values(is), ttlOf(is, want.ttl)})
		}
		if n == maxAttempts-1 {
			return ended(g, l.aim.Server, is, last)
		}
		if last, err = z.send(ctx, l, at, key, g, is, want); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// ended says why a set is still as it was.
func ended(g goal, server string, is []wire.Record, last error) error {
	if last == nil {
		return fault(planner.Internal, "zone.ignored", "set", g.key(), "server", server, "is", shown(wire.Values(is)))
	}
	return fault(planner.Unreachable, "zone.unknown", "set", g.key(), "server", server, "error", last.Error())
}

// send is one try. lost says that no answer came; err that the server refuses.
func (z *Zones) send(ctx context.Context, l *look, at netip.AddrPort, key *wire.Key, g goal, is []wire.Record, want wanted) (lost, err error) {
	records, err := wire.Keep(is, g.name, g.kind, want.ttl, want.values)
	if err != nil {
		return nil, fault(planner.Internal, "zone.value", "set", g.key(), "value", shown(want.values))
	}
	out, lost := l.client().Update(ctx, at, key, wire.Change{Zone: l.v.Apex, Name: g.name, Type: g.kind, Was: is, Now: records})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	// What was not met, the next look settles: an edit of somebody else's, or
	// our own update whose answer was lost.
	if lost != nil || slices.Contains([]string{"NOERROR", "NXRRSET", "YXRRSET", "SERVFAIL"}, out.Rcode) {
		return lost, nil
	}
	return nil, fault(planner.Credential, "zone.refused", "set", g.key(), "server", l.aim.Server, "error", strings.TrimSpace(out.Rcode+" "+out.TSIG))
}

func (z *Zones) key(ctx context.Context, aim Aim) (*wire.Key, error) {
	b, err := z.Reveal(ctx, aim.Key)
	if err != nil {
		return nil, err
	}
	return &wire.Key{Name: aim.KeyName, Algorithm: aim.Zone.Algorithm, Secret: strings.TrimSpace(string(b))}, nil
}
