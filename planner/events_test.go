package planner_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/memory"
)

func TestInnocentChangesPass(t *testing.T) { check(t, innocence) }

// innocence: whatever mail, hires, TTLs, includes, accounts and time bring, at
// any look, the plan is carried through, and what was lowered is put back to
// the last value that was not ours.
func innocence(t *rapid.T, off planner.Without) error {
	sh := drawShape(t)
	s := newSite(sh, off)
	l := newLife(s, sh)
	p := s.plan()
	for range rapid.IntRange(0, 12).Draw(t, "steps of an earlier plan") {
		if _, err := s.step(p); err != nil {
			return err
		}
	}
	p = s.plan()
	left := rapid.IntRange(0, 12).Draw(t, "events")
	err := s.run(p, func() error {
		if s.stale != "" || s.foreign != "" {
			return fmt.Errorf("refused: stale %q, foreign %q", s.stale, s.foreign)
		}
		if left > 0 && rapid.Bool().Draw(t, "now") {
			left--
			l.innocent(t)
		}
		return nil
	})
	if err != nil {
		return err
	}
	approved := map[planner.StepID]bool{}
	for _, st := range p.Steps {
		approved[st.ID] = true
	}
	for _, st := range s.plan().Steps {
		if approved[st.ID] {
			return fmt.Errorf("%s is left; done %v, findings %v", st.ID, s.acts, codesOf(s.plan()))
		}
	}
	if l.hires > 0 { // the hires' own plan
		if err := s.run(s.plan(), nil); err != nil {
			return err
		}
	}
	if err := s.complete(); err != nil {
		return err
	}
	for d, want := range l.ttls {
		if got := s.ttl(d); got != want {
			return fmt.Errorf("TTL of %s is %d, it was last set to %d by somebody else", d, got, want)
		}
	}
	return nil
}

func TestDeathsDoNoHarm(t *testing.T) { check(t, deaths) }

