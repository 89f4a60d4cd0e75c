package transfer

import (
	"context"
	"sync"
)

// Sizes of what is held in memory, in octets.
const (
	spoolLimit  = 1 << 20  // larger messages stream, alone
	queueLimit  = 4 << 20  // held by one pass, of the budget
	budgetLimit = 16 << 20 // held by all passes of the process
)

// Budget bounds the octets of message bodies that all passes of a process
// hold at once. A pass that holds nothing always gets one message, so a
// stalled target never stops the others; the bound may be exceeded by that.
type Budget struct {
	mu    sync.Mutex
	free  int64
	freed chan struct{} // closed and replaced whenever octets come back
}

// NewBudget gives a budget of n octets; 0 is 16 MB.
func NewBudget(n int64) *Budget {
	if n <= 0 {
		n = budgetLimit
	}
	return &Budget{free: n, freed: make(chan struct{})}
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
