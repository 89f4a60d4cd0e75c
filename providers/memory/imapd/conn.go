package imapd

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

const capabilities = "IMAP4rev1 LITERAL+ SASL-IR ID NAMESPACE UNSELECT UIDPLUS MULTIAPPEND CHILDREN " +
	"LIST-EXTENDED LIST-STATUS SPECIAL-USE CREATE-SPECIAL-USE STATUS=SIZE COMPRESS=DEFLATE AUTH=PLAIN"

// capabilities are those of every server, with the limit of this one (RFC 7889).
func (s *Server) capabilities() string {
	if s.options.AppendLimit == 0 {
		return capabilities
	}
	return capabilities + " APPENDLIMIT=" + strconv.Itoa(s.options.AppendLimit)
}

// errHangUp ends a connection on purpose.
var errHangUp = errors.New("hang up")

// no is an answer NO or BAD to one command.
type no struct{ status, text string }

func (n *no) Error() string { return n.status + " " + n.text }

func bad(text string) error     { return &no{"BAD", text} }
func refuse(text string) error  { return &no{"NO", text} }
func missing(code string) error { return refuse("[" + code + "] Mailbox does not exist") }

// conn is one client.
type conn struct {
	server *Server
	br     *bufio.Reader
	bw     *bufio.Writer

	login    string
	user     *User // nil before signing in
	open     *folder
	readOnly bool
	told     int // messages that the client knows of in open
	bye      bool

	compressed bool
}

func newConn(s *Server, nc net.Conn) *conn {
	return &conn{server: s, br: bufio.NewReaderSize(nc, 32<<10), bw: bufio.NewWriterSize(nc, 32<<10)}
}

func (c *conn) serve() {
	name := c.server.options.Name
	if name == "" {
		name = "mxmove imapd"
	}
	c.printf("* OK [CAPABILITY %s] %s ready\r\n", c.server.capabilities(), name)
	for c.bw.Flush() == nil && !c.bye {
		if err := c.command(); err != nil {
			return
		}
	}
}

func (c *conn) printf(format string, args ...any) { fmt.Fprintf(c.bw, format, args...) }

func (c *conn) more() error {
	c.printf("+ go ahead\r\n")
	return c.bw.Flush()
}

// command reads one command, carries it out and answers.
func (c *conn) command() error {
	lex := &lexer{br: c.br, more: c.more, left: maxLine}
	tag, name, err := c.head(lex)
	if errors.Is(err, errSyntax) {
		c.printf("* BAD %v\r\n", err)
		return c.discard()
	}
	if err != nil {
		return err
	}
	text, err := c.run(lex, name)
	var refused *no
	switch {
	case err == nil:
		c.exists()
		c.printf("%s OK %s\r\n", tag, text)
		if name == "COMPRESS" {
			return c.compress()
		}
	case errors.As(err, &refused):
		c.printf("%s %s %s\r\n", tag, refused.status, refused.text)
	case errors.Is(err, errSyntax):
		c.printf("%s BAD %v\r\n", tag, err)
		return c.discard()
	default:
		return err
	}
	return nil
}

// head reads the tag and the command's name, two words after UID.
func (c *conn) head(lex *lexer) (tag, name string, err error) {
	t, err := lex.atom()
	if err != nil {
		return "", "", err
	}
	words := []string{}
	for len(words) == 0 || words[0] == "UID" && len(words) == 1 {
		if err := mustSpace(lex); err != nil {
			return "", "", err
		}
		w, err := lex.atom()
		if err != nil {
			return "", "", err
		}
		words = append(words, strings.ToUpper(w.text))
	}
	return t.text, strings.Join(words, " "), nil
}

func mustSpace(lex *lexer) error {
	ok, err := lex.space()
	if err == nil && !ok {
		err = fmt.Errorf("%w: a space is missing", errSyntax)
	}
	return err
}

// discard throws the rest of a line away that was not understood.
func (c *conn) discard() error {
	_, err := c.br.ReadString('\n')
	return err
}

// arguments reads the values up to the end of the line.
func arguments(lex *lexer) ([]value, error) {
	var all []value
	for {
		ok, err := lex.space()
		if err != nil {
			return nil, err
		}
		if !ok {
			return all, lex.end()
		}
		v, err := lex.value()
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
}

// run carries out a command and gives the text of its OK.
func (c *conn) run(lex *lexer, name string) (string, error) {
	if name == "APPEND" {
		return c.append(lex)
	}
	args, err := arguments(lex)
	if err != nil {
		return "", err
	}
	switch name {
	case "LOGIN":
		return c.signIn(args)
	case "AUTHENTICATE":
		return c.authenticate(args)
	}
	do, known := c.commands()[name]
	if !known {
		return "", bad("Unknown command")
	}
	if c.user == nil && name != "CAPABILITY" && name != "NOOP" && name != "LOGOUT" && name != "ID" {
		return "", bad("Sign in first")
	}
	done, err := c.suffer(name)
	if err != nil {
		return "", err
	}
	if err := do(args); err != nil {
		return "", err
	}
	return name + " completed", done
}

// suffer counts a command. An error instead takes the place of the command, one
// after the place of its answer.
func (c *conn) suffer(name string) (after, instead error) {
	f := c.server.note(c.login, name)
	switch {
	case f == nil:
		return nil, nil
	case f.Act == DropBefore:
		return nil, errHangUp
	case f.Act == DropAfter:
		return errHangUp, nil
	case f.Act == Delay:
		time.Sleep(f.Wait)
		return nil, nil
	}
	return nil, refuse(f.Text)
}

func (c *conn) signIn(args []value) (string, error) {
	if len(args) != 2 || c.user != nil {
		return "", bad("LOGIN needs a name and a password, once")
	}
	return c.enter(args[0].text, args[1].text)
}

// authenticate takes PLAIN (RFC 4616), with or without an initial response. An
// authorization identity other than the login is refused.
func (c *conn) authenticate(args []value) (string, error) {
	if len(args) == 0 || len(args) > 2 || !args[0].is("PLAIN") || c.user != nil {
		return "", refuse("[CANNOT] PLAIN only, once")
	}
	line := ""
	if len(args) == 2 {
		line = args[1].text
	} else {
		c.printf("+ \r\n")
		if err := c.bw.Flush(); err != nil {
			return "", err
		}
		answer, err := c.br.ReadString('\n')
		if err != nil {
			return "", err
		}
		line = strings.TrimRight(answer, "\r\n")
	}
	raw, err := base64.StdEncoding.DecodeString(line)
	parts := strings.Split(string(raw), "\x00")
	if err != nil || len(parts) != 3 {
		return "", bad("not an answer of PLAIN")
	}
	if parts[0] != "" && parts[0] != parts[1] {
		return "", refuse("[AUTHORIZATIONFAILED] Not allowed")
	}
	return c.enter(parts[1], parts[2])
}

func (c *conn) enter(login, password string) (string, error) {
	c.login = login
	done, err := c.suffer("LOGIN")
	if err != nil {
		return "", err
	}
	if c.user = c.server.login(login, password); c.user == nil {
		return "", refuse("[AUTHENTICATIONFAILED] Authentication failed.")
	}
	return "[CAPABILITY " + c.server.capabilities() + "] Logged in", done
}

// exists tells of messages that came or went since the client was told.
func (c *conn) exists() {
	if c.open == nil {
		return
	}
	c.user.mu.Lock()
	n := len(c.open.messages)
	c.user.mu.Unlock()
	if n != c.told {
		c.told = n
		c.printf("* %d EXISTS\r\n", n)
	}
}
