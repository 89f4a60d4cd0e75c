package peer

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// client speaks IMAP by lines.
type client struct {
	t      *testing.T
	conn   net.Conn
	lines  *bufio.Reader
	number int
}

func dial(t *testing.T, s *Server, config *tls.Config) *client {
	t.Helper()
	address := s.Addr()
	if config != nil {
		address = net.JoinHostPort(s.Host, strconv.Itoa(s.TLSPort))
	}
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if config != nil {
		conn = tls.Client(conn, config)
	}
	c := &client{t: t, conn: conn, lines: bufio.NewReader(conn)}
	if line := c.line(); !strings.HasPrefix(line, "* OK") {
		t.Fatalf("greeting %q", line)
	}
	return c
}

func (c *client) line() string {
	c.t.Helper()
	line, err := c.lines.ReadString('\n')
	if err != nil {
		c.t.Fatalf("reading: %v (after %q)", err, line)
	}
	return strings.TrimRight(line, "\r\n")
}

// do gives the tagged answer without its tag, and the untagged lines.
func (c *client) do(format string, args ...any) (status string, untagged []string) {
	c.t.Helper()
	c.number++
	tag := fmt.Sprintf("t%d ", c.number)
	if _, err := fmt.Fprintf(c.conn, tag+format+"\r\n", args...); err != nil {
		c.t.Fatal(err)
	}
	for {
		line := c.line()
		if rest, tagged := strings.CutPrefix(line, tag); tagged {
			return rest, untagged
		}
		untagged = append(untagged, line)
	}
}

func (c *client) ok(format string, args ...any) []string {
	c.t.Helper()
	status, untagged := c.do(format, args...)
	if !strings.HasPrefix(status, "OK") {
		c.t.Fatalf("%s: %s", strings.Fields(format)[0], status)
	}
	return untagged
}

// store appends a message to the INBOX with a synchronizing literal.
func (c *client) store(message string) (status string) {
	c.t.Helper()
	c.number++
	tag := fmt.Sprintf("t%d ", c.number)
	if _, err := fmt.Fprintf(c.conn, "%sAPPEND INBOX {%d}\r\n", tag, len(message)); err != nil {
		c.t.Fatal(err)
	}
	line := c.line()
	if strings.HasPrefix(line, "+") {
		if _, err := fmt.Fprintf(c.conn, "%s\r\n", message); err != nil {
			c.t.Fatal(err)
		}
		line = c.line()
	}
	for !strings.HasPrefix(line, tag) {
		line = c.line()
	}
	return strings.TrimPrefix(line, tag)
}

func signIn(t *testing.T, s *Server, user string) *client {
	t.Helper()
	c := dial(t, s, nil)
	c.ok("LOGIN %q %q", user, s.Users[user])
	return c
}

func text(lines []string) string { return strings.Join(lines, "\n") }

const message = "From: a@held.test\r\nTo: b@held.test\r\nSubject: kept\r\nDate: Mon, 5 Jan 2026 10:00:00 +0800\r\n\r\nstill here\r\n"
