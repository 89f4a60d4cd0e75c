package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// replay is a connection on which the server's side of a session is already
// said. Only the answers to APPEND wait a moment for their message.
type replay struct {
	net.Conn
	r    io.Reader
	read int
	mu   sync.Mutex
	sent strings.Builder
}

func (r *replay) Read(p []byte) (int, error) {
	for _, command := range []string{"w9 ", "w10 "} {
		switch at := strings.Index(said, command); {
		case r.read < at:
			p = p[:min(len(p), at-r.read)]
		case r.read == at:
			for i := 0; i < 50 && !r.has(command+"APPEND \"a box\" () {1+}\r\nx\r\n"); i++ {
				time.Sleep(time.Millisecond)
			}
		}
	}
	n, err := r.r.Read(p)
	r.read += n
	return n, err
}

func (r *replay) has(text string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Contains(r.sent.String(), text)
}

func (r *replay) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sent.Write(p)
}

func (r *replay) Close() error                     { return nil }
func (r *replay) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
func (r *replay) SetDeadline(time.Time) error      { return nil }
func (r *replay) SetReadDeadline(time.Time) error  { return nil }
func (r *replay) SetWriteDeadline(time.Time) error { return nil }

// said is a whole session of a server.
var said = strings.ReplaceAll(`* OK [CAPABILITY IMAP4rev1 ID LIST-EXTENDED LIST-STATUS] hi
* CAPABILITY IMAP4rev1 ID LIST-EXTENDED LIST-STATUS NAMESPACE LITERAL+ UIDPLUS
w1 OK in
* ID ("name" "x")
w2 OK
* NAMESPACE (("" "/")) NIL NIL
w3 OK
* LIST (\Subscribed) "/" {5}
a box
* STATUS {5}
a box (MESSAGES 2 UIDNEXT 9 UIDVALIDITY 7)
w4 OK
* FLAGS (\Seen)
* 2 EXISTS
* OK [UIDVALIDITY 7] ok
* OK [UIDNEXT 9] ok
w5 OK
* 1 FETCH (UID 3 FLAGS (\Seen) INTERNALDATE "01-Feb-2024 10:20:30 +0800" RFC822.SIZE 5)
* 2 FETCH (UID 8 FLAGS () INTERNALDATE "01-Feb-2024 10:20:30 +0800" RFC822.SIZE 5)
w6 OK
* 1 FETCH (UID 3 FLAGS (\Seen) INTERNALDATE "01-Feb-2024 10:20:30 +0800" BODY[] {5}
three)
* 2 FETCH (BODY[] {5}
eight UID 8 FLAGS () INTERNALDATE "01-Feb-2024 10:20:30 +0800")
w7 OK
w8 OK
w9 OK [APPENDUID 7 9]
w10 NO [TOOBIG] no
`, "\n", "\r\n")

// session goes through it and notes what it learns, up to the first error.
func session(r io.Reader) (notes []string, sent string, err error) {
	rc := &replay{r: r}
	defer func() { sent = rc.sent.String() }()
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	c, err := Dial(bg, Options{Addr: "127.0.0.1:143", Mode: None, Dial: func(context.Context, string, string) (net.Conn, error) { return rc, nil }})
	if err != nil {
		return
	}
	defer c.Close()
	note("greeting %s", c.Greeting())
	if err = c.SignIn(bg, Credentials{User: "u", Secret: "p"}, ID{Name: "n"}); err != nil {
		return
	}
	l, err := c.List(bg)
	if err != nil {
		return
	}
	note("listed %+v", *l)
	sel, err := c.Select(bg, "a box")
	if err != nil {
		return
	}
	note("opened %+v", sel)
	var uids []uint32
	err = c.Scan(bg, ScanOptions{}, func(m *Message) error { uids = append(uids, m.UID); return nil })
	if err != nil {
		return
	}
	note("scanned %v", uids)
	missing, err := c.Fetch(bg, uids, func(m *Message) error {
		b, err := io.ReadAll(m.Body)
		if err == nil {
			note("body %d %s", m.UID, b)
		}
		return err
	})
	if err != nil {
		return
	}
	note("missing %v", missing)
	if err = c.Store(bg, map[uint32]FlagChange{3: {Remove: sel.Flags}}); err != nil {
		return
	}
	n := 0
	err = c.Append(bg, "a box", func() (*Outgoing, error) {
		if n++; n > 2 {
			return nil, io.EOF
		}
		return msg("x"), nil
	}, func(a Appended) error { a.Took = 0; note("appended %v", a); return nil })
	return
}

const sentAll = `w1 LOGIN "u" "p"
w2 ID ("name" "n")
w3 NAMESPACE
w4 LIST "" "*" RETURN (SUBSCRIBED STATUS (MESSAGES UIDNEXT UIDVALIDITY))
w5 SELECT "a box"
w6 UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)
w7 UID FETCH 3,8 (UID FLAGS INTERNALDATE BODY.PEEK[])
w8 UID STORE 3 -FLAGS.SILENT (\Seen)
w9 APPEND "a box" () {1+}
x
w10 APPEND "a box" () {1+}
x
`

// TestSessionCut: the server dies after each octet of a session. What was
// learnt until then is a beginning of what the whole session teaches, the
// error says that the connection is gone, and nothing hangs or panics.
func TestSessionCut(t *testing.T) {
	whole, sent, err := session(strings.NewReader(said))
	if err != nil || len(whole) != 9 {
		t.Fatalf("%q %v", whole, err)
	}
	if diff := cmp.Diff(strings.ReplaceAll(sentAll, "\n", "\r\n"), sent); diff != "" {
		t.Error(diff)
	}
	slow, _, err := session(iotest.OneByteReader(strings.NewReader(said)))
	if diff := cmp.Diff(whole, slow); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for cut := range len(said) - 1 { // the last octet is a line feed
		notes, sent, err := session(strings.NewReader(said[:cut]))
		var gone *Gone
		if !errors.As(err, &gone) || !errors.Is(err, io.EOF) {
			t.Errorf("cut at %d: %v", cut, err)
		}
		if len(notes) > len(whole) || !slices.Equal(notes, whole[:len(notes)]) {
			t.Errorf("cut at %d: learnt %q", cut, notes)
		}
		if !strings.HasPrefix(strings.ReplaceAll(sentAll, "\n", "\r\n"), sent) {
			t.Errorf("cut at %d: sent %q", cut, sent)
		}
	}
}

// TestSessionDamaged: octets of a session in turn are others. Nothing
// hangs or panics, and no body is given that the server did not send whole.
func TestSessionDamaged(t *testing.T) {
	for at := 0; at < len(said); at += 3 {
		for _, ch := range []byte{'\n', ')', '"', 0xff} {
			raw := []byte(said)
			raw[at] = ch
			notes, _, _ := session(strings.NewReader(string(raw)))
			for _, n := range notes {
				if body, ok := strings.CutPrefix(n, "body "); ok {
					if _, text, _ := strings.Cut(body, " "); !strings.Contains(string(raw), "{5}\r\n"+text) && len(text) > 5 {
						t.Errorf("%q at %d: %s", ch, at, n)
					}
				}
			}
		}
	}
}
