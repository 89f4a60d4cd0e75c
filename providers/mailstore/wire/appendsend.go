package wire

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"time"
)

// message sends one, or notes why not.
func (a *appending) message(index int, m *Outgoing) error {
	s := a.fresh()
	s.result.Index, s.result.Err = index, a.check(m)
	wait := false
	if s.result.Err == nil {
		s.size, wait = m.Size, a.mustWait(m)
		if a.mustPart(m, wait) {
			if err := a.finish(); err != nil {
				return err
			}
		}
	}
	if err := a.room(s); err != nil {
		return err
	}
	begun, err := a.enter(s, m, wait)
	if err != nil || s.in == nil {
		return err
	}
	if begun {
		if err := a.begin(s.in); err != nil {
			return err
		}
	}
	return a.send(s, m, wait)
}

// begin starts a command. An answer that is there already belongs to nothing
// that was sent.
func (a *appending) begin(t *transaction) error {
	a.mu.Lock()
	early := t.answered
	a.mu.Unlock()
	if early {
		return errEarly()
	}
	a.c.startLine(t.cmd.tag)
	_, _ = a.c.w.WriteString("APPEND ")
	_, _ = a.c.w.WriteString(a.box.quoted)
	return nil
}

func (a *appending) fresh() *sent {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n := len(a.free); n > 0 {
		s := a.free[n-1]
		a.free = a.free[:n-1]
		*s = sent{}
		return s
	}
	return new(sent)
}

// check says what must not be sent.
func (a *appending) check(m *Outgoing) error {
	for _, f := range m.Flags {
		if !ValidFlag(f) {
			return &Invalid{What: "flag"}
		}
	}
	if name := a.mailbox(m); name != a.box.name || a.box.quoted == "" {
		quoted, err := quote(name)
		if err != nil {
			return &Invalid{What: "mailbox"}
		}
		a.box.name, a.box.quoted = name, quoted
	}
	switch {
	case m.Size < 0 || m.Body == nil:
		return &Invalid{What: "size"}
	case a.limit > 0 && m.Size > a.limit:
		return &TooBig{Size: m.Size, Limit: a.limit}
	case !m.Date.IsZero() && !writable(m.Date):
		return &Invalid{What: "date"}
	}
	return nil
}

// mustWait tells whether the literal must be a synchronising one.
func (a *appending) mustWait(m *Outgoing) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return m.Sync || !(a.plus || a.minus && m.Size <= minusLiteral) || !a.c.accepted.tried(a.mailbox(m), m.Flags)
}

// mailbox is where a message goes.
func (a *appending) mailbox(m *Outgoing) string {
	if m.Mailbox == "" {
		return a.to
	}
	return m.Mailbox
}

// mustPart tells whether the message cannot join the open transaction.
func (a *appending) mustPart(m *Outgoing, wait bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.open
	return t != nil && (wait || alone(m) || t.mailbox != a.mailbox(m) || t.answered || t.messages >= a.batch || t.octets+m.Size > a.c.opt.BatchBytes)
}

// alone tells whether a message must not share a command: an empty one would
// cancel it (RFC 3502, 6.3.11).
func alone(m *Outgoing) bool { return m.Alone || m.Size == 0 }

// room waits until the window has room for s. Where all that is in the window
// waits for the open transaction, that is ended.
func (a *appending) room(s *sent) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for flushed := false; a.err == nil && a.full(s.size); {
		var step func() error
		switch {
		case a.open != nil && a.queue[0].in == a.open:
			step = a.finish
		case !flushed:
			step, flushed = a.flush, true
		default:
			busy := a.c.g.busy.Swap(false) // now an answer is owed
			a.cond.Wait()
			a.c.g.busy.Store(busy)
			continue
		}
		a.mu.Unlock()
		err := step()
		a.mu.Lock()
		if err != nil {
			return err
		}
	}
	return a.err
}

