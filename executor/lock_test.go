package executor

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"go.uber.org/goleak"
)

func state(t *testing.T) *State {
	t.Helper()
	s, err := OpenState(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// leave writes the lock file of a holder that is not here.
func leave(t *testing.T, s *State, h Holder) {
	t.Helper()
	b, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(lockPath(s.Dir), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// What a lock file says and the system knows of its holder decides whether
// the lock is taken over, refused, or removed by unlock.
func TestHolderConditions(t *testing.T) {
	const gone, there = 4242, 4343
	for name, c := range map[string]struct {
		host                   string
		pid                    int
		age                    time.Duration
		condition              Condition
		takes, unlocks, forced bool
	}{
		"dead here":            {"pc", gone, 0, HolderDead, true, true, true},
		"dead here, long ago":  {"pc", gone, 99 * time.Hour, HolderDead, true, true, true},
		"alive without flock":  {"pc", there, time.Second, HolderAlive, false, false, false},
		"its number is reused": {"pc", there, time.Hour, HolderStale, false, true, true},
		"other host":           {"nas", gone, time.Minute, HolderRemote, false, false, true},
		"other host, its time": {"nas", gone, -time.Hour, HolderRemote, false, false, true},
		"other host, stale":    {"nas", gone, time.Hour, HolderStale, false, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			defer goleak.VerifyNone(t)
			s := state(t)
			self := testSelf(func() time.Time { return epoch })
			self.Alive = func(pid int) bool { return pid == there }
			holder := Holder{ID: "x", Who: "a@b", Host: c.host, PID: c.pid, Command: "apply", Heartbeat: epoch.Add(-c.age)}
			leave(t, s, holder)
			if held, err := LockHolder(s, self); err != nil || held.Condition != c.condition {
				t.Errorf("holder %v %v", held, err)
			}
			l, dead, err := takeLock(s.Dir, self)
			if (err == nil) != c.takes {
				t.Fatalf("taken: %v", err)
			}
			if c.takes {
				if dead == nil || dead.Holder != holder {
					t.Errorf("taken from %+v", dead)
				}
				l.release()
				leave(t, s, holder)
			} else if h := (*Held)(nil); !errors.As(err, &h) || h.Condition != c.condition || ExitCode(err) != ExitRefused {
				t.Errorf("refused with %v", err)
			}
			unlocks(t, s, self, false, c.unlocks)
			leave(t, s, holder)
			unlocks(t, s, self, true, c.forced)
		})
	}
}

func unlocks(t *testing.T, s *State, self Self, force, want bool) {
	t.Helper()
	_, err := Unlock(s, self, force)
	_, stat := os.Stat(lockPath(s.Dir))
	if (err == nil) != want || errors.Is(stat, os.ErrNotExist) != want {
		t.Errorf("unlock, force %t: %v; file %v; want %t", force, err, stat, want)
	}
}

func TestUnreadableLockNeedsForce(t *testing.T) {
	s := state(t)
	self := testSelf(func() time.Time { return epoch })
	for _, content := range []string{"", "{", "[]"} {
		os.WriteFile(lockPath(s.Dir), []byte(content), 0o600)
		var h *Held
		if _, _, err := takeLock(s.Dir, self); !errors.As(err, &h) || h.Condition != HolderUnknown {
			t.Errorf("%q taken: %v", content, err)
		}
		if h, err := LockHolder(s, self); err != nil || h.Condition != HolderUnknown {
			t.Errorf("%q holder: %v %v", content, h, err)
		}
		unlocks(t, s, self, false, false)
		unlocks(t, s, self, true, true)
	}
	if held, err := Unlock(s, self, false); held != nil || err != nil {
		t.Errorf("nothing to unlock: %v %v", held, err)
	}
	if held, err := LockHolder(s, self); held != nil || err != nil {
		t.Errorf("nobody holds it: %v %v", held, err)
	}
}

// Within one process too, the second is refused, and neither status nor a
// refused unlock disturbs the first.
func TestHeldLockStays(t *testing.T) {
	defer goleak.VerifyNone(t)
	s := state(t)
	self := testSelf(func() time.Time { return epoch })
	l, _, err := takeLock(s.Dir, self)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := takeLock(s.Dir, self); err == nil {
		t.Error("taken twice")
	}
	unlocks(t, s, self, true, false)
	os.Remove(lockPath(s.Dir)) // somebody's hand
	var h *Held
	if _, _, err := takeLock(s.Dir, self); !errors.As(err, &h) || h.Condition != HolderStarting {
		t.Errorf("the system's lock is held: %v", err)
	}
	if err := l.release(); err != nil {
		t.Error(err)
	}
	l, dead, err := takeLock(s.Dir, self)
	if err != nil || dead != nil {
		t.Fatalf("a released lock: %v %v", dead, err)
	}
	l.release()
}

// A holder whose lock was taken by force sees it at the next beat and leaves
// the new one alone.
func TestLostLockIsSeen(t *testing.T) {
	defer goleak.VerifyNone(t)
	s := state(t)
	self := testSelf(func() time.Time { return epoch })
	beats := make(chan time.Time)
	self.Beats = beats
	l, _, err := takeLock(s.Dir, self)
	if err != nil {
		t.Fatal(err)
	}
	leave(t, s, Holder{ID: "another", Host: "nas"})
	beats <- epoch
	<-l.lost
	if err := l.release(); err != nil {
		t.Error(err)
	}
	if h, err := readHolder(lockPath(s.Dir)); err != nil || h.ID != "another" {
		t.Errorf("the other's lock is gone: %+v %v", h, err)
	}
}

// A holder renews its heartbeat and leaves no other file behind.
func TestHeartbeat(t *testing.T) {
	dir := t.TempDir()
	beats := make(chan time.Time)
	self := testSelf(func() time.Time { return epoch })
	self.Beats = beats
	l, _, err := takeLock(dir, self)
	if err != nil {
		t.Fatal(err)
	}
	beats <- epoch.Add(5 * time.Second)
	beats <- epoch.Add(10 * time.Second) // the first is written when the second is taken
	h, err := readHolder(lockPath(dir))
	if err != nil || h.Heartbeat.Before(epoch.Add(5*time.Second)) || h.ID != l.holder.ID {
		t.Errorf("%+v %v", h, err)
	}
	if err := l.release(); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, tempPrefix+"*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// While a third takes over from the dead, the dead is not named as alive.
func TestTakeoverByAnotherIsNotTheDeadsLife(t *testing.T) {
	s := state(t)
	self := testSelf(func() time.Time { return epoch })
	third := flock.New(filepath.Join(s.Dir, "lock"))
	if ok, err := third.TryLock(); !ok || err != nil {
		t.Fatal(err)
	}
	leave(t, s, Holder{Host: "pc", PID: 1, Heartbeat: epoch})
	var h *Held
	if _, _, err := takeLock(s.Dir, self); !errors.As(err, &h) || h.Condition != HolderStarting {
		t.Errorf("got %v", err)
	}
	unlocks(t, s, self, true, false)
	third.Close()
	l, dead, err := takeLock(s.Dir, self)
	if err != nil || dead == nil {
		t.Fatalf("%v %v", dead, err)
	}
	l.release()
}