// deaths: dying at any moments, and going on, ends where a run without deaths ends.
func deaths(t *rapid.T, off planner.Without) error {
	sh := drawShape(t)
	s := newSite(sh, off)
	s.truthful = true
	if rapid.Bool().Draw(t, "blind") {
		s.blind()
	}
	p := s.plan()
	s.crash = rapid.IntRange(1, 90).Draw(t, "first")
	more := rapid.IntRange(0, 2).Draw(t, "more")
	err := s.run(p, func() error {
		if s.points >= s.crash && more > 0 {
			more--
			s.crash = s.points + rapid.IntRange(1, 30).Draw(t, "next")
		}
		built := s.plan()
		if beyond := planner.Beyond(built, p); len(beyond) > 0 {
			return fmt.Errorf("beyond %v", beyond)
		}
		if _, foreign := s.Drift(built, p); foreign != "" {
			return fmt.Errorf("our own %s is taken for somebody else's", foreign)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.complete(); err != nil {
		return fmt.Errorf("%w\ndone %v", err, s.acts)
	}
	return s.restored(sh)
}

func TestLostStateIsNoSecondPress(t *testing.T) { check(t, losses) }

// losses: a lost state directory, rebuilt from the world with what the last
// plan knows of pre-images, never leads to a second press.
func losses(t *rapid.T, off planner.Without) error {
	sh := drawShape(t)
	s := newSite(sh, off)
	s.truthful = true
	if rapid.Bool().Draw(t, "blind") {
		s.blind()
	}
	p := s.plan()
	for range rapid.IntRange(0, 30).Draw(t, "steps") {
		if id, err := s.step(p); err != nil {
			return err
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
		return err
	}
	if tally := s.world.Tally(); tally.Twice+tally.Lost+tally.Bounced > 0 {
		return fmt.Errorf("tally %+v", tally)
	}
	return s.restored(sh)
}

func TestPlansAreValues(t *testing.T) { check(t, values) }

// values: a plan is not beyond itself, comes back from its file, and does not
// show in which order things were looked at. Approvals end with what they bind.
func values(t *rapid.T, off planner.Without) error {
	sh := drawShape(t)
	s := newSite(sh, off)
	first := s.plan()
	for range rapid.IntRange(0, 30).Draw(t, "steps") {
		if id, _ := s.step(first); id == "" {
			s.now = opens
		}
	}
	snap := s.observe()
	p := planner.Build(s.spec, snap, s.now)
	if beyond := planner.Beyond(p, p); len(beyond) > 0 {
		return fmt.Errorf("beyond itself: %v", beyond)
	}
	if left, stale := planner.LeftOut(p, p); len(left) > 0 || stale != "" {
		return fmt.Errorf("left out of itself: %v", left)
	}
	b, err := planner.Encode(p)
	if err != nil {
		return err
	}
	back, err := planner.Decode(b)
	if err != nil {
		return err
	}
	if back.ID != p.ID || back.Gated() != p.Gated() || len(planner.Beyond(back, p))+len(planner.Beyond(p, back)) > 0 {
		return errors.New("another plan came back")
	}
	slices.Reverse(snap.Records)
	slices.Reverse(snap.Zones)
	slices.Reverse(snap.Mailboxes)
	slices.Reverse(snap.Sights)
	if snap.Target.Tenant != nil {
		slices.Reverse(snap.Target.Tenant.Members)
	}
	if again := planner.Build(s.spec, snap, s.now); again.ID != p.ID {
		return errors.New("the order of observation shows")
	}
	approved := s.Gated(p)
	change := rapid.SampledFrom([]func(*config.Spec){
		func(s *config.Spec) { s.Cutover.Approvers += "x" },
		func(s *config.Spec) { s.Cutover.Accept.NotStarted++ },
		func(s *config.Spec) { s.Cutover.Tail += time.Hour },
		func(s *config.Spec) { s.Cutover.Closes = s.Cutover.Closes.Add(time.Hour) },
	}).Draw(t, "change")
	change(s.spec)
	if s.Gated(s.plan()) == approved {
		return errors.New("approvals of other settings count")
	}
	return nil
}

func TestMailThatNeverStopsStopsNothing(t *testing.T) { check(t, flood) }

// flood: with new mail at every look, before the switch and after it, domains
// are switched and the tail ends.
func flood(t *rapid.T, off planner.Without) error {
	sh := drawShape(t)
	sh.route, sh.leaver = rapid.SampledFrom([]string{"imap", "history"}).Draw(t, "carried by us"), ""
	s := newSite(sh, off)
	n := 500
	s.now = opens
	pace := time.Duration(rapid.IntRange(15, 60).Draw(t, "minutes between passes of the tail")) * time.Minute
	always := rapid.Bool().Draw(t, "after the switch, too")
	err := s.run(s.plan(), func() error {
		switched := !slices.ContainsFunc(s.spec.Cutover.Zones, func(z config.Zone) bool { return s.mx(z.Domain) != "10 mx.new.test" })
		if switched {
			s.pace = pace
		}
		for _, row := range s.spec.Roster.Mailboxes {
			if n++; always || !switched {
				s.world.Deliver(memory.Source, row.Address, "INBOX", letter(n))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if left := s.plan().Steps; len(left) > 0 {
		return fmt.Errorf("%s never ends; done %v", left[0].ID, s.acts)
	}
	return s.restored(sh)
}

func TestPreimagesAreOthersValues(t *testing.T) { check(t, preimages) }

// preimages: however often we write a field and others do, what is put back is
// the last value that was not ours.
func preimages(t *rapid.T, off planner.Without) error {
	theirs := rapid.SampledFrom([]string{"86400", "3600", "7200"})
	is := theirs.Draw(t, "at first")
	want, r := is, planner.Record{}
	for range rapid.IntRange(1, 6).Draw(t, "writes") {
		ours := rapid.SampledFrom([]string{"300", "60"}).Draw(t, "ours")
		if r = off.Raise(r, is, ours); !r.Open || r.Before != want || r.After != ours {
			return fmt.Errorf("over %s, last of others' %s: %+v", is, want, r)
		}
		if is = ours; rapid.Bool().Draw(t, "others write") {
			is = theirs.Draw(t, "theirs")
			want = is
		}
	}
	return nil
}

func (s *site) blind() {
	for _, kind := range []string{"merge-tenants", "upgrade-tenant", "move-customers", "finish-wizard"} {
		s.world.Blind(kind, true)
	}
}
