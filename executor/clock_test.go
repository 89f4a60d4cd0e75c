package executor

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// A clock that is a day off in either direction for some runs leads to waiting
// or to a refusal that names the window, never to anything done twice or lost.
func TestClockJumps(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 0))
		s := newSite(t, []string{"imap", "merge"}[seed%2])
		p := s.plan(t)
		over := false
		for range 60 {
			jump := []time.Duration{-24 * time.Hour, 0, 0, 24 * time.Hour}[r.IntN(4)]
			s.now = s.now.Add(jump)
			_, err := s.apply(t, p)
			s.now = s.now.Add(-jump)
			if err == nil && jump == 0 {
				break
			}
			if over = slices.Contains(reasons(err), "gate.over"); over && jump == 0 {
				break
			}
			var inc *Incomplete
			if err != nil && !errors.As(err, &inc) && !errors.As(err, new(*Refused)) {
				t.Fatalf("seed %d: %v", seed, err)
			}
			s.now = s.now.Add(time.Duration(1+r.IntN(9)) * time.Hour)
		}
		if tally := s.world.Tally(); tally.Twice+tally.Lost+tally.Bounced > 0 {
			t.Fatalf("seed %d: %+v", seed, tally)
		}
		if over {
			if mx := s.world.Set("acme.test", "acme.test MX"); mx.TTL != 3600 {
				t.Errorf("seed %d: the window is over and the TTL is %d", seed, mx.TTL)
			}
			continue
		}
		if err := s.complete(t); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}
