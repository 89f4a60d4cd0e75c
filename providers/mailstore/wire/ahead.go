package wire

import (
	"cmp"
	"context"
	"slices"
	"strconv"
)

// Ask is what Read is asked of one mailbox.
type Ask struct {
	Mailbox string
	From    uint32 // messages from this UID on are given whole; 0: none are
	List    bool   // ... and listed before
	Flags   bool   // messages below From, or all, are listed with their flags
	Since   uint64 // ... only those changed after this MODSEQ (RFC 7162, 3.1.4.1)
}

// Reader takes what Read finds. n counts the asks. Messages are valid until
// the method returns; those of Listed and Flags have no Body. A message may
// be listed where nobody asked for it, as news of its flags. An error of a
// method ends Read and the connection.
type Reader interface {
	Opened(n int, s Selected) error
	Listed(n int, m *Message) error
	Flags(n int, m *Message) error
	Message(n int, m *Message) error
	Ended(n int, err error) error // all was answered; err is the first refusal
}

const (
	aheadCommands = 100     // without an answer
	aheadBytes    = 8 << 10 // octets of them: see flightBytes
)

// Read examines mailboxes in the order of next and reads what is asked of
// each, sending commands ahead of the answers. What a server sends for a
// mailbox that it refused to open is dropped: it would be another's. A server
// that answers for two mailboxes out of order is told by a *Malformed.
func (c *Conn) Read(ctx context.Context, next func() (Ask, bool), to Reader) error {
	return c.run(ctx, "UID FETCH", func() error {
		a := &ahead{c: c, to: to, now: -1}
		c.fetch.each, c.fetch.asked = a.message, a.wanted
		c.fetch.need, c.fetch.bare, c.fetch.told = hasUID|hasFlags|hasDate, true, hasFlags
		defer c.fetch.rest()
		err := a.loop(next)
		if err != nil {
			a.lastWords()
		}
		return err
	})
}

// ahead is a Read under way.
type ahead struct {
	c     *Conn
	to    Reader
	open  []*step // sent and not answered, in order
	bytes int
	n     int   // asks sent
	asks  []Ask // from first on
	first int
	now   int // whose mailbox is open; -1: none
	sel   Selected
	told  bool
}

// step is a command of an ask.
type step struct {
	command
	n     int
	opens bool
	no    error // of an earlier step of its ask
}

func (a *ahead) loop(next func() (Ask, bool)) error {
	more := true
	for more || len(a.open) > 0 {
		for more && len(a.open) < aheadCommands && a.bytes < aheadBytes {
			var ask Ask
			if ask, more = next(); !more {
				break
			}
			if err := a.send(ask); err != nil {
				return err
			}
		}
		if err := a.c.flush(); err != nil {
			return err
		}
		if len(a.open) == 0 {
			return nil
		}
		if err := a.read(); err != nil {
			return err
		}
	}
	return nil
}

// lastWords takes the refusal to open a mailbox, where the connection ended
// before the rest was answered, for why it ended.
func (a *ahead) lastWords() {
	if len(a.open) == 0 || a.c.bye != nil {
		return
	}
	if no, ok := a.open[0].no.(*Refused); ok {
		words := *no
		words.Status = "BYE"
		a.c.bye = &words
	}
}

// send writes the commands of an ask.
func (a *ahead) send(ask Ask) error {
	box, err := quote(ask.Mailbox)
	if err != nil {
		return err
	}
	texts := append([]string{"EXAMINE " + box}, fetches(ask)...)
	for i, text := range texts {
		s := &step{n: a.n, opens: i == 0}
		s.name, s.text = "UID FETCH", text
		if s.opens {
			s.name = "EXAMINE"
		}
		a.c.send(&s.command)
		a.open, a.bytes = append(a.open, s), a.bytes+len(text)
		if len(a.open) == 1 {
			a.begin()
		}
	}
	a.asks = append(a.asks, ask)
	a.n++
	return nil
}

// fetches are the commands after EXAMINE.
func fetches(ask Ask) (texts []string) {
	whole := strconv.FormatUint(uint64(ask.From), 10) + ":*"
	below := "1:*"
	if ask.From > 0 {
		below = "1:" + strconv.FormatUint(uint64(ask.From-1), 10)
	}
	if ask.From > 0 && ask.List {
		texts = append(texts, "UID FETCH "+whole+" (UID FLAGS)")
	}
	if ask.Flags && ask.From != 1 {
		text := "UID FETCH " + below + " (UID FLAGS)"
		if ask.Since > 0 {
			text += " (CHANGEDSINCE " + strconv.FormatUint(ask.Since, 10) + ")"
		}
		texts = append(texts, text)
	}
	if ask.From > 0 {
		texts = append(texts, "UID FETCH "+whole+" (UID FLAGS INTERNALDATE BODY.PEEK[])")
	}
	return texts
}

// read takes one response.
func (a *ahead) read() error {
	r, err := a.c.next()
	switch {
	case err != nil:
		return err
	case r.kind == '+':
		return &Malformed{What: "continuation that nobody asked for"}
	case r.kind == '*':
		if r.word != "FETCH" {
			a.told = a.sel.untagged(r) || a.told
		}
		return nil
	}
	i := slices.IndexFunc(a.open, func(s *step) bool { return s.tag == r.num })
	if i < 0 {
		return nil
	}
	s := a.open[i]
	if s.n != a.open[0].n || i > 0 && (s.opens || a.open[0].opens) {
		return &Malformed{What: "answers out of order"}
	}
	a.open, a.bytes = slices.Delete(a.open, i, i+1), a.bytes-len(s.text)
	a.c.answer(&s.command, r.line.rest())
	return a.answered(s)
}

// begin forgets what was told of another mailbox, when EXAMINE is the oldest
// command without an answer.
func (a *ahead) begin() {
	if len(a.open) > 0 && a.open[0].opens {
		a.sel, a.told = Selected{ReadOnly: true}, false
		a.c.exists, a.c.uidNext, a.c.modseq, a.c.stale = 0, 0, false, false
	}
}

// answered takes the end of a step.
func (a *ahead) answered(s *step) error {
	defer a.begin()
	if s.opens {
		if err := a.opened(s); err != nil {
			return err
		}
	}
	for _, later := range a.open {
		if later.n == s.n {
			if later.no == nil {
				later.no = cmp.Or(s.no, s.err)
			}
			return nil
		}
	}
	if err := a.to.Ended(s.n, cmp.Or(s.no, s.err)); err != nil {
		return callback{err}
	}
	return nil
}

// opened begins a mailbox, whose data come only now.
func (a *ahead) opened(s *step) error {
	a.now = -1
	if s.err != nil {
		return nil
	}
	a.now = s.n
	sel := a.sel
	sel.Messages = a.c.exists
	if !a.told {
		sel.Permanent = sel.Flags
	}
	a.c.modseq = sel.ModSeq > 0
	a.asks, a.first = a.asks[s.n-a.first:], s.n
	if err := a.to.Opened(s.n, sel); err != nil {
		return callback{err}
	}
	return nil
}

func (a *ahead) wanted(uid uint32) bool {
	return a.now >= 0 && a.ask().From > 0 && uid >= a.ask().From
}

func (a *ahead) ask() Ask { return a.asks[a.now-a.first] }

// message takes what a FETCH response gave.
func (a *ahead) message(m *Message) error {
	switch {
	case a.now < 0:
		return nil
	case m.Body != nil:
		return a.to.Message(a.now, m)
	case a.wanted(m.UID):
		return a.to.Listed(a.now, m)
	}
	return a.to.Flags(a.now, m)
}
