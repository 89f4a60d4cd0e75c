package wire

import (
	"context"
	"slices"
	"strconv"

	"github.com/emersion/go-imap/v2"
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
		return a.loop(next)
	})
}

// ahead is a Read, a SelectAll or a StoreAll under way.
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
				later.no = first(s.no, s.err)
			}
			return nil
		}
	}
	if err := a.to.Ended(s.n, first(s.no, s.err)); err != nil {
		return callback{err}
	}
	return nil
}

func first(a, b error) error {
	if a != nil {
		return a
	}
	return b
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

// SelectAll opens mailboxes for writing, one after the other, in one flight;
// the last that was not refused stays open. errs are the refusals.
func (c *Conn) SelectAll(ctx context.Context, names []string) (found []Selected, errs []error, err error) {
	found, errs = make([]Selected, len(names)), make([]error, len(names))
	err = c.run(ctx, "SELECT", func() error {
		var cmds []*command
		for _, name := range names {
			box, err := quote(name)
			if err != nil {
				return err
			}
			cmds = append(cmds, &command{name: "SELECT", text: "SELECT " + box})
		}
		at, sel, told := 0, Selected{}, false
		over := func(cmd *command) {
			errs[at] = cmd.err
			if cmd.err == nil {
				if !told {
					sel.Permanent = sel.Flags
				}
				sel.Messages = c.exists
				found[at] = sel
				c.uidNext, c.modseq, c.stale = sel.UIDNext, sel.ModSeq > 0, false
				c.accepted.add(names[at], sel.Flags)
				c.accepted.add(names[at], sel.Permanent)
			}
			at, sel, told = at+1, Selected{}, false
		}
		return tolerate(c.flightOf(list(cmds), func(r resp) error {
			told = sel.untagged(r) || told
			return nil
		}, over))
	})
	return found, errs, err
}

// StoreAll is Store for several mailboxes. Where the server has UNSELECT (RFC
// 3691) all goes in one flight: closed before, a mailbox that does not open
// leaves none open in which the changes could be made. errs are the first
// refusals of each.
func (c *Conn) StoreAll(ctx context.Context, names []string, changes []map[uint32]FlagChange) (errs []error, err error) {
	errs = make([]error, len(names))
	if !c.caps.Has(imap.CapUnselect) {
		for i, name := range names {
			if _, err := c.Select(ctx, name); err != nil {
				if errs[i] = err; tolerate(err) != nil {
					return errs, err
				}
				continue
			}
			if err := c.Store(ctx, changes[i]); err != nil {
				if errs[i] = err; tolerate(err) != nil {
					return errs, err
				}
			}
		}
		return errs, nil
	}
	var cmds []*command
	of := map[*command]int{}
	for i, name := range names {
		some, err := storing(name, changes[i])
		if err != nil {
			errs[i] = err
			continue
		}
		for _, cmd := range some {
			of[cmd] = i
		}
		cmds = append(cmds, some...)
	}
	err = c.run(ctx, "UID STORE", func() error {
		return tolerate(c.flightOf(list(cmds), nil, func(cmd *command) {
			if i := of[cmd]; errs[i] == nil && cmd.name != "UNSELECT" {
				errs[i] = cmd.err
			}
		}))
	})
	return errs, err
}

// storing gives the commands of one mailbox.
func storing(name string, changes map[uint32]FlagChange) ([]*command, error) {
	box, err := quote(name)
	if err != nil {
		return nil, err
	}
	groups, err := group(changes)
	if err != nil {
		return nil, err
	}
	cmds := []*command{{name: "UNSELECT", text: "UNSELECT"}, {name: "SELECT", text: "SELECT " + box}}
	for _, key := range sortedKeys(groups) {
		sets := setsOf(groups[key])
		for set := sets(); set != ""; set = sets() {
			cmds = append(cmds, &command{name: "UID STORE", text: "UID STORE " + set + " " + key})
		}
	}
	return cmds, nil
}
