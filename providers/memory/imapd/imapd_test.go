package imapd_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/mxmove/mxmove/providers/memory/imapd"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSigningIn(t *testing.T) {
	plain := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for command, want := range map[string]string{
		`LOGIN alice@acme.test right`:                                              "OK [CAPABILITY ",
		`LOGIN "alice@acme.test" "right"`:                                          "OK [CAPABILITY ",
		"LOGIN {15+}\r\nalice@acme.test {5+}\r\nright":                             "OK [CAPABILITY ",
		`LOGIN alice@acme.test wrong`:                                              "NO [AUTHENTICATIONFAILED] ",
		`LOGIN nobody@acme.test right`:                                             "NO [AUTHENTICATIONFAILED] ",
		`LOGIN alice@acme.test`:                                                    "BAD ",
		`AUTHENTICATE PLAIN ` + plain("\x00alice@acme.test\x00right"):              "OK [CAPABILITY ",
		`AUTHENTICATE PLAIN ` + plain("\x00alice@acme.test\x00wrong"):              "NO [AUTHENTICATIONFAILED] ",
		`AUTHENTICATE PLAIN ` + plain("bob@acme.test\x00alice@acme.test\x00right"): "NO [AUTHORIZATIONFAILED] ",
		`AUTHENTICATE XOAUTH2`:                                                     "NO ",
		`SELECT INBOX`:                                                             "BAD ",
		`NONSENSE`:                                                                 "BAD ",
	} {
		s := start(t, imapd.Options{})
		s.AddUser("alice@acme.test", "right")
		if _, answer, err := dial(t, s).try(command); err != nil || !strings.HasPrefix(answer, want) {
			t.Errorf("%q: got %q (%v), want %q", command, answer, err, want)
		}
	}
}

func TestSigningInWithContinuation(t *testing.T) {
	s := start(t, imapd.Options{})
	s.AddUser("alice@acme.test", "right")
	c := dial(t, s)
	io.WriteString(c.conn, "a AUTHENTICATE PLAIN\r\n")
	if line, _ := c.line(); line != "+ " {
		t.Fatalf("got %q", line)
	}
	io.WriteString(c.conn, base64.StdEncoding.EncodeToString([]byte("\x00alice@acme.test\x00right"))+"\r\n")
	if line, _ := c.line(); !strings.HasPrefix(line, "a OK ") {
		t.Fatalf("got %q", line)
	}
	if n := s.Count("alice@acme.test", "LOGIN"); n != 1 {
		t.Errorf("%d tries to sign in were counted, want 1", n)
	}
}

func TestTLS(t *testing.T) {
	s := start(t, imapd.Options{TLS: true, Now: time.Now})
	s.AddUser("alice@acme.test", "right")
	got := signedIn(t, s).ok("NAMESPACE")
	if diff := cmp.Diff([]string{`* NAMESPACE (("" "/")) NIL NIL`}, got); diff != "" {
		t.Error(diff)
	}
}

