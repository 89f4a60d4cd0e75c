package executor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mxmove/mxmove/planner"
)

// elsewhere is a copy of the spec and the state directory on another machine,
// which sees the same world.
func (s *site) elsewhere(t *testing.T) *site {
	t.Helper()
	c := &site{dir: quickDir(t), spec: s.spec, world: s.world, now: s.now, mirror: s.mirror, signed: s.signed}
	c.answer = c.everybodyDoes
	if err := os.CopyFS(c.dir, os.DirFS(s.dir)); err != nil {
		t.Fatal(err)
	}
	return c
}

// onHost applies as another machine.
func (s *site) onHost(t *testing.T, p *planner.Plan, host string) error {
	t.Helper()
	self := testSelf(s.clock)
	self.Host, self.Who = host, "thief@"+host
	r := &Run{State: s.state(t), World: s.world, Plan: p, Through: planner.Retire, Self: self, Tool: "test",
		Sleep: func(context.Context, time.Duration) error { return nil },
		Ask:   func(_ context.Context, q Question) (Answer, error) { return s.answer(q), nil }}
	r.Approved = func(context.Context) ([]Approval, error) { return s.signed, nil }
	return r.Do(t.Context())
}

// A laptop with the state directory is stolen, or a backup is put back and run.
// Behind the owner's runs the mirror has more lines: refused, nothing done.
// Where the mirror cannot be seen, nothing is frozen, switched or pressed.
func TestStolenStateDirectory(t *testing.T) {
	for _, route := range []string{"imap", "merge"} {
		s := newSite(t, route)
		far := filepath.Join(quickDir(t), "far")
		s.mirror = far
		p := s.plan(t)
		s.apply(t, p) // waits for the window
		stolen, early := s.elsewhere(t), s.elsewhere(t)
		s.now = opens
		s.apply(t, p)
		stolen.now = opens.Add(time.Hour)
		before := len(stolen.lines(t))
		if err := stolen.onHost(t, p, "laptop"); code(err) != "mirror.ahead" || ExitCode(err) != ExitRefused {
			t.Errorf("%s: with the mirror in sight: %v", route, err)
		}
		if n := len(stolen.lines(t)); n != before {
			t.Errorf("%s: %d lines were written", route, n-before)
		}

		s2 := newSite(t, route) // the same, before the owner went on, and far from the mirror
		early.world = s2.world
		if err := os.Rename(far, far+"-unmounted"); err != nil {
			t.Fatal(err)
		}
		early.now = opens
		err := early.onHost(t, p, "laptop")
		if !refusedBy(err, "gate.mirror-gone") {
			t.Errorf("%s: without the mirror: %v", route, err)
		}
		if _, err := os.Stat(far); err == nil {
			t.Errorf("%s: a mirror was made where there was none", route)
		}
		if mx := s2.world.Set("acme.test", "acme.test MX"); mx.Values[0] != "10 mx.old.test" {
			t.Errorf("%s: switched to %v", route, mx.Values)
		}
	}
}

// While its owner's run holds the lock, a copy of the directory on another host
// sees that lock, fresh or stale, and does nothing.
func TestStolenWhileTheOwnerRuns(t *testing.T) {
	s := newSite(t, "imap")
	p := s.plan(t)
	lock, _, err := takeLock(s.state(t).Dir, testSelf(s.clock))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.release()
	copied := s.elsewhere(t)
	for _, later := range []time.Duration{0, time.Hour} {
		copied.now = copied.now.Add(later)
		var held *Held
		if err := copied.onHost(t, p, "laptop"); !errors.As(err, &held) || !slices.Contains([]Condition{HolderRemote, HolderStale}, held.Condition) {
			t.Errorf("after %v: %v", later, err)
		}
	}
	if n := len(copied.lines(t)); n != 0 {
		t.Errorf("%d lines were written", n)
	}
}

