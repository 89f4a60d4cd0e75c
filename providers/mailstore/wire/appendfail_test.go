package wire

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

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

// TestAppendEarlyAnswer: OK before the message was sent is not believed, and a
// refusal before its command was sent leaves nobody waiting.
func TestAppendEarlyAnswer(t *testing.T) {
	for _, caps := range []string{plusCaps, "IMAP4rev1"} {
		for _, answer := range []string{"OK", "NO no"} {
			c := talk(t, caps, "C: w1 NOOP\nS: w1 OK\nS: w2 "+answer+"\nZ")
			if err := c.Noop(context.Background()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Millisecond)
			out, err := appendAll(c, &Outgoing{Size: 1, Body: &slowly{}})
			if answer == "OK" && (err == nil || len(out) > 0) {
				t.Errorf("%s: %v %v", caps, out, err)
			}
			_ = c.Close()
		}
	}
}

// slowly gives one octet after a while.
type slowly struct{ given bool }

func (s *slowly) Read(p []byte) (int, error) {
	if s.given {
		return 0, io.EOF
	}
	time.Sleep(20 * time.Millisecond)
	s.given = true
	p[0] = 'x'
	return 1, nil
}
