package mailstore

import (
	"context"
	"sync"
	"time"

	"github.com/mxmove/mxmove/planner"
)

// calm is how long a server that had too many connections is left with fewer,
// before one more is tried.
const calm = 5 * time.Minute

// slots bounds the connections to one server: by the spec's limit, and by
// what the server itself was found to bear. It is safe for concurrent use.
type slots struct {
	max int // of the spec
	now func() time.Time

	mu      sync.Mutex
	bears   int // at most max, at least 1
	used    int
	changed time.Time     // when bears was last lowered or raised
	freed   chan struct{} // closed and replaced whenever one is given back
}

func newSlots(limit int, now func() time.Time) *slots {
	limit = max(1, limit)
	return &slots{max: limit, bears: limit, now: now, freed: make(chan struct{})}
}

// acquire waits for a connection of the limit. stop may be nil; closed, it
// ends the wait with planner.ErrStopped.
func (s *slots) acquire(ctx context.Context, stop <-chan struct{}) error {
	for {
		freed := s.try()
		if freed == nil {
			return nil
		}
		select {
		case <-freed: // one that is in use comes back
		case <-stop:
			return planner.ErrStopped
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// try takes a connection, or gives what is closed when another try may do.
func (s *slots) try() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.bears < s.max && s.now().Sub(s.changed) >= calm {
		s.bears++
		s.changed = s.changed.Add(calm)
	}
	if s.used >= s.bears {
		return s.freed
	}
	s.used++
	return nil
}

// release gives a connection back.
func (s *slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used--
	close(s.freed)
	s.freed = make(chan struct{})
}

// crowded learns that the server refused one of those in use for being too
// many.
func (s *slots) crowded() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bears, s.changed = max(1, min(s.bears, s.used-1)), s.now()
}

// told remembers which logins a server asked to wait, and until when. Nobody
// asks earlier, whatever for. It is safe for concurrent use.
type told struct {
	mu    sync.Mutex
	waits map[string]toldWait
}

type toldWait struct {
	until time.Time
	why   *planner.Fault
}

// note keeps the wait that a fault asks for.
func (t *told) note(login string, f *planner.Fault, now time.Time) {
	if f.Wait <= 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waits == nil {
		t.waits = map[string]toldWait{}
	}
	t.waits[login] = toldWait{now.Add(f.Wait), f}
}

// before gives why a login is not to be asked yet, with the rest of its wait,
// or nil.
func (t *told) before(login string, now time.Time) *planner.Fault {
	t.mu.Lock()
	defer t.mu.Unlock()
	w, ok := t.waits[login]
	left := w.until.Sub(now)
	if !ok || left <= 0 {
		delete(t.waits, login)
		return nil
	}
	f := *w.why
	f.Wait = left
	return &f
}
