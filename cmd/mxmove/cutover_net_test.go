package main

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/mxmove/mxmove/providers/providertest/dnsd"
	"github.com/mxmove/mxmove/providers/providertest/vendors"
	"github.com/mxmove/mxmove/providers/zone"
	"github.com/mxmove/mxmove/providers/zone/wire"
)

// The addresses of the closed Internet: its root, and the two servers of every
// domain, of which the second follows the first.
const (
	pathRoot, pathNS1, pathNS2 = "127.56.0.1", "127.56.1.1", "127.56.2.1"
	firstLag, secondLag        = 2 * time.Second, 14 * time.Second // behind the vendor
)

const pathHosts = `. 3600 IN SOA a.root. admin.root. 1 3600 600 86400 60
. 3600 IN NS a.root.
a.root. 3600 IN A 127.56.0.1
ns1.dns.test. 3600 IN A 127.56.1.1
ns2.dns.test. 3600 IN A 127.56.2.1
mx.old.test. 3600 IN A 192.0.2.25
mx1.new.test. 3600 IN A 203.0.113.25
mx2.new.test. 3600 IN A 203.0.113.26
spf.old.test. 3600 IN TXT "v=spf1 ip4:192.0.2.25 -all"
spf.new.test. 3600 IN TXT "v=spf1 ip4:203.0.113.25 -all"
s2.dkim.new.test. 3600 IN TXT "v=DKIM1; k=ed25519; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
`

// route is what the world sees of domains at vendors: what is changed by an API
// shows at the first server after a while and later at the second. Time passes
// where somebody sleeps, and only there.
type route struct {
	t       *testing.T
	net     *dnsd.Net
	servers []*dnsd.Server
	get     func(context.Context, string, []netip.Addr) ([]byte, error) // MTA-STS policies

	mu    sync.Mutex
	now   time.Time
	due   []due
	shown map[string]string // by server, and set: as it is
	seen  []change
	at    []func(time.Time) // what happens as time passes, one after another
	turns sync.Mutex        // of these
}

// due is a zone on its way to a server.
type due struct {
	at     time.Time
	server int
	zone   string
}

// change is one that a server came to show: "acme.test MX 300: 10 mx.old.test".
type change struct {
	at     time.Time
	server int
	set    string
	is     string
}

// newRoute makes the Internet with these domains, each at its vendor.
func newRoute(t *testing.T, begins time.Time, domains ...string) *route {
	t.Helper()
	p := &route{t: t, net: dnsd.New(t), now: begins, shown: map[string]string{}}
	root := pathHosts
	for _, d := range domains {
		root += d + ". 3600 IN NS ns1.dns.test.\n" + d + ". 3600 IN NS ns2.dns.test.\n"
	}
	p.net.Serve(pathRoot, root)
	p.servers = []*dnsd.Server{p.net.Serve(pathNS1), p.net.Serve(pathNS2)}
	return p
}

// vendor puts a domain at a vendor.
func (p *route) vendor(kind, domain string, records ...vendors.Record) *vendors.Fake {
	p.t.Helper()
	f := vendors.New(p.t, kind, domain, records, func(serial int, text string) { p.publish(domain, serial, text) })
	f.NS = []string{"ns1.dns.test", "ns2.dns.test"}
	f.Now = p.clock
	return f
}

func (p *route) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

// publish sends a zone on its way; the first one is there at once.
func (p *route) publish(domain string, serial int, text string) {
	head := fmt.Sprintf("%[1]s. 3600 IN SOA ns1.dns.test. admin.dns.test. %[2]d 3600 600 86400 300\n%[1]s. 3600 IN NS ns1.dns.test.\n%[1]s. 3600 IN NS ns2.dns.test.\n", domain, serial)
	p.mu.Lock()
	defer p.mu.Unlock()
	begins := p.shown[domain] == ""
	p.shown[domain] = "served"
	for i, lag := range []time.Duration{firstLag, secondLag} {
		if begins {
			lag = 0
		}
		p.due = append(p.due, due{p.now.Add(lag), i, head + text})
	}
	if begins {
		p.arrive()
		p.seen = nil
	}
}

