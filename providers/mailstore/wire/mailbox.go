package wire

import (
	"context"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// Select opens a mailbox for writing (RFC 3501, 6.3.1). What the server leaves
// out (Courier: UIDNEXT) is asked for by STATUS. After a refusal no mailbox is
// open.
func (c *Conn) Select(ctx context.Context, name string) (Selected, error) {
	return c.openBox(ctx, "SELECT", name)
}

// Examine opens a mailbox for reading only.
func (c *Conn) Examine(ctx context.Context, name string) (Selected, error) {
	return c.openBox(ctx, "EXAMINE", name)
}

func (c *Conn) openBox(ctx context.Context, verb, name string) (sel Selected, err error) {
	err = c.run(ctx, verb, func() error {
		box, err := quote(name)
		if err != nil {
			return err
		}
		c.exists, c.uidNext, c.modseq, c.stale = 0, 0, false, false
		sel.ReadOnly = verb == "EXAMINE"
		told := false
		on := func(r resp) error {
			told = sel.untagged(r) || told
			return nil
		}
		if err := c.ask(on, verb, verb+" "+box); err != nil {
			return err
		}
		if !told {
			sel.Permanent = sel.Flags
		}
		sel.Messages, c.uidNext, c.modseq = c.exists, sel.UIDNext, sel.ModSeq > 0
		c.accepted.add(name, sel.Flags)
		c.accepted.add(name, sel.Permanent)
		if sel.UIDNext == 0 || sel.UIDValidity == 0 {
			return c.fill(&sel, name, box)
		}
		return nil
	})
	return sel, err
}

func (c *Conn) fill(sel *Selected, name, box string) error {
	st := statuses{}
	err := c.ask(st.take, "STATUS", "STATUS "+box+" (MESSAGES UIDNEXT UIDVALIDITY)")
	s := st[key(name)]
	if sel.UIDNext == 0 {
		sel.UIDNext = s.UIDNext
	}
	if sel.UIDValidity == 0 {
		sel.UIDValidity = s.UIDValidity
	}
	return tolerate(err)
}

// untagged takes what SELECT tells, and says whether it was PERMANENTFLAGS.
func (s *Selected) untagged(r resp) bool {
	switch r.word {
	case "FLAGS":
		s.Flags = flagsOf(r.line)
	case "OK":
		cd := parseCond(string(r.line.text))
		switch cd.code {
		case "UIDVALIDITY":
			s.UIDValidity = number32(cd.args)
		case "UIDNEXT":
			s.UIDNext = number32(cd.args)
		case "HIGHESTMODSEQ":
			s.ModSeq, _ = number(cd.args)
		case "PERMANENTFLAGS":
			s.Permanent = flagsOf(&line{text: []byte(cd.args)})
			return true
		}
	}
	return false
}

func flagsOf(l *line) (out []imap.Flag) {
	for _, w := range l.words() {
		out = append(out, imap.Flag(w))
	}
	return out
}

// Create makes a mailbox (RFC 3501, 6.3.3), with a special use where the
// server takes one (RFC 6154, 5.3). A use that is refused is left out.
func (c *Conn) Create(ctx context.Context, name string, use imap.MailboxAttr) error {
	return c.run(ctx, "CREATE", func() error {
		box, err := quote(name)
		if err != nil {
			return err
		}
		if specialUse(use) && c.caps.Has(imap.CapCreateSpecialUse) {
			err := c.simple("CREATE", "CREATE "+box+" (USE ("+string(use)+"))")
			if no, ok := err.(*Refused); !ok || no.Code == "ALREADYEXISTS" {
				return err
			}
		}
		return c.simple("CREATE", "CREATE "+box)
	})
}

// Subscribe adds mailboxes to the subscriptions, all in one flight. All are
// tried; the first refusal is the error.
func (c *Conn) Subscribe(ctx context.Context, names ...string) error {
	return c.run(ctx, "SUBSCRIBE", func() error {
		var cmds []*command
		for _, name := range names {
			box, err := quote(name)
			if err != nil {
				return err
			}
			cmds = append(cmds, &command{name: "SUBSCRIBE", text: "SUBSCRIBE " + box})
		}
		return c.flight(list(cmds), nil)
	})
}

// Status asks for the status of mailboxes, all in one flight (RFC 3501,
// 6.3.10). Those that the server refuses, or says nothing of, are absent.
func (c *Conn) Status(ctx context.Context, names ...string) (map[string]Status, error) {
	st, out := statuses{}, map[string]Status{}
	err := c.run(ctx, "STATUS", func() error {
		var cmds []*command
		for _, name := range names {
			box, err := quote(name)
			if err != nil {
				return err
			}
			cmds = append(cmds, &command{name: "STATUS", text: "STATUS " + box + " " + c.statusItems()})
		}
		return tolerate(c.flight(list(cmds), st.take))
	})
	for _, name := range names {
		if s, ok := st[key(name)]; ok {
			out[name] = s
		}
	}
	return out, err
}

func (c *Conn) statusItems() string {
	items := "MESSAGES UIDNEXT UIDVALIDITY"
	if c.caps.Has(imap.CapCondStore) {
		items += " HIGHESTMODSEQ"
	}
	if c.caps.Has(imap.CapStatusSize) {
		items += " SIZE"
	}
	return "(" + items + ")"
}

// Noop keeps the connection alive.
func (c *Conn) Noop(ctx context.Context) error {
	return c.run(ctx, "NOOP", func() error { return c.simple("NOOP", "NOOP") })
}

// Bye says goodbye. The server counts the connection until it has answered:
// wait reads its last words and closes.
func (c *Conn) Bye() (wait func(context.Context)) {
	cmd := &command{name: "LOGOUT", text: "LOGOUT"}
	if !c.closed.Load() {
		c.send(cmd)
		_ = c.push()
	}
	return func(ctx context.Context) {
		_ = c.run(ctx, "LOGOUT", func() error {
			for {
				if r, err := c.next(); err != nil || r.kind == 't' && r.num == cmd.tag {
					return err
				}
			}
		})
		_ = c.Close()
	}
}

const maxStatuses = 1 << 18

// statuses are STATUS responses by the key of their mailbox.
type statuses map[string]Status

// key makes one of all ways to write INBOX (RFC 3501, 5.1).
func key(name string) string {
	if strings.EqualFold(name, "INBOX") {
		return "INBOX"
	}
	return name
}

// take reads a STATUS response. A name that is not quoted reaches to the last
// parenthesis; a value that is no number was not told.
func (st statuses) take(r resp) error {
	if r.word != "STATUS" {
		return nil
	}
	l := r.line
	name := l.name('(')
	if !l.accept('(') {
		return nil
	}
	var s Status
	known := 0
	for l.peek() != 0 && l.peek() != ')' {
		item := strings.ToUpper(l.word())
		l.accept('(') // some put a value into parentheses
		value := l.word()
		n, odd := number(value)
		if item == "" && value == "" {
			l.pos++
			continue
		}
		if odd {
			continue
		}
		switch item {
		case "MESSAGES":
			s.Messages = number32(value)
			known |= 1
		case "UIDNEXT":
			s.UIDNext = number32(value)
			known |= 2
		case "UIDVALIDITY":
			s.UIDValidity = number32(value)
			known |= 4
		case "HIGHESTMODSEQ":
			s.ModSeq = n
		case "SIZE":
			s.Size = int64(min(n, 1<<62))
		}
	}
	s.Known = known == 7
	if len(st) >= maxStatuses || len(name) > maxLine/256 {
		return &Malformed{What: "endless STATUS"}
	}
	st[key(name)] = s
	return nil
}
