package scripted

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
)

var errHangUp = errors.New("hang up")

// conn is one client.
type conn struct {
	server *Server
	p      Profile
	trace  *Trace
	nc     net.Conn
	br     *bufio.Reader
	out    bytes.Buffer // untagged answers of the command

	box      *Box // nil before signing in
	toldID   bool
	open     *folder
	readOnly bool
	view     []*Message // what the client knows of open
	errors   int
	bye      bool
}

func newConn(s *Server, nc net.Conn, t *Trace) *conn {
	return &conn{server: s, p: s.profile, trace: t, nc: nc, br: bufio.NewReaderSize(nc, 64<<10)}
}

func (c *conn) printf(format string, args ...any) { fmt.Fprintf(&c.out, format+"\r\n", args...) }

func (c *conn) say(lines ...string) error {
	_, err := io.WriteString(c.nc, strings.Join(lines, "\r\n")+"\r\n")
	return err
}

func (c *conn) serve() {
	if c.say(c.p.Value("greeting", "* OK ready")) != nil {
		return
	}
	for !c.bye {
		if err := c.command(); err != nil {
			return
		}
	}
}

// request is a command as it came.
type request struct {
	tag, name string
	words     []word
	octets    int
	fault     *Fault
}

// command reads one command, carries it out and answers.
func (c *conn) command() error {
	line, err := readLine(c.br)
	if err != nil {
		return err
	}
	r := &request{octets: len(line)}
	head := strings.SplitN(line, " ", 4)
	if len(head) < 2 {
		return c.wrong("*")
	}
	r.tag, r.name = head[0], strings.ToUpper(head[1])
	skip := 2
	if r.name == "UID" && len(head) > 2 {
		r.name, skip = "UID "+strings.ToUpper(head[2]), 3
	}
	rest := ""
	if parts := strings.SplitN(line, " ", skip+1); len(parts) > skip {
		rest = parts[skip]
	}
	if r.name == "APPEND" {
		r.fault = c.suffer(r.name, line)
	}
	if done, err := c.gather(r, rest); done || err != nil {
		return err
	}
	if r.name == "LOGIN" && len(r.words) == 2 {
		c.trying(r.words[0].text)
	}
	if r.name != "APPEND" && r.name != "AUTHENTICATE" {
		r.fault = c.suffer(r.name, line)
	}
	return c.answer(r)
}

func (c *conn) trying(login string) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.trace.Login = login
}

// gather takes the words of a command, literals among them. done: it was
// answered already.
func (c *conn) gather(r *request, line string) (done bool, err error) {
	for {
		n, plus, is := opening(line)
		if is {
			line = line[:strings.LastIndexByte(line, '{')]
		}
		words, ok := split(line)
		if !ok {
			return true, c.wrong(r.tag)
		}
		r.words = append(r.words, words...)
		if !is {
			return false, nil
		}
		if done, err := c.admit(r, n, plus); done || err != nil {
			return true, err
		}
		literal := make([]byte, n)
		if r.fault != nil && r.fault.Act == DropMid {
			io.ReadFull(c.br, literal[:n/2])
			return true, errHangUp
		}
		if _, err := io.ReadFull(c.br, literal); err != nil {
			return true, err
		}
		r.words = append(r.words, word{string(literal), true})
		if line, err = readLine(c.br); err != nil {
			return true, err
		}
	}
}

// admit lets the client send a literal, or answers instead. One that was not
// offered to be sent unasked is not read: what follows is run as commands.
func (c *conn) admit(r *request, n int, plus bool) (done bool, err error) {
	caps := strings.Fields(c.p.Value("after", c.p.one("before")))
	if plus {
		if !slices.Contains(caps, "LITERAL+") && (!slices.Contains(caps, "LITERAL-") || n > 4096) {
			return true, c.wrong(r.tag)
		}
		return false, nil
	}
	if r.fault != nil && r.fault.Act == Answer {
		return true, c.refuse(r.tag, r.fault.Text, r.fault.Close)
	}
	if most, answer, ok := c.p.bound("limit"); ok && n > most && r.name == "APPEND" {
		return true, c.refuse(r.tag, answer, false)
	}
	return false, c.say("+ go ahead")
}

