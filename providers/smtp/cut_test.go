package smtp

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/providertest/receiver"
)

// cut breaks a connection at a moment of its dialogue.
type cut struct {
	at    string // in what is written
	after bool   // it is written, and the answer does not come
	then  func() // what else happens
	err   error  // what is read afterwards
}

type cutConn struct {
	net.Conn
	*cut
	dead bool
}

func (c *cutConn) Write(b []byte) (int, error) {
	if c.dead || c.at == "" || !strings.Contains(string(b), c.at) {
		return c.Conn.Write(b)
	}
	c.dead = true
	if !c.after {
		c.then()
		c.Conn.Close()
		return 0, net.ErrClosed
	}
	n, err := c.Conn.Write(b)
	_, _ = c.Conn.Read(make([]byte, 512)) // so that the server has dealt with it
	c.then()
	return n, err
}

func (c *cutConn) Read(b []byte) (int, error) {
	if c.dead {
		return 0, c.err
	}
	return c.Conn.Read(b)
}

// moments of a dialogue, each before and after what is written.
var moments = []string{"EHLO", "AUTH", "MAIL", "RCPT", "DATA", "\r\n.\r\n", "QUIT"}

// Killed at any moment, the next process sends the mail once where the mailbox
// shows it, and otherwise at most a second time as the same mail.
func TestKilledWhileTheCanaryLeaves(t *testing.T) {
	for _, seen := range []bool{true, false} {
		for _, at := range moments {
			for _, after := range []bool{false, true} {
				w := leaving(t, receiver.Options{})
				if !seen {
					w.canary.Arrival = nil
				}
				ctx, kill := context.WithCancel(t.Context())
				w.cut = &cut{at: at, after: after, then: kill, err: net.ErrClosed}
				_, _, err := w.try(ctx, w.sender(), leaves)
				if at != "QUIT" && !errors.Is(err, context.Canceled) {
					t.Fatalf("%q: %v", at, err)
				}
				kill()
				w.cut = nil
				next := leaves
				next.Begun = w.clock
				_, notes, err := w.try(t.Context(), w.sender(), next)
				taken := w.submit.Taken()
				arrived := at == "QUIT" || at == "\r\n.\r\n" && after
				want := 1
				if arrived && !seen {
					want = 2
				}
				if err != nil || len(taken) != want {
					t.Errorf("seen %v, at %q, after %v: sent %d times: %v", seen, at, after, len(taken), err)
				}
				for _, m := range taken {
					if !strings.Contains(string(m.Body), "Message-ID: "+leaves.Message+"\r\n") {
						t.Errorf("another mail: %s", m.Body)
					}
				}
				if told := len(notes) == 1 && notes[0] == "canary-out.again"; told == (arrived && seen) {
					t.Errorf("seen %v, at %q, after %v: notes %q", seen, at, after, notes)
				}
			}
		}
	}
}

// The answer to a mail is lost or does not come in time: the same process
// looks before it sends again.
func TestLostAnswerToTheCanary(t *testing.T) {
	for name, c := range map[string]struct {
		after, seen bool
		err         error
		sent        int
	}{
		"taken":                  {true, true, net.ErrClosed, 1},
		"not taken":              {false, true, net.ErrClosed, 1},
		"timed out":              {true, true, os.ErrDeadlineExceeded, 1},
		"taken, nobody can look": {true, false, net.ErrClosed, 2},
		"not, nobody can look":   {false, false, net.ErrClosed, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := leaving(t, receiver.Options{})
			if !c.seen {
				w.canary.Arrival = nil
			}
			w.cut = &cut{at: "\r\n.\r\n", after: c.after, then: func() {}, err: c.err}
			world := w.sender()
			f, _, _ := w.try(t.Context(), world, leaves)
			if codeOf(f) != planner.CanaryUnsure || f.Class != planner.Throttled || f.Wait == 0 || f.Args["message"] != leaves.Message {
				t.Fatal(f)
			}
			w.cut = nil
			began := w.clock
			if f, _, err := w.try(t.Context(), world, leaves); err != nil || len(w.submit.Taken()) != c.sent {
				t.Errorf("%v, sent %d times", f, len(w.submit.Taken()))
			}
			if waited := w.clock.Sub(began); (waited >= settle) != (c.seen && !c.after) {
				t.Errorf("waited %v", waited)
			}
		})
	}
}

// While nobody can look into the mailbox nothing is sent on a guess; a stop
// ends the look.
func TestTheLookBeforeASecondCanary(t *testing.T) {
	w := leaving(t, receiver.Options{})
	next := leaves
	next.Begun = w.clock
	w.onLook = func() error { return fault(planner.Unreachable, "server.unreachable") }
	if f, _, _ := w.try(t.Context(), w.sender(), next); codeOf(f) != "server.unreachable" || len(w.submit.Taken()) > 0 {
		t.Error(f)
	}
	stop := make(chan struct{})
	w.onLook = func() error { close(stop); return nil }
	if _, err := w.sender().Do(t.Context(), next, stop, nil); !errors.Is(err, planner.ErrStopped) || len(w.submit.Taken()) > 0 {
		t.Error(err)
	}
	w.onLook = nil
	next.Begun = w.clock.Add(-settle) // nothing comes that late
	looks := w.looks
	if f, _, err := w.try(t.Context(), w.sender(), next); err != nil || len(w.submit.Taken()) != 1 || w.looks != looks+1 {
		t.Error(f, w.looks-looks)
	}
}

// A server that repeats the password is not quoted.
func TestTheCanarysPasswordIsNotRepeated(t *testing.T) {
	for _, form := range forms("alice", secret) {
		w := leaving(t, receiver.Options{Rcpt: func(string) error { return answer(550, "you said "+form) }})
		if f, _, _ := w.try(t.Context(), w.sender(), leaves); !strings.Contains(f.Args["said"], "not shown") || strings.Contains(f.Error(), form) {
			t.Error(f)
		}
	}
}
