package transfer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"sync"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// unsureLimit is how many messages a target without UIDPLUS takes before their
// places are looked up.
const unsureLimit = 500

// parcel is a message on its way.
type parcel struct {
	job
	lot    *lot // bulk's
	item   Item
	set    string // flags as the source has them
	hash   [sha256.Size]byte
	print  Fingerprint // where places are found by content; else zero
	gate   *gate
	held   int64   // octets of the budget
	octets *[]byte // to be handed back, too; bulk's
	large  *stream // its octets are not in memory
	bits   uint32  // of its row
	mended *Mended // nil: it is sent as it is
	over   func()  // lets go of the memory of one that is altered
}

// free lets go of its octets.
func (p *parcel) free() {
	if p.over != nil {
		p.over()
		p.over = nil
	}
}

// gate opens when the intent is on the disk.
type gate struct {
	done chan struct{}
	err  error
}

// shipment carries messages from the source's connection to the target's: one
// goroutine fetches, the other appends, a bounded queue between them.
type shipment struct {
	*carry
	ctx   context.Context
	queue chan *parcel
	final bool // what is matched for the second time is not put off again

	ahead   *parcel // taken from the queue, not yet asked for
	current *parcel // given out last: its body is read before the next is asked for
	sent    int     // in this Append
	broke   error   // the source broke off in a large message

	mu       sync.Mutex
	inflight []*parcel
	unsure   []unsure
	bad      error
}

var errDone = errors.New("the other end is done")

