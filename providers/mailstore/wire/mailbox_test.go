package wire

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"
)

var bg = context.Background()

func TestSelect(t *testing.T) {
	c := talk(t, "IMAP4rev1 CONDSTORE", `
		C: w1 SELECT "a\"b"
		S: * FLAGS (\Seen a]b)
		S: * OK [PERMANENTFLAGS (\Seen a]b \*)] Limited.
		S: * 12 EXISTS
		S: * 0 RECENT
		S: * OK [UIDVALIDITY 3857529045] ok
		S: * OK [UIDNEXT 4392] ok
		S: * OK [HIGHESTMODSEQ 26215]
		S: w1 OK [READ-WRITE] done
		C: w2 EXAMINE "c"
		S: * 3 EXISTS
		S: * FLAGS (\Seen)
		S: * OK [UIDVALIDITY 7]
		S: * OK [NOMODSEQ] none
		S: w2 OK [READ-ONLY] done
		C: w3 STATUS "c" (MESSAGES UIDNEXT UIDVALIDITY)
		S: * STATUS c (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7)
		S: w3 OK
		C: w4 SELECT "gone"
		S: w4 NO [NONEXISTENT] Unknown Mailbox`)
	sel, err := c.Select(bg, `a"b`)
	want := Selected{Messages: 12, UIDValidity: 3857529045, UIDNext: 4392, ModSeq: 26215, Flags: []imap.Flag{`\Seen`, "a]b"}, Permanent: []imap.Flag{`\Seen`, "a]b", `\*`}}
	if diff := cmp.Diff(want, sel); diff != "" || err != nil {
		t.Error(diff, err)
	}
	sel, err = c.Examine(bg, "c")
	want = Selected{Messages: 3, UIDValidity: 7, UIDNext: 9, Flags: []imap.Flag{`\Seen`}, Permanent: []imap.Flag{`\Seen`}, ReadOnly: true}
	if diff := cmp.Diff(want, sel); diff != "" || err != nil {
		t.Error(diff, err)
	}
	_, err = c.Select(bg, "gone")
	refusedAs(t, err, "NO", "NONEXISTENT")
}

func TestCreateSubscribeStatus(t *testing.T) {
	c := talk(t, "IMAP4rev1 CREATE-SPECIAL-USE", `
		C: w1 CREATE "Sent" (USE (\Sent))
		S: w1 NO [USEATTR] no
		C: w2 CREATE "Sent"
		S: w2 OK
		C: w3 CREATE "x" (USE (\Junk))
		S: w3 NO [ALREADYEXISTS] is there
		C: w4 CREATE "y"
		S: w4 OK
		C: w5 SUBSCRIBE "a"
		C: w6 SUBSCRIBE "b"
		S: w5 NO no such
		S: w6 OK
		C: w7 STATUS "a" (MESSAGES UIDNEXT UIDVALIDITY)
		C: w8 STATUS "inbox" (MESSAGES UIDNEXT UIDVALIDITY)
		S: * STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)
		S: w7 NO no such
		S: w8 OK
		C: w9 LOGOUT
		S: * BYE bye`)
	if err := c.Create(bg, "Sent", imap.MailboxAttrSent); err != nil {
		t.Error(err)
	}
	refusedAs(t, c.Create(bg, "x", imap.MailboxAttrJunk), "NO", "ALREADYEXISTS")
	if err := c.Create(bg, "y", `\Sent (x`); err != nil { // no use that there is: left out
		t.Error(err)
	}
	refusedAs(t, c.Subscribe(bg, "a", "b"), "NO", "")
	st, err := c.Status(bg, "a", "inbox")
	if diff := cmp.Diff(map[string]Status{"inbox": {Known: true, Messages: 1, UIDNext: 2, UIDValidity: 3}}, st); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if c.Bye()(bg); !c.Closed() {
		t.Error("open after LOGOUT")
	}
	for _, err := range []error{c.Create(bg, "z", ""), c.Subscribe(bg, "z"), c.Noop(bg)} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("used after LOGOUT: %v", err)
		}
	}
}

