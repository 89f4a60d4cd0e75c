package zone

import (
	"context"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/zone/vendor"
)

// Look looks at a domain, and at its zone as a vendor's API lists it, or as the
// server that takes updates transfers it.
func (z *Zones) Look(ctx context.Context, aim Aim) *View {
	v := z.Observer.Look(ctx, aim)
	if v.Err != nil || z.Reveal == nil || ctx.Err() != nil {
		return v
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	switch aim.Via {
	case "", config.ZoneManual:
	case config.ZoneRFC2136:
		v.Listing = z.transfer(ctx, aim, v)
	default:
		v.Account = &Account{}
		v.Account.About, v.Listing, v.Account.Err = z.account(ctx, aim, v)
	}
	return v
}

func (z *Zones) account(ctx context.Context, aim Aim, v *View) (vendor.About, []Listed, error) {
	at, err := z.vendor(ctx, aim, v.Apex)
	if err != nil {
		return vendor.About{}, nil, err
	}
	about, err := at.About(ctx)
	if err != nil {
		return about, nil, err
	}
	all, err := at.List(ctx, "", "")
	list := make([]Listed, 0, len(all))
	for _, r := range all {
		set := planner.RRset{Zone: v.Domain, Name: r.Name, Type: r.Type, Line: r.Line, Values: []string{valueOf(r)}, TTL: r.TTL}
		list = append(list, Listed{RRset: set, Off: r.Off, Locked: r.Locked, Weight: r.Weight, Odd: r.Odd})
	}
	return about, list, err
}

// transfer reads the zone (AXFR), where the key may: nil if not.
func (z *Zones) transfer(ctx context.Context, aim Aim, v *View) []Listed {
	l := z.Observer.begin(aim)
	at, ok := l.updates(ctx)
	key, err := z.key(ctx, aim)
	if !ok || err != nil {
		return nil
	}
	all, err := l.client().Transfer(ctx, at, v.Apex, key)
	if err != nil {
		return nil
	}
	var list []Listed
	for _, r := range all {
		list = append(list, Listed{RRset: planner.RRset{Zone: v.Domain, Name: r.Name, Type: r.Type, Values: []string{r.Value}, TTL: r.TTL}})
	}
	return list
}
