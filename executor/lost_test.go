package executor

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/mxmove/mxmove/planner"
)

// The machine dies at a line, and its state directory with it. From the mirror
// all goes on as if only the machine had died: its plan, its pre-images.
func TestLostStateComesBackFromTheMirror(t *testing.T) {
	for _, route := range []string{"imap", "merge"} {
		t.Run(route, func(t *testing.T) {
			t.Parallel()
			for line, died := 1, true; died; line += step() {
				s := newSite(t, route)
				s.mirror = filepath.Join(s.dir, "far")
				p := s.plan(t)
				d := s.die(line, line%2 == 0)
				if err := s.through(t, p); err != nil && !d.dead {
					t.Fatalf("line %d: %v", line, err)
				}
				if died = d.dead; died {
					s.lose(t)
					if _, _, err := RecoverFrom(s.dir, "", s.mirror, s.clock()); err != nil {
						t.Fatalf("line %d: %v", line, err)
					}
				}
				if err := errors.Join(s.survive(t, p), s.complete(t)); err != nil {
					t.Fatalf("line %d: %v", line, err)
				}
			}
		})
	}
}

// From the world alone nothing is pressed, copied or lost twice: the old plan
// is refused, and what nobody can see is asked.
func TestLostStateComesBackFromTheWorld(t *testing.T) {
	for _, c := range []struct {
		route string
		blind bool
	}{{"imap", false}, {"merge", false}, {"merge", true}} {
		t.Run(c.route, func(t *testing.T) {
			t.Parallel()
			for line, died := 1, true; died; line += step() {
				s := newSite(t, c.route)
				s.world.Blind("merge-tenants", c.blind)
				p := s.plan(t)
				d := s.die(line, line%2 == 0)
				if err := s.through(t, p); err != nil && !d.dead {
					t.Fatalf("line %d: %v", line, err)
				}
				if died = d.dead; !died {
					return
				}
				s.again(t, line, p)
			}
		})
	}
}

// again loses the state directory, makes it anew, and goes on with a new plan.
func (s *site) again(t *testing.T, line int, p *planner.Plan) {
	t.Helper()
	s.lose(t)
	if _, err := OpenState(s.dir, ""); code(err) != "state.missing" {
		t.Fatalf("line %d: a lost directory was replaced in silence: %v", line, err)
	}
	if _, _, err := RecoverWorld(s.dir, "", p, s.clock()); err != nil {
		t.Fatalf("line %d: %v", line, err)
	}
	if _, err := s.apply(t, p); !slices.Equal(reasons(err), []string{"plan.lineage"}) {
		t.Fatalf("line %d: the old plan: %v", line, err)
	}
	s.truth(t, s.plan(t))
	err := s.survive(t, s.plan(t))
	if refusedBy(err, "gate.over") { // what waits for the servers has a window
		c := *s.spec.Cutover
		c.Opens, c.Closes = s.now, s.now.Add(closes.Sub(opens))
		s.spec.Cutover = &c
		err = s.survive(t, s.plan(t))
	}
	if err := errors.Join(err, s.complete(t)); err != nil {
		t.Fatalf("line %d: %v", line, err)
	}
}

func (s *site) lose(t *testing.T) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(s.dir, ".mxmove")); err != nil {
		t.Fatal(err)
	}
}

// A journal that lacks lines of its mirror, and a mirror of another migration,
// are refused; one that was away gets what it lacks.
func TestMirror(t *testing.T) {
	s := newSite(t, "imap")
	s.mirror = filepath.Join(s.dir, "far")
	p := s.plan(t)
	s.apply(t, p)
	same := func() bool {
		a, errA := os.ReadFile(s.state(t).Journal())
		b, errB := os.ReadFile(mirrorPath(s.mirror))
		return errA == nil && errB == nil && len(a) > 0 && string(a) == string(b)
	}
	if !same() {
		t.Fatal("the mirror lacks lines")
	}
	away := s.mirror
	s.mirror = ""
	s.apply(t, p)
	s.mirror = away
	if same() {
		t.Fatal("nothing was written without the mirror")
	}
	s.apply(t, p)
	if !same() {
		t.Error("the mirror did not catch up")
	}
	b, _ := os.ReadFile(s.state(t).Journal())
	os.WriteFile(mirrorPath(s.mirror), append(b[:len(b):len(b)], "torn"...), 0o600)
	if s.apply(t, p); !same() {
		t.Error("a torn line of the mirror was kept")
	}
	b, _ = os.ReadFile(s.state(t).Journal())
	os.WriteFile(s.state(t).Journal(), b[:1+len(b)/2], 0o600)
	if _, err := s.apply(t, p); code(err) != "mirror.ahead" {
		t.Errorf("an old journal: %v", err)
	}
	other := newSite(t, "imap")
	other.mirror = s.mirror
	if _, err := other.apply(t, other.plan(t)); code(err) != "mirror.other" {
		t.Errorf("another migration's mirror: %v", err)
	}
}
