package zone

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/zone/wire"
)

// MX gives the hosts that take a domain's mail now, the preferred first (RFC
// 5321 section 5.1), as authoritative servers tell; no cache is asked. Faults
// are *planner.Fault.
func (z *Zones) MX(ctx context.Context, domain string) ([]string, error) {
	l := z.Observer.begin(Aim{Domain: domain})
	set, _, _, err := l.w.lookup(ctx, domain, "MX", 0)
	if err != nil {
		return nil, either(ctx, fault(planner.Unreachable, "dns.unseen", "domain", domain, "error", err.Error()))
	}
	slices.SortStableFunc(set, func(a, b wire.Record) int { return cmp.Compare(preference(a.Value), preference(b.Value)) })
	var hosts []string
	for _, r := range set {
		hosts = append(hosts, mxHost(r.Value))
	}
	return hosts, nil
}

func preference(mx string) int {
	word, _, _ := strings.Cut(mx, " ")
	n, _ := strconv.Atoi(word)
	return n
}

// Addresses are a host's, as authoritative servers tell. Faults are
// *planner.Fault.
func (z *Zones) Addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	h := z.Observer.begin(Aim{Domain: host}).w.host(ctx, host, 0)
	if h.Err != nil {
		return nil, either(ctx, fault(planner.Unreachable, "dns.unseen", "domain", host, "error", h.Err.Error()))
	}
	return h.Addrs, nil
}