// refuse says no, or goodbye.
func (c *conn) refuse(tag, text string, hangUp bool) error {
	if strings.HasPrefix(text, "* ") {
		return errors.Join(c.say(text), errHangUp)
	}
	err := c.say(tag + " " + text)
	if hangUp {
		err = errors.Join(err, errHangUp)
	}
	return err
}

// wrong answers what is not understood.
func (c *conn) wrong(tag string) error {
	c.errors++
	if n, last, ok := c.p.bound("errors"); ok && c.errors >= n {
		return errors.Join(c.say(tag+" "+c.p.Value("unknown", "BAD Unknown command"), last), errHangUp)
	}
	return c.say(tag + " " + c.p.Value("unknown", "BAD Unknown command"))
}

// answer carries out a command and writes all that is to be said.
func (c *conn) answer(r *request) error {
	if most, answer, ok := c.p.bound("command-line"); ok && r.octets > most {
		return c.refuse(r.tag, answer, false)
	}
	if f := r.fault; f != nil {
		switch f.Act {
		case Answer:
			return c.refuse(r.tag, f.Text, f.Close)
		case Drop:
			return errHangUp
		case Meanwhile:
			f.Do()
		}
	}
	c.out.Reset()
	if c.p.has("noise") {
		c.printf("%s", c.p.one("noise"))
	}
	text := c.run(r)
	if f := r.fault; f != nil && (f.Act == DropMid || f.Act == DropAfter) {
		if f.Act == DropMid {
			c.nc.Write(half(c.out.Bytes()))
		}
		return errHangUp
	}
	switch {
	case text == "":
		if _, err := c.nc.Write(c.out.Bytes()); err != nil {
			return err
		}
		return c.wrong(r.tag)
	case strings.HasPrefix(text, "* "):
		return c.refuse(r.tag, text, true)
	}
	c.printf("%s %s", r.tag, text)
	_, err := c.nc.Write(c.out.Bytes())
	return err
}

// half ends an answer in the middle of its first literal, or of itself.
func half(b []byte) []byte {
	at := bytes.Index(b, []byte("}\r\n"))
	open := bytes.LastIndexByte(b[:max(at, 0)], '{')
	var n int
	if at < 0 || open < 0 {
		return b[:len(b)/2]
	}
	fmt.Sscanf(string(b[open:at+1]), "{%d}", &n)
	return b[:at+3+n/2]
}

// run gives the tagged answer without its tag; "" for what is not understood,
// and a line with a star for last words.
func (c *conn) run(r *request) string {
	s := c.server
	switch r.name {
	case "AUTHENTICATE":
		return c.authenticate(r)
	case "LOGIN":
		if len(r.words) != 2 || c.box != nil {
			return ""
		}
		return c.signIn(r.words[0].text, r.words[1].text)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	do := c.commands()[r.name]
	early := r.name == "CAPABILITY" || r.name == "NOOP" || r.name == "LOGOUT" || r.name == "ID"
	if do == nil || c.box == nil && !early {
		return ""
	}
	if c.open != nil && !slices.Contains(c.box.folders, c.open) && c.box.find(c.open.name) == nil {
		return "* BYE Selected mailbox was deleted, have to disconnect."
	}
	text := do(r.words)
	if strings.HasPrefix(text, "OK") {
		c.news()
	}
	return text
}

// news tells of messages that came or went.
func (c *conn) news() {
	if c.open == nil {
		return
	}
	for i := len(c.view) - 1; i >= 0; i-- {
		if !slices.Contains(c.open.messages, c.view[i]) {
			c.view = slices.Delete(c.view, i, i+1)
			c.printf("* %d EXPUNGE", i+1)
		}
	}
	if n := len(c.open.messages); n != len(c.view) {
		c.view = slices.Clone(c.open.messages)
		c.printf("* %d EXISTS", n)
	}
}
