package scripted

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// client says lines and collects answers.
type client struct {
	t    *testing.T
	conn net.Conn
	br   *bufio.Reader
}

func open(t *testing.T, name string, with ...string) (*Server, *Box, *client) {
	t.Helper()
	p, err := Load(name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Start(p.With(with...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, s.Box("alice", "right"), dial(t, s)
}

func dial(t *testing.T, s *Server) *client {
	t.Helper()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.Port()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	c := &client{t, conn, bufio.NewReader(conn)}
	c.line()
	return c
}

func (c *client) line() string {
	line, err := readLine(c.br)
	if err != nil {
		line += "<end>"
	}
	return line
}

// say sends a command and gives all lines up to the tagged one or the end.
func (c *client) say(command string) (lines []string) {
	c.t.Helper()
	fmt.Fprintf(c.conn, "a %s\r\n", command)
	for {
		line := c.line()
		lines = append(lines, line)
		if strings.HasPrefix(line, "a ") || strings.HasPrefix(line, "+") || strings.HasSuffix(line, "<end>") {
			return lines
		}
	}
}

func (c *client) last(command string) string {
	lines := c.say(command)
	return lines[len(lines)-1]
}

func (c *client) signedIn() *client {
	c.t.Helper()
	if got := c.last("LOGIN alice right"); !strings.HasPrefix(got, "a OK") {
		c.t.Fatalf("LOGIN: %s", got)
	}
	return c
}

func some(n int) (all []Message) {
	for i := range n {
		all = append(all, Message{Body: fmt.Appendf(nil, "a: %d\r\n\r\n", i), Date: time.Unix(1e9, 0).UTC()})
	}
	return all
}

// Every profile can be read, greets, lets in who knows the password and nobody
// else, and opens INBOX.
func TestEveryProfileLetsIn(t *testing.T) {
	if len(Names()) < 10 {
		t.Fatalf("profiles %v", Names())
	}
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			s, _, c := open(t, name)
			if got := c.last("LOGIN alice wrong"); got != "a "+s.profile.Value("refuse", "") {
				t.Errorf("wrong password: %s", got)
			}
			c.signedIn().say(`ID ("name" "test")`)
			if got := c.say("SELECT INBOX"); !strings.HasPrefix(got[len(got)-1], "a OK") {
				t.Errorf("SELECT: %q", got)
			}
		})
	}
}

func TestTextsStandAsRecorded(t *testing.T) {
	for _, c := range []struct{ profile, with, command, want string }{
		{"netease", "", "SELECT INBOX", "a NO SELECT Unsafe Login. Please contact kefu@188.com for help"},
		{"netease", "", "LOGOUT", "a OK LOGOUT completed"},
		{"alibaba", "", `UID SEARCH (SUBJECT "x")`, "a BAD invalid command or parameters"},
		{"courier", "", "XYZZY", "a NO Error in IMAP command received by server."},
		{"courier", "", `SELECT "Nowhere"`, "a NO Mailbox does not exist, or must be subscribed to."},
		{"exchange", "", "CREATE Files", "a NO Folder name is reserved"},
		{"gmail", "", `CREATE "a  b"`, "a NO [CANNOT] Folder contains excess whitespace (Failure)"},
		{"gmail", "", `SELECT "[Gmail]"`, "a NO [NONEXISTENT] Unknown Mailbox: [Gmail] (now in authenticated state) (Failure)"},
		{"hmailserver", "", "NAMESPACE", "a BAD Unknown or NULL command"},
		{"qq", "", "APPEND INBOX {3+}", "a BAD Unknown command"},
		{"yahoo", "command-line 20 BAD no", `SELECT "A long name of a mailbox"`, "a BAD no"},
		{"dovecot", "connections 1 NO full", "NOOP", "a OK NOOP completed"},
	} {
		_, _, client := open(t, c.profile, slices.DeleteFunc([]string{c.with}, func(s string) bool { return s == "" })...)
		if got := client.signedIn().last(c.command); got != c.want {
			t.Errorf("%s, %s: %q, want %q", c.profile, c.command, got, c.want)
		}
	}
}

// fetched gives the answers to a FETCH of INBOX with n messages.
func fetched(t *testing.T, n int, items string, with ...string) []string {
	t.Helper()
	_, box, c := open(t, "dovecot", with...)
	box.Put("INBOX", some(n)...)
	c.signedIn().say("SELECT INBOX")
	lines := c.say("UID FETCH 1:* (" + items + ")")
	return lines[:len(lines)-1]
}

