package zone

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mxmove/mxmove/providers/zone/wire"
)

// Policy is an MTA-STS policy (RFC 8461 section 3.2).
type Policy struct {
	Err    error
	Mode   string // enforce, testing or none
	MX     []string
	MaxAge time.Duration
}

// DMARC is the policy that counts for the domain.
type DMARC struct {
	At      string // the name that has it; "": nobody
	Records []string
	Err     error
	Report  map[string]bool // outside domain of rua: whether it agrees to reports
}

// maxAddresses of mail servers and senders are looked at.
const maxAddresses = 16

// targets looks at the hosts that take the mail, or are to take it.
func (l *look) targets(ctx context.Context) {
	var hosts []string
	for _, v := range slices.Concat(l.v.values(l.aim.Domain, "MX"), l.aim.MX) {
		if h := mxHost(v); h != "" && !slices.Contains(hosts, h) {
			hosts = append(hosts, h)
		}
	}
	each(hosts[:min(len(hosts), maxAddresses)], func(h string) {
		t := Target{Host: l.w.host(ctx, h, 0)}
		set, _, _, err := l.w.lookup(ctx, "_25._tcp."+h, "TLSA", 0)
		if err == nil && len(set) > 0 {
			t.TLSA, t.Signed = set, l.signed(ctx, h)
		}
		if l.Certificates != nil && len(t.TLSA) > 0 && len(t.Addrs) > 0 {
			t.Shown, _ = l.Certificates(ctx, h, t.Addrs)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.v.Targets[h] = t
	})
}

// signed reports whether a name's zone, or one above it, has a DS at its parent.
func (l *look) signed(ctx context.Context, name string) bool {
	for at := name; strings.Contains(at, "."); at = parentOf(at) {
		if r, _, err := l.w.find(ctx, at, "DS", 0); err == nil && len(r.Set(at, "DS")) > 0 {
			return true
		}
	}
	return false
}

// maxPolicy bounds a policy, in octets (RFC 8461 section 3.3 suggests 64 KiB).
const maxPolicy = 64 << 10

func (l *look) policy(ctx context.Context) {
	d := l.aim.Domain
	if !announces(l.v.values("_mta-sts."+d, "TXT")) || l.Get == nil {
		return
	}
	p := &Policy{}
	h := l.w.host(ctx, "mta-sts."+d, 0)
	b, err := []byte(nil), h.Err
	if err == nil {
		b, err = l.Get(ctx, "https://mta-sts."+d+"/.well-known/mta-sts.txt", h.Addrs)
	}
	if p.Err = err; err == nil {
		p.parse(string(b[:min(len(b), maxPolicy)]))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.v.Policy = p
}

func announces(values []string) bool {
	return slices.ContainsFunc(values, func(v string) bool { return strings.HasPrefix(v, "v=STSv1") })
}

func (p *Policy) parse(body string) {
	for line := range strings.Lines(body) {
		k, v, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch v = strings.TrimSpace(v); k {
		case "mode":
			p.Mode = v
		case "mx":
			p.MX = append(p.MX, strings.ToLower(v))
		case "max_age":
			n, _ := strconv.ParseUint(v, 10, 31)
			p.MaxAge = time.Duration(n) * time.Second
		}
	}
}

// allows reports whether the policy lets mail go to a host (RFC 8461 section
// 4.1).
func (p *Policy) allows(host string) bool {
	return slices.ContainsFunc(p.MX, func(pattern string) bool {
		if rest, wild := strings.CutPrefix(pattern, "*."); wild {
			return parentOf(host) == rest
		}
		return pattern == host
	})
}

// dmarc walks up the tree until it finds a policy (RFC 9989 section 4.10).
func (l *look) dmarc(ctx context.Context) {
	d := DMARC{Report: map[string]bool{}}
	for at, n := l.aim.Domain, 0; at != "" && n < 8; at, n = parentOf(at), n+1 {
		var values []string
		if at == l.aim.Domain {
			values = l.v.values("_dmarc."+at, "TXT")
		}
		if len(values) == 0 {
			set, _, _, err := l.w.lookup(ctx, "_dmarc."+at, "TXT", 0)
			d.Err = cmp.Or(d.Err, err)
			values = wire.Values(set)
		}
		values = slices.DeleteFunc(values, func(v string) bool { return !strings.HasPrefix(v, "v=DMARC1") })
		if len(values) > 0 {
			d.At, d.Records, d.Err = at, values, nil
			break
		}
	}
	for _, record := range d.Records {
		for _, out := range outside(tags(record)["rua"], d.At) {
			set, _, _, err := l.w.lookup(ctx, d.At+"._report._dmarc."+out, "TXT", 0)
			d.Report[out] = err == nil && len(set) > 0
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.v.DMARC = d
}

// keys follows selectors that are aliases to the target's own records.
func (l *look) keys(ctx context.Context) {
	found := map[string][]string{}
	for _, sel := range l.aim.selectors() {
		if to := l.v.set(sel+"._domainkey."+l.aim.Domain, "TXT").Alias; to != "" {
			set, _, _, err := l.w.lookup(ctx, to, "TXT", 0)
			if err == nil {
				found[to] = wire.Values(set)
			}
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.v.Keys = found
}

// tags reads tag=value pairs (RFC 6376 section 3.2).
func tags(record string) map[string]string {
	m := map[string]string{}
	for _, part := range strings.Split(record, ";") {
		if k, v, ok := strings.Cut(part, "="); ok {
			m[strings.ToLower(strings.TrimSpace(k))] = strings.Join(strings.Fields(v), "")
		}
	}
	return m
}

// outside are the domains of mailto: addresses that are not the domain's own.
func outside(rua, domain string) []string {
	var list []string
	for _, uri := range strings.Split(rua, ",") {
		address, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(uri)), "mailto:")
		address, _, _ = strings.Cut(address, "!")
		at := strings.LastIndexByte(address, '@')
		if ok && at > 0 && !below(address[at+1:], domain) && !slices.Contains(list, address[at+1:]) {
			list = append(list, address[at+1:])
		}
	}
	return list
}

// senders looks the addresses up that the wanted SPF terms name one by one:
// those of a service of one's own.
func (l *look) senders(ctx context.Context) {
	var addrs []netip.Addr
	for _, term := range l.aim.SPF.Add {
		_, v, _ := strings.Cut(term, ":")
		v, bits, _ := strings.Cut(v, "/")
		if a, err := netip.ParseAddr(v); err == nil && (bits == "" || bits == strconv.Itoa(a.BitLen())) {
			addrs = append(addrs, a)
		}
	}
	for _, a := range addrs[:min(len(addrs), maxAddresses)] {
		s := Sender{Addr: a}
		if set, _, _, err := l.w.lookup(ctx, reverse(a), "PTR", 0); err == nil && len(set) > 0 {
			s.Name = set[0].Value
			s.Match = slices.Contains(l.w.host(ctx, s.Name, 0).Addrs, a)
		}
		l.mu.Lock()
		l.v.Senders = append(l.v.Senders, s)
		l.mu.Unlock()
	}
}

// reverse is the name of an address (RFC 1035 section 3.5, RFC 3596 section 2.5).
func reverse(a netip.Addr) string {
	if a.Is4() {
		b := a.As4()
		return strconv.Itoa(int(b[3])) + "." + strconv.Itoa(int(b[2])) + "." + strconv.Itoa(int(b[1])) + "." + strconv.Itoa(int(b[0])) + ".in-addr.arpa"
	}
	const hex = "0123456789abcdef"
	var s strings.Builder
	b := a.As16()
	for i := 15; i >= 0; i-- {
		s.WriteString(string(hex[b[i]&15]) + "." + string(hex[b[i]>>4]) + ".")
	}
	return s.String() + "ip6.arpa"
}

// redirects asks the web server at the domain itself, which wins over names
// below it in Outlook's and Thunderbird's order.
func (l *look) redirects(ctx context.Context) {
	d := l.aim.Domain
	if l.Get == nil || !l.aim.switches() {
		return
	}
	found := map[string]bool{}
	h := l.w.host(ctx, d, 0)
	for _, path := range []string{"/autodiscover/autodiscover.xml", "/.well-known/autoconfig/mail/config-v1.1.xml"} {
		if len(h.Addrs) > 0 {
			b, err := l.Get(ctx, "https://"+d+path, h.Addrs)
			found[path] = err == nil && strings.Contains(strings.ToLower(string(b)), "<?xml")
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.v.Redirect = found
}

func addrs(list ...string) []netip.Addr {
	var out []netip.Addr
	for _, s := range list {
		out = append(out, netip.MustParseAddr(s))
	}
	return out
}

// rootHints are the root's servers (named.root of 2023-12-19).
var rootHints = addrs("198.41.0.4", "170.247.170.2", "192.33.4.12", "199.7.91.13", "192.203.230.10", "192.5.5.241", "192.112.36.4",
	"198.97.190.53", "192.36.148.17", "192.58.128.30", "193.0.14.129", "199.7.83.42", "202.12.27.33")
