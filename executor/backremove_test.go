package executor

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/memory"
)

// removing is a site whose way back takes copies away.
func removing(s *site) *site {
	c := *s.spec.Cutover
	c.RollbackCopies = config.CopiesRemove
	s.spec.Cutover = &c
	return s
}

// copies are the bodies that both sides hold.
func (s *site) copies() map[string]bool {
	all := map[string]bool{}
	for _, row := range s.spec.Roster.Mailboxes {
		source := map[string]bool{}
		for _, m := range s.world.Dump(memory.Source, row.Address)["INBOX"] {
			source[string(m.Body)] = true
		}
		for _, m := range s.world.Dump(memory.Target, row.Address)["INBOX"] {
			if source[string(m.Body)] {
				all[row.Address+string(m.Body)] = true
			}
		}
	}
	return all
}

// noneOf says which of them is still at the target.
func (s *site) noneOf(copies map[string]bool) error {
	for _, row := range s.spec.Roster.Mailboxes {
		for _, m := range s.world.Dump(memory.Target, row.Address)["INBOX"] {
			if copies[row.Address+string(m.Body)] {
				return fmt.Errorf("%s: %q is still at the target", row.Address, m.Body)
			}
		}
	}
	return nil
}

// Killed at any line of its own, the way back ends with no copy at the target,
// all mail at the source once, and every other thing as it was; forward again
// copies anew.
func TestWayBackTakesCopiesAway(t *testing.T) {
	for name, make := range map[string]func() *site{
		"imap":    func() *site { return removing(newSite(t, "imap")) },
		"history": func() *site { return removing(historySite(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			for at := 1; ; at += 2 * step() {
				s := make()
				s.switchOver(t)
				copies, p := s.copies(), s.reverse(t)
				if len(copies) == 0 || p.Removals().Mailboxes != len(s.spec.Roster.Mailboxes) || p.Removals().Messages < len(copies) {
					t.Fatalf("%d copies, bounds %+v", len(copies), p.Removals())
				}
				d := s.die(at, at%4 == 1)
				for range 60 {
					if err := s.back(t, p); !errors.Is(err, errDied) && !asFault(err) {
						break
					}
				}
				if err := s.returns(t, p); err != nil {
					t.Fatalf("died at line %d: %v", at, err)
				}
				if err := s.noneOf(copies); err != nil {
					t.Fatalf("died at line %d: %v", at, err)
				}
				if at%7 == 0 {
					if err := s.onwards(t); err != nil {
						t.Fatalf("died at line %d, forward again: %v", at, err)
					}
				}
				if !d.dead {
					if at < 15 {
						t.Errorf("only %d lines", at-1)
					}
					return
				}
			}
		})
	}
}

// Copies are taken away also where no domain was switched; the gates of a
// switch bind it, and by default nothing is taken.
func TestTakingCopiesAwayIsGated(t *testing.T) {
	s := removing(newSite(t, "imap"))
	var inc *Incomplete
	if _, err := s.apply(t, s.plan(t)); !errors.As(err, &inc) {
		t.Fatal(err)
	}
	copies, p := s.copies(), s.reverse(t)
	if len(copies) == 0 {
		t.Fatal("nothing was copied")
	}
	var removals int
	for _, step := range p.Steps {
		if op, ok := step.Op.(planner.RemovePlaced); ok {
			removals++
			if !step.Work || !op.Traits().Gated() || op.Traits().Risk != planner.Costly {
				t.Errorf("%+v", step)
			}
		}
	}
	if removals != len(s.spec.Roster.Mailboxes) {
		t.Errorf("%d removals", removals)
	}
	kept := *s.spec.Cutover
	kept.RollbackCopies = ""
	spec := *s.spec
	spec.Cutover = &kept
	other := planner.BuildReverse(&spec, p.Observed, s.now)
	if other.Removals().Mailboxes > 0 || other.Gated() == p.Gated() {
		t.Errorf("by default %+v, gated %s and %s", other.Removals(), other.Gated(), p.Gated())
	}
	if err := os.WriteFile(s.state(t).HoldFile(), []byte("wait\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.apply(t, p); err == nil {
		t.Error("went on in spite of the hold file")
	}
	if len(s.copies()) != len(copies) {
		t.Error("copies were taken away in spite of the hold file")
	}
	if err := os.Remove(s.state(t).HoldFile()); err != nil {
		t.Fatal(err)
	}
	if err := s.back(t, p); err != nil {
		t.Fatal(err)
	}
	if err := s.noneOf(copies); err != nil {
		t.Error(err)
	}
}
