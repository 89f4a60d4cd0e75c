package imapd_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/providers/memory/imapd"
)

func noon() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.FixedZone("", 8*3600)) }

func start(t *testing.T, o imapd.Options) *imapd.Server {
	t.Helper()
	if o.Now == nil {
		o.Now = noon
	}
	s, err := imapd.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// client says lines and collects answers, nothing more: what the server sends
// is compared as it is.
type client struct {
	t    *testing.T
	conn net.Conn
	br   *bufio.Reader
	tag  int
}

func dial(t *testing.T, s *imapd.Server) *client {
	t.Helper()
	addr := net.JoinHostPort(s.Host(), strconv.Itoa(s.Port()))
	var conn net.Conn
	var err error
	if s.CA() != nil {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(s.CA()) {
			t.Fatal("no certificate in CA")
		}
		conn, err = tls.Dial("tcp", addr, &tls.Config{RootCAs: pool})
	} else {
		conn, err = net.Dial("tcp", addr)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	c := &client{t: t, conn: conn, br: bufio.NewReader(conn)}
	if line, err := c.line(); err != nil || !strings.HasPrefix(line, "* OK [CAPABILITY IMAP4rev1 ") {
		t.Fatalf("greeting %q, %v", line, err)
	}
	return c
}

// line reads one response, its literals included.
func (c *client) line() (string, error) {
	var b strings.Builder
	for {
		line, err := c.br.ReadString('\n')
		b.WriteString(line)
		if err != nil {
			return b.String(), err
		}
		open := strings.LastIndexByte(line, '{')
		if !strings.HasSuffix(line, "}\r\n") || open < 0 {
			return strings.TrimSuffix(b.String(), "\r\n"), nil
		}
		n, err := strconv.Atoi(line[open+1 : len(line)-3])
		if err != nil {
			return b.String(), err
		}
		if _, err := io.CopyN(&b, c.br, int64(n)); err != nil {
			return b.String(), err
		}
	}
}

// try sends a command and gives the untagged lines and the tagged answer
// without its tag.
func (c *client) try(command string) (untagged []string, answer string, err error) {
	c.tag++
	tag := fmt.Sprintf("t%d ", c.tag)
	if _, err := io.WriteString(c.conn, tag+command+"\r\n"); err != nil {
		return nil, "", err
	}
	for {
		line, err := c.line()
		if err != nil {
			return untagged, "", err
		}
		if rest, ok := strings.CutPrefix(line, tag); ok {
			return untagged, rest, nil
		}
		untagged = append(untagged, line)
	}
}

// ok is try for a command that must succeed.
func (c *client) ok(command string) []string {
	c.t.Helper()
	untagged, answer, err := c.try(command)
	if err != nil || !strings.HasPrefix(answer, "OK ") {
		c.t.Fatalf("%.60q: %q, %v", command, answer, err)
	}
	return untagged
}

func signedIn(t *testing.T, s *imapd.Server) *client {
	t.Helper()
	c := dial(t, s)
	c.ok("LOGIN alice@acme.test right")
	return c
}
