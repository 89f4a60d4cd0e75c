package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readLog keeps what each and done were given, a line a call.
type readLog struct{ lines []string }

func (l *readLog) each(r *Request, m *Message) error {
	if m.Body == nil {
		l.lines = append(l.lines, fmt.Sprintf("%s: %d of %d octets", r.Mailbox, m.UID, m.Size))
		return nil
	}
	b, err := io.ReadAll(m.Body)
	l.lines = append(l.lines, fmt.Sprintf("%s: %d is %s", r.Mailbox, m.UID, b))
	return err
}

func (l *readLog) done(r *Request, a Answer) error {
	l.lines = append(l.lines, fmt.Sprintf("%s: done %d %v %v", r.Mailbox, a.Selected.Messages, a.Missing, a.Err))
	return nil
}

func (l *readLog) read(c *Conn, requests ...*Request) error {
	return c.Read(context.Background(), func() (*Request, error) {
		if len(requests) == 0 {
			return nil, io.EOF
		}
		r := requests[0]
		requests = requests[1:]
		return r, nil
	}, l.each, l.done)
}

func (l *readLog) is(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, l.lines); diff != "" {
		t.Error(diff)
	}
}

const internal = `INTERNALDATE "01-Feb-2024 10:20:30 +0000"`

// TestReadPipelined: all is asked before the first answer; what comes goes to
// the mailbox that is open then.
func TestReadPipelined(t *testing.T) {
	c := talk(t, "IMAP4rev1", `
		C: w1 EXAMINE "a"
		C: w2 UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)
		C: w3 EXAMINE "b"
		C: w4 UID FETCH 5,7:8 (UID FLAGS INTERNALDATE BODY.PEEK[])
		C: w5 UID FETCH 9 (UID FLAGS INTERNALDATE BODY.PEEK[])
		C: w6 EXAMINE "a"
		C: w7 UID FETCH 3:* (UID FLAGS INTERNALDATE RFC822.SIZE) (CHANGEDSINCE 12)
		S: * 2 EXISTS
		S: * OK [UIDVALIDITY 7] x
		S: w1 OK
		S: * 1 FETCH (UID 1 FLAGS () `+internal+` RFC822.SIZE 10)
		S: * 1 FETCH (FLAGS (\Seen))
		S: * 2 FETCH (UID 2 FLAGS () `+internal+` RFC822.SIZE 20)
		S: w2 OK
		S: * 3 EXISTS
		S: * 4 EXISTS
		S: * OK [HIGHESTMODSEQ 5] x
		S: w3 OK [READ-ONLY] x
		S: * 1 FETCH (UID 5 FLAGS () `+internal+` BODY[] {1}
		S: e)
		S: * 4 FETCH (FLAGS () `+internal+` BODY[] {1}
		S: i UID 9)
		S: * 2 FETCH (UID 7 FLAGS () `+internal+`)
		S: w5 OK
		S: * 3 FETCH (UID 8 FLAGS () `+internal+` BODY[] {1}
		S: h)
		S: * 4 EXPUNGE
		S: w4 OK
		S: * 9 EXISTS
		S: w6 OK
		S: * 1 FETCH (UID 2 FLAGS () `+internal+` RFC822.SIZE 20)
		S: * 1 FETCH (UID 4 FLAGS () `+internal+` RFC822.SIZE 40 MODSEQ (13))
		S: w7 OK
		C: w8 NOOP
		S: w8 OK`)
	l := &readLog{}
	err := l.read(c, &Request{Mailbox: "a"}, &Request{Mailbox: "b", UIDs: []uint32{8, 7, 5}}, &Request{Mailbox: "b", UIDs: []uint32{9}},
		&Request{Mailbox: "a", Scan: ScanOptions{From: 3, Since: 12}})
	if err != nil {
		t.Fatal(err)
	}
	l.is(t, "a: 1 of 10 octets", "a: 2 of 20 octets", "a: done 2 [] <nil>",
		"b: 5 is e", "b: 9 is i", "b: done 4 [] <nil>", "b: 8 is h", "b: done 4 [7] <nil>",
		"a: 4 of 40 octets", "a: done 9 [] <nil>")
	if err := c.Noop(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestReadRefused: a mailbox that does not open, that is another, or that has
// fewer messages costs itself only.
func TestReadRefused(t *testing.T) {
	c := talk(t, "IMAP4rev1", `
		C: w1 EXAMINE "a"
		C: w2 UID FETCH 1 (UID FLAGS INTERNALDATE BODY.PEEK[])
		C: w3 EXAMINE "b"
		C: w4 UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)
		C: w5 EXAMINE "c"
		C: w6 UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)
		C: w7 EXAMINE "d"
		C: w8 UID FETCH 1:2 (UID FLAGS INTERNALDATE BODY.PEEK[])
		C: w9 EXAMINE "e"
		S: w1 NO [NONEXISTENT] gone
		S: * 1 FETCH (UID 1 FLAGS () `+internal+` BODY[] {1}
		S: x)
		S: w2 BAD nothing open
		S: * 1 EXISTS
		S: * OK [UIDVALIDITY 8] x
		S: w3 OK
		S: * 1 FETCH (UID 1 FLAGS () `+internal+` RFC822.SIZE 10)
		S: w4 OK
		S: * 2 EXISTS
		S: w5 OK
		S: * 1 FETCH (UID 1 FLAGS () `+internal+` RFC822.SIZE 10)
		S: w6 OK
		S: * 2 EXISTS
		S: w7 OK
		S: * 1 FETCH (UID 1 FLAGS () `+internal+` BODY[] {1}
		S: d)
		S: w8 NO [SERVERBUG] some
		S: * 0 EXISTS
		S: w9 OK`)
	l := &readLog{}
	err := l.read(c, &Request{Mailbox: "a", UIDs: []uint32{1}}, &Request{Mailbox: "b", UIDValidity: 7}, &Request{Mailbox: "c"},
		&Request{Mailbox: "\r"}, &Request{Mailbox: "d", UIDs: []uint32{1, 2}}, &Request{Mailbox: "e", UIDs: []uint32{}})
	if err != nil || c.Closed() {
		t.Fatal(err)
	}
	l.is(t, "\r: done 0 [] "+ErrName.Error(), "a: done 0 [1] EXAMINE: NO [NONEXISTENT] gone", "b: done 1 [] "+ErrValidity.Error(),
		"c: 1 of 10 octets", "c: done 2 [] "+ErrCut.Error(), "d: 1 is d", "d: done 2 [2] UID FETCH: NO [SERVERBUG] some", "e: done 0 [] <nil>")
}

// TestReadChooses: what done learns is the next request, while the list of
// another mailbox is on its way.
func TestReadChooses(t *testing.T) {
	c := talk(t, "IMAP4rev1", `
		C: w1 EXAMINE "a"
		C: w2 UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)
		C: w3 EXAMINE "b"
		C: w4 UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)
		S: * 1 EXISTS
		S: w1 OK
		S: * 1 FETCH (UID 6 FLAGS () `+internal+` RFC822.SIZE 10)
		S: w2 OK
		C: w5 EXAMINE "a"
		C: w6 UID FETCH 6 (UID FLAGS INTERNALDATE BODY.PEEK[])
		S: * 0 EXISTS
		S: w3 OK
		S: w4 OK
		S: * 1 EXISTS
		S: w5 OK
		S: * 1 FETCH (UID 6 FLAGS () `+internal+` BODY[] {1}
		S: x)
		S: w6 OK`)
	l := &readLog{}
	todo, uids := []*Request{{Mailbox: "a"}, {Mailbox: "b"}}, []uint32(nil)
	err := c.Read(context.Background(), func() (*Request, error) {
		if len(todo) == 0 {
			return nil, nil
		}
		r := todo[0]
		todo = todo[1:]
		return r, nil
	}, func(r *Request, m *Message) error {
		uids = append(uids, m.UID)
		return l.each(r, m)
	}, func(r *Request, a Answer) error {
		if r.UIDs == nil && len(uids) > 0 {
			todo = append(todo, &Request{Mailbox: r.Mailbox, UIDs: slices.Clone(uids)})
			uids = nil
		}
		return l.done(r, a)
	})
	if err != nil {
		t.Fatal(err)
	}
	l.is(t, "a: 6 of 10 octets", "a: done 1 [] <nil>", "b: done 0 [] <nil>", "a: 6 is x", "a: done 1 [] <nil>")
}

// TestReadOutOfOrder: a server that mixes mailboxes is found out.
func TestReadOutOfOrder(t *testing.T) {
	for _, answers := range []string{"S: w3 OK", "S: w1 OK\nS: w3 OK", "S: w4 OK", "S: w2 OK"} {
		c := talk(t, "IMAP4rev1", `C: w1 EXAMINE "a"
C: w2 UID FETCH 1 (UID FLAGS INTERNALDATE BODY.PEEK[])
C: w3 EXAMINE "b"
C: w4 UID FETCH 1 (UID FLAGS INTERNALDATE BODY.PEEK[])
`+answers)
		l := &readLog{}
		err := l.read(c, &Request{Mailbox: "a", UIDs: []uint32{1}}, &Request{Mailbox: "b", UIDs: []uint32{1}})
		var bad *Malformed
		if !errors.As(err, &bad) || !c.Closed() || l.lines != nil {
			t.Errorf("%q: %v %v", answers, err, l.lines)
		}
	}
}

// TestReadEnds: errors of the callbacks, and a connection that breaks.
func TestReadEnds(t *testing.T) {
	stop := errors.New("stop")
	const script = "C: w1 EXAMINE \"a\"\nS: * 1 EXISTS\nS: w1 OK\nC: w2 UID FETCH 1 (UID FLAGS INTERNALDATE BODY.PEEK[])\nS: * 1 FETCH (UID 1 FLAGS () " +
		internal + " BODY[] {1}\nS: x)\nS: w2 OK"
	read := func(script string, next, each, done error) (*Conn, error) {
		c := talk(t, "IMAP4rev1", script)
		n := 0
		err := c.Read(context.Background(), func() (*Request, error) {
			if n++; n > 1 {
				return nil, next
			}
			return &Request{Mailbox: "a", UIDs: []uint32{1}}, nil
		}, func(*Request, *Message) error { return each }, func(*Request, Answer) error { return done })
		return c, err
	}
	for _, tc := range []struct {
		next, each, done, want error
		closed                 bool
	}{
		{want: nil}, {next: io.EOF, want: nil}, {next: stop, want: stop},
		{each: stop, want: stop, closed: true}, {done: stop, want: stop, closed: true},
	} {
		c, err := read(strings.Replace(script, "S: * 1 EXISTS\nS: w1 OK\nC: w2 UID FETCH 1 (UID FLAGS INTERNALDATE BODY.PEEK[])", "C: w2 UID FETCH 1 (UID FLAGS INTERNALDATE BODY.PEEK[])\nS: * 1 EXISTS\nS: w1 OK", 1), tc.next, tc.each, tc.done)
		if err != tc.want || c.Closed() != tc.closed {
			t.Errorf("%+v: %v", tc, err)
		}
	}
	steps := strings.Split(strings.Replace(script, "S: * 1 EXISTS\nS: w1 OK\n", "", 1), "\n")
	for i := range steps {
		c, err := read(strings.Join(steps[:i], "\n"), io.EOF, nil, nil)
		var gone *Gone
		if !errors.As(err, &gone) || !c.Closed() {
			t.Errorf("after %d steps: %v", i, err)
		}
	}
}