// A mirror that is gone, cannot be written or is behind: copying goes on, no
// final step does before it is back; then all goes on.
func TestLostMirror(t *testing.T) {
	type broken struct {
		harm, mend func(dir string) error
		code       string // "": it is mended by the run
	}
	aside := func(dir string) string { return dir + "-aside" }
	for name, b := range map[string]broken{
		"gone": {func(d string) error { return os.Rename(d, aside(d)) }, func(d string) error { return os.Rename(aside(d), d) }, "gate.mirror-gone"},
		"unmounted": {func(d string) error { return errors.Join(os.Rename(d, aside(d)), os.Mkdir(d, 0o700)) },
			func(d string) error { return errors.Join(os.RemoveAll(d), os.Rename(aside(d), d)) }, "gate.mirror-gone"},
		"lost for good": {os.RemoveAll, func(d string) error {
			b, err := os.ReadFile(filepath.Join(filepath.Dir(d), LineageFile))
			return errors.Join(err, os.MkdirAll(d, 0o700), os.WriteFile(filepath.Join(d, "lineage"), b, 0o600))
		}, "gate.mirror-gone"},
		"unwritable": {func(d string) error {
			return errors.Join(os.Rename(mirrorPath(d), aside(d)), os.Mkdir(mirrorPath(d), 0o700))
		},
			func(d string) error { return errors.Join(os.Remove(mirrorPath(d)), os.Rename(aside(d), mirrorPath(d))) }, "gate.mirror"},
		"behind": {func(d string) error { return os.Truncate(mirrorPath(d), 100) }, nil, ""},
	} {
		for _, route := range []string{"imap", "merge"} {
			s := newSite(t, route)
			s.mirror = filepath.Join(s.dir, "far")
			p := s.plan(t)
			s.apply(t, p)
			if err := b.harm(s.mirror); err != nil {
				t.Fatal(name, err)
			}
			s.now = opens
			_, err := s.apply(t, p)
			if b.code != "" {
				if !refusedBy(err, b.code) {
					t.Errorf("%s, %s: %v", name, route, err)
				}
				for _, l := range s.lines(t) {
					if l.Kind == KindActStarted || l.Step.Kind() == "hold-directory" || strings.HasPrefix(string(l.Step), "set-records acme.test MX") {
						t.Errorf("%s, %s: line %d: %s", name, route, l.N, l.Step)
					}
				}
				if err := b.mend(s.mirror); err != nil {
					t.Fatal(name, err)
				}
			}
			if err := errors.Join(s.through(t, p), s.complete(t)); err != nil {
				t.Errorf("%s, %s: %v", name, route, err)
			}
			if same, n, err := CompareMirror(s.state(t), s.lines(t)); err != nil || same != n || n != len(s.lines(t)) {
				t.Errorf("%s, %s: the mirror has %d of %d lines, %v", name, route, same, n, err)
			}
		}
	}
}

// The mirror goes while the person at the terminal is asked: the act is on
// record as begun, and as never done, and nobody was told to press.
func TestMirrorGoesBeforeThePress(t *testing.T) {
	s := newSite(t, "merge")
	s.mirror = filepath.Join(s.dir, "far")
	p := s.plan(t)
	s.apply(t, p)
	s.now = opens
	pressed := false
	s.answer = func(q Question) Answer {
		if q.Kind == AskStarted {
			if err := os.Rename(s.mirror, s.mirror+"-aside"); err != nil {
				t.Error(err)
			}
		}
		if _, press := q.Step.Op.(planner.MergeTenants); press && q.Kind == AskEnded {
			pressed = true
		}
		return s.everybodyDoes(q)
	}
	s.apply(t, p)
	var kinds []Kind
	for _, l := range s.lines(t) {
		if l.Act != nil {
			kinds = append(kinds, l.Kind)
		}
	}
	if pressed || !slices.Contains(kinds, KindActStarted) || kinds[len(kinds)-1] != KindActNever {
		t.Errorf("pressed: %v, %v", pressed, kinds)
	}
	if err := os.Rename(s.mirror+"-aside", s.mirror); err != nil {
		t.Fatal(err)
	}
	s.answer = s.everybodyDoes
	if err := errors.Join(s.through(t, p), s.complete(t)); err != nil {
		t.Error(err)
	}
}

// Two applies at once, of two hosts on shared storage: one works, the other is
// refused and has done nothing; in the end all was done once.
func TestTwoAppliesAtOnce(t *testing.T) {
	s := newSite(t, "imap")
	p := s.plan(t)
	s.now = opens
	refused := 0
	for range 6 {
		var both sync.WaitGroup
		var mu sync.Mutex
		for _, host := range []string{"pc-a", "pc-b"} {
			both.Go(func() {
				err := s.onHost(t, p, host)
				mu.Lock()
				defer mu.Unlock()
				var inc *Incomplete
				switch {
				case errors.As(err, new(*Held)):
					refused++
				case err != nil && !errors.As(err, &inc):
					t.Errorf("%s: %v", host, err)
				}
			})
		}
		both.Wait()
		s.mu.Lock()
		s.now = s.now.Add(13 * time.Hour)
		s.mu.Unlock()
	}
	if err := errors.Join(s.through(t, p), s.complete(t)); err != nil {
		t.Error(err)
	}
	t.Logf("%d were refused", refused)
}
