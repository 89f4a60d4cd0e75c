package wire

import (
	"strconv"
	"strings"
	"time"
)

const (
	flightCommands = 64      // commands without an answer
	flightBytes    = 8 << 10 // octets of them: any socket's buffer takes them, so writing never waits for reading
	lastWords      = time.Second
)

// command is one command of a flight.
type command struct {
	name string // for errors; the text may hold secrets
	text string // without tag and line end
	err  error  // *Refused
	tag  uint32
}

// list gives commands one by one.
func list(cmds []*command) func() *command {
	return func() *command {
		if len(cmds) == 0 {
			return nil
		}
		head := cmds[0]
		cmds = cmds[1:]
		return head
	}
}

// flight sends commands in a bounded window and reads until all are answered.
// Untagged data goes to on, never to a tag: servers send the data of a later
// command before the answer of an earlier one. Each refusal is in its command;
// the first is the error when all are answered.
func (c *Conn) flight(next func() *command, on func(resp) error) error {
	return c.flightOf(next, on, nil)
}

// flightOf is flight that also tells of each command when it is answered.
func (c *Conn) flightOf(next func() *command, on func(resp) error, over func(*command)) error {
	var open []*command
	var refused error
	size, more := 0, true
	for more || len(open) > 0 {
		for more && len(open) < flightCommands && size < flightBytes {
			cmd := next()
			if more = cmd != nil; !more {
				break
			}
			c.send(cmd)
			open, size = append(open, cmd), size+len(cmd.text)
		}
		if err := c.flush(); err != nil {
			return err
		}
		if len(open) == 0 {
			break
		}
		r, err := c.next()
		if err != nil {
			return err
		}
		if r.kind == '+' {
			return &Malformed{What: "continuation that nobody asked for"}
		}
		if r.kind == '*' {
			if err := handle(on, r); err != nil {
				return err
			}
			continue
		}
		if i := find(open, r.num); i >= 0 {
			c.answer(open[i], r.line.rest())
			if refused == nil {
				refused = open[i].err
			}
			if over != nil {
				over(open[i])
			}
			size -= len(open[i].text)
			open = append(open[:i], open[i+1:]...)
		}
	}
	return refused
}

// tolerate makes no error of a refusal.
func tolerate(err error) error {
	if _, ok := err.(*Refused); ok {
		return nil
	}
	return err
}

func handle(on func(resp) error, r resp) error {
	if on == nil || r.word == "FETCH" {
		return nil
	}
	return on(r)
}

func find(open []*command, tag uint32) int {
	for i, cmd := range open {
		if cmd.tag == tag {
			return i
		}
	}
	return -1
}

func (c *Conn) send(cmd *command) {
	cmd.tag = c.tag.Add(1)
	c.startLine(cmd.tag)
	_, _ = c.w.WriteString(cmd.text) // the error is sticky: flush tells
	_, _ = c.w.WriteString("\r\n")
}

func (c *Conn) startLine(tag uint32) {
	b := append(c.w.AvailableBuffer(), 'w')
	b = strconv.AppendUint(b, uint64(tag), 10)
	_, _ = c.w.Write(append(b, ' '))
}

// answer takes the text of a tagged response. What is no OK is a refusal.
func (c *Conn) answer(cmd *command, text string) cond {
	cd := parseCond(text)
	if cd.status != "OK" {
		cmd.err = cd.refused(cmd.name)
		return cd
	}
	if cd.code == "CAPABILITY" {
		c.setCaps(cd.args)
	}
	return cd
}

// flush writes; where that fails the server's last words may say why.
func (c *Conn) flush() error {
	err := c.push()
	if err == nil {
		return nil
	}
	c.g.hurry(lastWords)
	for range 100 {
		if _, rerr := c.next(); rerr != nil || c.bye != nil {
			break
		}
	}
	return c.lost(err)
}

// simple sends one command and gives its refusal.
func (c *Conn) simple(name, text string) error { return c.ask(nil, name, text) }

// ask sends one command, and gives on what comes untagged.
func (c *Conn) ask(on func(resp) error, name, text string) error {
	return c.flight(list([]*command{{name: name, text: text}}), on)
}

// quote makes a quoted string of a mailbox name or the like (RFC 3501, 4.3).
// Octets over 127 stay: such a name came from the server as it is.
func quote(s string) (string, error) {
	if strings.ContainsAny(s, "\r\n\x00") {
		return "", ErrName
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`, nil
}