// What is appended comes back as it was: octets, flags as spelled, date with
// its zone. Messages are not always mail.
func TestMessagesAreKeptExactly(t *testing.T) {
	bodies := []string{
		"Subject: a\r\n\r\nbody\r\n",
		"no header at all",
		"\r\n\r\n",
		"Subject: a\n\nbare\rends\n",
		"a OK [ALERT] forged\r\n* BYE\r\n",
		"\x00\xff\xfe{10}\r\n",
	}
	s := start(t, imapd.Options{})
	s.AddUser("alice@acme.test", "right")
	c := signedIn(t, s)
	for i, body := range bodies {
		_, answer, err := c.try(fmt.Sprintf("APPEND INBOX (\\Seen $Todo MixedCase) \"29-Feb-2024 12:00:0%d +0545\" {%d+}\r\n%s", i, len(body), body))
		if want := fmt.Sprintf("OK [APPENDUID 1001 %d] ", i+1); err != nil || !strings.HasPrefix(answer, want) {
			t.Fatalf("%q: %q (%v), want %q", body, answer, err, want)
		}
	}
	c.ok("SELECT INBOX")
	got := c.ok("UID FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])")
	var want []string
	for i, body := range bodies {
		want = append(want, fmt.Sprintf("* %d FETCH (UID %d FLAGS (\\Seen $Todo MixedCase) INTERNALDATE \"29-Feb-2024 12:00:0%d +0545\" RFC822.SIZE %d BODY[] {%d}\r\n%s)",
			i+1, i+1, i, len(body), len(body), body))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for i, m := range s.User("alice@acme.test").Messages("INBOX") {
		if string(m.Body) != bodies[i] {
			t.Errorf("message %d differs in the store", i)
		}
	}
}

func TestAppend(t *testing.T) {
	s := start(t, imapd.Options{})
	u := s.AddUser("alice@acme.test", "right")
	c := signedIn(t, s)
	for _, each := range []struct{ command, want string }{
		{"APPEND Nowhere {1+}\r\na", "NO [TRYCREATE] "},
		{"APPEND INBOX {0+}\r\n", "NO "},
		{"APPEND INBOX", "BAD "},
		{"APPEND INBOX (\\Seen) now {1+}\r\na", "BAD "},
		{"APPEND INBOX {1}\r\na", "OK [APPENDUID 1001 1] "},
		{"APPEND INBOX \" 1-Jan-2020 00:00:00 +0000\" ~{1+}\r\na", "BAD "},
		{"APPEND INBOX {1+}\r\na (\\Draft) {1+}\r\nb", "OK [APPENDUID 1001 2,3] "},
	} {
		if _, answer, err := c.try(each.command); err != nil || !strings.HasPrefix(answer, each.want) {
			t.Errorf("%q: got %q (%v), want %q", each.command, answer, err, each.want)
			c = signedIn(t, s)
		}
	}
	if got := u.Messages("INBOX"); len(got) != 3 || !got[0].Date.Equal(noon()) {
		t.Errorf("got %v", got)
	}
}

func TestFolders(t *testing.T) {
	s := start(t, imapd.Options{})
	u := s.AddUser("alice@acme.test", "right")
	u.Create("", "客户", "华东", "订单")
	u.Create(imap.MailboxAttrSent, "Sent")
	u.Create("", `R&D "x" \ 100`)
	c := signedIn(t, s)
	c.ok(`CREATE Work/2024 (USE (\Archive))`)
	c.ok("SUBSCRIBE Sent")
	c.ok("SUBSCRIBE INBOX")
	c.ok("UNSUBSCRIBE inbox")
	c.ok("APPEND Sent {3+}\r\nabc")

	got := c.ok(`LIST "" * RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY SIZE UNSEEN))`)
	want := []string{
		`* LIST (\HasChildren) "/" "&W6JiNw-"`, `* STATUS "&W6JiNw-" (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 1002 SIZE 0 UNSEEN 0)`,
		`* LIST (\HasChildren) "/" "&W6JiNw-/&U05OHA-"`, `* STATUS "&W6JiNw-/&U05OHA-" (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 1003 SIZE 0 UNSEEN 0)`,
		`* LIST (\HasNoChildren) "/" "&W6JiNw-/&U05OHA-/&i6JTVQ-"`, `* STATUS "&W6JiNw-/&U05OHA-/&i6JTVQ-" (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 1004 SIZE 0 UNSEEN 0)`,
		`* LIST (\HasNoChildren) "/" "INBOX"`, `* STATUS "INBOX" (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 1001 SIZE 0 UNSEEN 0)`,
		`* LIST (\HasNoChildren) "/" "R&-D \"x\" \\ 100"`, `* STATUS "R&-D \"x\" \\ 100" (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 1006 SIZE 0 UNSEEN 0)`,
		`* LIST (\HasNoChildren \Sent \Subscribed) "/" "Sent"`, `* STATUS "Sent" (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 1005 SIZE 3 UNSEEN 1)`,
		`* LIST (\HasChildren) "/" "Work"`, `* STATUS "Work" (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 1007 SIZE 0 UNSEEN 0)`,
		`* LIST (\HasNoChildren \Archive) "/" "Work/2024"`, `* STATUS "Work/2024" (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 1008 SIZE 0 UNSEEN 0)`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := c.ok(`LSUB "" *`); !cmp.Equal(got, []string{`* LSUB () "/" "Sent"`}) {
		t.Errorf("got %q", got)
	}
	if got := c.ok(`LIST "" "W%"`); !cmp.Equal(got, []string{`* LIST (\HasChildren) "/" "Work"`}) {
		t.Errorf("got %q", got)
	}
	for command, want := range map[string]string{
		"CREATE Sent": "NO [ALREADYEXISTS] ", "CREATE &abc": "NO [CANNOT] ", "CREATE": "BAD ",
		"STATUS No (MESSAGES)": "NO [NONEXISTENT] ", "SELECT No": "NO [NONEXISTENT] ", "SUBSCRIBE No": "NO [NONEXISTENT] ",
		"STATUS Sent (COLOUR)": "BAD ", "FETCH 1 (FLAGS)": "BAD ",
	} {
		if _, answer, err := c.try(command); err != nil || !strings.HasPrefix(answer, want) {
			t.Errorf("%q: got %q (%v), want %q", command, answer, err, want)
		}
	}
}

// Names that were made by path are listed by the same path.
func TestFolderNamesComeBack(t *testing.T) {
	s := start(t, imapd.Options{})
	u := s.AddUser("alice@acme.test", "right")
	paths := [][]string{{"INBOX"}, {"&"}, {"a&b-"}, {"项目", "α😀"}, {"~"}}
	for _, p := range paths[1:] {
		u.Create("", p...)
	}
	have := map[string]bool{}
	for _, f := range u.Folders() {
		have[strings.Join(f.Path, "|")] = true
	}
	for _, p := range paths {
		if !have[strings.Join(p, "|")] {
			t.Errorf("%q is not listed: %v", p, have)
		}
	}
}

func TestStore(t *testing.T) {
	s := start(t, imapd.Options{})
	u := s.AddUser("alice@acme.test", "right")
	uid := u.Add(imapd.Message{UID: 7, Flags: []imap.Flag{"$Work"}, Body: []byte("x")}, "INBOX")
	c := signedIn(t, s)
	c.ok("EXAMINE INBOX")
	if _, answer, _ := c.try("UID STORE 7 +FLAGS (\\Seen)"); !strings.HasPrefix(answer, "NO [READ-ONLY]") {
		t.Errorf("EXAMINE let a flag be written: %q", answer)
	}
	c.ok("SELECT INBOX")
	for _, each := range []struct{ change, want string }{
		{"+FLAGS (\\Seen $work)", "$Work \\Seen"},
		{"-FLAGS.SILENT ($WORK)", "\\Seen"},
		{"FLAGS (\\Flagged)", "\\Flagged"},
		{"-FLAGS \\Flagged", ""},
	} {
		c.ok("UID STORE 7 " + each.change)
		got := c.ok("UID FETCH 7 FLAGS")
		if want := []string{"* 1 FETCH (UID 7 FLAGS (" + each.want + "))"}; !cmp.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", each.change, got, want)
		}
	}
	u.SetFlags(uid, []imap.Flag{"$New"}, "INBOX")
	u.Add(imapd.Message{Body: []byte("y")}, "INBOX")
	if got := c.ok("NOOP"); !cmp.Equal(got, []string{"* 2 EXISTS"}) {
		t.Errorf("got %q", got)
	}
	if !u.Remove(7, "INBOX") || u.Remove(7, "INBOX") || u.SetFlags(7, nil, "INBOX") {
		t.Error("a removed message is still there")
	}
	if got := c.ok("UID FETCH 1:* (RFC822.SIZE)"); !cmp.Equal(got, []string{"* 1 FETCH (UID 8 RFC822.SIZE 1)", "* 1 EXISTS"}) {
		t.Errorf("got %q", got)
	}
}

func TestExpunge(t *testing.T) {
	s := start(t, imapd.Options{})
	u := s.AddUser("alice@acme.test", "right")
	for _, body := range []string{"a", "b", "c"} {
		u.Add(imapd.Message{Body: []byte(body)}, "INBOX")
	}
	c := signedIn(t, s)
	c.ok("EXAMINE INBOX")
	if _, answer, err := c.try("UID EXPUNGE 1:*"); err != nil || !strings.Contains(answer, "READ-ONLY") {
		t.Errorf("%q %v", answer, err)
	}
	c.ok("SELECT INBOX")
	c.ok("UID STORE 1,3 +FLAGS.SILENT (\\Deleted)")
	c.ok("UID EXPUNGE 2:3")
	if left := u.Messages("INBOX"); len(left) != 2 || string(left[0].Body) != "a" || string(left[1].Body) != "b" {
		t.Errorf("left: %+v", left)
	}
	c.ok("UID EXPUNGE 1:*")
	if left := u.Messages("INBOX"); len(left) != 1 || left[0].UID != 2 {
		t.Errorf("left: %+v", left)
	}
}

func TestFaults(t *testing.T) {
	s := start(t, imapd.Options{})
	u := s.AddUser("alice@acme.test", "right")
	s.AddUser("bob@acme.test", "right")
	s.Fail(imapd.Fault{Login: "alice@acme.test", Command: "APPEND", After: 1, Act: imapd.DropAfter})
	s.Fail(imapd.Fault{Login: "alice@acme.test", Command: "APPEND", After: 1, Act: imapd.DropBefore})
	s.Fail(imapd.Fault{Command: "STATUS", Times: 2, Act: imapd.Refuse, Text: "[LIMIT] Slow down"})
	const appendOne = "APPEND INBOX {1+}\r\na"

	c := signedIn(t, s)
	c.ok(appendOne)
	if _, answer, err := c.try(appendOne); err == nil {
		t.Fatalf("no drop but %q", answer)
	}
	if n := len(u.Messages("INBOX")); n != 2 {
		t.Errorf("dropped after the APPEND, but %d messages are there, want 2", n)
	}
	if _, answer, err := signedIn(t, s).try(appendOne); err == nil {
		t.Fatalf("no drop but %q", answer)
	}
	if n := len(u.Messages("INBOX")); n != 2 {
		t.Errorf("dropped before the APPEND, but %d messages are there, want 2", n)
	}
	c = signedIn(t, s)
	for i, want := range []string{"NO [LIMIT] Slow down", "NO [LIMIT] Slow down", "OK STATUS completed"} {
		if _, answer, _ := c.try("STATUS INBOX (MESSAGES)"); answer != want {
			t.Errorf("STATUS %d: got %q, want %q", i, answer, want)
		}
	}
	s.Fail(imapd.Fault{Command: "STATUS", Act: imapd.Refuse, Text: "[LIMIT] Slow down"})
	s.Fail(imapd.Fault{Command: "SELECT", Act: imapd.Delay, Wait: 30 * time.Millisecond})
	began := time.Now()
	c.ok("SELECT INBOX")
	if took := time.Since(began); took < 30*time.Millisecond {
		t.Errorf("not delayed: %v", took)
	}
	s.Mend()
	c.ok("STATUS INBOX (MESSAGES)")
	for command, want := range map[string]int{"APPEND": 3, "LOGIN": 3, "STATUS": 4, "SELECT": 1} {
		if got := s.Count("alice@acme.test", command); got != want {
			t.Errorf("%s: counted %d, want %d", command, got, want)
		}
	}
}

// Many clients of one mailbox at once: every message is kept once.
func TestConcurrentAppends(t *testing.T) {
	s := start(t, imapd.Options{})
	u := s.AddUser("alice@acme.test", "right")
	var wg sync.WaitGroup
	for range 8 {
		c := signedIn(t, s)
		wg.Go(func() {
			for range 50 {
				if _, answer, err := c.try("APPEND INBOX {1+}\r\na"); err != nil || !strings.HasPrefix(answer, "OK") {
					t.Errorf("%q, %v", answer, err)
				}
			}
		})
	}
	wg.Wait()
	all := u.Messages("INBOX")
	for i, m := range all {
		if m.UID != uint32(i+1) {
			t.Fatalf("UID %d at %d", m.UID, i)
		}
	}
	if len(all) != 400 {
		t.Errorf("%d messages, want 400", len(all))
	}
}

// No input may crash the server or make it answer a literal's content.
func FuzzCommands(f *testing.F) {
	for _, seed := range []string{"a NOOP\r\n", "a LOGIN {1}\r\nx y\r\n", "a LIST (\"\" (\r\n", "a UID FETCH 4294967296:* (BODY[\r\n",
		"a APPEND INBOX (\\Seen) \"x\" {3+}\r\nabc\r\n", "{9999999999}\r\n", "a SELECT \"\\\"\r\n", "a UID STORE 1,,2 FLAGS\r\n"} {
		f.Add(seed)
	}
	s, err := imapd.Start(imapd.Options{Now: noon})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	s.AddUser("alice@acme.test", "right").Add(imapd.Message{Body: []byte("x")}, "INBOX")
	f.Fuzz(func(t *testing.T, input string) {
		c := signedIn(t, s)
		c.ok("SELECT INBOX")
		io.WriteString(c.conn, input)
		c.conn.Close()
		if got := signedIn(t, s).ok("STATUS INBOX (UIDVALIDITY)"); len(got) != 1 {
			t.Fatalf("got %q", got)
		}
	})
}
