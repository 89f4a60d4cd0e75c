package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
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
	if diff := cmp.Diff([]Appended{{0, 7, 1, nil}, {1, 7, 2, nil}}, out); diff != "" || err != nil {
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

// TestAppendBad: BAD drops the connection at once (a server may run the rest
// of the mail as commands); the answered ones before it are known.
func TestAppendBad(t *testing.T) {
	c := talk(t, plusCaps, `
		C: w1 APPEND "box" () {1+}
		C: a
		C: w2 APPEND "box" () {1+}
		S: w1 OK
		S: w2 BAD Invalid
		C: b
		E`)
	var out []Appended
	i := 0
	sawBad := make(chan struct{})
	err := c.Append(context.Background(), "box", func() (*Outgoing, error) {
		i++
		if i == 3 {
			<-sawBad
			time.Sleep(20 * time.Millisecond)
		}
		if i > 5 {
			return nil, errors.New("asked for messages on a dropped connection")
		}
		return msg(string(rune('a' + i - 1))), nil
	}, func(a Appended) error {
		out = append(out, a)
		if a.Err != nil {
			if !c.Closed() {
				t.Error("the connection is still open after BAD")
			}
			close(sawBad)
		}
		return nil
	})
	refusedAs(t, err, "BAD", "")
	if len(out) != 2 || out[0].Err != nil || !c.Closed() {
		t.Errorf("%v", out)
	}
}

// TestAppendHostile: nothing that a source wrote reaches the server unchecked.
func TestAppendHostile(t *testing.T) {
	c := talk(t, plusCaps+" APPENDLIMIT=10", "C: w1 APPEND \"box\" () {2+}\nC: ok\nS: w1 OK\nE")
	old := msg("x")
	old.Date = time.Date(1969, 12, 31, 23, 0, 0, 0, time.UTC)
	bad := []*Outgoing{
		msg("x", `\Recent`), msg("x", "a]b"), msg("x", "a b"), msg("x", ""), msg("x", "ü"), msg("x", "a\r\nw2 DELETE x"),
		msg("x", ") {1+}"), msg("x", `\*`), msg("x", `a"`), msg("x", "a%"), old,
		{Size: -1, Body: strings.NewReader("")}, {Size: 1}, msg("01234567890"), msg("ok"),
	}
	out, err := appendAll(c, bad...)
	if err != nil || len(out) != len(bad) {
		t.Fatalf("%v %v", out, err)
	}
	for i, a := range out[:len(bad)-1] {
		var invalid *Invalid
		var big *TooBig
		if a.Index != i || !errors.As(a.Err, &invalid) && !(i == len(bad)-2 && errors.As(a.Err, &big) && *big == TooBig{11, 10}) {
			t.Errorf("%d: %v", i, a)
		}
	}
	if out[len(bad)-1].Err != nil {
		t.Error("the good one was refused")
	}
	if err := c.Append(context.Background(), "a\r\nb", nil, nil); err != ErrName {
		t.Error(err)
	}
	_ = c.Close()
}

type failing struct{ n int }

func (f *failing) Read(p []byte) (int, error) {
	if f.n--; f.n < 0 {
		return 0, io.ErrClosedPipe
	}
	p[0] = 'x'
	return 1, nil
}

// TestAppendBody: a body that fails, or is not of its size, is never completed.
func TestAppendBody(t *testing.T) {
	for _, tc := range []struct {
		name string
		body io.Reader
		want error
	}{
		{"short", strings.NewReader("ab"), io.ErrUnexpectedEOF},
		{"long", strings.NewReader("abcd"), nil},
		{"fails", &failing{2}, io.ErrClosedPipe},
		{"fails at its end", &failing{3}, io.ErrClosedPipe},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := talk(t, "IMAP4rev1", "C: w1 APPEND \"box\" () {3}\nS: + \n")
			out, err := appendAll(c, &Outgoing{Size: 3, Body: tc.body})
			var body *BodyError
			if !errors.As(err, &body) || body.Index != 0 || tc.want != nil && !errors.Is(err, tc.want) || !c.Closed() || len(out) != 0 {
				t.Errorf("%v %v", out, err)
			}
		})
	}
}

