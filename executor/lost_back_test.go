package executor

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/memory"
)

// rebuild loses the state directory and makes it anew by the world and a plan.
func (s *site) rebuild(t *testing.T, p *planner.Plan) (kept int) {
	t.Helper()
	s.lose(t)
	_, kept, err := RecoverWorld(s.dir, "", p, s.clock())
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

// Whatever line of a migration the machine died at, and its state with it: by
// the plan that was carried out the way back leads to what was before.
func TestWayBackAfterALostState(t *testing.T) {
	for name, make := range sites(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			off := 0
			for at := 1; ; at += 3 {
				s := make()
				p := s.plan(t)
				d := s.die(at, at%2 == 0)
				if err := s.through(t, p); err == nil && !d.dead {
					if at < 50 || (off > 0) != (name == "history") {
						t.Errorf("%d lines, %d options switched off", at, off)
					}
					return
				}
				s.rebuild(t, p)
				off += s.optionsOff(p, s.reverse(t))
				if err := s.returns(t, s.reverse(t)); err != nil {
					t.Fatalf("died at line %d: %v", at, err)
				}
			}
		})
	}
}

// optionsOff is what a person does whom a plan tells that an option may have
// been switched on: no plan knows what it was for an account made since.
func (s *site) optionsOff(was, told *planner.Plan) (off int) {
	if !slices.Contains(codes(told.Findings), "plan.forgotten-option") {
		return 0
	}
	for _, m := range told.Observed.Target.Tenant.Members {
		made := !slices.ContainsFunc(was.Observed.Target.Tenant.Members, func(old planner.Member) bool { return old.Account == m.Account })
		if made && m.IMAP == planner.Yes {
			m.IMAP = planner.No
			s.world.PutAccount(m)
			off++
		}
	}
	return off
}

// So it does when the state is lost on the way back.
func TestStateLostOnTheWayBack(t *testing.T) {
	for name, make := range sites(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for at := 1; ; at += 3 {
				s := make()
				s.switchOver(t)
				p := s.reverse(t)
				d := s.die(at, at%2 == 0)
				for range 60 {
					if err := s.back(t, p); d.dead || !errors.Is(err, errDied) && !asFault(err) {
						break
					}
				}
				if !d.dead {
					return
				}
				s.rebuild(t, p)
				if err := s.returns(t, s.reverse(t)); err != nil {
					t.Fatalf("died at line %d: %v", at, err)
				}
			}
		})
	}
}

func sites(t *testing.T) map[string]func() *site {
	return map[string]func() *site{
		"imap":    func() *site { return newSite(t, "imap") },
		"history": func() *site { return historySite(t) },
	}
}

// Without a plan nobody knows what a TTL was: it stays, and each plan says so.
// With one it is put back. Either way the tail counts from the recovery.
func TestTailAndTTLsAfterALostState(t *testing.T) {
	for _, with := range []bool{true, false} {
		t.Run(fmt.Sprint(with), func(t *testing.T) {
			s := newSite(t, "imap")
			p := s.plan(t)
			if _, err := s.apply(t, p); !errors.As(err, new(*Incomplete)) {
				t.Fatal(err)
			}
			s.now = opens
			d := s.dieAfter("set-records acme.test MX")
			if _, err := s.apply(t, p); !*d {
				t.Fatal("the domain was not switched", err)
			}
			if mx := s.world.Set("acme.test", "acme.test MX"); mx.TTL != 300 || mx.Values[0] != "10 mx.new.test" {
				t.Fatalf("%+v", mx)
			}
			if !with {
				p = nil
			}
			s.rebuild(t, p)
			s.wrap = nil
			again := s.plan(t)
			if told := slices.Contains(codes(again.Findings), "plan.forgotten-ttl"); told == with {
				t.Errorf("a forgotten TTL: told %v", told)
			}
			s.late(t, again)
			want := map[bool]uint32{true: 3600, false: 300}[with]
			if mx := s.world.Set("acme.test", "acme.test MX"); mx.TTL != want {
				t.Errorf("TTL %d in the end, want %d", mx.TTL, want)
			}
		})
	}
}

// late applies to the end of a tail that has begun with the recovery; mail that
// comes to the source shortly before is carried.
func (s *site) late(t *testing.T, p *planner.Plan) {
	t.Helper()
	for range 2 { // caches have forgotten; two passes without mail
		var inc *Incomplete
		if _, err := s.apply(t, p); !errors.As(err, &inc) || inc.Reason != ReasonWaitingTail {
			t.Fatalf("the tail is not waited for: %v", err)
		}
		s.now = s.now.Add(2 * time.Hour)
	}
	s.now = s.now.Add(18 * time.Hour)
	row := s.spec.Roster.Mailboxes[0].Address
	s.world.Deliver(memory.Source, row, "INBOX", siteLetter(77))
	if err := s.through(t, p); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, m := range s.world.Dump(memory.Target, row)["INBOX"] {
		if string(m.Body) == string(siteLetter(77).Body) {
			n++
		}
	}
	if n != 1 {
		t.Errorf("a late mail is at the target %d times", n)
	}
	if left := s.plan(t).Steps; len(left) > 0 {
		t.Errorf("left: %s", left[0].ID)
	}
}
