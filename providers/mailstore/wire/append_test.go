package wire

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"
)

// msg is a message for appendAll.
func msg(body string, flags ...imap.Flag) *Outgoing {
	return &Outgoing{Flags: flags, Size: int64(len(body)), Body: strings.NewReader(body)}
}

// appendAll appends and gives what done got.
func appendAll(c *Conn, msgs ...*Outgoing) (out []Appended, err error) {
	i := 0
	err = c.Append(context.Background(), "box", func() (*Outgoing, error) {
		if i == len(msgs) {
			return nil, io.EOF
		}
		i++
		return msgs[i-1], nil
	}, func(a Appended) error {
		if a.Err == nil && a.Took <= 0 {
			return fmt.Errorf("message %d was answered before it was sent", a.Index)
		}
		a.Took = 0
		out = append(out, a)
		return nil
	})
	return out, err
}

const plusCaps = "IMAP4rev1 LITERAL+ UIDPLUS"

func TestAppendPipelined(t *testing.T) {
	date := time.Date(2024, 2, 1, 10, 20, 30, 0, time.FixedZone("", -12600))
	m := msg("two", imap.FlagSeen, imap.FlagDraft)
	m.Date = date
	// all three are sent before the first answer
	c := talk(t, plusCaps, `
		C: w1 APPEND "box" () {3+}
		C: one
		C: w2 APPEND "box" (\Seen \Draft) "01-Feb-2024 10:20:30 -0330" {3+}
		C: two
		C: w3 APPEND "box" () {5+}
		C: three
		S: * 1 EXISTS
		S: w1 OK [APPENDUID 7 101] done
		S: w2 NO [TOOBIG] this one not
		S: * 2 EXISTS
		S: w3 OK done
		C: w4 NOOP
		S: w4 OK`)
	out, err := appendAll(c, msg("one"), m, msg("three"))
	if err != nil || len(out) != 3 {
		t.Fatalf("%v %v", out, err)
	}
	refusedAs(t, out[1].Err, "NO", "TOOBIG")
	out[1].Err = nil
	if diff := cmp.Diff([]Appended{{Index: 0, UIDValidity: 7, UID: 101}, {Index: 1}, {Index: 2}}, out); diff != "" {
		t.Error(diff)
	}
	if err := c.Noop(context.Background()); err != nil {
		t.Errorf("NO to one message spoiled the connection: %v", err)
	}
}

func TestAppendAnswersOutOfOrder(t *testing.T) {
	c := talk(t, plusCaps, `
		C: w1 APPEND "box" () {1+}
		C: a
		C: w2 APPEND "box" () {1+}
		C: b
		S: w9 OK nobody's
		S: w2 OK [APPENDUID 7 2]
		S: w1 OK [APPENDUID 7 1]`)
	out, err := appendAll(c, msg("a"), msg("b"))
	if diff := cmp.Diff([]Appended{{Index: 0, UIDValidity: 7, UID: 1}, {Index: 1, UIDValidity: 7, UID: 2}}, out); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestAppendSynchronising(t *testing.T) {
	for _, tc := range []struct {
		name, caps string
		big        int
		script     string
	}{
		{"no capability", "IMAP4rev1", 3, "C: w1 APPEND \"box\" () {3}\nS: + go\nC: xxx\nS: w1 OK"},
		{"LITERAL-, small", "IMAP4rev1 LITERAL-", 3, "C: w1 APPEND \"box\" () {3+}\nC: xxx\nS: w1 OK"},
		{"LITERAL-, limit", "IMAP4rev1 LITERAL-", 4096, "C: w1 APPEND \"box\" () {4096+}\nC: " + strings.Repeat("x", 4096) + "\nS: w1 OK"},
		{"LITERAL-, big", "IMAP4rev1 LITERAL-", 4097, "C: w1 APPEND \"box\" () {4097}\nS~ \"+\\r\\n\"\nC: " + strings.Repeat("x", 4097) + "\nS: w1 OK"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, err := appendAll(talk(t, tc.caps, tc.script), msg(strings.Repeat("x", tc.big)))
			if err != nil || len(out) != 1 || out[0].Err != nil {
				t.Errorf("%v %v", out, err)
			}
		})
	}
}

// TestAppendSyncRefused: no octet of the message is sent, others go on.
func TestAppendSyncRefused(t *testing.T) {
	c := talk(t, "IMAP4rev1", `
		C: w1 APPEND "box" () {3}
		S: w1 NO [OVERQUOTA] full
		C: w2 APPEND "box" () {3}
		S: + 
		C: two
		S: w2 OK`)
	first := msg("one")
	out, err := appendAll(c, first, msg("two"))
	if err != nil || len(out) != 2 || out[1].Err != nil {
		t.Fatalf("%v %v", out, err)
	}
	refusedAs(t, out[0].Err, "NO", "OVERQUOTA")
	if n := first.Body.(*strings.Reader).Len(); n != 3 {
		t.Errorf("%d octets of the refused message were read", 3-n)
	}
}

