package imapd_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mxmove/mxmove/providers/memory/imapd"
)

// Commands that are sent without waiting are answered in their order.
func TestPipelining(t *testing.T) {
	s := start(t, imapd.Options{})
	u := s.AddUser("alice@acme.test", "right")
	c := signedIn(t, s)
	var all strings.Builder
	for i := range 50 {
		fmt.Fprintf(&all, "p%d APPEND INBOX {%d+}\r\n%s\r\n", i, len(strconv.Itoa(i)), strconv.Itoa(i))
	}
	if _, err := io.WriteString(c.conn, all.String()); err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		if line, err := c.line(); err != nil || !strings.HasPrefix(line, fmt.Sprintf("p%d OK [APPENDUID 1001 %d]", i, i+1)) {
			t.Fatalf("answer %d: %q, %v", i, line, err)
		}
	}
	for i, m := range u.Messages("INBOX") {
		if string(m.Body) != strconv.Itoa(i) {
			t.Errorf("message %d is %q", i, m.Body)
		}
	}
}

// A client that does not trust the authority gets no further.
func TestCertificateIsNotTrustedByItself(t *testing.T) {
	s := start(t, imapd.Options{TLS: true, Now: time.Now})
	conn, err := tls.Dial("tcp", net.JoinHostPort(s.Host(), strconv.Itoa(s.Port())), nil)
	if err == nil {
		conn.Close()
		t.Fatal("the system trusts it")
	}
}

// Close ends clients that are connected, whatever they do.
func TestClose(t *testing.T) {
	s := start(t, imapd.Options{})
	s.AddUser("alice@acme.test", "right")
	idle, busy := signedIn(t, s), signedIn(t, s)
	if _, err := io.WriteString(busy.conn, "a APPEND INBOX {1000+}\r\nhalf"); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Close() }()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Close does not return")
	}
	if line, err := idle.line(); err == nil {
		t.Errorf("still there: %q", line)
	}
	if n := len(s.User("alice@acme.test").Messages("INBOX")); n != 0 {
		t.Errorf("half a message was kept")
	}
}

// A new password locks out who knows the old one, and changes no mail.
func TestPasswordChange(t *testing.T) {
	s := start(t, imapd.Options{})
	s.AddUser("alice@acme.test", "right").Add(imapd.Message{Body: []byte("x")}, "INBOX")
	s.AddUser("alice@acme.test", "changed")
	if _, answer, _ := dial(t, s).try("LOGIN alice@acme.test right"); !strings.HasPrefix(answer, "NO ") {
		t.Errorf("got %q", answer)
	}
	c := dial(t, s)
	c.ok("LOGIN alice@acme.test changed")
	if got := c.ok("STATUS INBOX (MESSAGES)"); !cmp.Equal(got, []string{`* STATUS "INBOX" (MESSAGES 1)`}) {
		t.Errorf("got %q", got)
	}
}

// Whatever a client does to flags, the server shows what a set of flags that
// forgets case would.
func TestFlagsAgainstAModel(t *testing.T) {
	s := start(t, imapd.Options{})
	u := s.AddUser("alice@acme.test", "right")
	c := signedIn(t, s)
	flags := []string{"\\Seen", "\\SEEN", "\\Flagged", "$Work", "$WORK", "Todo"}
	rapid.Check(t, func(t *rapid.T) {
		uid := u.Add(imapd.Message{Body: []byte("x")}, "INBOX")
		c.ok("SELECT INBOX")
		model := map[string]bool{}
		for range rapid.IntRange(1, 8).Draw(t, "changes") {
			chosen := rapid.SliceOfN(rapid.SampledFrom(flags), 1, 3).Draw(t, "flags")
			op := rapid.SampledFrom([]string{"", "+", "-"}).Draw(t, "op")
			c.ok(fmt.Sprintf("UID STORE %d %sFLAGS.SILENT (%s)", uid, op, strings.Join(chosen, " ")))
			if op == "" {
				clear(model)
			}
			for _, f := range chosen {
				model[strings.ToLower(f)] = op != "-"
			}
		}
		var got []imap.Flag
		for _, m := range u.Messages("INBOX") {
			if m.UID == uid {
				got = m.Flags
			}
		}
		n := 0
		for f, on := range model {
			if on {
				n++
			}
			has := 0
			for _, g := range got {
				if strings.EqualFold(string(g), f) {
					has++
				}
			}
			if on && has != 1 || !on && has != 0 {
				t.Fatalf("%s is there %d times in %v", f, has, got)
			}
		}
		if n != len(got) {
			t.Fatalf("%v for %v", got, model)
		}
	})
}
