package imapd_test

import (
	"bufio"
	"compress/flate"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/providers/memory/imapd"
)

// deflated is a connection after COMPRESS.
type deflated struct {
	net.Conn
	z *flate.Writer
}

func (d deflated) Write(p []byte) (int, error) {
	n, err := d.z.Write(p)
	if err == nil {
		err = d.z.Flush()
	}
	return n, err
}

func TestCompress(t *testing.T) {
	s := start(t, imapd.Options{})
	s.AddUser("alice@acme.test", "right")
	early := dial(t, s)
	if _, answer, _ := early.try("COMPRESS DEFLATE"); !strings.HasPrefix(answer, "BAD ") {
		t.Errorf("before signing in: %q", answer)
	}
	c := signedIn(t, s)
	if _, answer, _ := c.try("COMPRESS LZW"); !strings.HasPrefix(answer, "BAD ") {
		t.Errorf("LZW: %q", answer)
	}
	c.ok("COMPRESS DEFLATE")
	z, err := flate.NewWriter(c.conn, flate.DefaultCompression)
	if err != nil {
		t.Fatal(err)
	}
	c.br, c.conn = bufio.NewReader(flate.NewReader(c.br)), deflated{c.conn, z}
	text := strings.Repeat("0123456789", 10000)
	c.ok(fmt.Sprintf("APPEND INBOX {%d+}\r\n%s", len(text), text))
	c.ok("SELECT INBOX")
	if got := c.ok("UID FETCH 1 (BODY.PEEK[])"); len(got) != 1 || !strings.Contains(got[0], text) {
		t.Errorf("%d lines", len(got))
	}
	if _, answer, _ := c.try("COMPRESS DEFLATE"); !strings.HasPrefix(answer, "NO [COMPRESSIONACTIVE] ") {
		t.Errorf("twice: %q", answer)
	}
	c.ok("LOGOUT")
	if _, err := c.line(); err == io.EOF || err == nil {
		t.Errorf("the stream has an end of its own: %v", err)
	}
}
