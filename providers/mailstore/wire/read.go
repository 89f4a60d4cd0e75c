package wire

import (
	"context"
	"io"
	"strconv"
)

// Request asks Read for messages of one mailbox: those of UIDs whole or, where
// that is nil, a list of messages without bodies.
type Request struct {
	Mailbox     string
	UIDValidity uint32 // what UIDs and Scan belong to; 0: whatever it is
	UIDs        []uint32
	Scan        ScanOptions
}

// Answer is what became of a Request.
type Answer struct {
	Selected Selected // what EXAMINE told: UIDNext or UIDValidity may be 0
	Missing  []uint32 // of UIDs: see Fetch
	// Err is nil, *Refused (of EXAMINE, or of a part of the messages; the rest
	// came), ErrValidity, or ErrCut (then Examine and Scan ask for the rest).
	// For a name that cannot be sent it is ErrName.
	Err error
}

// Read examines mailboxes and reads their messages, many requests in one
// flight. next gives them; nil and nil says that it has none until another is
// done, io.EOF that it has no more. each gets the messages as they arrive, done
// the end of each request. All three are called in this goroutine, so what done
// has learned of one mailbox may be the next request, while others are on their
// way. UIDs of the mailbox that was asked for last are read without another
// EXAMINE.
//
// What a request gets comes between the answers to its own EXAMINE and to its
// last FETCH. A server that answers those of two mailboxes out of order is told
// by a *Malformed; it is to be given one request at a time. An error of next
// ends the run after the answers to what was sent; nil and nil while nothing is
// in flight ends it as well.
func (c *Conn) Read(ctx context.Context, next func() (*Request, error), each func(*Request, *Message) error, done func(*Request, Answer) error) error {
	p := &pipeline{c: c, next: next, each: each, done: done}
	err := c.run(ctx, "UID FETCH", func() error {
		c.fetch.each, c.fetch.asked = p.take, p.asked
		c.fetch.need, c.fetch.bare = hasUID|hasFlags|hasDate, true
		defer c.fetch.rest()
		return p.flight()
	})
	if err == nil && p.ended != io.EOF {
		err = p.ended
	}
	return err
}

// pipeline is one Read under way.
type pipeline struct {
	c    *Conn
	next func() (*Request, error)
	each func(*Request, *Message) error
	done func(*Request, Answer) error

	ended   error      // of next
	sending *ask       // its commands are not all sent
	open    []*request // without an answer, in the order of sending
	octets  int        // of them
	last    *visit     // of the last EXAMINE sent
	now     *visit     // of the last EXAMINE answered
	gather  Selected
	told    bool // PERMANENTFLAGS
}

// request is a command with what it is for: EXAMINE has no ask.
type request struct {
	command
	visit *visit
	ask   *ask
}

// visit is the time between the answers to two EXAMINEs, and who gets what
// comes then.
type visit struct {
	mailbox string
	sel     Selected
	entered bool  // EXAMINE is answered
	err     error // of EXAMINE
	asks    []*ask
}

// ask is a Request with what has come of it.
type ask struct {
	*Request
	visit  *visit
	set    string        // the next to send
	sets   func() string // and those after it
	wanted *wanted
	scan   scan
	owed   int   // commands without an answer
	err    error // of the first that was refused
}

const (
	readCommands = 128 // commands without an answer: EXAMINE and UID FETCH for 64 mailboxes
	readBytes    = flightBytes
)

func (p *pipeline) flight() error {
	for {
		for len(p.open) < readCommands && p.octets < readBytes {
			q, err := p.command()
			if err != nil {
				return err
			}
			if q == nil {
				break
			}
			if len(p.open) == 0 && q.ask == nil {
				p.begin()
			}
			p.c.send(&q.command)
			p.open, p.octets = append(p.open, q), p.octets+len(q.text)
		}
		if err := p.c.flush(); err != nil {
			return err
		}
		if len(p.open) == 0 {
			return nil
		}
		if err := p.read(); err != nil {
			return err
		}
	}
}

// command gives the next one to send, or nil.
func (p *pipeline) command() (*request, error) {
	for {
		if a := p.sending; a != nil && (a.visit == nil || a.visit.err == nil) && a.set != "" {
			return p.ask(a), nil
		} else if a != nil {
			p.sending = nil
			if err := p.finish(p.enter(a)); err != nil {
				return nil, err
			}
		}
		if p.ended != nil {
			return nil, nil
		}
		r, err := p.next()
		if p.ended = err; err != nil || r == nil {
			return nil, nil
		}
		if r.UIDs != nil && p.last != nil && p.last.mailbox == r.Mailbox && p.last.err == nil {
			p.sending = p.newAsk(r)
			continue
		}
		box, err := quote(r.Mailbox)
		if err == nil {
			p.sending, p.last = p.newAsk(r), &visit{mailbox: r.Mailbox}
			return &request{command: command{name: "EXAMINE", text: "EXAMINE " + box}, visit: p.last}, nil
		}
		if err := p.done(r, Answer{Err: err}); err != nil {
			return nil, callback{err}
		}
	}
}

// ask makes the next FETCH of a.
func (p *pipeline) ask(a *ask) *request {
	q := &request{visit: p.enter(a).visit, ask: a}
	q.name, q.text = "UID FETCH", "UID FETCH "+a.set+" "+a.items()
	a.owed++
	if a.set = ""; a.sets != nil {
		a.set = a.sets()
	}
	return q
}

func (p *pipeline) enter(a *ask) *ask {
	if a.visit == nil {
		a.visit = p.last
		p.last.asks = append(p.last.asks, a)
	}
	return a
}

func (p *pipeline) newAsk(r *Request) *ask {
	a := &ask{Request: r}
	if r.UIDs == nil {
		a.scan.from = max(r.Scan.From, 1)
		a.scan.each = func(m *Message) error { return p.each(r, m) }
		a.set = strconv.FormatUint(uint64(a.scan.from), 10) + ":*"
		return a
	}
	a.wanted = newWanted(r.UIDs)
	a.sets = setsOf(a.wanted.uids)
	a.set = a.sets()
	return a
}

func (a *ask) items() string {
	switch {
	case a.wanted != nil:
		return "(UID FLAGS INTERNALDATE BODY.PEEK[])"
	case a.Scan.Since > 0:
		return "(UID FLAGS INTERNALDATE RFC822.SIZE) (CHANGEDSINCE " + strconv.FormatUint(a.Scan.Since, 10) + ")"
	}
	return "(UID FLAGS INTERNALDATE RFC822.SIZE)"
}
