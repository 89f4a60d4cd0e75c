package transfer

import (
	"context"
	"math/bits"
	"sync"
)

// Sizes of what is held in memory, in octets.
const (
	spoolLimit  = 1 << 20 // larger messages stream, alone
	queueLimit  = 2 << 20 // held by one pass, of the budget
	budgetLimit = 8 << 20 // held by all passes of the process
)

// Budget bounds the octets of message bodies that all passes of a process
// hold at once. A pass that holds nothing always gets one message, so a
// stalled target never stops the others; the bound may be exceeded by that.
type Budget struct {
	mu    sync.Mutex
	free  int64
	freed chan struct{} // closed and replaced whenever octets come back
	spare octets
	large chan struct{} // holds one: a message over spoolLimit is being altered
}

// NewBudget gives a budget of n octets; 0 is 8 MB.
func NewBudget(n int64) *Budget {
	if n <= 0 {
		n = budgetLimit
	}
	return &Budget{free: n, freed: make(chan struct{}), large: make(chan struct{}, 1)}
}

// octets are kept for the next messages: most of what passes would allocate.
// A class holds those of up to 4 KiB times a power of two.
type octets struct {
	mu   sync.Mutex
	free [9][]*[]byte
	held int64
}

// spareLimit is how many octets are kept.
const spareLimit = 4 << 20

func classOf(n int64) int {
	return max(0, bits.Len64(uint64(max(n, 1)-1))-12)
}

// roomFor is what n octets take in memory.
func roomFor(n int64) int64 { return max(n, 4096<<classOf(n)) }

// get gives n octets.
func (o *octets) get(n int64) *[]byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	class := classOf(n)
	if class >= len(o.free) || len(o.free[class]) == 0 {
		b := make([]byte, roomFor(n))[:n]
		return &b
	}
	last := len(o.free[class]) - 1
	b := o.free[class][last]
	o.free[class][last], o.free[class] = nil, o.free[class][:last]
	o.held -= int64(cap(*b))
	*b = (*b)[:n]
	return b
}

// put takes them back.
func (o *octets) put(b *[]byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	size := int64(cap(*b))
	if class := classOf(size); class < len(o.free) && size == 4096<<class && o.held+size <= spareLimit {
		o.free[class] = append(o.free[class], b)
		o.held += size
	}
}

// share is what one pass holds of a budget.
type share struct {
	of   *Budget
	held int64 // under of.mu
}

// take waits until n octets are free or the pass holds none.
func (s *share) take(ctx context.Context, n int64) error {
	for {
		s.of.mu.Lock()
		if s.held == 0 || (n <= s.of.free && s.held+n <= queueLimit) {
			s.of.free -= n
			s.held += n
			s.of.mu.Unlock()
			return nil
		}
		wait := s.of.freed
		s.of.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// give hands n octets back.
func (s *share) give(n int64) {
	if n == 0 {
		return
	}
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.of.free += n
	s.held -= n
	close(s.of.freed)
	s.of.freed = make(chan struct{})
}