// TestAppendKeyword: a keyword goes with a synchronising literal until the
// server has taken it in this mailbox.
func TestAppendKeyword(t *testing.T) {
	c := talk(t, plusCaps, `
		C: w1 SELECT "box"
		S: * FLAGS (\Seen old)
		S: * 0 EXISTS
		S: * OK [UIDVALIDITY 1] x
		S: * OK [UIDNEXT 1] x
		S: w1 OK
		C: w2 APPEND "box" (old) {1+}
		C: a
		C: w3 APPEND "box" (\Seen new) {1}
		S: w2 OK
		S: + 
		C: b
		C: w4 APPEND "box" (new) {1}
		S: w3 OK
		S: + 
		C: c
		S: w4 OK
		C: w5 APPEND "box" (new) {1+}
		C: d
		S: w5 OK`)
	sel, err := c.Select(context.Background(), "box")
	if err != nil || sel.Permanent[1] != "old" {
		t.Fatalf("%+v %v", sel, err)
	}
	if _, err := appendAll(c, msg("a", "old"), msg("b", imap.FlagSeen, "new"), msg("c", "new")); err != nil {
		t.Fatal(err)
	}
	if _, err := appendAll(c, msg("d", "new")); err != nil {
		t.Fatal(err)
	}
}

// TestAppendStrayContinuation: a "+" that belongs to nobody lets no literal go.
func TestAppendStrayContinuation(t *testing.T) {
	c := talk(t, plusCaps, `
		C: w1 APPEND "box" () {1+}
		C: a
		C: w2 APPEND "box" (new) {1}
		S: + what?
		S: w1 OK
		S: w2 NO [CANNOT] no such keyword
		C: w3 NOOP
		S: w3 OK`)
	out, err := appendAll(c, msg("a"), msg("b", "new"))
	if err != nil || len(out) != 2 {
		t.Fatalf("%v %v", out, err)
	}
	refusedAs(t, out[1].Err, "NO", "CANNOT")
	if err := c.Noop(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestAppendWindow: no more than the window is without an answer.
func TestAppendWindow(t *testing.T) {
	const pairs = 6
	for _, o := range []Options{{WindowMessages: 2}, {WindowBytes: 2}} {
		var script strings.Builder
		for i := 1; i < 2*pairs; i += 2 {
			fmt.Fprintf(&script, "C: w%d APPEND \"box\" () {1+}\nC: x\nC: w%d APPEND \"box\" () {1+}\nC: x\nS: w%d OK\nS: w%d OK\n", i, i+1, i, i+1)
		}
		c := talkTo(t, o, plusCaps, script.String())
		var open, most atomic.Int32
		n := 0
		err := c.Append(context.Background(), "box", func() (*Outgoing, error) {
			if n++; n > 2*pairs {
				return nil, io.EOF
			}
			if now := open.Add(1); now > most.Load() {
				most.Store(now)
			}
			return msg("x"), nil
		}, func(Appended) error { open.Add(-1); return nil })
		// one more was given by next and waits, one has left the queue for done
		if err != nil || most.Load() > 4 {
			t.Errorf("%+v: %d without an answer, %v", o, most.Load(), err)
		}
	}
}

// TestReadAfterAppend: Courier shows what was appended after a NOOP only.
func TestReadAfterAppend(t *testing.T) {
	c := talk(t, plusCaps, `
		C: w1 APPEND "box" () {1+}
		C: a
		S: w1 OK
		C: w2 NOOP
		S: * 1 EXISTS
		S: w2 OK
		C: w3 UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)
		S: * 1 FETCH (UID 5 FLAGS () INTERNALDATE "01-Feb-2024 10:20:30 +0000" RFC822.SIZE 1)
		S: w3 OK
		C: w4 UID FETCH 5 (UID FLAGS INTERNALDATE BODY.PEEK[])
		S: w4 OK`)
	if _, err := appendAll(c, msg("a")); err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := c.Scan(context.Background(), ScanOptions{}, func(*Message) error { n++; return nil }); err != nil || n != 1 {
		t.Errorf("%d messages, %v", n, err)
	}
	if missing, err := c.Fetch(context.Background(), []uint32{5}, nil); err != nil || len(missing) != 1 {
		t.Errorf("%v %v", missing, err)
	}
}
