package executor

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever was carried out, whenever mail comes, however often the machine
// dies on either way: going back ends where the migration began, with all mail
// at the source once; and as often as wanted.
func TestWayBackDrawn(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := newSite(t, "imap")
		if rapid.Bool().Draw(r, "into a tenant") {
			s = historySite(t)
		}
		for range rapid.IntRange(1, 2).Draw(r, "times") {
			s.die(rapid.IntRange(1, 90).Draw(r, "forward until line"), rapid.Bool().Draw(r, "after it"))
			if err := s.through(t, s.plan(t)); err != nil && !asFault(err) && !errors.As(err, new(*Refused)) {
				r.Fatal(err)
			}
			s.wrap = nil
			s.arrives(1)
			s.now = s.now.Add(time.Duration(rapid.IntRange(0, 72).Draw(r, "hours until the way back")) * time.Hour)
			p := s.reverse(t)
			for n := range rapid.IntRange(0, 3).Draw(r, "deaths on the way back") {
				s.die(rapid.IntRange(1, 40).Draw(r, "back until line"), n%2 == 0)
				if err := s.back(t, p); err == nil {
					break
				}
			}
			if err := s.returns(t, p); err != nil {
				r.Fatal(err)
			}
			next, c := *s.spec, *s.spec.Cutover // another window
			c.Opens, c.Closes = s.now, s.now.Add(10*time.Hour)
			next.Cutover, s.spec = &c, &next
		}
	})
}
