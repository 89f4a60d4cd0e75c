package signed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/providertest/peer"
	"github.com/mxmove/mxmove/providers/zone"
)

// The values of the MX before and after the switch, and the TTL that it has but
// for the days of the move.
const (
	oldMX, newMX = "10 mx.old.test", "10 mx.new.test"
	longTTL      = 3600
)

var mx = planner.RRset{Zone: domain, Name: domain, Type: "MX"}

// A signed domain's MX gets a short TTL, moves, is taken back, moves again, and
// gets its TTL back. Nothing of that is done before the secondary follows, and
// what each server shows, at each moment, is signed.
func TestACutoverInASignedZone(t *testing.T) {
	t.Parallel()
	if !enter(t) {
		return
	}
	m := newMover(t)
	m.shows(longTTL, oldMX)
	lower := planner.SetTTL{Set: mx, New: 300}
	m.follows(lower, fmt.Sprintf("%s: %s, TTL %d", ns2At, oldMX, longTTL))
	m.shows(300, oldMX)
	m.remembered(oldMX) // for five minutes
	lower.New = 4       // short enough for a test to wait for
	m.follows(lower, fmt.Sprintf("%s: %s, TTL 300", ns2At, oldMX))
	m.shows(4, oldMX)

	change := planner.SetRecords{Old: mx, New: mx, In: planner.Cutover}
	change.Old.Values, change.New.Values = []string{oldMX}, []string{newMX}
	m.moves(change)
	m.longAgo()
	undo := planner.UndoOf(change, planner.Snapshot{})
	m.follows(*undo, fmt.Sprintf("%s: %s, TTL 4", ns2At, newMX))
	m.shows(4, oldMX)

	m.w.resolver.Stop()
	m.w.resolver.Start() // with nothing in its cache
	m.remembered(oldMX)
	m.moves(change)
	m.caches(planner.Wait{For: "caches", On: domain, Least: 4 * time.Second, In: planner.Drain})
	m.remembered(newMX)

	back := planner.Restore{Of: planner.IDOf(lower), Op: planner.SetTTL{Set: mx, New: longTTL}}
	m.follows(back, ns2At+": "+newMX+", TTL 4")
	m.shows(longTTL, newMX)
	m.must(back)
	m.silent()
}

// silent fails unless the checks of what is signed, and of servers that differ,
// have nothing to say.
func (m *mover) silent() {
	m.t.Helper()
	aim := m.zones.Aims[0]
	view := m.zones.Observer.Look(m.t.Context(), aim)
	if len(view.DS) == 0 || len(view.Servers) != 2 {
		m.t.Errorf("DS %v, servers %v", view.DS, view.Servers)
	}
	for _, f := range zone.Check(aim, view) {
		if f.Code == "DNS-01" || f.Code == "DNS-27" {
			m.t.Errorf("in the end %s: %v", f.Code, f.Evidence)
		}
	}
}

// moves changes the MX: first at the primary only, where it is signed at once.
func (m *mover) moves(change planner.SetRecords) {
	m.t.Helper()
	authoritative := planner.Wait{For: "authoritative", On: domain, In: planner.Cutover}
	behind := ns2At + ": " + oldMX + ", TTL 4"
	m.behind(change, behind)
	m.behind(authoritative, behind)
	m.valid(m.w.primary, 4, newMX)
	m.valid(m.w.second, 4, oldMX)
	m.w.catchUp()
	m.must(change)
	m.began = time.Now()
	m.must(authoritative)
	m.shows(4, newMX)
}

// longAgo fails unless a resolver that asked before the TTL was lowered is
// waited for, for as long as it said.
func (m *mover) longAgo() {
	m.t.Helper()
	err := m.do(planner.Wait{For: "caches", On: domain, Least: 4 * time.Second, In: planner.Drain})
	var f *planner.Fault
	var ttl int
	if !errors.As(err, &f) || f.Code != "zone.cached" {
		m.t.Fatal(err)
	}
	if _, err := fmt.Sscanf(f.Args["list"], cacheAt+": "+oldMX+", TTL %d", &ttl); err != nil || ttl < 100 || ttl > 300 || f.Wait != time.Duration(ttl+1)*time.Second {
		m.t.Errorf("%v: %+v", err, f)
	}
}

