package transfer

import (
	"context"
	"io"
	"sync"
	"time"
)

// manyOwed is how many messages are worth another connection, where each
// costs the target a round trip.
const manyOwed = 25

// writer appends what comes out of the queue, on one connection.
type writer struct {
	*bulk
	dst     Ahead
	current *parcel // given out last
	idle    bool    // and told that nothing is there for now

	answering sync.Mutex
	inflight  []*parcel
}

// write opens the target's folders and appends until the queue ends.
func (b *bulk) write() error {
	err := b.survey()
	helpers := b.helpers() // before lots may be dropped
	close(b.surveyed)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	for range helpers {
		wg.Go(b.help)
	}
	b.append(b.dst)
	wg.Wait()
	return b.broke
}

// helpers is how many more connections are worth their sign-in: none where
// messages follow one another without waiting.
func (b *bulk) helpers() int {
	_, more := b.p.Target.(Widener)
	if !more || b.dst.Streams() {
		return 0
	}
	owed := 0
	for _, l := range b.lots {
		if !l.dropped && l.reading.From > 0 {
			owed += int(min(l.from.Messages, l.limit-l.reading.From))
		}
	}
	return min(owed/manyOwed, 7)
}

// help appends on another connection, if there may be one.
func (b *bulk) help() {
	dst, err := b.p.Target.(Widener).Widen(b.ctx)
	if dst == nil || err != nil {
		return // the others do it
	}
	defer dst.Close()
	b.append(dst)
}

// append appends on one connection. What ends it ends all.
func (b *bulk) append(dst Ahead) {
	w := &writer{bulk: b, dst: dst}
	err := dst.AppendAll(b.ctx, w.next, w.done)
	w.consumed()
	b.stir(len(w.inflight))
	if isRefusal(err) {
		err = gone(err.Error()) // BAD: nothing more on this connection
	}
	if err == nil && len(w.inflight) > 0 {
		err = gone("an APPEND was not answered")
	}
	if err == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broke == nil {
		b.broke = err
	}
	b.cancel(errDone)
}

// next is what AppendAll asks for.
func (w *writer) next() (*Item, error) {
	w.consumed()
	select {
	case <-w.p.Stop:
		return nil, io.EOF
	default:
	}
	p, err := w.waitFor()
	if p == nil {
		return nil, err
	}
	<-w.intended.done
	if w.intended.err != nil {
		w.unsent(p)
		return nil, w.intended.err
	}
	w.current = p
	w.answering.Lock()
	w.inflight = append(w.inflight, p)
	w.answering.Unlock()
	return &p.item, nil
}

// lull is how long the queue may be empty before what was given out is to be
// finished.
const lull = 30 * time.Millisecond

// waitFor takes from the queue; nil and nil: there is nothing for now.
func (w *writer) waitFor() (*parcel, error) {
	select {
	case p, ok := <-w.queue:
		return given(p, ok)
	default:
	}
	var idle <-chan time.Time
	if !w.idle {
		t := time.NewTimer(lull)
		defer t.Stop()
		idle = t.C
	}
	w.idle = !w.idle
	select {
	case <-w.p.Stop:
		return nil, io.EOF
	case <-w.ctx.Done():
		return nil, context.Cause(w.ctx)
	case <-idle:
		return nil, nil
	case p, ok := <-w.queue:
		w.idle = false
		return given(p, ok)
	}
}

func given(p *parcel, ok bool) (*parcel, error) {
	if !ok {
		return nil, io.EOF
	}
	return p, nil
}

// consumed hands back what the last message given out held.
func (w *writer) consumed() {
	if p := w.current; p != nil {
		w.current, p.item.Body = nil, nil
		w.unsent(p)
	}
}

// done takes the target's answer to the oldest message in flight.
func (w *writer) done(answer Placed) error {
	w.answering.Lock()
	if len(w.inflight) == 0 {
		w.answering.Unlock()
		return gone("an answer to no APPEND")
	}
	p := w.inflight[0]
	w.inflight[0] = nil
	w.inflight = w.inflight[1:]
	w.answering.Unlock()
	w.p.Options.Answers.Took(answer.Took)
	return w.answered(p, answer)
}
