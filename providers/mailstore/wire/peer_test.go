package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/providers/providertest/peer"
)

// servers starts each kind of real server in turn.
func servers(t *testing.T, f func(*testing.T, *peer.Server)) {
	t.Helper()
	for kind, start := range map[peer.Kind]func(testing.TB, peer.Options) *peer.Server{
		peer.KindDovecot: peer.Dovecot, peer.KindCyrus: peer.Cyrus, peer.KindCourier: peer.Courier,
	} {
		t.Run(string(kind), func(t *testing.T) {
			o := peer.Options{}
			if kind == peer.KindDovecot {
				o.MaxMessage = maxMessage
			}
			f(t, start(t, o))
		})
	}
}

const maxMessage = 100 << 10

// unwanted is a message that the kind of server refuses, or "".
func unwanted(k peer.Kind) string {
	switch k {
	case peer.KindDovecot: // over its quota's limit, of which it does not tell
		return letter("x", 0) + strings.Repeat("x", maxMessage)
	case peer.KindCyrus: // bare line feeds
		return "Subject: x\n\nx\n"
	}
	return ""
}

// enter signs in to a real server.
func enter(t testing.TB, s *peer.Server, o Options) *Conn {
	t.Helper()
	o.Addr, o.Mode = net.JoinHostPort(s.Host, fmt.Sprint(s.Port)), None
	c, err := Dial(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SignIn(context.Background(), Credentials{User: "alice", Secret: s.Users["alice"]}, ID{}); err != nil {
		t.Fatal(err)
	}
	return c
}

// below makes a folder's name and the folder.
func below(t testing.TB, c *Conn, name string) string {
	t.Helper()
	l, err := c.List(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Personal) > 0 {
		name = l.Personal[0].Prefix + name
	}
	if err := c.Create(context.Background(), name, ""); err != nil {
		t.Fatal(err)
	}
	return name
}

func letter(box string, i int) string {
	return fmt.Sprintf("Subject: %s %d\r\n\r\n%s\r\n", box, i, strings.Repeat("line of text\r\n", i%40))
}

// appendTo sends letters n of box and gives their UIDs.
func appendTo(t testing.TB, c *Conn, box string, n int) []uint32 {
	t.Helper()
	if _, err := c.Select(context.Background(), box); err != nil {
		t.Fatal(err)
	}
	i := 0
	var uids []uint32
	err := c.Append(context.Background(), box, func() (*Outgoing, error) {
		if i == n {
			return nil, io.EOF
		}
		i++
		m := msg(letter(box, i-1), imap.FlagSeen)
		if i%7 == 0 {
			m.Flags = append(m.Flags, "$Forwarded")
		}
		m.Date = time.Date(2024, 2, 1, 10, 20, i%60, 0, time.UTC)
		return m, nil
	}, func(a Appended) error {
		uids = append(uids, a.UID)
		return a.Err
	})
	if err != nil || len(uids) != n {
		t.Fatalf("%d of %d, %v", len(uids), n, err)
	}
	return uids
}

// TestPeerAppend: each real server stores each message once, where it says.
func TestPeerAppend(t *testing.T) {
	servers(t, func(t *testing.T, s *peer.Server) {
		const n = 250
		c := enter(t, s, Options{BatchMessages: 40})
		box := below(t, c, "Batch")
		uids := appendTo(t, c, box, n)
		if _, err := c.Examine(context.Background(), box); err != nil {
			t.Fatal(err)
		}
		came := 0
		missing, err := c.Fetch(context.Background(), uids, func(m *Message) error {
			b, err := io.ReadAll(m.Body)
			if err == nil && string(b) != letter(box, int(m.UID-uids[0])) {
				t.Errorf("UID %d: %.40q", m.UID, b)
			}
			came++
			return err
		})
		if err != nil || len(missing) > 0 || came != n || uids[0] == 0 {
			t.Errorf("%d came, missing %v, %v", came, missing, err)
		}
	})
}

// TestPeerAppendRefused: a message that is not taken costs its batch, of which
// nothing is stored; sent again alone all others are.
func TestPeerAppendRefused(t *testing.T) {
	servers(t, func(t *testing.T, s *peer.Server) {
		if s.Kind == peer.KindCourier {
			return // it has no batches, and refuses nothing
		}
		c := enter(t, s, Options{BatchMessages: 10})
		box := below(t, c, "Refused")
		text := func(i int) string {
			if i == 14 {
				return unwanted(s.Kind)
			}
			return letter(box, i)
		}
		stored, again := map[int]uint32{}, []int{}
		send := func(which []int, alone bool) {
			order := slices.Clone(which)
			err := c.Append(context.Background(), box, func() (*Outgoing, error) {
				if len(which) == 0 {
					return nil, io.EOF
				}
				m := msg(text(which[0]))
				m.Alone = alone
				which = which[1:]
				return m, nil
			}, func(a Appended) error {
				var all *BatchRefused
				var no *Refused
				switch {
				case a.Err == nil:
					stored[order[a.Index]] = a.UID
				case errors.As(a.Err, &all) && !alone:
					again = append(again, order[a.Index])
				case errors.As(a.Err, &no) && alone && order[a.Index] == 14:
				default:
					return a.Err
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		var all []int
		for i := range 30 {
			all = append(all, i)
		}
		send(all, false)
		// a server may answer before the batch is whole: what follows is another one
		if len(again) < 5 || len(again) > 10 || len(again)+len(stored) != 30 || !slices.Contains(again, 14) {
			t.Fatalf("%d stored, %v again", len(stored), again)
		}
		send(again, true)
		sel, err := c.Examine(context.Background(), box)
		if err != nil || sel.Messages != 29 || len(stored) != 29 {
			t.Errorf("%+v %v, %d stored", sel, err, len(stored))
		}
	})
}

// TestPeerAppendBroken: a body that breaks off within a batch leaves nothing.
func TestPeerAppendBroken(t *testing.T) {
	servers(t, func(t *testing.T, s *peer.Server) {
		c := enter(t, s, Options{BatchMessages: 10})
		box := below(t, c, "Broken")
		left := []*Outgoing{msg(letter(box, 1)), msg(letter(box, 2)), {Size: 500, Body: strings.NewReader(letter(box, 3))}}
		if !c.caps.Has(imap.CapMultiAppend) {
			left = left[2:]
		}
		err := c.Append(context.Background(), box, func() (*Outgoing, error) {
			m := left[0]
			left = left[1:]
			return m, nil
		}, func(a Appended) error { return fmt.Errorf("an answer: %v", a) })
		var body *BodyError
		if !errors.As(err, &body) || len(left) > 0 {
			t.Fatal(err)
		}
		c = enter(t, s, Options{})
		if sel, err := c.Examine(context.Background(), box); err != nil || sel.Messages != 0 {
			t.Errorf("%+v %v", sel, err)
		}
	})
}
