package zone

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/providertest/dnsd"
	"github.com/mxmove/mxmove/providers/zone/wire"
)

// now is when tests look.
var now = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// The addresses of the small Internet.
const (
	rootAt, ns1At, ns2At, elseAt, cacheAt = "127.53.0.1", "127.53.1.1", "127.53.2.1", "127.53.3.1", "127.53.4.1"
)

// Public keys of 2048, 1024 and 512 bits, in two strings where they are too long
// for one (RFC 6376 section 3.6.2.2).
const (
	testKey = `MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAjOj9adQgsyi+GPv9Y9LA24AYI0ib2IK5PkKT9a6moJp0ITzzANCdoTdNPHY7hV9lNL5qHUPJh+Lw8yg5W/7aShMIYPaPTjrVZ1LzvadpozltANO0NOJb6+ThnUjuhcY5nJ4n/fQPMOi9nqUN/fK39fu4pd5B" "pT6ZgPhCDhQAy5Gjz50j+M+wdGXfWEhjA8fhgcUwq3huOOe180E4F8BLnNodFdjh5eKZS6uwfoSyEdvKr9W3nCIq3VoyZOg1deFQD+cGecK5Dqfcb+M7TXgPO1YzLMHKCHQmSu7mwWzFKrSgOWpmkB6zxU6uX6ufXmGpShzzuQg/URa9DT90P1z9EwIDAQAB`
	key1024 = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC4DAl+GQAVqEr0m/mM75t/b+zyuG0vQOpORnhcBkdFENeDgderAJxgk+pDb2wZe/pDLmTbYFduTDVgpL2HMU6c9yEHBbFH6fhM2Netf9O8m/YASV6wTsArjymPyp/V2WZzVQ2TiTWHzVzuxbFm1z+SpcRsLrPGEv+uHuUBgNOYEQIDAQAB"
	key512  = "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAOsHlN5PT9PbpCvUBGCPx4C2CGYATrHI0cfbQ/hnSkgcfjJes7D5mIQRXurl66p1m6aLdSSB6U59UyIfchNSMd8CAwEAAQ=="
)

// goodZone is acme.test as it should be before a switch.
const goodZone = `$ORIGIN acme.test.
$TTL 300
@ 3600 IN SOA ns1.acme.test. admin.acme.test. 7 3600 600 86400 300
@ 3600 IN NS ns1.acme.test.
@ 3600 IN NS ns2.acme.test.
ns1 3600 IN A 127.53.1.1
ns2 3600 IN A 127.53.2.1
@ IN A 192.0.2.80
@ IN MX 10 mx.old.test.
@ IN TXT "v=spf1 include:spf.old.test include:spf.new.test ~all"
@ IN TXT "token=abc"
_dmarc IN TXT "v=DMARC1; p=none; rua=mailto:d@acme.test"
_smtp._tls IN TXT "v=TLSRPTv1; rua=mailto:t@acme.test"
s2024._domainkey IN TXT "v=DKIM1; k=rsa; p=KEY"
s2026._domainkey IN TXT "v=DKIM1; k=ed25519; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
`

const rootZone = `. 3600 IN SOA root. root. 1 3600 600 86400 300
. 3600 IN NS a.root.
a.root. 3600 IN A 127.53.0.1
test. 3600 IN SOA a.root. root. 1 3600 600 86400 300
acme.test. 3600 IN NS ns1.acme.test.
acme.test. 3600 IN NS ns2.acme.test.
ns1.acme.test. 3600 IN A 127.53.1.1
ns2.acme.test. 3600 IN A 127.53.2.1
old.test. 3600 IN NS ns.else.test.
new.test. 3600 IN NS ns.else.test.
else.test. 3600 IN NS ns.else.test.
ns.else.test. 3600 IN A 127.53.3.1
2.0.192.in-addr.arpa. 3600 IN NS ns.else.test.
`

