package zone

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"

	"blitiri.com.ar/go/spf"

	"github.com/mxmove/mxmove/providers/zone/wire"
)

// SPF is the domain's sender policy, walked through and tried.
type SPF struct {
	Lookups int      // mechanisms and modifiers that ask DNS, of at most 10 (RFC 7208 section 4.6.4)
	Void    int      // of these, without an answer: at most 2
	Missing []string // includes and redirects that have no record: permerror
	Wide    []string // mx mechanisms with more than 10 names
	Tries   []Try    // of the record as planned, or as it is where nothing is planned
	Err     error
}

// Try is what the planned record says of a sender.
type Try struct {
	Who    string // old, new or stranger
	Addr   netip.Addr
	Result string // pass, fail, softfail, neutral, none, permerror, temperror
	Reason string
}

// stranger is an address that sends nothing (RFC 5737): a record over its
// limits still passes whoever is matched early, and only shows here.
var stranger = netip.MustParseAddr("192.0.2.254")

const (
	spfLookups = 10
	spfVoid    = 2
	spfNames   = 10
)

func isSPF(v string) bool {
	f := strings.Fields(v)
	return len(f) > 0 && strings.EqualFold(f[0], "v=spf1") && strings.HasPrefix(strings.ToLower(v), "v=spf1")
}

// planned is the record after the migration added its terms.
func (a Aim) planned(record string) string {
	terms := strings.Fields(record)
	if len(terms) == 0 {
		if len(a.SPF.Add) == 0 {
			return ""
		}
		terms = []string{"v=spf1", "~all"}
	}
	at := slices.IndexFunc(terms, func(t string) bool { return strings.HasSuffix(strings.ToLower(t), "all") })
	if at < 0 {
		at = len(terms)
	}
	for _, t := range a.SPF.Add {
		if !slices.Contains(terms, t) {
			terms = slices.Insert(terms, at, t)
			at++
		}
	}
	return strings.Join(terms, " ")
}

func (l *look) spf(ctx context.Context) {
	record := ""
	for _, v := range l.v.values(l.aim.Domain, "TXT") {
		if isSPF(v) {
			record = v
		}
	}
	planned := l.aim.planned(record)
	if planned == "" {
		return
	}
	s := SPF{}
	l.spfWalk(ctx, &s, planned, 0)
	r := &overlay{w: l.w, name: l.aim.Domain, txt: planned}
	try := func(who string, a netip.Addr) {
		res, err := spf.CheckHostWithSender(net.IP(a.AsSlice()), l.aim.Domain, "postmaster@"+l.aim.Domain, spf.WithContext(ctx), spf.WithResolver(r))
		t := Try{Who: who, Addr: a, Result: string(res)}
		if err != nil {
			t.Reason = err.Error()
		}
		s.Tries = append(s.Tries, t)
	}
	if a, ok := l.someSender(ctx, l.aim.SPF.Remove); ok {
		try("old", a)
	}
	if a, ok := l.someSender(ctx, l.aim.SPF.Add); ok {
		try("new", a)
	}
	try("stranger", stranger)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.v.SPF = s
}

// spfWalk counts what a record asks of DNS.
func (l *look) spfWalk(ctx context.Context, s *SPF, record string, depth int) {
	for _, term := range strings.Fields(record)[1:] {
		name, arg := spfTerm(term)
		if arg == "" {
			arg = l.aim.Domain
		}
		if !slices.Contains([]string{"include", "redirect", "a", "mx", "exists", "ptr"}, name) {
			continue
		}
		if s.Lookups++; s.Lookups > 2*spfLookups || strings.Contains(arg, "%") {
			continue
		}
		l.spfMechanism(ctx, s, name, arg, depth)
	}
}

// spfTerm splits a term; the argument is without its prefix length.
func spfTerm(term string) (name, arg string) {
	term = strings.ToLower(strings.TrimLeft(term, "+-~?"))
	i := strings.IndexAny(term, ":=/")
	if i < 0 {
		return term, ""
	}
	name, arg = term[:i], term[i+1:]
	if term[i] == '/' {
		return name, ""
	}
	if name != "ip4" && name != "ip6" {
		arg, _, _ = strings.Cut(arg, "/")
	}
	return name, arg
}