// send copies messages. Those that the target does not take are in c.stages
// afterwards, those put off in c.deferred and c.second.
func (c *carry) send(ctx context.Context, jobs []job, final bool) error {
	if len(jobs) == 0 {
		return nil
	}
	if c.stopped() {
		return ErrStopped
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := &shipment{carry: c, ctx: ctx, queue: make(chan *parcel, 256), final: final}
	filled := make(chan error, 1)
	go func() {
		err := s.fill(ctx, jobs)
		if context.Cause(ctx) == errDone {
			err = nil // it was broken off by us
		}
		filled <- err
		close(s.queue)
	}()
	err := s.drain()
	switch {
	case err == nil && s.stopped():
		err = ErrStopped
	case err == nil: // what waits in the queue was perhaps not sent
		err = context.Cause(ctx)
	}
	if err != nil {
		cancel(errDone)
	}
	if s.ahead != nil {
		s.unsent(s.ahead)
	}
	for p := range s.queue {
		s.unsent(p)
	}
	return cmp.Or(s.broke, err, <-filled)
}

// unsent lets go of a message that nobody will ask for.
func (s *shipment) unsent(p *parcel) {
	s.held.give(p.held)
	p.free()
	if p.large != nil {
		close(p.large.over)
	}
}

// drain appends until the queue ends.
func (s *shipment) drain() error {
	for s.more() {
		s.sent = 0
		err := s.dst.Append(s.ctx, s.next, s.done)
		s.consumed()
		s.stir(len(s.inflight))
		if err == nil {
			err = s.settle()
		}
		switch {
		case err != nil && s.bad == nil && s.broke == nil && len(s.inflight) > 0 && isClass(err, planner.Gone) && s.ctx.Err() == nil:
			return s.killed(s.inflight[0].uid, err)
		case err != nil:
			return cmp.Or(s.bad, err)
		}
	}
	return nil
}

// settle makes sure that every message given out has an answer and a place.
func (s *shipment) settle() error {
	if s.bad != nil {
		return s.bad
	}
	if len(s.inflight) > 0 {
		return gone("an APPEND was not answered")
	}
	sent := s.unsure
	s.unsure = nil
	return s.locate(s.ctx, sent)
}

// more waits for a parcel; none comes after Stop.
func (s *shipment) more() bool {
	if s.ahead != nil || s.stopped() {
		return !s.stopped()
	}
	select {
	case <-s.p.Stop:
		return false
	case <-s.ctx.Done():
		return false
	case s.ahead = <-s.queue:
	}
	return s.ahead != nil
}

// next is what Append asks for. A large message goes alone, so that a source
// that breaks off costs no other.
func (s *shipment) next() (*Item, error) {
	alone := s.current != nil && s.current.large != nil
	s.consumed()
	s.mu.Lock()
	full := len(s.unsure) >= unsureLimit || s.bad != nil
	s.mu.Unlock()
	if alone || full || !s.more() {
		return nil, io.EOF
	}
	p := s.ahead
	if p.large != nil && s.sent > 0 {
		return nil, io.EOF
	}
	select {
	case <-p.gate.done:
	case <-s.ctx.Done():
		return nil, context.Cause(s.ctx)
	}
	if p.gate.err != nil {
		return nil, p.gate.err
	}
	s.ahead, s.current = nil, p
	s.sent++
	p.item.Sync = p.item.Sync || p.large != nil || s.untried(p.item.Flags)
	s.mu.Lock()
	s.inflight = append(s.inflight, p)
	s.mu.Unlock()
	return &p.item, nil
}

// consumed hands back what the last message given out held.
func (s *shipment) consumed() {
	if p := s.current; p != nil {
		s.current, p.item.Body = nil, nil
		s.held.give(p.held)
		p.held = 0
		p.free()
		if p.large != nil {
			if p.large.err != nil {
				s.broke = s.died(p.uid, broken(p.large.err))
			}
			close(p.large.over)
		}
	}
}

// untried reports whether there is a keyword that the target folder has not
// yet taken.
func (s *shipment) untried(flags []imap.Flag) bool {
	s.course.mu.Lock()
	defer s.course.mu.Unlock()
	tried := s.tried[s.f.target.name]
	for _, f := range flags {
		if f[0] != '\\' && !tried[string(f)] {
			return true
		}
	}
	return false
}

// done takes the target's answer to the oldest message in flight.
func (s *shipment) done(answer Placed) error {
	s.mu.Lock()
	if len(s.inflight) == 0 {
		s.mu.Unlock()
		return gone("an answer to no APPEND")
	}
	p := s.inflight[0]
	s.inflight = s.inflight[1:]
	s.mu.Unlock()
	s.p.Options.Answers.Took(answer.Took)
	if answer.Err != nil { // perhaps before its octets were read
		return s.refusedBy(p, answer.Err)
	}
	if p.large != nil {
		p.hash = p.large.sum()
	}
	s.accepted(p)
	s.tells.Store(answer.UID != 0)
	if answer.UID != 0 && answer.UIDValidity != s.f.target.uidValidity {
		return gone("the target folder was made anew")
	}
	if answer.UID == 0 {
		s.mu.Lock()
		s.unsure = append(s.unsure, unsure{p.uid, p.item.Size, p.set, p.bits, p.hash, p.print})
		s.mu.Unlock()
	}
	if err := s.settleMended(p.job, p.mended); err != nil {
		return err
	}
	p.job.size = p.item.Size
	return s.placedAt(p.job, answer.UID, p.set, p.bits, p.hash, func(t *planner.Tally) {
		t.Copied++
		t.Bytes += p.item.Size
		if p.bits&bitKeywords != 0 {
			t.Keywords++
		}
		if p.bits&bitDate != 0 {
			t.Dates++
		}
		p.mended.count(t)
	})
}

func (s *shipment) accepted(p *parcel) {
	s.course.mu.Lock()
	defer s.course.mu.Unlock()
	s.yielded()
	tried := inner(s.tried, s.f.target.name)
	for _, f := range p.item.Flags {
		tried[string(f)] = true
	}
}

func gone(why string) error {
	return &planner.Fault{Msg: text.M("copy.gone", "reason", why), Class: planner.Gone}
}

func isRefusal(err error) bool {
	var no *Refusal
	return errors.As(err, &no)
}