const oldZone = `$ORIGIN old.test.
@ 300 IN SOA ns.else.test. admin 1 3600 600 86400 300
mx 300 IN A 192.0.2.10
spf 300 IN TXT "v=spf1 ip4:192.0.2.10 -all"
`

const newZone = `$ORIGIN new.test.
@ 300 IN SOA ns.else.test. admin 1 3600 600 86400 300
mx1 300 IN A 192.0.2.20
mx2 300 IN A 192.0.2.21
spf 300 IN TXT "v=spf1 ip4:192.0.2.20 -all"
dkim 300 IN TXT "v=DKIM1; k=ed25519; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
`

const reverseZone = `$ORIGIN 2.0.192.in-addr.arpa.
@ 300 IN SOA ns.else.test. admin 1 3600 600 86400 300
20 300 IN PTR mx1.new.test.
21 300 IN PTR mx1.new.test.
`

// world is the small Internet of one test; a test changes it before look.
type world struct {
	t    *testing.T
	root string
	zone [2]string // of ns1 and ns2
	els  []string
	aim  Aim
	obs  Observer
	view func(*View) // what no server can show

	net      *dnsd.Net
	servers  map[string]*dnsd.Server
	resolver string // its zone
}

func newWorld(t *testing.T) *world {
	good := strings.ReplaceAll(goodZone, "KEY", testKey)
	return &world{t: t, root: rootZone, zone: [2]string{good, good}, els: []string{oldZone, newZone, reverseZone},
		aim: Aim{Domain: "acme.test", MX: []string{"5 mx1.new.test", "10 mx2.new.test"}, Selectors: []string{"s2024"},
			DKIM: map[string]string{"s2026": "v=DKIM1; k=ed25519; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
			SPF:  config.SPF{Add: []string{"include:spf.new.test"}, Remove: []string{"include:spf.old.test"}},
			Via:  config.ZoneRFC2136, Opens: now.Add(96 * time.Hour), Tail: 120 * time.Hour},
		obs: Observer{Now: func() time.Time { return now }, Roots: addrs(rootAt)}}
}

// both edits both servers' zone.
func (w *world) both(old, to string) {
	for i := range w.zone {
		w.edit(i, old, to)
	}
}

func (w *world) edit(i int, old, to string) {
	w.t.Helper()
	if !strings.Contains(w.zone[i], old) {
		w.t.Fatalf("the zone has no %q", old)
	}
	w.zone[i] = strings.Replace(w.zone[i], old, to, 1)
}

func (w *world) add(lines ...string) {
	for i := range w.zone {
		w.zone[i] += strings.Join(lines, "\n") + "\n"
	}
}

func (w *world) addElse(i int, lines ...string) { w.els[i] += strings.Join(lines, "\n") + "\n" }

// start starts the servers; it may be called by a test that twists them.
func (w *world) start() *world {
	if w.net != nil {
		return w
	}
	w.net = dnsd.New(w.t)
	w.servers = map[string]*dnsd.Server{}
	// the root serves test. too: its zone is split here
	root, test, _ := strings.Cut(w.root, "test. 3600 IN SOA")
	w.servers[rootAt] = w.net.Serve(rootAt, root+delegations(test), "test. 3600 IN SOA"+onlyTest(test))
	w.servers[ns1At] = w.net.Serve(ns1At, w.zone[0])
	w.servers[ns2At] = w.net.Serve(ns2At, w.zone[1])
	w.servers[elseAt] = w.net.Serve(elseAt, append([]string{"else.test. 300 IN SOA ns.else.test. admin.else.test. 1 3600 600 86400 300\nelse.test. 300 IN NS ns.else.test.\nns.else.test. 300 IN A 127.53.3.1\n"}, w.els...)...)
	if w.resolver != "" {
		w.servers[cacheAt] = w.net.Serve(cacheAt, w.resolver).Recursive()
	}
	w.obs.Port = w.net.Port
	w.obs.Client = &wire.Client{Timeout: 150 * time.Millisecond, Now: w.obs.Now}
	return w
}

func delegations(test string) string {
	var b strings.Builder
	for line := range strings.Lines(test) {
		if strings.Contains(line, "arpa.") || strings.HasPrefix(line, "ns.else") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func onlyTest(test string) string {
	var b strings.Builder
	for line := range strings.Lines(test) {
		if !strings.Contains(line, "arpa.") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func (w *world) look() *View {
	w.t.Helper()
	w.start()
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	v := w.obs.Look(ctx, w.aim)
	if w.view != nil {
		w.view(v)
	}
	return v
}

func (w *world) check() []Finding { w.t.Helper(); return Check(w.aim, w.look()) }

func codes(found []Finding) []string {
	var list []string
	for _, f := range found {
		list = append(list, fmt.Sprintf("%s %s", f.Code, f.Severity))
	}
	return list
}

// resolve makes a resolver of the world's that has this zone in its cache.
func (w *world) resolve(zone string) {
	w.resolver = zone
	w.start()
	w.aim.Resolvers = []string{netip.AddrPortFrom(netip.MustParseAddr(cacheAt), w.net.Port).String()}
}

func TestAGoodZoneIsSilent(t *testing.T) {
	w := newWorld(t)
	if found := w.check(); len(found) > 0 {
		for _, f := range found {
			t.Errorf("%s %s %v", f.Code, f.Severity, f.Args["list"])
		}
	}
}

func TestZoneAsPlansTakeIt(t *testing.T) {
	w := newWorld(t)
	w.edit(1, "10 mx.old.test.", "20 MX.Old.test.")
	z := w.look().Zone()
	i := slices.IndexFunc(z.Sets, func(r planner.RRset) bool { return r.Key() == "acme.test MX" })
	if i < 0 || !slices.Equal(z.Sets[i].Values, []string{"10 mx.old.test"}) && !slices.Equal(z.Sets[i].Values, []string{"20 mx.old.test"}) || z.Sets[i].TTL != 300 {
		t.Fatalf("MX: %+v", z.Sets)
	}
	if len(z.Servers) != 2 || z.Servers[0].Serial != 7 || len(z.Servers[0].Differs)+len(z.Servers[1].Differs) != 1 {
		t.Errorf("servers: %+v", z.Servers)
	}
	if !z.Seen.Known() {
		t.Errorf("seen: %+v", z.Seen)
	}
	for _, s := range z.Sets {
		if strings.Contains(s.Name, probeLabel) {
			t.Errorf("the probe is in the sets: %v", s)
		}
	}
}

func TestNothingIsAskedOfAResolverThatDoesNotExist(t *testing.T) {
	w := newWorld(t)
	w.resolve(strings.ReplaceAll(goodZone, "KEY", testKey))
	w.check()
	for _, q := range w.servers[cacheAt].Asked() {
		if strings.Contains(q.Name, "_mta-sts") || strings.Contains(q.Name, probeLabel) || strings.Contains(q.Name, "s2026") {
			t.Errorf("the resolver was asked for %s: its absence is remembered now", q.Name)
		}
	}
	if len(w.servers[cacheAt].Asked()) == 0 {
		t.Error("the resolver was not asked at all")
	}
}

func TestUnseen(t *testing.T) {
	w := newWorld(t)
	w.start()
	for _, at := range []string{ns1At, ns2At} {
		w.servers[at].Twist(func(dns.Question, *dns.Msg, bool) *dns.Msg { return nil })
	}
	v := w.look()
	if v.Err == nil || v.Err.Code != "dns.silent" || v.Zone().Seen.Known() {
		t.Errorf("%+v", v.Err)
	}
	if got := codes(Check(w.aim, v)); !slices.Equal(got, []string{"dns.silent blocks"}) {
		t.Error(got)
	}
	w.servers[rootAt].Twist(func(dns.Question, *dns.Msg, bool) *dns.Msg { return nil })
	if v := w.look(); v.Err == nil || v.Err.Code != "dns.unseen" {
		t.Errorf("%+v", v.Err)
	}
}
