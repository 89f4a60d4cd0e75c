package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/emersion/go-imap/v2"
)

const minusLiteral = 4096 // octets that LITERAL- takes unasked (RFC 7888, 5)

// Append stores messages in a mailbox (RFC 3501, 6.3.11), one APPEND each, in
// the order of next, until next gives io.EOF. Where the server has LITERAL+
// (or LITERAL-, for small ones) they follow one another in a window without
// waiting. A message that the server has not yet taken the keywords of goes
// with a synchronising literal: BAD to flags would otherwise make some servers
// run the message as commands. next is called in this goroutine, done in
// another one, once for each message, in order, both possibly at one time.
//
// NO is the fate of one message; others go on. On BAD the connection is closed
// at once and the *Refused is the error, too. On any error but one of next the
// fate of the messages without done is unknown. An error of next ends the run
// after the answers to what was sent.
func (c *Conn) Append(ctx context.Context, mailbox string, next func() (*Outgoing, error), done func(Appended) error) error {
	var ended error
	err := c.run(ctx, "APPEND", func() error {
		box, err := quote(mailbox)
		if err != nil {
			return err
		}
		c.accepted.of(mailbox)
		c.stale = true
		a := &appending{c: c, box: box, done: done, cont: make(chan bool, 1), stopped: make(chan struct{})}
		a.plus, a.minus, a.limit = c.caps.Has(imap.CapLiteralPlus), c.caps.Has(imap.CapLiteralMinus), c.appendLimit()
		a.cond.L = &a.mu
		c.g.quick.Store(!a.plus)
		defer c.g.quick.Store(false)
		go a.answers()
		werr := a.messages(next)
		if e, ok := werr.(callback); ok {
			ended, werr = e.error, nil
		}
		if werr != nil {
			a.abort(werr)
		}
		a.mu.Lock()
		a.last = true
		a.cond.Broadcast()
		a.mu.Unlock()
		<-a.stopped
		return a.outcome(werr)
	})
	if err == nil {
		err = ended
	}
	return err
}

// appending is one Append under way: the caller's goroutine writes, another
// one reads answers.
type appending struct {
	c    *Conn
	box  string // quoted
	done func(Appended) error

	plus, minus bool  // LITERAL+, LITERAL-
	limit       int64 // APPENDLIMIT; 0: none

	cont    chan bool     // to a synchronising literal: go on, or not
	stopped chan struct{} // the reading goroutine has ended

	mu    sync.Mutex
	cond  sync.Cond
	queue []*sent // without done, in order
	bytes int64   // of the queue
	sync  *sent   // whose literal waits for a continuation
	last  bool    // nothing will be added to the queue
	err   error   // of the reading goroutine
}

// sent is a message in the queue. Those refused here have no tag.
type sent struct {
	cmd      command
	size     int64
	keywords []imap.Flag
	result   Appended
	answered bool
	complete bool // all its octets are written
}

// abort makes the reading goroutine end: at once where a body failed, else
// after the last words of the server.
func (a *appending) abort(err error) {
	var body *BodyError
	if errors.As(err, &body) {
		_ = a.c.Close()
		return
	}
	a.c.g.hurry(lastWords)
}

// outcome chooses the error that tells most.
func (a *appending) outcome(werr error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var body *BodyError
	switch {
	case errors.As(werr, &body):
		return callback{werr} // closes, and is told as it is
	case a.err != nil:
		if no, ok := a.err.(*Refused); ok {
			return callback{no}
		}
		return a.err
	}
	return werr
}

// messages writes. Its error is a callback of next's, a *BodyError, or the
// connection's.
func (a *appending) messages(next func() (*Outgoing, error)) error {
	scratch := make([]byte, 32<<10)
	for index := 0; ; index++ {
		m, err := next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return callback{err}
		}
		head, err := a.head(m)
		s := &sent{size: m.Size, result: Appended{Index: index, Err: err}, answered: err != nil}
		if err := a.room(s); err != nil {
			return err
		}
		if err != nil {
			continue
		}
		if err := a.send(s, m, head, scratch); err != nil {
			return err
		}
	}
}

