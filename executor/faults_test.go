package executor

import (
	"math/rand/v2"
	"testing"
)

// Acts fail or lose their answers at random, and the machine dies: what runs
// later ends in the same world.
func TestFaultsAndDeaths(t *testing.T) {
	kinds := []string{"set-ttl", "set-records", "put-member", "inventory", "hold-directory", "archive-mailbox", "probe-mx", "wait", "canary",
		"compare", "notify", "put-tags", "restore"}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		s := newSite(t, []string{"imap", "merge"}[seed%2])
		for _, k := range kinds {
			if r.IntN(2) == 0 {
				s.world.FailKind(k, 1+r.IntN(2), r.IntN(2) == 0)
			}
		}
		s.world.Blind("merge-tenants", r.IntN(2) == 0)
		p := s.plan(t)
		s.die(1+r.IntN(70), r.IntN(2) == 0)
		if err := s.survive(t, p); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if err := s.complete(t); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}