func (l *look) spfMechanism(ctx context.Context, s *SPF, name, arg string, depth int) {
	kind := map[string]string{"include": "TXT", "redirect": "TXT", "mx": "MX"}[name]
	if kind == "" {
		if name != "ptr" && len(l.w.host(ctx, arg, 0).Addrs) == 0 {
			s.Void++
		}
		return
	}
	set, _, _, err := l.w.lookup(ctx, arg, kind, 0)
	if err != nil {
		s.Err = err
		return
	}
	if len(set) == 0 {
		s.Void++
	}
	if kind == "MX" {
		if len(set) > spfNames {
			s.Wide = append(s.Wide, arg)
		}
		return
	}
	i := slices.IndexFunc(set, func(r wire.Record) bool { return isSPF(r.Value) })
	if i < 0 {
		s.Missing = append(s.Missing, arg)
	} else if depth < spfLookups {
		l.spfWalk(ctx, s, set[i].Value, depth+1)
	}
}

// someSender finds an address that terms let send.
func (l *look) someSender(ctx context.Context, terms []string) (netip.Addr, bool) {
	for depth := 0; len(terms) > 0 && depth < spfLookups; depth++ {
		var deeper []string
		for _, t := range terms {
			name, arg := spfTerm(t)
			switch name {
			case "ip4", "ip6":
				if p, err := netip.ParsePrefix(arg); err == nil {
					return p.Masked().Addr(), true
				}
				if a, err := netip.ParseAddr(arg); err == nil {
					return a, true
				}
			case "a":
				if h := l.w.host(ctx, arg, 0); len(h.Addrs) > 0 {
					return h.Addrs[0], true
				}
			case "include", "redirect":
				set, _, _, _ := l.w.lookup(ctx, arg, "TXT", 0)
				for _, r := range set {
					if isSPF(r.Value) {
						deeper = append(deeper, strings.Fields(r.Value)[1:]...)
					}
				}
			}
		}
		terms = deeper
	}
	return netip.Addr{}, false
}

// overlay answers as DNS would with the planned record in it.
type overlay struct {
	w         *walker
	name, txt string
}

func (o *overlay) records(ctx context.Context, name, kind string) ([]wire.Record, error) {
	set, _, rcode, err := o.w.lookup(ctx, wire.Fold(name), kind, 0)
	if err != nil {
		return nil, &net.DNSError{Err: err.Error(), Name: name, IsTemporary: true}
	}
	if len(set) == 0 {
		return nil, &net.DNSError{Err: rcode, Name: name, IsNotFound: true}
	}
	return set, nil
}

// LookupTXT gives the planned record in place of the one that is there.
func (o *overlay) LookupTXT(ctx context.Context, name string) ([]string, error) {
	if wire.Fold(name) == o.name {
		return []string{o.txt}, nil
	}
	set, err := o.records(ctx, name, "TXT")
	return wire.Values(set), err
}

// LookupMX is as net.Resolver's.
func (o *overlay) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	set, err := o.records(ctx, name, "MX")
	var list []*net.MX
	for _, r := range set {
		list = append(list, &net.MX{Host: mxHost(r.Value) + "."})
	}
	return list, err
}

// LookupIPAddr is as net.Resolver's.
func (o *overlay) LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error) {
	h := o.w.host(ctx, wire.Fold(host), 0)
	if len(h.Addrs) == 0 {
		return nil, &net.DNSError{Err: "no address", Name: host, IsNotFound: h.Err == nil, IsTemporary: h.Err != nil}
	}
	var list []net.IPAddr
	for _, a := range h.Addrs {
		list = append(list, net.IPAddr{IP: a.AsSlice()})
	}
	return list, nil
}

// LookupAddr is as net.Resolver's.
func (o *overlay) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	a, err := netip.ParseAddr(addr)
	if err != nil {
		return nil, err
	}
	set, err := o.records(ctx, reverse(a), "PTR")
	return wire.Values(set), err
}
