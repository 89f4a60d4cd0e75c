package delay

import (
	"sync"
	"time"
)

// room is what a direction may hold: more than loopback carries in half of a
// long round trip, so that it bounds memory, not speed.
const room = 64 << 20

// segment is what came in one read, or the end of the direction.
type segment struct {
	due    time.Time
	buffer *[chunk]byte
	n      int
	end    error // io.EOF: an orderly end
}

// queue holds segments on their way.
type queue struct {
	mu        sync.Mutex
	changed   sync.Cond
	segments  []segment
	held      int
	abandoned bool
}

func newQueue() *queue {
	q := &queue{}
	q.changed.L = &q.mu
	return q
}

// put waits for room; false: nobody takes any more.
func (q *queue) put(s segment) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.held > room && !q.abandoned {
		q.changed.Wait()
	}
	if q.abandoned {
		return false
	}
	q.segments = append(q.segments, s)
	q.held += s.n
	q.changed.Broadcast()
	return true
}

func (q *queue) take() segment {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.segments) == 0 {
		q.changed.Wait()
	}
	s := q.segments[0]
	q.segments = q.segments[1:]
	q.held -= s.n
	q.changed.Broadcast()
	return s
}

func (q *queue) abandon() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.abandoned = true
	q.changed.Broadcast()
}
