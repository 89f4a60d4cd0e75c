package wire

import (
	"strings"
	"time"
)

// answers reads until all that was sent is answered, and calls done in order.
func (a *appending) answers() {
	defer close(a.stopped)
	for {
		head, answered, err := a.oldest()
		if err == nil && head == nil {
			return
		}
		if err == nil && answered {
			err = a.report(head)
		} else if err == nil {
			err = a.read()
		}
		if err != nil {
			a.fail(err)
			return
		}
	}
}

// oldest waits for a message without done. nil is the end of all. Where its
// answer is owed there is something to read.
func (a *appending) oldest() (s *sent, answered bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.queue) == 0 && !a.last {
		a.cond.Wait()
	}
	if len(a.queue) == 0 {
		return nil, false, a.err
	}
	s = a.queue[0]
	return s, s.in == nil || s.in.answered, a.err
}

// fail ends the run: the connection is closed before anything else, so that
// nothing more of a message is taken for commands.
func (a *appending) fail(err error) {
	_ = a.c.Close()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.err = err
	a.cond.Broadcast()
}

// report calls done for the oldest message. BAD ends the run.
func (a *appending) report(s *sent) error {
	a.mu.Lock()
	a.queue[0], a.queue = nil, a.queue[1:]
	a.bytes -= s.size
	result, no, end := s.result, (*Refused)(nil), false
	if t := s.in; t != nil {
		result, no = t.fate(s)
		if no == nil {
			a.c.accepted.add(t.mailbox, t.keywords)
		}
		end = no != nil && no.Status == "BAD" && s.place == t.messages-1
	}
	if s.written {
		a.free = append(a.free, s)
	}
	a.cond.Broadcast()
	a.mu.Unlock()
	if err := a.done(result); err != nil {
		return callback{err}
	}
	if end {
		return no
	}
	return nil
}

// fate is what became of a message.
func (t *transaction) fate(s *sent) (Appended, *Refused) {
	out := s.result
	out.Took = t.took
	no, _ := t.cmd.err.(*Refused)
	switch {
	case no != nil && t.messages > 1:
		out.Err = &BatchRefused{Refused: no, Messages: t.messages}
	case no != nil:
		out.Err = no
	case len(t.uids) == t.messages:
		out.UIDValidity, out.UID = t.validity, t.uids[s.place]
	}
	return out, no
}

// read takes one response.
func (a *appending) read() error {
	r, err := a.c.next()
	switch {
	case err != nil:
		return err
	case r.kind == '+':
		a.proceed(nil)
	case r.kind == 't':
		return a.answer(r)
	}
	return nil
}

// proceed tells the writer what became of its literal: t is the command that
// was answered instead, or nil for a continuation. One that comes before the
// answers to earlier commands is not for it: servers work in order.
func (a *appending) proceed(t *transaction) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sync == nil || t != nil && t != a.sync || t == nil && a.firstOwed() != a.sync {
		return
	}
	a.sync = nil
	a.cont <- t == nil
}

// await gives the server's answer to a synchronising literal.
func (a *appending) await() (proceed bool, err error) {
	busy := a.c.g.busy.Swap(false) // now an answer is owed
	defer a.c.g.busy.Store(busy)
	select {
	case proceed = <-a.cont:
		return proceed, nil
	case <-a.stopped:
		select {
		case proceed = <-a.cont: // that came before the end
			return proceed, nil
		default:
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.err == nil {
			return false, a.c.lost(ErrClosed)
		}
		return false, a.err
	}
}

func (a *appending) firstOwed() *transaction {
	for _, s := range a.queue {
		if s.in != nil && !s.in.answered {
			return s.in
		}
	}
	return nil
}

func (a *appending) answer(r resp) error {
	t := a.find(r.num)
	if t == nil {
		return nil
	}
	cmd := t.cmd
	cd := a.c.answer(&cmd, r.line.rest())
	if cd.status == "BAD" {
		_ = a.c.Close() // at once: see Append
	}
	a.mu.Lock()
	t.cmd.err = cmd.err
	early := cmd.err == nil && t.complete.IsZero()
	if !t.complete.IsZero() {
		t.took = time.Since(t.complete)
	}
	t.answered = !early
	if cd.code == "APPENDUID" && cmd.err == nil {
		l := line{text: []byte(cd.args)}
		t.validity = number32(l.word())
		if t.validity != 0 {
			t.uids = uidsOf(l.word(), t.messages)
		}
	}
	a.mu.Unlock()
	if early { // nothing can be stored yet
		return errEarly()
	}
	a.proceed(t)
	return nil
}

func (a *appending) find(tag uint32) *transaction {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.queue {
		if t := s.in; t != nil && t.cmd.tag == tag && !t.answered {
			return t
		}
	}
	return nil
}

// uidsOf reads the UID set of APPENDUID (RFC 4315, 3), which is in the order of
// the messages and so ascends. It gives none if they are not n.
func uidsOf(set string, n int) []uint32 {
	out := make([]uint32, 0, n)
	last := uint32(0)
	for part := range strings.SplitSeq(set, ",") {
		low, high, ranged := strings.Cut(part, ":")
		from := number32(low)
		to := from
		if ranged {
			to = number32(high)
		}
		from, to = min(from, to), max(from, to)
		if from <= last || uint64(to-from) >= uint64(n-len(out)) {
			return nil
		}
		for uid := from; ; uid++ {
			out = append(out, uid)
			if uid == to {
				break
			}
		}
		last = to
	}
	if len(out) != n {
		return nil
	}
	return out
}