// mover is the product at work on the domain.
type mover struct {
	t     *testing.T
	w     *world
	zones *zone.Zones
	began time.Time // all servers followed the switch
}

func newMover(t *testing.T) *mover {
	return &mover{t: t, w: newWorld(t), zones: &zone.Zones{
		Observer: &zone.Observer{Now: time.Now},
		Aims: []zone.Aim{{Domain: domain, Via: config.ZoneRFC2136, Server: ns1At, KeyName: "cutover", Key: config.SecretRef("env:K"),
			MX: []string{newMX}, Resolvers: []string{cacheAt}}},
		Reveal:   func(context.Context, config.Secret) ([]byte, error) { return []byte(tsig + "\n"), nil },
		Patience: time.Nanosecond,
		Sleep: func(ctx context.Context, d time.Duration) error {
			select {
			case <-time.After(min(d, 50*time.Millisecond)):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
	}}
}

func (m *mover) do(op planner.Op) error {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), patience)
	defer cancel()
	return m.zones.Do(ctx, op, make(chan struct{}), func(planner.Progress) {})
}

func (m *mover) must(op planner.Op) {
	m.t.Helper()
	if err := m.do(op); err != nil {
		m.t.Fatalf("%s: %v", planner.IDOf(op), err)
	}
}

// behind fails unless an op is not done because only the secondary shows this.
func (m *mover) behind(op planner.Op, want string) {
	m.t.Helper()
	err := m.do(op)
	var f *planner.Fault
	if !errors.As(err, &f) || f.Code != "zone.behind" || f.Class != planner.Throttled || f.Wait <= 0 || f.Args["list"] != "ns2.acme.test "+want {
		m.t.Errorf("%s: %v, want that ns2.acme.test %s", planner.IDOf(op), err, want)
	}
}

// follows does an op that is not done before the secondary follows; until then
// it shows this.
func (m *mover) follows(op planner.Op, until string) {
	m.t.Helper()
	m.behind(op, until)
	m.w.catchUp()
	m.must(op)
}

// shows fails unless both servers have this MX, with signatures that hold.
func (m *mover) shows(ttl uint32, mx string) {
	m.t.Helper()
	m.valid(m.w.primary, ttl, mx)
	m.valid(m.w.second, ttl, mx)
}

func (m *mover) valid(s *peer.Names, ttl uint32, mx string) {
	m.t.Helper()
	var set []dns.RR
	var sig *dns.RRSIG
	for _, rr := range m.w.ask(s, domain+".", dns.TypeMX).Answer {
		if r, ok := rr.(*dns.RRSIG); ok {
			sig = r
		} else {
			set = append(set, rr)
		}
	}
	if len(set) != 1 || text(set[0]) != mx+"." || set[0].Header().Ttl != ttl || sig == nil {
		m.t.Fatalf("%s: %v %v, want %d %s", s.Addr, set, sig, ttl, mx)
	}
	if err := sig.Verify(m.w.keyOf(m.w.primary, domain+"."), set); err != nil || sig.OrigTtl != ttl || !sig.ValidityPeriod(time.Now()) {
		m.t.Errorf("%s: %v: %v", s.Addr, err, sig)
	}
}

// remembered fails unless the resolver has this MX, and vouches for it.
func (m *mover) remembered(mx string) {
	m.t.Helper()
	in := m.w.ask(m.w.resolver, domain+".", dns.TypeMX)
	if !in.AuthenticatedData || !slices.ContainsFunc(in.Answer, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeMX && text(rr) == mx+"." }) {
		m.t.Errorf("the resolver: %v, want %s", in, mx)
	}
}

// caches waits as a run does: for as long as it is told to, and not less than
// the old TTL.
func (m *mover) caches(wait planner.Wait) {
	m.t.Helper()
	tries := 0
	for err := m.do(wait); err != nil; err = m.do(wait) {
		var f *planner.Fault
		if tries++; !errors.As(err, &f) || f.Code != "zone.cached" || f.Wait <= 0 || f.Wait > wait.Least+2*time.Second || tries > 9 {
			m.t.Fatalf("after %d tries: %v", tries, err)
		}
		time.Sleep(f.Wait)
	}
	took := time.Since(m.began)
	m.t.Logf("the caches: %v, %d tries", took.Round(10*time.Millisecond), tries)
	if took < wait.Least {
		m.t.Errorf("it ended after %v", took)
	}
}
