package zone

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/zone/vendor"
	"github.com/mxmove/mxmove/providers/zone/wire"
)

const (
	busyWait = time.Minute
	// A vendor's listing may be behind its answers (DNSPod says by up to 30 s).
	listLag  = 60 * time.Second
	lostLag  = 10 * time.Second // after which a call without an answer is made again
	pollList = 2 * time.Second
)

// swap is one change of a set, on one line, at a vendor.
type swap struct {
	*look
	z     *Zones
	at    Vendor
	g     goal
	line  string
	floor uint32 // the lowest TTL

	asleep []string // values on the line that are paused, as listed last
}

// byVendor changes a set by a vendor's API: listed, held against what is
// expected, changed by record ids, listed again after every call, and read
// back at every authoritative server. What stands at no moment is an empty set.
func (z *Zones) byVendor(ctx context.Context, l *look, g goal, progress func(planner.Progress)) error {
	at, err := z.vendor(ctx, l.aim, l.v.Apex)
	if err != nil {
		return err
	}
	about, err := at.About(ctx)
	if err != nil {
		return l.refusal(ctx, g, err)
	}
	var want wanted
	for i, line := range append([]string{""}, l.aim.Zone.Lines...) {
		s := &swap{look: l, z: z, at: at, g: g, line: line, floor: about.MinTTL}
		w, err := s.run(ctx, i > 0, progress)
		if err != nil {
			return err
		}
		if i == 0 {
			want = w
		}
	}
	return z.settle(ctx, l, g, want)
}

// run makes the change on one line; another line than the default may lack the
// set.
func (s *swap) run(ctx context.Context, other bool, progress func(planner.Progress)) (wanted, error) {
	is, err := s.list(ctx)
	for told := false; err == nil; {
		if other && len(is) == 0 {
			return wanted{}, nil
		}
		var want wanted
		var e vendor.Edit
		if want, e, err = s.decide(is); err != nil {
			break
		}
		if e.Calls() == 0 {
			return want, nil
		}
		if err = s.free(e); err != nil {
			break
		}
		if !s.at.AtOnce() {
			if e.Calls() > 1 && !told {
				told = true
				progress(planner.Progress{Note: s.note(e)})
			}
			e = e.First()
		}
		is, err = s.step(ctx, e)
	}
	return wanted{}, err
}

// list gives the set on the line, without what is paused; sets that are no
// plain values are nothing to change.
func (s *swap) list(ctx context.Context) ([]vendor.Record, error) {
	all, err := s.at.List(ctx, s.g.name, s.g.kind)
	if err != nil {
		return nil, s.refusal(ctx, s.g, err)
	}
	var own []vendor.Record
	s.asleep = nil
	for _, r := range all {
		if r.Line != s.line {
			continue
		}
		if r.Off {
			s.asleep = append(s.asleep, valueOf(r))
			continue
		}
		if r.Odd != "" || r.Weight > 0 {
			return nil, fault(planner.Account, "zone.odd", "set", s.g.key(), "server", s.aim.Via, "is", valueOf(r), "why", odd(r))
		}
		own = append(own, r)
	}
	return own, nil
}

func odd(r vendor.Record) string {
	if r.Odd != "" {
		return r.Odd
	}
	return "weight " + strconv.Itoa(r.Weight)
}

// decide gives the edit that is left to make.
func (s *swap) decide(is []vendor.Record) (wanted, vendor.Edit, error) {
	set, err := plainly(is)
	if err != nil {
		return wanted{}, vendor.Edit{}, fault(planner.Internal, "zone.value", "set", s.g.key(), "value", err.Error())
	}
	want, done, err := s.g.decide(set)
	if err != nil {
		return want, vendor.Edit{}, err
	}
	if done {
		return wanted{wire.Values(set), ttlOf(set, want.ttl)}, vendor.Edit{}, nil
	}
	want.ttl = max(want.ttl, s.floor)
	to := recordsOf(s.g.name, s.g.kind, want.values, want.ttl)
	for i := range to {
		to[i].Line = s.line
	}
	return want, vendor.Between(is, to), nil
}

// free sees that nothing that an edit names is locked, or paused with the
// wanted value.
func (s *swap) free(e vendor.Edit) error {
	touched := slices.Concat(e.Modify, e.Delete)
	for _, r := range e.Was {
		if r.Locked && slices.ContainsFunc(touched, func(t vendor.Record) bool { return t.ID == r.ID }) {
			return fault(planner.Account, "zone.locked", "set", s.g.key(), "server", s.aim.Via, "is", valueOf(r))
		}
	}
	for _, r := range slices.Concat(e.Modify, e.Create) {
		if slices.Contains(s.asleep, valueOf(r)) {
			return fault(planner.Account, "zone.paused", "set", s.g.key(), "server", s.aim.Via, "is", valueOf(r))
		}
	}
	return nil
}

// note tells a person by which calls a set changes, and so what stands between
// them.
func (s *swap) note(e vendor.Edit) *config.Finding {
	var states []string
	n := e.Calls()
	for at := e; at.Calls() > 0; {
		after := at.First().After()
		states = append(states, shown(valuesOf(after)))
		at = vendor.Between(after, e.After())
	}
	return &config.Finding{Severity: config.Warning, Subject: s.aim.Domain, Msg: text.M("zone.calls", "set", s.g.key(), "server", s.aim.Via,
		"n", strconv.Itoa(n), "list", strings.Join(states, " -> "))}
}

// step makes one call and gives the set as it is listed then. A call without
// an answer is settled by listing, and made again only where nothing came of
// it. Whatever else the listing shows is somebody else's edit: nothing more is
// changed.
func (s *swap) step(ctx context.Context, e vendor.Edit) ([]vendor.Record, error) {
	var last error
	for range maxAttempts {
		err := s.at.Apply(ctx, e)
		last = err
		lag := listLag
		switch {
		case vendor.Is(err, vendor.Lost):
			lag = lostLag
		case vendor.Is(err, vendor.Duplicate), vendor.Is(err, vendor.Stale), err == nil:
		default:
			return nil, s.refusal(ctx, s.g, err)
		}
		is, settled, err := s.watch(ctx, e, lag)
		if err != nil || settled {
			return is, err
		}
		if last == nil || !vendor.Is(last, vendor.Lost) {
			break
		}
	}
	if last == nil {
		return nil, fault(planner.Internal, "zone.ignored", "set", s.g.key(), "server", s.aim.Via, "is", shown(valuesOf(e.Was)))
	}
	return nil, s.refusal(ctx, s.g, last)
}

// watch lists until the set is as after the edit.
func (s *swap) watch(ctx context.Context, e vendor.Edit, lag time.Duration) (is []vendor.Record, settled bool, err error) {
	after := e.After()
	for waited := time.Duration(0); ; waited += pollList {
		if is, err = s.list(ctx); err != nil {
			return nil, false, err
		}
		switch {
		case vendor.Alike(is, after):
			return is, true, nil
		case !vendor.Alike(is, e.Was):
			return nil, false, fault(planner.Internal, "zone.changed", "set", s.g.key(), "is", shown(valuesOf(is)), "was", shown(valuesOf(e.Was)))
		case waited >= lag:
			return is, false, nil
		}
		if err := s.z.Sleep(ctx, pollList); err != nil {
			return nil, false, err
		}
	}
}
