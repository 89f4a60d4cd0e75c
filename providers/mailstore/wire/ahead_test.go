package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/providers/providertest/peer"
)

// readLog keeps what a Read gave, a line a call.
type readLog struct {
	asks  []Ask
	asked int
	lines []string
	fail  error // of Message
	end   error // of Ended
}

func (l *readLog) next() (Ask, bool) {
	if l.asked == len(l.asks) {
		return Ask{}, false
	}
	l.asked++
	return l.asks[l.asked-1], true
}

func (l *readLog) add(n int, format string, args ...any) {
	l.lines = append(l.lines, l.asks[n].Mailbox+": "+fmt.Sprintf(format, args...))
}

func (l *readLog) Opened(n int, s Selected) error {
	l.add(n, "%d messages, next %d", s.Messages, s.UIDNext)
	return nil
}

func (l *readLog) Listed(n int, m *Message) error {
	l.add(n, "has %d", m.UID)
	return nil
}

func (l *readLog) Flags(n int, m *Message) error {
	l.add(n, "%d is %v", m.UID, m.Flags)
	return nil
}

func (l *readLog) Message(n int, m *Message) error {
	b, err := io.ReadAll(m.Body)
	l.add(n, "%d: %s", m.UID, b)
	return errors.Join(l.fail, err)
}

func (l *readLog) Ended(n int, err error) error {
	l.add(n, "end %v", err)
	return l.end
}

func (l *readLog) read(c *Conn) error { return c.Read(context.Background(), l.next, l) }

func (l *readLog) is(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, l.lines); diff != "" {
		t.Error(diff)
	}
}

const internal = `INTERNALDATE "01-Feb-2024 10:20:30 +0000"`

