package zone

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/providertest/dnsd"
	"github.com/mxmove/mxmove/providers/providertest/vendors"
	"github.com/mxmove/mxmove/providers/zone/wire"
)

// stand is one domain that one kind of zone changes, with its two servers.
type stand struct {
	t     *testing.T
	zones *Zones
	fake  *vendors.Fake // nil: no vendor
	ask   []netip.AddrPort

	mu    sync.Mutex
	slept []time.Duration
	notes []*config.Finding
	aside func(*config.Finding) // the person, told
}

var standRecords = []vendors.Record{
	{Name: "acme.test", Type: "MX", Value: "mx.old.test", Pref: 10, TTL: 3600},
	{Name: "www.acme.test", Type: "A", Value: "192.0.2.80", TTL: 3600},
	{Name: "acme.test", Type: "TXT", Value: "v=spf1 include:spf.old.test ~all", TTL: 3600},
	{Name: "acme.test", Type: "TXT", Value: "token=abc", TTL: 3600},
	{Name: "ftp.acme.test", Type: "A", Value: "192.0.2.81", TTL: 600},
}

const standHead = `acme.test. 3600 IN SOA ns1.acme.test. admin.acme.test. %d 3600 600 86400 300
acme.test. 3600 IN NS ns1.acme.test.
acme.test. 3600 IN NS ns2.acme.test.
ns1.acme.test. 3600 IN A 127.53.1.1
ns2.acme.test. 3600 IN A 127.53.2.1
`

// newStand makes the world of a vendor, or of a person.
func newStand(t *testing.T, kind string, records ...vendors.Record) *stand {
	t.Helper()
	n := dnsd.New(t)
	n.Serve(rootAt, strings.ReplaceAll(liveRoot, "127.0.0.1", ns1At))
	st := &stand{t: t}
	var servers []*dnsd.Server
	for _, at := range []string{ns1At, ns2At} {
		servers = append(servers, n.Serve(at, fmt.Sprintf(standHead, 1)))
		st.ask = append(st.ask, netip.AddrPortFrom(netip.MustParseAddr(at), n.Port))
	}
	publish := func(serial int, zone string) {
		for _, s := range servers {
			s.Load(t, fmt.Sprintf(standHead, serial)+zone)
		}
	}
	aim := Aim{Domain: "acme.test", Via: kind, Key: config.SecretRef("env:K"), MX: []string{"5 mx1.new.test", "10 mx2.new.test"}}
	if kind == config.ZoneManual {
		kind = config.ZoneRoute53 // the desk at which the person sits
	}
	if records == nil {
		records = standRecords
	}
	st.fake = vendors.New(t, kind, "acme.test", records, publish)
	st.fake.NS = []string{"ns1.acme.test", "ns2.acme.test"}
	aim.Zone = config.Zone{KeyID: st.fake.ID, Endpoint: st.fake.URL}
	st.zones = &Zones{Aims: []Aim{aim}, Patience: 30 * time.Second, Sleep: st.sleep,
		Observer: &Observer{Roots: addrs(rootAt), Port: n.Port, Now: time.Now, Client: &wire.Client{Timeout: 5 * time.Second}},
		Reveal:   constantly(st.fake.Secret + "\n")}
	return st
}

func constantly(secret string) func(context.Context, config.Secret) ([]byte, error) {
	return func(context.Context, config.Secret) ([]byte, error) { return []byte(secret), nil }
}

func (st *stand) sleep(ctx context.Context, d time.Duration) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.slept = append(st.slept, d)
	return ctx.Err()
}

func (st *stand) told(p planner.Progress) {
	if p.Note == nil {
		return
	}
	st.mu.Lock()
	st.notes = append(st.notes, p.Note)
	st.mu.Unlock()
	if st.aside != nil {
		st.aside(p.Note)
	}
}

func (st *stand) do(op planner.Op) error {
	st.t.Helper()
	ctx, cancel := context.WithTimeout(st.t.Context(), time.Minute)
	defer cancel()
	return st.zones.Do(ctx, op, make(chan struct{}), st.told)
}

func (st *stand) must(op planner.Op) {
	st.t.Helper()
	if err := st.do(op); err != nil {
		st.t.Fatalf("%s: %v", planner.IDOf(op), err)
	}
}

// refused does an op that must fail so.
func (st *stand) refused(op planner.Op, want string) {
	st.t.Helper()
	err := st.do(op)
	if code(err) != want {
		st.t.Errorf("%v, want %s", err, want)
	}
	if err != nil && strings.Contains(err.Error(), st.fake.Secret) {
		st.t.Errorf("it shows the key: %v", err)
	}
}

// want checks what both servers show.
func (st *stand) want(kind string, ttl uint32, values ...string) {
	st.t.Helper()
	slices.Sort(values)
	for _, at := range st.ask {
		r, err := (&wire.Client{Timeout: 5 * time.Second}).Ask(st.t.Context(), at, wire.Question{Name: "acme.test", Type: kind})
		if err != nil {
			st.t.Fatal(err)
		}
		set := r.Set("acme.test", kind)
		if !slices.Equal(wire.Values(set), values) || ttlOf(set, 0) != ttl {
			st.t.Errorf("%s: %d %q, want %d %q", kind, ttlOf(set, 0), wire.Values(set), ttl, values)
		}
	}
}

func (st *stand) old() { st.t.Helper(); st.want("MX", 3600, "10 mx.old.test") }
func (st *stand) new() { st.t.Helper(); st.want("MX", 3600, "5 mx1.new.test", "10 mx2.new.test") }

// writes are the calls that changed something, or tried.
func (st *stand) writes() int {
	n := 0
	for _, c := range st.fake.Calls() {
		if !strings.HasPrefix(c, "Describe") && !strings.HasPrefix(c, "GET ") {
			n++
		}
	}
	return n
}

// deadline cancels a run at one of its requests, before or after it was sent.
type deadline struct {
	at     int
	sent   bool
	cancel context.CancelFunc
	count  int
}

func (d *deadline) RoundTrip(r *http.Request) (*http.Response, error) {
	d.count++
	if d.count == d.at && !d.sent {
		d.cancel()
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if d.count == d.at && d.sent {
		d.cancel()
	}
	return resp, err
}
