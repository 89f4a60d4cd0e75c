package zone

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/providertest/dnsd"
	"github.com/mxmove/mxmove/providers/providertest/peer"
	"github.com/mxmove/mxmove/providers/zone/wire"
)

var tsig = base64.StdEncoding.EncodeToString([]byte("a key of thirty-two octets, or so"))

const liveZone = `$ORIGIN acme.test.
@ 3600 IN SOA ns1.acme.test. admin.acme.test. 7 3600 600 86400 300
@ 3600 IN NS ns1.acme.test.
@ 3600 IN NS ns2.acme.test.
ns1 3600 IN A 127.0.0.1
ns2 3600 IN A 127.53.2.1
@ 3600 IN MX 10 mx.old.test.
@ 3600 IN TXT "v=spf1 include:" "spf.old.test ~all"
@ 3600 IN TXT "token=abc"
`

const liveRoot = `. 3600 IN SOA root. root. 1 3600 600 86400 300
acme.test. 3600 IN NS ns1.acme.test.
acme.test. 3600 IN NS ns2.acme.test.
ns1.acme.test. 3600 IN A 127.0.0.1
ns2.acme.test. 3600 IN A 127.53.2.1
`

// live is a primary and a secondary, real ones, below a root of this process.
type live struct {
	t        *testing.T
	zones    *Zones
	primary  *peer.Names
	second   *peer.Names
	updateAt string
}

func newLive(t *testing.T, first peer.Kind) *live { t.Helper(); return newLiveWith(t, first, "") }

// newLiveWith has a key of this algorithm.
func newLiveWith(t *testing.T, first peer.Kind, algorithm string) *live {
	t.Helper()
	n := dnsd.New(t)
	n.Serve(rootAt, liveRoot)
	l := &live{t: t}
	port := int(n.Port)
	second := net.JoinHostPort("127.53.2.1", fmt.Sprint(port))
	o := peer.NamesOptions{Zone: "acme.test", Key: tsig, HMAC: algorithm, Text: liveZone, Port: port, Tell: second}
	l.primary = peer.StartNames(t, first, o)
	l.second = peer.StartNames(t, peer.KindKnot, peer.NamesOptions{Zone: "acme.test", Key: tsig, HMAC: algorithm, Addr: "127.53.2.1", Port: port, From: l.primary.At()})
	l.updateAt = l.primary.At()
	l.open()
	l.zones.Observer.Port = n.Port
	return l
}

// open makes the provider anew, as after a restart.
func (l *live) open() {
	port := uint16(l.primary.Port)
	l.zones = &Zones{
		Observer: &Observer{Roots: addrs(rootAt), Port: port, Now: time.Now, Client: &wire.Client{Timeout: 500 * time.Millisecond}},
		Aims: []Aim{{Domain: "acme.test", Via: config.ZoneRFC2136, Server: l.updateAt, KeyName: "cutover", Key: config.SecretRef("env:K"),
			MX: []string{"5 mx1.new.test", "10 mx2.new.test"}}},
		Reveal:   func(context.Context, config.Secret) ([]byte, error) { return []byte(tsig + "\n"), nil },
		Patience: time.Minute,
		Sleep: func(ctx context.Context, d time.Duration) error {
			select {
			case <-time.After(min(d, 100*time.Millisecond)):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
	}
}

func (l *live) do(op planner.Op) error {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), 40*time.Second)
	defer cancel()
	return l.zones.Do(ctx, op, make(chan struct{}), func(planner.Progress) {})
}

func (l *live) must(op planner.Op) {
	l.t.Helper()
	if err := l.do(op); err != nil {
		l.t.Fatalf("%s: %v", planner.IDOf(op), err)
	}
}

// want checks what every server shows, with its TTL.
func (l *live) want(kind string, ttl uint32, values ...string) {
	l.t.Helper()
	for _, s := range []*peer.Names{l.primary, l.second} {
		r, err := (&wire.Client{}).Ask(l.t.Context(), netip.MustParseAddrPort(s.At()), wire.Question{Name: "acme.test", Type: kind})
		if err != nil {
			l.t.Fatal(err)
		}
		set := r.Set("acme.test", kind)
		slices.Sort(values)
		if !slices.Equal(wire.Values(set), values) || ttlOf(set, 0) != ttl {
			l.t.Errorf("%s %s: %d %q, want %d %q", s.Kind, kind, ttlOf(set, 0), wire.Values(set), ttl, values)
		}
	}
}

func mxOp() planner.SetRecords {
	set := planner.RRset{Zone: "acme.test", Name: "acme.test", Type: "MX"}
	op := planner.SetRecords{Old: set, New: set, In: planner.Cutover}
	op.Old.Values, op.New.Values = []string{"10 mx.old.test"}, []string{"10 mx2.new.test", "5 mx1.new.test"}
	return op
}

func lowerOp() planner.SetTTL {
	return planner.SetTTL{Set: planner.RRset{Zone: "acme.test", Name: "acme.test", Type: "MX"}, New: 300}
}

func code(err error) string {
	var f *planner.Fault
	if errors.As(err, &f) {
		return f.Code
	}
	return fmt.Sprint(err)
}