func TestManners(t *testing.T) {
	for _, c := range []struct {
		n     int
		items string
		with  string
		want  []string
	}{
		{1, "UID RFC822.SIZE", "flags x", []string{"* 1 FETCH (UID 1 RFC822.SIZE 8)"}},
		{1, "UID RFC822.SIZE", "size-less 3", []string{"* 1 FETCH (UID 1 RFC822.SIZE 5)"}},
		{1, "UID", "bare-fetch", []string{"1 FETCH (UID 1)"}},
		{1, "UID INTERNALDATE", "date NIL", []string{"* 1 FETCH (UID 1 INTERNALDATE NIL)"}},
		{1, "UID INTERNALDATE", "date none", []string{"* 1 FETCH (UID 1)"}},
		{1, "UID INTERNALDATE", "flags x", []string{`* 1 FETCH (UID 1 INTERNALDATE " 9-Sep-2001 01:46:40 +0000")`}},
		{3, "UID", "cut 2", []string{"* 1 FETCH (UID 1)", "* 2 FETCH (UID 2)"}},
		{1, "UID BODY.PEEK[]", "body-first", []string{"* 1 FETCH (BODY[] {8}", "a: 0", "", " UID 1)"}},
		{1, "UID", "noise * 99 NOOP", []string{"* 99 NOOP", "* 1 FETCH (UID 1)"}},
	} {
		if got := fetched(t, c.n, c.items, c.with); !cmp.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.with, got, c.want)
		}
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		f    Fault
		want []string
	}{
		{Fault{Command: "UID FETCH", Text: "NO [UNAVAILABLE] later"}, []string{"a NO [UNAVAILABLE] later"}},
		{Fault{Command: "UID FETCH", Text: "* BYE gone"}, []string{"* BYE gone", "<end>"}},
		{Fault{Command: "UID FETCH", Act: Drop}, []string{"<end>"}},
		{Fault{Command: "UID FETCH", Act: DropAfter}, []string{"<end>"}},
		{Fault{Command: "UID FETCH", Act: DropMid}, []string{"* 1 FETCH (UID 1 BODY[] {8}", "a: 0<end>"}},
		{Fault{Command: "UID FETCH", After: 1}, []string{"* 1 FETCH (UID 1 BODY[] {8}", "a: 0", "", ")", "a OK FETCH completed"}},
		{Fault{Command: "UID FETCH", Part: "7:8"}, []string{"* 1 FETCH (UID 1 BODY[] {8}", "a: 0", "", ")", "a OK FETCH completed"}},
	} {
		s, box, client := open(t, "dovecot")
		box.Put("INBOX", some(1)...)
		client.signedIn().say("SELECT INBOX")
		s.Fail(c.f)
		got := client.say("UID FETCH 1:* (UID BODY.PEEK[])")
		if last := got[len(got)-1]; strings.HasPrefix(last, "* BYE") {
			got = append(got, client.line())
		}
		if !cmp.Equal(got, c.want) {
			t.Errorf("%+v: %q, want %q", c.f, got, c.want)
		}
	}
}

// Another client expunges, deletes and renumbers meanwhile.
func TestMeanwhile(t *testing.T) {
	s, box, c := open(t, "dovecot")
	box.Put("Work", some(3)...)
	c.signedIn().say("SELECT Work")
	s.Fail(Fault{Command: "UID FETCH", Act: Meanwhile, Do: func() { box.Remove("Work", 2) }})
	want := []string{"* 1 FETCH (UID 1)", "* 3 FETCH (UID 3)", "* 2 EXPUNGE", "a OK FETCH completed"}
	if got := c.say("UID FETCH 1:* (UID)"); !cmp.Equal(got, want) {
		t.Errorf("%q", got)
	}
	before := c.say("STATUS Work (UIDVALIDITY UIDNEXT)")[0]
	box.Renumber("Work")
	if after := c.say("STATUS Work (UIDVALIDITY UIDNEXT)")[0]; after == before {
		t.Errorf("still %s", after)
	}
	box.Delete("Work")
	if got := c.last("UID FETCH 1:* (UID)"); got != "* BYE Selected mailbox was deleted, have to disconnect." && !strings.Contains(got, "<end>") {
		t.Errorf("%q", got)
	}
}

// Commands are counted by connection and login.
func TestCounts(t *testing.T) {
	s, _, c := open(t, "dovecot")
	c.signedIn().say("SELECT INBOX")
	d := dial(t, s)
	d.say("LOGIN alice wrong")
	d.signedIn()
	if s.Count("alice", "LOGIN") != 3 || s.Count("alice", "SELECT") != 1 || s.Commands() != 4 {
		t.Errorf("%+v", s.Connections())
	}
	if got := s.Connections()[1].Commands; !cmp.Equal(got, map[string]int{"LOGIN": 2}) {
		t.Errorf("%v", got)
	}
}

// What is quoted by RFC 3501 comes back as it was.
func TestQuotedWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want []word
		line := ""
		for range rapid.IntRange(0, 5).Draw(t, "n") {
			s := rapid.StringMatching(`[ -~]*`).Draw(t, "text")
			want = append(want, word{s, true})
			line += " " + quote(s)
		}
		got, ok := split(line)
		if !ok || !slices.Equal(got, want) {
			t.Fatalf("%q: %q", line, texts(got))
		}
	})
}

func TestStormIsOfItsSeed(t *testing.T) {
	if a, b := Storm(7, 20), Storm(7, 20); fmt.Sprint(a) != fmt.Sprint(b) || fmt.Sprint(a) == fmt.Sprint(Storm(8, 20)) {
		t.Error(a, b)
	}
}
