package zone

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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

func newLive(t *testing.T, first peer.Kind) *live {
	t.Helper()
	n := dnsd.New(t)
	n.Serve(rootAt, liveRoot)
	l := &live{t: t}
	port := int(n.Port)
	second := net.JoinHostPort("127.53.2.1", fmt.Sprint(port))
	o := peer.NamesOptions{Zone: "acme.test", Key: tsig, Text: liveZone, Port: port, Tell: second}
	l.primary = peer.StartNames(t, first, o)
	l.second = peer.StartNames(t, peer.KindKnot, peer.NamesOptions{Zone: "acme.test", Key: tsig, Addr: "127.53.2.1", Port: port, From: l.primary.At()})
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

// The whole way and back, at BIND and at Knot.
func TestUpdatesAtRealServers(t *testing.T) {
	for _, kind := range []peer.Kind{peer.KindBIND, peer.KindKnot} {
		t.Run(string(kind), func(t *testing.T) {
			l := newLive(t, kind)
			l.must(lowerOp())
			l.must(mxOp())
			l.must(mxOp()) // is in effect: nothing is sent
			edit := planner.SetRecords{New: planner.RRset{Zone: "acme.test", Name: "acme.test", Type: "TXT"}, Add: []string{"include:spf.new.test"}}
			l.must(edit)
			l.want("MX", 300, "5 mx1.new.test", "10 mx2.new.test")
			l.want("TXT", 3600, "token=abc", "v=spf1 include:spf.old.test include:spf.new.test ~all")
			back := mxOp()
			back.Old, back.New = back.New, back.Old
			l.must(planner.Restore{Of: planner.IDOf(mxOp()), Op: back})
			raise := lowerOp()
			raise.New = 3600
			l.must(planner.Restore{Of: planner.IDOf(lowerOp()), Op: raise})
			l.want("MX", 3600, "10 mx.old.test")
		})
	}
}

func TestAnothersEditIsRefused(t *testing.T) {
	l := newLive(t, peer.KindBIND)
	other := mxOp()
	other.New.Values = []string{"7 mx.third.test"}
	l.must(other)
	if got := code(l.do(mxOp())); got != "zone.changed" {
		t.Errorf("%s, want zone.changed", got)
	}
	l.want("MX", 3600, "7 mx.third.test")
}

func TestRefusals(t *testing.T) {
	l := newLive(t, peer.KindBIND)
	l.zones.Reveal = func(context.Context, config.Secret) ([]byte, error) {
		return []byte(base64.StdEncoding.EncodeToString([]byte("wrong"))), nil
	}
	err := l.do(mxOp())
	if code(err) != "zone.refused" || !strings.Contains(err.Error(), "BADSIG") || strings.Contains(err.Error(), "d3Jvbmc") {
		t.Errorf("%v", err)
	}
	l.open()
	none := mxOp()
	none.New.Values = nil
	if got := code(l.do(none)); got != "zone.empty-mx" {
		t.Error(got)
	}
	l.zones.Aims[0].Via = "dnspod"
	if got := code(l.do(mxOp())); got != "zone.vendor" {
		t.Error(got)
	}
	l.want("MX", 3600, "10 mx.old.test")
}

// A proxy that passes updates on and loses the first answers, or the first
// updates themselves.
func TestLostAnswersAreSettledByReading(t *testing.T) {
	for name, lose := range map[string]struct{ updates, answers int32 }{"an answer": {0, 1}, "an update": {1, 0}, "both": {1, 2}} {
		t.Run(name, func(t *testing.T) {
			l := newLive(t, peer.KindBIND)
			p := startProxy(t, l.primary.At(), lose.updates, lose.answers)
			l.updateAt = p.at
			l.open()
			l.must(lowerOp())
			l.must(mxOp())
			l.want("MX", 300, "5 mx1.new.test", "10 mx2.new.test")
			if p.updates.Load() > 0 || p.answers.Load() > 0 {
				t.Error("nothing was lost, so this proves nothing")
			}
		})
	}
}

// Killed at any moment, and run again: the same end.
func TestKilledUnderWay(t *testing.T) {
	l := newLive(t, peer.KindBIND)
	for n := range 12 {
		op := mxOp()
		if n%2 == 1 {
			op.Old, op.New = op.New, op.Old
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n)*2*time.Millisecond)
		_ = l.zones.Do(ctx, op, make(chan struct{}), func(planner.Progress) {})
		cancel()
		l.open()
		l.must(op)
		l.want("MX", 3600, op.New.Values...)
	}
}

func TestAServerBehindIsNotDone(t *testing.T) {
	l := newLive(t, peer.KindBIND)
	l.second.Stop()
	l.zones.Patience = 300 * time.Millisecond
	err := l.do(mxOp())
	var f *planner.Fault
	if !errors.As(err, &f) || f.Code != "zone.behind" || f.Class != planner.Throttled || f.Wait <= 0 {
		t.Fatalf("%v", err)
	}
	if got := code(l.do(planner.Wait{For: "authoritative", On: "acme.test"})); got != "zone.behind" {
		t.Error(got)
	}
	l.second.Start()
	l.zones.Patience = 15 * time.Second
	l.must(mxOp())
	l.must(planner.Wait{For: "authoritative", On: "acme.test"})
}

