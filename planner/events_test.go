package planner_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/mxmove/mxmove/planner"
)

// Whatever mail, hires, TTLs, includes, accounts and time bring, at any look,
// the plan is carried through, and what was lowered is put back to the last
// value that was not ours.
func TestInnocentChangesPass(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sh := drawShape(t)
		s := newSite(sh, "")
		l := newLife(s, sh)
		p := s.plan()
		left := rapid.IntRange(0, 12).Draw(t, "events")
		err := s.run(p, func() {
			if s.stale != "" || s.foreign != "" {
				t.Fatalf("refused: stale %q, foreign %q", s.stale, s.foreign)
			}
			if left > 0 && rapid.Bool().Draw(t, "now") {
				left--
				l.innocent(t)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		approved := map[planner.StepID]bool{}
		for _, st := range p.Steps {
			approved[st.ID] = true
		}
		for _, st := range s.plan().Steps {
			if approved[st.ID] {
				t.Fatalf("%s is left; done %v, findings %v", st.ID, s.acts, codesOf(s.plan()))
			}
		}
		if l.hires > 0 { // the hires' own plan
			if err := s.run(s.plan(), nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.complete(); err != nil {
			t.Fatal(err)
		}
		for d, want := range l.ttls {
			if got := s.ttl(d); got != want {
				t.Fatalf("TTL of %s is %d, it was last set to %d by somebody else", d, got, want)
			}
		}
	})
}

// Dying at any moments, and going on, ends where a run without deaths ends.
func TestDeathsDoNoHarm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sh := drawShape(t)
		s := newSite(sh, "")
		s.truthful = true
		if rapid.Bool().Draw(t, "blind") {
			s.blind()
		}
		p := s.plan()
		s.crash = rapid.IntRange(1, 90).Draw(t, "first")
		more := rapid.IntRange(0, 2).Draw(t, "more")
		err := s.run(p, func() {
			if s.points >= s.crash && more > 0 {
				more--
				s.crash = s.points + rapid.IntRange(1, 30).Draw(t, "next")
			}
			if beyond := planner.Beyond(s.plan(), p); len(beyond) > 0 {
				t.Fatalf("beyond %v", beyond)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.complete(); err != nil {
			t.Fatalf("%v\ndone %v", err, s.acts)
		}
		for _, z := range s.spec.Cutover.Zones {
			if got := s.ttl(z.Domain); got != sh.ttl {
				t.Fatalf("TTL of %s is %d, not %d", z.Domain, got, sh.ttl)
			}
		}
	})
}

// A lost state directory, rebuilt from the world with what the last plan
// knows of pre-images, never leads to a second press.
func TestLostStateIsNoSecondPress(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sh := drawShape(t)
		s := newSite(sh, "")
		s.truthful = true
		if rapid.Bool().Draw(t, "blind") {
			s.blind()
		}
		p := s.plan()
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			if id, err := s.step(p); err != nil {
				t.Fatal(err)
			} else if id == "" {
				s.now = opens
			}
		}
		for id, rec := range s.records {
			s.records[id] = planner.Record{Step: id, Open: rec.Open, Before: rec.Before, After: rec.After}
			if !rec.Open {
				delete(s.records, id)
			}
		}
		clear(s.facts)
		s.recovered = s.now
		if err := s.run(s.plan(), nil); err != nil {
			t.Fatal(err)
		}
		if tally := s.world.Tally(); tally.Twice+tally.Lost+tally.Bounced > 0 {
			t.Fatalf("tally %+v", tally)
		}
		for _, z := range s.spec.Cutover.Zones {
			if got := s.ttl(z.Domain); got != sh.ttl {
				t.Fatalf("TTL of %s is %d, not %d", z.Domain, got, sh.ttl)
			}
		}
	})
}

// A plan is not beyond itself, comes back from its file, and does not show in
// which order things were looked at.
func TestPlansAreValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sh := drawShape(t)
		s := newSite(sh, "")
		first := s.plan()
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			if id, _ := s.step(first); id == "" {
				s.now = opens
			}
		}
		snap := s.observe()
		p := planner.Build(s.spec, snap, s.now)
		if beyond := planner.Beyond(p, p); len(beyond) > 0 {
			t.Fatalf("beyond itself: %v", beyond)
		}
		if left, stale := planner.LeftOut(p, p); len(left) > 0 || stale != "" {
			t.Fatalf("left out of itself: %v", left)
		}
		b, err := planner.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		back, err := planner.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if back.ID != p.ID || back.Gated() != p.Gated() || len(planner.Beyond(back, p))+len(planner.Beyond(p, back)) > 0 {
			t.Fatal("another plan came back")
		}
		slices.Reverse(snap.Records)
		slices.Reverse(snap.Zones)
		slices.Reverse(snap.Mailboxes)
		slices.Reverse(snap.Sights)
		if snap.Target.Tenant != nil {
			slices.Reverse(snap.Target.Tenant.Members)
		}
		if again := planner.Build(s.spec, snap, s.now); again.ID != p.ID {
			t.Fatal("the order of observation shows")
		}
	})
}

func (s *site) blind() {
	for _, kind := range []string{"merge-tenants", "upgrade-tenant", "move-customers", "finish-wizard"} {
		s.world.Blind(kind, true)
	}
}
