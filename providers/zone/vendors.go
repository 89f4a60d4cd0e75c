package zone

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/zone/alidns"
	"github.com/mxmove/mxmove/providers/zone/cloudflare"
	"github.com/mxmove/mxmove/providers/zone/dnspod"
	"github.com/mxmove/mxmove/providers/zone/route53"
	"github.com/mxmove/mxmove/providers/zone/vendor"
	"github.com/mxmove/mxmove/providers/zone/wire"
)

// Vendor is a zone at a vendor with an API. Its errors are *vendor.Error where
// the vendor or the network said something.
type Vendor interface {
	// List gives the records of a name and type, of all lines, paused ones too;
	// with both empty those of the zone.
	List(ctx context.Context, name, kind string) ([]vendor.Record, error)
	// About tells of the zone itself.
	About(ctx context.Context) (vendor.About, error)
	// Apply makes an edit: all of it at once, or one call of it.
	Apply(ctx context.Context, e vendor.Edit) error
	// AtOnce says which.
	AtOnce() bool
}

// vendor opens the zone at its vendor.
func (z *Zones) vendor(ctx context.Context, aim Aim, apex string) (Vendor, error) {
	b, err := z.Reveal(ctx, aim.Key)
	if err != nil {
		return nil, err
	}
	secret, session := strings.TrimSpace(string(b)), ""
	if !aim.Zone.Token.IsZero() {
		if b, err = z.Reveal(ctx, aim.Zone.Token); err != nil {
			return nil, err
		}
		session = strings.TrimSpace(string(b))
	}
	call := vendor.Caller{HTTP: z.HTTP, Now: z.Observer.Now, Sleep: z.Sleep}
	at := func(public string) string { return cmp.Or(strings.TrimSuffix(aim.Zone.Endpoint, "/"), public) }
	switch aim.Via {
	case config.ZoneDNSPod:
		return &dnspod.Client{Caller: call, Endpoint: at(dnspod.Endpoint), Zone: apex, ID: aim.Zone.KeyID, Secret: secret, Session: session}, nil
	case config.ZoneAliDNS:
		return &alidns.Client{Caller: call, Endpoint: at(alidns.Endpoint), Zone: apex, ID: aim.Zone.KeyID, Secret: secret, Session: session}, nil
	case config.ZoneCloudflare:
		return &cloudflare.Client{Caller: call, Endpoint: at(cloudflare.Endpoint), Zone: apex, ID: aim.Zone.ZoneID, Token: secret}, nil
	case config.ZoneRoute53:
		return &route53.Client{Caller: call, Endpoint: at(route53.Endpoint), Region: aim.Zone.Region, Zone: apex, ZoneID: aim.Zone.ZoneID, ID: aim.Zone.KeyID, Secret: secret, Session: session}, nil
	}
	return nil, fault(planner.Internal, "zone.no-zone", "domain", aim.Domain)
}

// valueOf is a vendor's record as answers have it; see [wire.Make].
func valueOf(r vendor.Record) string {
	switch r.Type {
	case "MX":
		return canonicalMX(strconv.FormatUint(uint64(r.Pref), 10) + " " + r.Value)
	case "TXT":
		return wire.Shown(r.Value)
	}
	return r.Value
}

// recordOf is a value as a vendor keeps it.
func recordOf(name, kind, value string, ttl uint32) vendor.Record {
	r := vendor.Record{Name: name, Type: kind, Value: value, TTL: ttl}
	switch kind {
	case "MX":
		pref, host, _ := strings.Cut(canonicalMX(value), " ")
		n, _ := strconv.ParseUint(pref, 10, 16) // config takes no others
		r.Pref, r.Value = uint16(n), host
	case "TXT":
		r.Value = wire.Raw(value)
	}
	return r
}

func valuesOf(list []vendor.Record) []string {
	var out []string
	for _, r := range list {
		out = append(out, valueOf(r))
	}
	slices.Sort(out)
	return out
}

func recordsOf(name, kind string, values []string, ttl uint32) []vendor.Record {
	var out []vendor.Record
	for _, v := range values {
		out = append(out, recordOf(name, kind, v, ttl))
	}
	return out
}

// onPath walks the calls that lead from one set of values to another.
func onPath(kind string, is, from, to []string) bool {
	at := recordsOf("", kind, from, 0)
	for i := range at {
		at[i].ID = strconv.Itoa(i)
	}
	for {
		e := vendor.Between(at, recordsOf("", kind, to, 0))
		if e.Calls() == 0 {
			return false
		}
		at = e.First().After()
		if slices.Equal(valuesOf(at), is) {
			return true
		}
	}
}

// plainly makes records as they are read from answers, to decide on.
func plainly(list []vendor.Record) ([]wire.Record, error) {
	var out []wire.Record
	for _, r := range list {
		rec, err := wire.Make(r.Name, r.Type, r.TTL, valueOf(r))
		if err != nil {
			return nil, err
		}
		out = append(out, rec)
	}
	return out, nil
}

// refusal is a vendor's error as a fault.
func (l *look) refusal(ctx context.Context, g goal, err error) error {
	var e *vendor.Error
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !errors.As(err, &e) {
		return err
	}
	pairs := []string{"set", g.key(), "server", l.aim.Via, "error", e.Text}
	f := fault(planner.Internal, "zone.declined", pairs...)
	switch e.Kind {
	case vendor.Lost:
		f = fault(planner.Unreachable, "zone.unknown", pairs...)
	case vendor.Busy:
		f = fault(planner.Throttled, "zone.busy", pairs...)
		f.Wait = cmp.Or(e.Wait, busyWait)
	case vendor.Refused:
		f = fault(planner.Credential, "zone.key", pairs...)
	case vendor.NoZone:
		f = fault(planner.Credential, "zone.account", append(pairs, "domain", l.v.Apex)...)
	case vendor.Locked:
		f = fault(planner.Account, "zone.locked", append(pairs, "is", e.Text)...)
	}
	return f
}