// TestAppendDies: the server goes away at each step; nobody hangs, and what
// was answered is known.
func TestAppendDies(t *testing.T) {
	steps := []string{"C: w1 APPEND \"box\" () {1+}", "C: a", "S: w1 OK", "C: w2 APPEND \"box\" (k) {1}", "S: + ", "C: b", "S: w2 OK"}
	for n := range steps {
		c := talk(t, plusCaps, strings.Join(steps[:n], "\n"))
		out, err := appendAll(c, msg("a"), msg("b", "k"))
		var gone *Gone
		if !errors.As(err, &gone) || !c.Closed() || len(out) != map[bool]int{false: 0, true: 1}[n > 2] {
			t.Errorf("after %d steps: %v %v", n, out, err)
		}
	}
	c := talk(t, plusCaps, "C: w1 APPEND \"box\" () {1+}\nC: a\nS: * BYE [UNAVAILABLE] shutting down")
	_, err := appendAll(c, msg("a"))
	refusedAs(t, err, "BYE", "UNAVAILABLE")
}

func TestAppendSilence(t *testing.T) {
	c := talkTo(t, Options{Timeout: 50 * time.Millisecond}, plusCaps, "C: w1 APPEND \"box\" () {1+}\nC: a\nE")
	if _, err := appendAll(c, msg("a")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
}

// TestAppendSlowSource: a source that takes longer than the timeout is no
// fault of the target, idle or within a literal.
func TestAppendSlowSource(t *testing.T) {
	c := talkTo(t, Options{Timeout: 40 * time.Millisecond}, plusCaps, "C: w1 APPEND \"box\" () {1+}\nC: a\nS: w1 OK")
	n := 0
	err := c.Append(context.Background(), "box", func() (*Outgoing, error) {
		time.Sleep(100 * time.Millisecond)
		if n++; n > 1 {
			return nil, io.EOF
		}
		r, w := io.Pipe()
		go func() {
			time.Sleep(120 * time.Millisecond)
			_, _ = w.Write([]byte("a"))
			_ = w.Close()
		}()
		return &Outgoing{Size: 1, Body: r}, nil
	}, func(a Appended) error { return a.Err })
	if err != nil {
		t.Error(err)
	}
}

func TestAppendCancelled(t *testing.T) {
	c := talk(t, plusCaps, "C: w1 APPEND \"box\" () {1+}\nC: a\nE")
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	err := c.Append(ctx, "box", func() (*Outgoing, error) {
		if n++; n > 1 {
			cancel()
			return nil, io.EOF
		}
		return msg("a"), nil
	}, func(Appended) error { return errors.New("nothing was answered") })
	if !errors.Is(err, context.Canceled) || !c.Closed() {
		t.Error(err)
	}
}

func TestAppendCallbacksFail(t *testing.T) {
	stop := errors.New("stop")
	c := talk(t, plusCaps, "C: w1 APPEND \"box\" () {1+}\nC: a\nS: w1 OK\nC: w2 NOOP\nS: w2 OK")
	n, answered := 0, 0
	err := c.Append(context.Background(), "box", func() (*Outgoing, error) {
		if n++; n > 1 {
			return nil, stop
		}
		return msg("a"), nil
	}, func(Appended) error { answered++; return nil })
	if err != stop || answered != 1 || c.Noop(context.Background()) != nil {
		t.Errorf("an error of next: %v, %d answered", err, answered)
	}
	c = talk(t, plusCaps, "C: w1 APPEND \"box\" () {1+}\nC: a\nS: w1 OK\nE")
	n = 0
	err = c.Append(context.Background(), "box", func() (*Outgoing, error) {
		if n++; n > 1 {
			return nil, io.EOF
		}
		return msg("a"), nil
	}, func(Appended) error { return stop })
	if err != stop || !c.Closed() {
		t.Errorf("an error of done: %v", err)
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
