package corpus

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/providers/providertest/peer"
)

// session is a signed-in connection that speaks as little IMAP as it can.
// What goes wrong fails the test.
type session struct {
	tb        testing.TB
	conn      net.Conn
	in        *bufio.Reader
	number    int
	caps      string // with a blank before and after each
	prefix    string // of the personal namespace, such as "INBOX."
	separator string
}

// reply is a response: text has "{n}" where literals stood.
type reply struct {
	text     string
	literals [][]byte
}

const replyTimeout = 2 * time.Minute // for a 30 MiB mail on a slow machine

func signIn(tb testing.TB, server *peer.Server, user string) *session {
	tb.Helper()
	password, known := server.Users[user]
	if !known {
		tb.Fatalf("corpus: the server has no user %s", user)
	}
	conn, err := net.Dial("tcp", server.Addr())
	if err != nil {
		tb.Fatalf("corpus: %v", err)
	}
	s := &session{tb: tb, conn: conn, in: bufio.NewReaderSize(conn, 1<<16)}
	s.read()
	s.ok("LOGIN " + quote(user) + " " + quote(password))
	for _, r := range s.ok("CAPABILITY") {
		if caps, found := strings.CutPrefix(r.text, "* CAPABILITY"); found {
			s.caps = caps + " "
		}
	}
	s.prefix, s.separator = s.namespace()
	return s
}

func (s *session) close() {
	s.tb.Helper()
	s.ok("LOGOUT")
	_ = s.conn.Close()
}

func (s *session) can(capability string) bool { return strings.Contains(s.caps, " "+capability+" ") }

// namespace gives prefix and separator of the first personal namespace
// (RFC 2342).
func (s *session) namespace() (prefix, separator string) {
	s.tb.Helper()
	for _, r := range s.ok("NAMESPACE") {
		if m := namespacePattern.FindStringSubmatch(r.text); m != nil {
			return unquote(m[1]), unquote(m[2])
		}
	}
	s.tb.Fatal("corpus: no personal namespace")
	return "", ""
}

var (
	namespacePattern = regexp.MustCompile(`^\* NAMESPACE \(\(("[^"]*") ("[^"]*")`)
	literalPattern   = regexp.MustCompile(`\{(\d+)\}$`)
)

// name gives the folder's name on the wire.
func (s *session) name(path []string) string {
	if len(path) == 1 && path[0] == "INBOX" {
		return "INBOX"
	}
	levels := make([]string, len(path))
	for i, level := range path {
		levels[i] = encodeName(level)
	}
	name := strings.Join(levels, s.separator)
	if path[0] == "INBOX" {
		return name
	}
	return s.prefix + name
}

// path is the reverse of name, its levels joined by "/".
func (s *session) path(name string) string {
	s.tb.Helper()
	if strings.EqualFold(name, "INBOX") {
		return "INBOX"
	}
	levels := strings.Split(strings.TrimPrefix(name, s.prefix), s.separator)
	for i := range levels {
		level, err := decodeName(levels[i])
		if err != nil {
			s.tb.Fatalf("corpus: %v", err)
		}
		levels[i] = level
	}
	return strings.Join(levels, "/")
}

func (s *session) write(text string) {
	s.tb.Helper()
	if err := s.conn.SetDeadline(time.Now().Add(replyTimeout)); err != nil {
		s.tb.Fatalf("corpus: %v", err)
	}
	if _, err := io.WriteString(s.conn, text); err != nil {
		s.tb.Fatalf("corpus: writing: %v", err)
	}
}

func (s *session) read() reply {
	s.tb.Helper()
	r, err := s.readReply()
	if err != nil {
		s.tb.Fatalf("corpus: reading: %v (after %.200q)", err, r.text)
	}
	return r
}

func (s *session) readReply() (reply, error) {
	var r reply
	for {
		line, err := s.in.ReadString('\n')
		r.text += strings.TrimRight(line, "\r\n")
		if err != nil {
			return r, err
		}
		m := literalPattern.FindStringSubmatch(r.text)
		if m == nil {
			return r, nil
		}
		size, err := strconv.Atoi(m[1])
		if err != nil {
			return r, err
		}
		literal := make([]byte, size)
		if _, err := io.ReadFull(s.in, literal); err != nil {
			return r, errors.Join(fmt.Errorf("in a literal of %d octets", size), err)
		}
		r.literals = append(r.literals, literal)
	}
}

// send writes a command and gives its tag.
func (s *session) send(command string) (tag string) {
	s.tb.Helper()
	s.number++
	tag = fmt.Sprintf("c%d", s.number)
	s.write(tag + " " + command + "\r\n")
	return tag
}

// await reads until the tagged reply and gives its rest and what came before.
func (s *session) await(tag string) (status string, untagged []reply) {
	s.tb.Helper()
	for {
		r := s.read()
		if rest, tagged := strings.CutPrefix(r.text, tag+" "); tagged {
			return rest, untagged
		}
		untagged = append(untagged, r)
	}
}

// ok carries out a command that must succeed.
func (s *session) ok(command string) []reply {
	s.tb.Helper()
	verb, _, _ := strings.Cut(command, " ")
	status, untagged := s.await(s.send(command))
	if !strings.HasPrefix(status, "OK") {
		s.tb.Fatalf("corpus: %s: %s", verb, status)
	}
	return untagged
}