// arrive lets servers show what is due. Callers hold p.mu.
func (p *route) arrive() {
	slices.SortStableFunc(p.due, func(a, b due) int { return a.at.Compare(b.at) })
	for len(p.due) > 0 && !p.due[0].at.After(p.now) {
		d := p.due[0]
		p.due = p.due[1:]
		p.servers[d.server].Load(p.t, d.zone)
		p.note(d)
	}
}

// note keeps what a server shows now and did not before.
func (p *route) note(d due) {
	sets, origin := setsOf(p.t, d.zone)
	key := func(set string) string { return fmt.Sprint(d.server, " ", origin, " ", set) }
	for _, set := range slices.Sorted(mapsKeys(sets)) {
		if p.shown[key(set)] != sets[set] {
			p.seen = append(p.seen, change{d.at, d.server, set, sets[set]})
		}
		p.shown[key(set)] = sets[set]
	}
	for k, was := range p.shown {
		if set, ours := strings.CutPrefix(k, key("")); ours && was != "" && sets[set] == "" {
			p.shown[k] = ""
			p.seen = append(p.seen, change{d.at, d.server, set, ""})
		}
	}
}

// setsOf gives the sets of a zone as text, but for SOA and NS.
func setsOf(t *testing.T, zone string) (sets map[string]string, origin string) {
	values := map[string][]string{}
	ttl := map[string]uint32{}
	parser := dns.NewZoneParser(strings.NewReader(zone), "", "")
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		h := rr.Header()
		if h.Rrtype == dns.TypeSOA {
			origin = h.Name
		}
		if h.Rrtype == dns.TypeSOA || h.Rrtype == dns.TypeNS {
			continue
		}
		key := strings.TrimSuffix(h.Name, ".") + " " + dns.TypeToString[h.Rrtype]
		values[key], ttl[key] = append(values[key], strings.TrimPrefix(rr.String(), h.String())), h.Ttl
	}
	if err := parser.Err(); err != nil {
		t.Error(err)
	}
	sets = map[string]string{}
	for key, list := range values {
		slices.Sort(list)
		sets[key] = fmt.Sprintf("%d: %s", ttl[key], strings.Join(list, " | "))
	}
	return sets, origin
}

func mapsKeys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// sleep passes time.
func (p *route) sleep(ctx context.Context, d time.Duration) error {
	p.mu.Lock()
	p.now = p.now.Add(d)
	now, happens := p.now, p.at
	p.arrive()
	p.mu.Unlock()
	p.turns.Lock()
	defer p.turns.Unlock()
	for _, f := range happens {
		f(now)
	}
	return ctx.Err()
}

// lets has something happen as time passes.
func (p *route) lets(happen func(time.Time)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = append(slices.Clip(p.at), happen)
}

// observer looks at this Internet.
func (p *route) observer() *zone.Observer {
	return &zone.Observer{Client: &wire.Client{Timeout: 5 * time.Second}, Port: p.net.Port, Roots: []netip.Addr{netip.MustParseAddr(pathRoot)}, Get: p.get}
}

// both gives a set as both servers show it; where they differ both.
func (p *route) both(set string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []string
	for i := range p.servers {
		for k, is := range p.shown {
			if strings.HasPrefix(k, fmt.Sprint(i, " ")) && strings.HasSuffix(k, ". "+set) {
				list = append(list, is)
			}
		}
	}
	return strings.Join(slices.Compact(list), " / ")
}

// changes are those that a server came to show, in order, each "SET TTL: VALUES".
func (p *route) changes(server int) (list []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.seen {
		if c.server == server {
			list = append(list, c.set+" "+cmp.Or(c.is, "-"))
		}
	}
	return list
}

// when gives the moments at which the first and the last server came to show
// this last; zero: never.
func (p *route) when(shown string) (first, last time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.seen {
		if c.set+" "+cmp.Or(c.is, "-") != shown {
			continue
		}
		if c.server == 0 {
			first = c.at
		} else {
			last = c.at
		}
	}
	return first, last
}