// The cache of a real resolver is waited for.
func TestCachesAreWaitedFor(t *testing.T) {
	l := newLive(t, peer.KindBIND)
	low := lowerOp()
	low.New = 4
	l.must(low)
	resolver := peer.StartNames(t, peer.KindUnbound, peer.NamesOptions{Zone: "acme.test", From: l.primary.At()})
	l.zones.Aims[0].Resolvers = []string{resolver.At()}
	v := l.zones.Observer.Look(t.Context(), l.zones.Aims[0])
	if len(v.Caches) != 1 || v.Caches[0].Err != nil || len(v.Caches[0].Sets["acme.test MX"].Records) != 1 {
		t.Fatalf("%+v", v.Caches)
	}
	l.must(mxOp())
	wait := planner.Wait{For: "caches", On: "acme.test", Least: 0, In: planner.Drain}
	err := l.do(wait)
	var f *planner.Fault
	if !errors.As(err, &f) || f.Code != "zone.cached" || f.Wait <= 0 || f.Wait > 6*time.Second {
		t.Fatalf("%v", err)
	}
	for deadline := time.Now().Add(15 * time.Second); err != nil; err = l.do(wait) {
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// A person enters what is told, first half of it.
func TestByHand(t *testing.T) {
	l := newLive(t, peer.KindBIND)
	byPerson := &Zones{Observer: l.zones.Observer, Aims: slices.Clone(l.zones.Aims), Sleep: l.zones.Sleep, Person: 10 * time.Minute}
	byPerson.Aims[0].Via = config.ZoneManual
	told := make(chan *config.Finding, 9)
	var group sync.WaitGroup
	group.Go(func() {
		note := <-told
		if note.Code != "zone.enter" || note.Args["now"] != "10 mx2.new.test, 5 mx1.new.test" || note.Args["gone"] != "10 mx.old.test" || note.Args["ttl"] != "3600" {
			t.Errorf("%+v", note)
		}
		half := mxOp()
		half.New.Values = []string{"5 mx1.new.test", "10 mx.old.test"}
		l.must(half)
		rest := mxOp()
		rest.Old = half.New
		l.must(rest)
	})
	err := byPerson.Do(t.Context(), mxOp(), make(chan struct{}), func(p planner.Progress) { told <- p.Note })
	group.Wait()
	if err != nil {
		t.Fatal(err)
	}
	l.want("MX", 3600, "5 mx1.new.test", "10 mx2.new.test")
	if len(told) > 0 {
		t.Error("told twice")
	}
	stop := make(chan struct{})
	close(stop)
	if err := byPerson.Do(t.Context(), lowerOp(), stop, func(planner.Progress) {}); !errors.Is(err, planner.ErrStopped) {
		t.Errorf("%v, want planner.ErrStopped", err)
	}
	byPerson.Person = time.Millisecond
	if got := code(byPerson.Do(t.Context(), lowerOp(), make(chan struct{}), func(planner.Progress) {})); got != "zone.waiting" {
		t.Error(got)
	}
}

// proxy is a TCP way to a server on which updates or their answers are lost;
// UDP passes.
type proxy struct {
	at               string
	updates, answers atomic.Int32
}

func startProxy(t *testing.T, to string, updates, answers int32) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	udp, err := net.ListenPacket("udp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{at: listener.Addr().String()}
	p.updates.Store(updates)
	p.answers.Store(answers)
	var group sync.WaitGroup
	group.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			p.pass(conn, to)
		}
	})
	group.Go(func() { relay(udp, to) })
	t.Cleanup(func() { _ = listener.Close(); _ = udp.Close(); group.Wait() })
	return p
}

func (p *proxy) pass(conn net.Conn, to string) {
	defer conn.Close()
	if p.updates.Load() > 0 {
		p.updates.Add(-1)
		return
	}
	out, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer out.Close()
	b := make([]byte, 64<<10)
	n, _ := io.ReadAtLeast(conn, b, 3)
	_, _ = out.Write(b[:n])
	n, _ = io.ReadAtLeast(out, b, 3)
	if p.answers.Load() > 0 {
		p.answers.Add(-1)
		return
	}
	_, _ = conn.Write(b[:n])
}

func relay(udp net.PacketConn, to string) {
	b := make([]byte, 64<<10)
	for {
		n, from, err := udp.ReadFrom(b)
		if err != nil {
			return
		}
		out, err := net.Dial("udp", to)
		if err != nil {
			return
		}
		_, _ = out.Write(b[:n])
		_ = out.SetReadDeadline(time.Now().Add(time.Second))
		if n, err = out.Read(b); err == nil {
			_, _ = udp.WriteTo(b[:n], from)
		}
		_ = out.Close()
	}
}
