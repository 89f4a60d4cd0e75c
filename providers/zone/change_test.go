package zone

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/providertest/peer"
)

// Every algorithm of a key that servers know; a key of another one is refused.
func TestKeysOfEveryAlgorithm(t *testing.T) {
	for _, algorithm := range []string{"hmac-sha1", "hmac-sha224", "hmac-sha384", "hmac-sha512"} {
		t.Run(algorithm, func(t *testing.T) {
			kind := peer.KindBIND
			if algorithm == "hmac-sha384" {
				kind = peer.KindKnot
			}
			l := newLiveWith(t, kind, algorithm)
			if code := code(l.do(lowerOp())); code != "zone.refused" {
				t.Errorf("hmac-sha256: %s", code)
			}
			l.zones.Aims[0].Zone.Algorithm = algorithm
			l.must(lowerOp())
			l.want("MX", 300, "10 mx.old.test")
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
