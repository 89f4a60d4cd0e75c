package wire

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
)

const minusLiteral = 4096 // octets that LITERAL- takes unasked (RFC 7888, 5)

// Append stores messages in a mailbox (RFC 3501, 6.3.11) in the order of next,
// until next gives io.EOF. Where the server has LITERAL+ (or LITERAL-, for
// small ones) they follow one another in a window without waiting. A message
// that the server has not yet taken the keywords of goes with a synchronising
// literal: BAD to flags would otherwise make some servers run the message as
// commands. next is called in this goroutine, done in another one, once for
// each message, in order, both possibly at one time. A Body is read to its end
// before next is called again.
//
// With Options.BatchMessages over 1, and where the server has MULTIAPPEND (RFC
// 3502), messages that need no synchronising literal and are not Alone share
// one command, which the server carries out as a whole or not at all. While
// next blocks a batch stays open and its messages have no answer: a next that
// has nothing for now gives nil and nil, so that what there is goes off, and
// blocks when it is called again.
//
// NO is the fate of one message, others go on; NO to a batch gives each of its
// messages a *BatchRefused: nothing of it is stored, and each is to be sent
// again with Alone. On BAD the connection is closed at once and the *Refused is
// the error, too. On any error but one of next the fate of the messages without
// done is unknown. An error of next ends the run after the answers to what was
// given before it.
func (c *Conn) Append(ctx context.Context, mailbox string, next func() (*Outgoing, error), done func(Appended) error) error {
	var ended error
	err := c.run(ctx, "APPEND", func() error {
		if err := c.widen(); err != nil {
			return err
		}
		a, err := c.newAppending(mailbox, done)
		if err != nil {
			return err
		}
		c.stale, c.uidNext = true, 0
		c.g.quick.Store(true)
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
	to   string                        // the mailbox of messages that name none
	box  struct{ name, quoted string } // of the last message
	done func(Appended) error

	plus, minus bool  // LITERAL+, LITERAL-
	limit       int64 // APPENDLIMIT; 0: none
	batch       int   // messages that share a command
	body        exactly
	scratch     []byte

	cont    chan bool     // to a synchronising literal: go on, or not
	stopped chan struct{} // the reading goroutine has ended

	mu    sync.Mutex
	cond  sync.Cond
	queue []*sent      // without done, in order
	bytes int64        // of the queue
	open  *transaction // more messages may join it
	sync  *transaction // whose literal waits for a continuation
	last  bool         // nothing will be added to the queue
	err   error        // of the reading goroutine
	free  []*sent
}

// transaction is one APPEND with one message or more.
type transaction struct {
	mailbox  string
	cmd      command
	messages int
	octets   int64
	validity uint32 // with uids, APPENDUID
	uids     []uint32
	keywords []imap.Flag // of its only message, where some are untried
	answered bool
	complete time.Time // all its octets were written; zero: they are not
	took     time.Duration
}

// sent is a message in the queue. Those refused here are in no transaction.
type sent struct {
	in      *transaction
	place   int // in it
	size    int64
	result  Appended
	written bool
}

func (c *Conn) newAppending(mailbox string, done func(Appended) error) (*appending, error) {
	if _, err := quote(mailbox); err != nil {
		return nil, err
	}
	a := &appending{
		c: c, to: mailbox, done: done, batch: 1,
		cont: make(chan bool, 1), stopped: make(chan struct{}),
	}
	a.plus, a.minus, a.limit = c.caps.Has(imap.CapLiteralPlus), c.caps.Has(imap.CapLiteralMinus), c.appendLimit()
	if c.caps.Has(imap.CapMultiAppend) {
		a.batch = c.opt.BatchMessages
	}
	a.cond.L = &a.mu
	a.body.w = c.w
	return a, nil
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
	for index := 0; ; {
		m, err := next()
		if err != nil || m == nil {
			if ferr := a.finish(); ferr != nil {
				return ferr
			}
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return callback{err}
		case m == nil:
			continue
		}
		if err := a.message(index, m); err != nil {
			return err
		}
		index++
	}
}

func errEarly() error { return &Malformed{What: "an answer before its message was sent"} }