// TestReadAhead: all is asked before the first answer; what comes goes to the
// mailbox that is open then, whatever command it answers.
func TestReadAhead(t *testing.T) {
	c := talk(t, "IMAP4rev1", `
		C: w1 EXAMINE "a"
		C: w2 UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])
		C: w3 EXAMINE "b"
		C: w4 UID FETCH 7:* (UID FLAGS)
		C: w5 UID FETCH 1:6 (UID FLAGS) (CHANGEDSINCE 12)
		C: w6 UID FETCH 7:* (UID FLAGS INTERNALDATE BODY.PEEK[])
		C: w7 EXAMINE "c"
		C: w8 UID FETCH 1:* (UID FLAGS)
		C: w9 EXAMINE "d"
		S: * 2 EXISTS
		S: * OK [UIDNEXT 9] x
		S: w1 OK
		S: * 1 FETCH (UID 1 FLAGS () `+internal+` BODY[] {1}
		S: x)
		S: * 1 FETCH (FLAGS (\Seen))
		S: * 3 EXISTS
		S: * 2 FETCH (BODY[] {1}
		S: y UID 2 FLAGS () `+internal+`)
		S: w2 OK
		S: * 4 EXISTS
		S: w3 OK [READ-ONLY] x
		S: * 4 FETCH (UID 8 FLAGS ())
		S: * 1 FETCH (UID 2 FLAGS (\Seen))
		S: * 4 FETCH (UID 8 FLAGS () `+internal+` BODY[] {1}
		S: z)
		S: w6 OK
		S: w4 OK
		S: w5 OK
		S: * 1 EXISTS
		S: w7 OK
		S: * 1 FETCH (FLAGS (\Flagged) UID 5)
		S: w8 OK
		S: * 0 EXISTS
		S: w9 OK
		C: w10 NOOP
		S: w10 OK`)
	l := &readLog{asks: []Ask{{Mailbox: "a", From: 1}, {Mailbox: "b", From: 7, List: true, Flags: true, Since: 12},
		{Mailbox: "c", Flags: true}, {Mailbox: "d"}}}
	if err := l.read(c); err != nil {
		t.Fatal(err)
	}
	l.is(t, "a: 2 messages, next 9", "a: 1: x", "a: 2: y", "a: end <nil>",
		"b: 4 messages, next 0", "b: has 8", `b: 2 is [\Seen]`, "b: 8: z", "b: end <nil>",
		"c: 1 messages, next 0", `c: 5 is [\Flagged]`, "c: end <nil>", "d: 0 messages, next 0", "d: end <nil>")
	if err := c.Noop(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestReadAheadRefused: a mailbox that does not open costs itself only, and
// what a server sends for it nevertheless is dropped: it is of the one before.
func TestReadAheadRefused(t *testing.T) {
	c := talk(t, "IMAP4rev1", `
		C: w1 EXAMINE "a"
		C: w2 UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])
		C: w3 EXAMINE "b"
		C: w4 UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])
		C: w5 EXAMINE "c"
		C: w6 UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])
		S: * 1 EXISTS
		S: w1 OK
		S: * 1 FETCH (UID 1 FLAGS () `+internal+` BODY[] {1}
		S: x)
		S: w2 OK
		S: w3 NO [NONEXISTENT] gone
		S: * 1 FETCH (UID 1 FLAGS () `+internal+` BODY[] {1}
		S: x)
		S: * 1 FETCH (UID 1 FLAGS (\Seen))
		S: w4 OK
		S: * 1 EXISTS
		S: w5 OK
		S: w6 NO [SERVERBUG] some`)
	l := &readLog{asks: []Ask{{Mailbox: "a", From: 1}, {Mailbox: "b", From: 1}, {Mailbox: "c", From: 1}}}
	if err := l.read(c); err != nil || c.Closed() {
		t.Fatal(err)
	}
	l.is(t, "a: 1 messages, next 0", "a: 1: x", "a: end <nil>", "b: end EXAMINE: NO [NONEXISTENT] gone",
		"c: 1 messages, next 0", "c: end UID FETCH: NO [SERVERBUG] some")
}

// TestReadAheadRefusedAtLast: a refusal before the connection ends says why it
// ended, also where commands after it have no answer.
func TestReadAheadRefusedAtLast(t *testing.T) {
	c := talk(t, "IMAP4rev1", `
		C: w1 EXAMINE "a"
		C: w2 UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])
		S: w1 NO [LIMIT] slow down`)
	err := (&readLog{asks: []Ask{{Mailbox: "a", From: 1}}}).read(c)
	refusedAs(t, err, "BYE", "LIMIT")
	if !c.Closed() {
		t.Error("still open")
	}
}

// TestReadAheadOutOfOrder: a server that mixes mailboxes is found out.
func TestReadAheadOutOfOrder(t *testing.T) {
	for _, answers := range []string{"S: w3 OK", "S: w1 OK\nS: w3 OK", "S: w4 OK", "S: w2 OK"} {
		c := talk(t, "IMAP4rev1", `C: w1 EXAMINE "a"
C: w2 UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])
C: w3 EXAMINE "b"
C: w4 UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])
`+answers)
		l := &readLog{asks: []Ask{{Mailbox: "a", From: 1}, {Mailbox: "b", From: 1}}}
		var bad *Malformed
		if err := l.read(c); !errors.As(err, &bad) || !c.Closed() || strings.Contains(fmt.Sprint(l.lines), "end") {
			t.Errorf("%q: %v %v", answers, err, l.lines)
		}
	}
}

// TestReadAheadEnds: errors of the reader, and a connection that breaks.
func TestReadAheadEnds(t *testing.T) {
	const script = "C: w1 EXAMINE \"a\"\nC: w2 UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])\nS: * 1 EXISTS\nS: w1 OK\nS: * 1 FETCH (UID 1 FLAGS () " +
		internal + " BODY[] {1}\nS: x)\nS: w2 OK"
	stop := errors.New("stop")
	for _, l := range []*readLog{{fail: stop}, {end: stop}} {
		l.asks = []Ask{{Mailbox: "a", From: 1}}
		c := talk(t, "IMAP4rev1", script)
		if err := l.read(c); !errors.Is(err, stop) || !c.Closed() {
			t.Errorf("%+v: %v", l, err)
		}
	}
	steps := strings.Split(script, "\n")
	for i := range steps {
		c := talk(t, "IMAP4rev1", strings.Join(steps[:i], "\n"))
		var gone *Gone
		if err := (&readLog{asks: []Ask{{Mailbox: "a", From: 1}}}).read(c); !errors.As(err, &gone) || !c.Closed() {
			t.Errorf("after %d steps: %v", i, err)
		}
	}
	c := talk(t, "IMAP4rev1", "")
	if err := (&readLog{asks: []Ask{{Mailbox: "\r"}}}).read(c); !errors.Is(err, ErrName) {
		t.Error(err)
	}
}

// TestStoreAll: a mailbox that does not open leaves none open in which the
// changes could be made.
func TestStoreAll(t *testing.T) {
	changes := []map[uint32]FlagChange{{3: {Add: []imap.Flag{`\Seen`}}}, {4: {Remove: []imap.Flag{`\Seen`}}}}
	c := talk(t, "IMAP4rev1 UNSELECT", `
		C: w1 UNSELECT
		C: w2 SELECT "a"
		C: w3 UID STORE 3 +FLAGS.SILENT (\Seen)
		C: w4 UNSELECT
		C: w5 SELECT "b"
		C: w6 UID STORE 4 -FLAGS.SILENT (\Seen)
		S: w1 BAD nothing open
		S: w2 OK
		S: w3 OK
		S: w4 OK
		S: w5 NO gone
		S: w6 BAD nothing open`)
	errs, err := c.StoreAll(context.Background(), []string{"a", "b"}, changes)
	if err != nil || errs[0] != nil || errs[1] == nil || errs[1].Error() != "SELECT: NO gone" {
		t.Errorf("%v, %v", errs, err)
	}
	c = talk(t, "IMAP4rev1", `
		C: w1 SELECT "a"
		S: w1 NO gone
		C: w2 SELECT "b"
		S: * 1 EXISTS
		S: * OK [UIDNEXT 5] x
		S: * OK [UIDVALIDITY 5] x
		S: w2 OK
		C: w3 UID STORE 4 -FLAGS.SILENT (\Seen)
		S: w3 NO not now`)
	errs, err = c.StoreAll(context.Background(), []string{"a", "b"}, changes)
	if err != nil || errs[0] == nil || errs[1] == nil || errs[1].Error() != "UID STORE: NO not now" {
		t.Errorf("%v, %v", errs, err)
	}
}

// TestBuild: one flight makes, subscribes and lists.
func TestBuild(t *testing.T) {
	c := talk(t, "IMAP4rev1 CREATE-SPECIAL-USE", `
		C: w1 CREATE "A"
		C: w2 CREATE "A/B" (USE (\Archive))
		C: w3 SUBSCRIBE "A/B"
		C: w4 SUBSCRIBE "INBOX"
		C: w5 LIST "" "*"
		C: w6 LSUB "" "*"
		S: w1 OK
		S: w2 NO not that
		S: w3 NO none
		S: w4 OK
		S: * LIST () "/" "A"
		S: w5 OK
		S: * LSUB () "/" "INBOX"
		S: w6 OK`)
	l, refused, err := c.Build(context.Background(), []Creation{{Name: "A"}, {Name: "A/B", Use: imap.MailboxAttrArchive, Subscribe: true},
		{Name: "INBOX", Exists: true, Subscribe: true}})
	if err != nil || len(l.Mailboxes) != 1 || l.Mailboxes[0].Name != "A" || refused == nil || refused.Error() != "CREATE: NO not that" {
		t.Errorf("%+v, %v, %v", l, refused, err)
	}
}

// TestPeerReadAhead: real servers keep to the order.
func TestPeerReadAhead(t *testing.T) {
	servers(t, func(t *testing.T, s *peer.Server) {
		c := enter(t, s, Options{BatchMessages: 100})
		l := &tally{t: t, sizes: map[string]int{}, came: map[string]int{}}
		for i := range 24 {
			box := below(t, c, fmt.Sprintf("Box%d", i))
			l.sizes[box] = i * i % 37
			uids := appendTo(t, c, box, l.sizes[box])
			first := uint32(1)
			if len(uids) > 0 {
				first = uids[0]
			}
			l.first = append(l.first, first)
			l.asks = append(l.asks, Ask{Mailbox: box, From: 1, List: i%2 == 0})
		}
		c = enter(t, s, Options{})
		if err := c.Read(context.Background(), l.next, l); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(l.sizes, l.came); diff != "" {
			t.Error(diff)
		}
		boxes := make([]string, len(l.asks))
		for i, a := range l.asks {
			boxes[i] = a.Mailbox
		}
		found, errs, err := c.SelectAll(context.Background(), boxes)
		for i, box := range boxes {
			if errs[i] != nil || int(found[i].Messages) != l.sizes[box] {
				t.Errorf("%s: %+v, %v", box, found[i], errs[i])
			}
		}
		if err != nil {
			t.Error(err)
		}
	})
}

// tally counts what a Read gives, and compares it with what was sent.
type tally struct {
	t     *testing.T
	asks  []Ask
	asked int
	first []uint32 // UIDs of the mailboxes' first messages
	sizes map[string]int
	came  map[string]int
	all   int64
}

func (l *tally) next() (Ask, bool) {
	if l.asked == len(l.asks) {
		return Ask{}, false
	}
	l.asked++
	return l.asks[l.asked-1], true
}

func (l *tally) Opened(n int, s Selected) error {
	l.came[l.asks[n].Mailbox] += 0
	return nil
}
func (l *tally) Listed(int, *Message) error { return nil }
func (l *tally) Flags(int, *Message) error  { return nil }

func (l *tally) Message(n int, m *Message) error {
	box := l.asks[n].Mailbox
	l.came[box]++
	b, err := io.ReadAll(m.Body)
	l.all += int64(len(b))
	if want := letter(box, int(m.UID-l.first[n])); err == nil && string(b) != want {
		l.t.Errorf("%s, UID %d: %.40q", box, m.UID, b)
	}
	return err
}

func (l *tally) Ended(n int, err error) error { return err }