// head makes the command up to the literal, or says why not.
func (a *appending) head(m *Outgoing) (string, error) {
	flags, ok := flagList(m.Flags)
	switch {
	case !ok:
		return "", &Invalid{What: "flag"}
	case m.Size < 0 || m.Body == nil:
		return "", &Invalid{What: "size"}
	}
	if a.limit > 0 && m.Size > a.limit {
		return "", &TooBig{Size: m.Size, Limit: a.limit}
	}
	date := ""
	if !m.Date.IsZero() {
		if date, ok = formatDate(m.Date); !ok {
			return "", &Invalid{What: "date"}
		}
		date += " "
	}
	return "APPEND " + a.box + " " + flags + " " + date, nil
}

// appendLimit is the server's, or 0 (RFC 7889; the largest number is Cyrus's
// way to say none).
func (c *Conn) appendLimit() int64 {
	limit, ok := c.caps.AppendLimit()
	if !ok || limit == nil || *limit == 1<<32-1 {
		return 0
	}
	return int64(*limit)
}

// room waits until the window has room for s and puts it into the queue.
func (a *appending) room(s *sent) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.err == nil && len(a.queue) > 0 &&
		(len(a.queue) >= a.c.opt.WindowMessages || a.bytes+s.size > a.c.opt.WindowBytes) {
		a.cond.Wait()
	}
	if a.err != nil {
		return a.err
	}
	if !s.answered {
		s.cmd = command{name: "APPEND", tag: a.c.tag.Add(1)}
	}
	a.queue = append(a.queue, s)
	a.bytes += s.size
	a.cond.Broadcast()
	return nil
}

// send writes one APPEND.
func (a *appending) send(s *sent, m *Outgoing, head string, scratch []byte) error {
	c := a.c
	wait, err := a.mustWait(s, m)
	if err != nil {
		return err
	}
	mark := "+}\r\n"
	if wait {
		mark = "}\r\n"
	}
	c.startLine(s.cmd.tag)
	_, _ = fmt.Fprintf(c.w, "%s{%d%s", head, m.Size, mark)
	if wait {
		if err := c.w.Flush(); err != nil {
			return c.lost(err)
		}
		if proceed, err := a.await(); err != nil || !proceed {
			return err
		}
	}
	c.g.busy.Store(true)
	defer c.g.busy.Store(false)
	w := &exactly{w: c.w, left: m.Size}
	_, err = io.CopyBuffer(w, m.Body, scratch)
	switch {
	case w.err != nil:
		return c.lost(w.err)
	case w.over:
		return &BodyError{s.result.Index, errors.New("longer than its size")}
	case err != nil:
		return &BodyError{s.result.Index, err}
	case w.left > 0:
		return &BodyError{s.result.Index, io.ErrUnexpectedEOF}
	}
	_, _ = c.w.WriteString("\r\n")
	a.mu.Lock()
	s.complete = true
	a.mu.Unlock()
	if err := c.w.Flush(); err != nil {
		return c.lost(err)
	}
	return nil
}

// mustWait tells whether the literal must be a synchronising one, and if so
// lets the answer be given to await. An answer that is there already belongs
// to nothing that was sent.
func (a *appending) mustWait(s *sent, m *Outgoing) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.answered {
		return false, errEarly()
	}
	tried := a.c.accepted.tried(m.Flags)
	if !tried {
		s.keywords = slices.Clone(m.Flags)
	}
	if tried && !m.Sync && (a.plus || a.minus && m.Size <= minusLiteral) {
		return false, nil
	}
	a.sync = s
	return true, nil
}

func errEarly() error { return &Malformed{What: "an answer before its message was sent"} }

// await gives the server's answer to a synchronising literal.
func (a *appending) await() (proceed bool, err error) {
	select {
	case proceed = <-a.cont:
		return proceed, nil
	case <-a.stopped:
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.err == nil {
			return false, a.c.lost(ErrClosed)
		}
		return false, a.err
	}
}