func (a *appending) full(size int64) bool {
	return len(a.queue) > 0 && (len(a.queue) >= a.c.opt.WindowMessages || a.bytes+size > a.c.opt.WindowBytes)
}

// enter puts s into the queue, and into a transaction unless it was refused.
func (a *appending) enter(s *sent, m *Outgoing, wait bool) (begun bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err != nil {
		return false, a.err
	}
	if s.result.Err == nil {
		begun = a.join(s, m, wait)
	}
	a.queue = append(a.queue, s)
	a.bytes += s.size
	a.cond.Broadcast()
	return begun, nil
}

func (a *appending) join(s *sent, m *Outgoing, wait bool) (begun bool) {
	if begun = a.open == nil; begun {
		a.open = &transaction{mailbox: a.mailbox(m), cmd: command{name: "APPEND", tag: a.c.tag.Add(1)}}
		a.c.g.busy.Store(true)
	}
	t := a.open
	s.in, s.place = t, t.messages
	t.messages++
	t.octets += s.size
	if wait {
		a.sync = t
		if !a.c.accepted.tried(t.mailbox, m.Flags) {
			t.keywords = slices.Clone(m.Flags)
		}
	}
	return begun
}

// send writes one message, and ends the transaction unless others may join it.
func (a *appending) send(s *sent, m *Outgoing, wait bool) error {
	c := a.c
	_, _ = c.w.Write(a.head(c.w.AvailableBuffer(), m, wait)) // the error is sticky
	if wait {
		if err := a.flush(); err != nil {
			return err
		}
		proceed, err := a.await()
		if err != nil {
			return err
		}
		if !proceed {
			a.dismiss()
			return nil
		}
	}
	if err := a.copyBody(s.result.Index, m); err != nil {
		return err
	}
	a.mu.Lock()
	s.written = true
	full := wait || alone(m) || s.in.messages >= a.batch
	a.mu.Unlock()
	if full {
		return a.finish()
	}
	return nil
}

// head is what comes before a message's octets: flags, date, literal.
func (a *appending) head(b []byte, m *Outgoing, wait bool) []byte {
	b = append(b, " ("...)
	for i, f := range m.Flags {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, f...)
	}
	b = append(b, ") "...)
	if !m.Date.IsZero() {
		b = append(appendDate(b, m.Date), ' ')
	}
	b = strconv.AppendInt(append(b, '{'), m.Size, 10)
	if !wait {
		b = append(b, '+')
	}
	return append(b, "}\r\n"...)
}

func (a *appending) copyBody(index int, m *Outgoing) error {
	w := &a.body
	w.left, w.over, w.err = m.Size, false, nil
	if _, whole := m.Body.(io.WriterTo); !whole && a.scratch == nil {
		a.scratch = make([]byte, 2*readBuffer) // more than c.w buffers, so that it need not be copied there
	}
	if m.Size > readBuffer {
		_ = a.c.w.Flush() // the error is sticky
	}
	_, err := io.CopyBuffer(w, m.Body, a.scratch)
	switch {
	case w.err != nil:
		return a.c.lost(w.err)
	case w.over:
		return &BodyError{index, errors.New("longer than its size")}
	case err != nil:
		return &BodyError{index, err}
	case w.left > 0:
		return &BodyError{index, io.ErrUnexpectedEOF}
	}
	return nil
}

// finish ends the open transaction: the line end is its commit.
func (a *appending) finish() error {
	if a.open == nil {
		return nil
	}
	_, _ = a.c.w.WriteString("\r\n")
	a.mu.Lock()
	a.open.complete = time.Now()
	a.mu.Unlock()
	a.dismiss()
	return a.flush()
}

// dismiss forgets the open transaction: ended, or refused before its octets.
func (a *appending) dismiss() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open = nil
	a.c.g.busy.Store(false)
}

func (a *appending) flush() error {
	if err := a.c.push(); err != nil {
		return a.c.lost(err)
	}
	return nil
}
