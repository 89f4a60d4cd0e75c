package zone

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/zone/wire"
)

// Zones observes and changes the domains of a migration's cutover. It is safe
// for concurrent use.
type Zones struct {
	Observer *Observer
	Aims     []Aim
	Reveal   func(context.Context, config.Secret) ([]byte, error)
	HTTP     *http.Client // that vendors are called with; nil: one that checks certificates
	Sleep    func(context.Context, time.Duration) error
	Past     func() map[string]Past // of the domains, by the journal; nil: no journal
	Patience time.Duration          // for all servers to follow an update; default 30 s
	Person   time.Duration          // for a person to enter records; default 30 minutes

	mu    sync.Mutex
	since map[string]time.Time // all servers of a domain show the MX that is waited for: by domain and values
}

const (
	pollServers = 500 * time.Millisecond
	pollPerson  = 5 * time.Second
	maxAttempts = 4
)

// Observe looks at every domain.
func (z *Zones) Observe(ctx context.Context) (zones []planner.Zone, found []config.Finding) {
	views := make([]*View, len(z.Aims))
	at := make([]int, len(z.Aims))
	for i := range at {
		at[i] = i
	}
	aims := z.aims()
	each(at, func(i int) { views[i] = z.Look(ctx, aims[i]) })
	for i, v := range views {
		zones = append(zones, v.Zone())
		for _, f := range Check(aims[i], v) {
			if v.Err != nil {
				f.Severity = config.Warning // copying goes on; what is not seen gets no step
			}
			if f.Severity != Info {
				found = append(found, f.Finding)
			}
		}
	}
	return zones, found
}

// aims are the domains, with what the journal knows of them by now.
func (z *Zones) aims() []Aim {
	aims := slices.Clone(z.Aims)
	if z.Past != nil {
		past := z.Past()
		for i, a := range aims {
			aims[i].Past = past[a.Domain]
		}
	}
	return aims
}

// Can are the kinds of step that are carried out here, in order.
func (z *Zones) Can() []string {
	return []string{planner.SetRecords{}.Kind(), planner.SetTTL{}.Kind(), planner.Wait{}.Kind()}
}

// Do carries out an op about records: SetTTL, SetRecords, their Restore and Undo, and
// the Waits on authoritative servers and caches. What is in effect already is
// success; every success was read back from every authoritative server. Faults
// are *planner.Fault.
func (z *Zones) Do(ctx context.Context, op planner.Op, stop <-chan struct{}, progress func(planner.Progress)) error {
	if w, ok := op.(planner.Wait); ok {
		aim, l, err := z.ready(ctx, w.On)
		if err != nil {
			return err
		}
		return z.wait(ctx, w, aim, l)
	}
	aim, l, err := z.ready(ctx, zoneOf(op))
	if err != nil {
		return err
	}
	g, ok := goalOf(op, wayOf(aim.Via))
	if !ok {
		return fault(planner.Internal, "zone.no-zone", "domain", op.Subject())
	}
	switch aim.Via {
	case config.ZoneRFC2136:
		return z.update(ctx, l, g)
	case config.ZoneManual:
		return z.byHand(ctx, l, g, stop, progress)
	}
	return z.byVendor(ctx, l, g, progress)
}

// wayOf says through which states a set passes, by the kind of zone.
func wayOf(kind string) between {
	switch kind {
	case config.ZoneManual:
		return halfway
	case config.ZoneDNSPod, config.ZoneAliDNS:
		return onPath
	}
	return never
}

func zoneOf(op planner.Op) string {
	switch o := op.(type) {
	case planner.SetTTL:
		return o.Set.Zone
	case planner.SetRecords:
		return o.New.Zone
	case planner.Restore:
		return zoneOf(o.Op)
	case planner.Undo:
		return zoneOf(o.Op)
	}
	return ""
}

// ready finds the domain's servers.
func (z *Zones) ready(ctx context.Context, domain string) (Aim, *look, error) {
	i := slices.IndexFunc(z.Aims, func(a Aim) bool { return a.Domain == domain })
	if i < 0 {
		return Aim{}, nil, fault(planner.Internal, "zone.no-zone", "domain", domain)
	}
	l := z.Observer.begin(z.Aims[i])
	if err := l.delegation(ctx); err != nil {
		return Aim{}, nil, either(ctx, fault(planner.Unreachable, "dns.unseen", "domain", domain, "error", err.Error()))
	}
	l.list(ctx)
	return z.Aims[i], l, nil
}

// either prefers that we were told to end.
func either(ctx context.Context, f *planner.Fault) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return f
}

// read asks one server for a set.
func (l *look) read(ctx context.Context, at netip.AddrPort, g goal) ([]wire.Record, error) {
	r, err := l.client().Ask(ctx, at, wire.Question{Name: g.name, Type: g.kind})
	switch {
	case err != nil:
		return nil, err
	case r.Rcode != "NOERROR" && r.Rcode != "NXDOMAIN":
		return nil, fmt.Errorf("%s", r.Rcode)
	case !r.AA:
		return nil, errNotAuthoritative
	}
	return r.Set(g.name, g.kind), nil
}

// seen is what one server shows of a set.
type seen struct {
	server string
	set    []wire.Record
	err    error
}

// readAll asks every server but those to which this machine has no way.
func (l *look) readAll(ctx context.Context, g goal) []seen {
	all := make([]seen, len(l.v.Servers))
	at := make([]int, len(all))
	for i := range at {
		at[i] = i
	}
	each(at, func(i int) {
		s := l.v.Servers[i]
		all[i] = seen{server: s.label(), err: s.Err}
		if s.Addr.IsValid() {
			all[i].set, all[i].err = l.read(ctx, netip.AddrPortFrom(s.Addr, l.w.port), g)
		}
	})
	some := slices.ContainsFunc(all, func(s seen) bool { return s.err == nil })
	return slices.DeleteFunc(all, func(s seen) bool { return some && s.err == wire.ErrNoRoute })
}

// lagging are the servers where a condition does not hold, with what they show.
func lagging(all []seen, holds func([]wire.Record) bool) []string {
	var list []string
	for _, s := range all {
		switch {
		case s.err != nil:
			list = append(list, s.server+": "+s.err.Error())
		case !holds(s.set):
			list = append(list, fmt.Sprintf("%s: %s, TTL %d", s.server, shown(wire.Values(s.set)), ttlOf(s.set, 0)))
		}
	}
	return list
}

func (g goal) key() string { return key(g.name, g.kind) }

// settle waits until every server shows a set as it is to be, with its TTL.
func (z *Zones) settle(ctx context.Context, l *look, g goal, want wanted) error {
	holds := func(set []wire.Record) bool {
		return slices.Equal(wire.Values(set), want.values) && (len(set) == 0 || ttlOf(set, 0) == want.ttl)
	}
	patience := max(z.Patience, 0)
	if patience == 0 {
		patience = 30 * time.Second
	}
	for waited := time.Duration(0); ; waited += pollServers {
		all := l.readAll(ctx, g)
		behind := lagging(all, holds)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case len(all) == 0:
			return fault(planner.Unreachable, "zone.unwatched", "set", g.key(), "list", "-")
		case len(behind) == 0:
			return nil
		case waited >= patience:
			f := fault(planner.Throttled, "zone.behind", "set", g.key(), "list", strings.Join(behind, "; "))
			f.Wait = time.Minute
			return f
		}
		if err := z.Sleep(ctx, pollServers); err != nil {
			return err
		}
	}
}