func TestStore(t *testing.T) {
	c := talk(t, "IMAP4rev1", `
		C: w1 UID STORE 3,5:6 +FLAGS.SILENT (\Seen k)
		C: w2 UID STORE 6 -FLAGS.SILENT (\Flagged)
		S: * 1 FETCH (UID 3 FLAGS (\Seen))
		S: w1 NO [LIMIT] too many keywords
		S: w2 OK
		E`)
	both := []imap.Flag{"k", imap.FlagSeen, "k"}
	err := c.Store(bg, map[uint32]FlagChange{3: {Add: both}, 5: {Add: both}, 6: {Add: both, Remove: []imap.Flag{imap.FlagFlagged}}, 9: {}})
	refusedAs(t, err, "NO", "LIMIT")
	var invalid *Invalid
	if err := c.Store(bg, map[uint32]FlagChange{3: {Add: []imap.Flag{"x) y"}}}); !errors.As(err, &invalid) || c.Closed() {
		t.Error(err)
	}
	_ = c.Close()
}

func TestScan(t *testing.T) {
	c := talk(t, "IMAP4rev1 CONDSTORE", `
		C: w1 EXAMINE "a"
		S: * 3 EXISTS
		S: * OK [UIDVALIDITY 7]
		S: * OK [UIDNEXT 9]
		S: * OK [HIGHESTMODSEQ 5]
		S: w1 OK
		C: w2 UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ)
		S: * 1 FETCH (UID 1 FLAGS () INTERNALDATE "01-Feb-2024 10:20:30 +0000" RFC822.SIZE 5 MODSEQ (1))
		S: * 2 FETCH (UID 2 FLAGS (\Seen))
		S: w2 OK
		C: w3 UID FETCH 2:* (UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ)
		S: * 2 FETCH (UID 4 FLAGS () INTERNALDATE "01-Feb-2024 10:20:30 +0000" RFC822.SIZE 5 MODSEQ (1))
		S: * 3 FETCH (UID 8 FLAGS () INTERNALDATE "01-Feb-2024 10:20:30 +0000" RFC822.SIZE 5 MODSEQ (1))
		S: w3 OK
		C: w4 UID FETCH 9:* (UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ) (CHANGEDSINCE 5)
		S: * 3 FETCH (UID 8 FLAGS () INTERNALDATE "01-Feb-2024 10:20:30 +0000" RFC822.SIZE 5 MODSEQ (6))
		S: w4 OK
		C: w5 UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ)
		S: w5 OK
		C: w6 NOOP
		S: w6 OK
		C: w7 UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ)
		S: w7 OK
		C: w8 NOOP
		S: * 2 EXPUNGE
		S: * VANISHED 1
		S: w8 OK`)
	if _, err := c.Examine(bg, "a"); err != nil {
		t.Fatal(err)
	}
	scan := func(o ScanOptions) (uids []uint32, err error) {
		err = c.Scan(bg, o, func(m *Message) error { uids = append(uids, m.UID); return nil })
		return uids, err
	}
	if uids, err := scan(ScanOptions{}); err != nil || !cmp.Equal(uids, []uint32{1, 4, 8}) {
		t.Errorf("an answer that was cut: %v %v", uids, err)
	}
	if uids, err := scan(ScanOptions{From: 9, Since: 5}); err != nil || uids != nil {
		t.Errorf("n:* beyond the last: %v %v", uids, err)
	}
	if _, err := scan(ScanOptions{}); err != ErrCut || c.Closed() {
		t.Errorf("messages that are not listed: %v", err)
	}
	if _, err := scan(ScanOptions{}); err != nil {
		t.Errorf("messages that are gone: %v", err)
	}
}

