package zone

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/mxmove/mxmove/providers/zone/wire"
)

// updates is where the server that takes updates is.
func (l *look) updates(ctx context.Context) (netip.AddrPort, bool) {
	if l.aim.Server == "" {
		return netip.AddrPort{}, false
	}
	return l.w.place(ctx, l.aim.Server)
}

// place finds the address of host or host:port.
func (w *walker) place(ctx context.Context, server string) (netip.AddrPort, bool) {
	if at, err := netip.ParseAddrPort(server); err == nil {
		return at, true
	}
	if a, err := netip.ParseAddr(server); err == nil {
		return netip.AddrPortFrom(a, w.port), true
	}
	host, port := server, w.port
	if h, p, ok := strings.Cut(server, ":"); ok {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return netip.AddrPort{}, false
		}
		host, port = h, uint16(n)
	}
	h := w.host(ctx, wire.Fold(host), 0)
	if len(h.Addrs) == 0 {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(h.Addrs[0], port), true
}

func (l *look) server(ctx context.Context, s *Server) {
	if s.Addr.IsValid() {
		l.serverAt(ctx, netip.AddrPortFrom(s.Addr, l.w.port), s)
	}
}

// serverAt asks one server everything; the serial before and after, so that a
// change under way shows.
func (l *look) serverAt(ctx context.Context, at netip.AddrPort, s *Server) {
	if s.Serial, s.Err = l.serial(ctx, at); s.Err != nil {
		return
	}
	for range 2 {
		s.Sets = l.sets(ctx, at)
		serial, err := l.serial(ctx, at)
		if err != nil || serial == s.Serial {
			return
		}
		s.Serial = serial
	}
}

func (l *look) serial(ctx context.Context, at netip.AddrPort) (uint32, error) {
	r, err := l.client().Ask(ctx, at, wire.Question{Name: l.v.Apex, Type: "SOA"})
	if err != nil {
		return 0, err
	}
	soa := r.Set(l.v.Apex, "SOA")
	switch {
	case r.Rcode != "NOERROR":
		return 0, errors.New(r.Rcode)
	case !r.AA, len(soa) != 1:
		return 0, errNotAuthoritative
	}
	n, err := strconv.ParseUint(strings.Fields(soa[0].Value)[2], 10, 32)
	return uint32(n), err
}

func (l *look) sets(ctx context.Context, at netip.AddrPort) map[string]Set {
	list := l.aim.questions()
	if len(l.v.DS) > 0 {
		list = append(list, asked{l.v.Apex, "DNSKEY"})
	}
	sets := map[string]Set{}
	var mu sync.Mutex
	each(list, func(q asked) {
		l.w.slots <- struct{}{}
		r, err := l.client().Ask(ctx, at, wire.Question{Name: q.name, Type: q.kind, DNSSEC: len(l.v.DS) > 0})
		<-l.w.slots
		mu.Lock()
		defer mu.Unlock()
		l.file(sets, q, r, err)
	})
	return sets
}

// file puts an answer into the sets that it tells of.
func (l *look) file(sets map[string]Set, q asked, r wire.Reply, err error) {
	s := Set{Rcode: r.Rcode, AA: r.AA, Err: err}
	if err == nil && r.Rcode != "NOERROR" && r.Rcode != "NXDOMAIN" {
		s.Err = errors.New(r.Rcode)
	}
	for _, rec := range r.Set(q.name, "RRSIG") {
		if wire.Covers(rec) == q.kind {
			s.Sigs = append(s.Sigs, rec)
		}
	}
	if alias := r.Set(q.name, "CNAME"); len(alias) > 0 {
		s.Alias = alias[0].Value
		sets[key(q.name, "CNAME")] = Set{Rcode: r.Rcode, AA: r.AA, Records: alias}
	} else {
		s.Records = r.Set(q.name, q.kind)
	}
	for _, rec := range r.Authority {
		switch {
		case rec.Type == "NS" && len(r.Answer) == 0 && rec.Name != l.v.Apex && below(rec.Name, l.v.Apex):
			s.Cut = rec.Name
		case rec.Type == "SOA":
			s.NegTTL = negative(rec)
		}
	}
	sets[key(q.name, q.kind)] = s
}

// negative is how long an absence is remembered (RFC 2308 section 5).
func negative(soa wire.Record) uint32 {
	f := strings.Fields(soa.Value)
	if len(f) != 7 {
		return 0
	}
	minimum, err := strconv.ParseUint(f[6], 10, 32)
	if err != nil {
		return 0
	}
	return min(soa.TTL, uint32(minimum))
}

// caches asks the listed resolvers, and only for what exists.
func (l *look) caches(ctx context.Context) {
	d := l.aim.Domain
	list := []asked{{d, "MX"}, {d, "TXT"}, {"_dmarc." + d, "TXT"}, {"_mta-sts." + d, "TXT"}}
	l.cachesOf(ctx, slices.DeleteFunc(list, func(q asked) bool { return len(l.v.set(q.name, q.kind).Records) == 0 }))
}

func (l *look) cachesOf(ctx context.Context, list []asked) {
	l.v.Caches = make([]Cache, len(l.aim.Resolvers))
	for i, r := range l.aim.Resolvers {
		l.v.Caches[i].Resolver = r
	}
	each(indices(l.v.Caches), func(c *Cache) {
		at, err := netip.ParseAddrPort(c.Resolver)
		if err != nil {
			a, err := netip.ParseAddr(c.Resolver)
			if err != nil {
				c.Err = err
				return
			}
			at = netip.AddrPortFrom(a, 53)
		}
		l.cache(ctx, at, c, list)
	})
}

func (l *look) cache(ctx context.Context, at netip.AddrPort, c *Cache, list []asked) {
	c.Sets = map[string]Set{}
	for _, q := range list {
		r, err := l.client().Ask(ctx, at, wire.Question{Name: q.name, Type: q.kind, Recurse: true})
		if err == nil && r.Rcode != "NOERROR" && r.Rcode != "NXDOMAIN" {
			err = errors.New(r.Rcode)
		}
		if err != nil {
			c.Err = err
			return
		}
		c.Own = c.Own || r.AA
		c.Sets[key(q.name, q.kind)] = Set{Rcode: r.Rcode, AA: r.AA, Records: r.Set(q.name, q.kind)}
	}
}