func TestFetch(t *testing.T) {
	item := func(uid string) string {
		return "\nS: * 1 FETCH (UID " + uid + " FLAGS () INTERNALDATE NIL BODY[] {2}\nS: b" + uid + ")"
	}
	c := talk(t, "IMAP4rev1", "C: w1 UID FETCH 1:3,5,7:8 (UID FLAGS INTERNALDATE BODY.PEEK[])"+
		item("2")+item("2")+item("9")+item("1")+"\nS: * 5 EXPUNGE\nS: * 3 FETCH (UID 3 FLAGS (\\Seen))\nS: * 3 FETCH (BODY[] {2}\nS: b7 UID 7 FLAGS () INTERNALDATE NIL)\nS: w1 NO [UNAVAILABLE] Some messages could not be read\n"+
		"C: w2 UID FETCH 5 (UID FLAGS INTERNALDATE BODY.PEEK[])\nS: * 1 FETCH (UID 5 FLAGS () INTERNALDATE NIL BODY[] {4}\nS~ \"ab\"")
	var bodies []string
	read := func(m *Message) error {
		b, err := io.ReadAll(m.Body)
		bodies = append(bodies, string(b))
		return err
	}
	missing, err := c.Fetch(bg, []uint32{8, 7, 5, 3, 2, 1, 2, 0}, read)
	refusedAs(t, err, "NO", "UNAVAILABLE")
	if diff := cmp.Diff([]uint32{3, 5, 8}, missing) + cmp.Diff([]string{"b2", "b1", "b7"}, bodies); diff != "" {
		t.Error(diff)
	}
	missing, err = c.Fetch(bg, []uint32{5}, read)
	var gone *Gone
	if !errors.As(err, &gone) || gone.Doing != "UID FETCH" || !cmp.Equal(missing, []uint32{5}) || !c.Closed() {
		t.Errorf("cut in the body: %v %v", missing, err)
	}
}

func TestFetchCallbackFails(t *testing.T) {
	c := talk(t, "IMAP4rev1", "C: w1 UID FETCH 1 (UID FLAGS INTERNALDATE BODY.PEEK[])\nS: * 1 FETCH (UID 1 FLAGS () INTERNALDATE NIL BODY[] {2}\nS: ab)\nE")
	full := &Refused{Command: "APPEND", Status: "NO", Code: "OVERQUOTA"} // of another connection
	missing, err := c.Fetch(bg, []uint32{1}, func(*Message) error { return full })
	if err != full || !cmp.Equal(missing, []uint32{1}) || !c.Closed() {
		t.Errorf("%v %v", missing, err)
	}
}

// TestSets: every UID is asked for once, in ascending sets of short commands.
func TestSets(t *testing.T) {
	var uids []uint32
	for i := uint32(1); i < 40000; i += 1 + i%3 {
		uids = append(uids, 4294900000+i)
	}
	next := setsOf(uids)
	var back []uint32
	for set := next(); set != ""; set = next() {
		if n := len("w4294967295 UID FETCH " + set + " (UID FLAGS INTERNALDATE BODY.PEEK[])\r\n"); n >= 1000 {
			t.Fatalf("command of %d octets", n)
		}
		for _, part := range strings.Split(set, ",") {
			from, to, found := strings.Cut(part, ":")
			if !found {
				to = from
			}
			for u := number32(from); u <= number32(to); u++ {
				back = append(back, u)
			}
		}
	}
	if !cmp.Equal(uids, back) {
		t.Errorf("%d UIDs became %d", len(uids), len(back))
	}
}

func TestCancelledAndSilent(t *testing.T) {
	c := talk(t, "IMAP4rev1", "C: w1 NOOP\nE")
	ctx, cancel := context.WithTimeoutCause(bg, 30*time.Millisecond, errors.New("enough"))
	defer cancel()
	if err := c.Noop(ctx); err == nil || !strings.Contains(err.Error(), "enough") || !c.Closed() {
		t.Error(err)
	}
	c = talkTo(t, Options{Timeout: 30 * time.Millisecond}, "IMAP4rev1", "C: w1 NOOP\nE")
	if err := c.Noop(bg); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	// a line is progress: ten of them take longer than the timeout
	slow := &slowConn{parts: strings.SplitAfter(strings.Repeat("* NOOP\r\n", 10)+"w1 OK\r\n", "\n")}
	g := &guard{Conn: slow, timeout: time.Second}
	c = &Conn{g: g}
	c.fetch.init("")
	c.over(g)
	if err := c.Noop(bg); err != nil || slow.deadlines < 11 {
		t.Errorf("%d deadlines, %v", slow.deadlines, err)
	}
}

func TestBounds(t *testing.T) {
	for _, raw := range []string{"* X " + strings.Repeat("x", maxLine+1), "* LIST () NIL {99999999}\r\n", "w1 OK " + strings.Repeat("x", maxLine+1)} {
		var odd *Malformed
		if _, err := readAll(strings.NewReader(raw), false); !errors.As(err, &odd) {
			t.Errorf("%.20q: %v", raw, err)
		}
	}
}
