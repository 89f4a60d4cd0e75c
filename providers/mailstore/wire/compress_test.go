package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mxmove/mxmove/providers/memory/imapd"
	"github.com/mxmove/mxmove/providers/providertest/peer"
)

// meter counts what a connection carries, and the times that it reads after
// it has written: round trips.
type meter struct {
	net.Conn
	in, out, trips atomic.Int64
	wrote          atomic.Bool
}

func (m *meter) Read(p []byte) (int, error) {
	if m.wrote.Swap(false) {
		m.trips.Add(1)
	}
	n, err := m.Conn.Read(p)
	m.in.Add(int64(n))
	return n, err
}

func (m *meter) Write(p []byte) (int, error) {
	n, err := m.Conn.Write(p)
	m.out.Add(int64(n))
	m.wrote.Store(true)
	return n, err
}

// measured lets a meter watch what is dialled.
func measured(o Options) (Options, *meter) {
	m := &meter{}
	o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		nc, err := new(net.Dialer).DialContext(ctx, network, addr)
		m.Conn = nc
		return m, err
	}
	return o, m
}

// memory starts the project's own server.
func memory(t testing.TB) (*imapd.Server, Options) {
	t.Helper()
	s, err := imapd.Start(imapd.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.AddUser("alice", "alice-pw")
	return s, Options{Addr: net.JoinHostPort(s.Host(), fmt.Sprint(s.Port())), Mode: None}
}

// roundTrip writes and reads, and gives the octets of all messages.
func roundTrip(t *testing.T, c *Conn, box string) int64 {
	t.Helper()
	const n = 120
	uids := appendTo(t, c, box, n)
	l := &tally{t: t, sizes: map[string]int{}, came: map[string]int{}}
	for range 3 {
		l.asks, l.first = append(l.asks, Ask{Mailbox: box, From: uids[0]}), append(l.first, uids[0])
	}
	if err := c.Read(context.Background(), l.next, l); err != nil || l.came[box] != 3*n {
		t.Errorf("%d came, %v", l.came[box], err)
	}
	return l.all
}

func TestCompress(t *testing.T) {
	open := map[string]func(*testing.T, Options) *Conn{
		"imapd": func(t *testing.T, o Options) *Conn {
			_, at := memory(t)
			o.Addr, o.Mode = at.Addr, None
			c, err := Dial(context.Background(), o)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
			if err := c.SignIn(context.Background(), Credentials{User: "alice", Secret: "alice-pw"}, ID{}); err != nil {
				t.Fatal(err)
			}
			return c
		},
		"dovecot": func(t *testing.T, o Options) *Conn {
			return enter(t, peer.Dovecot(t, peer.Options{Extra: []string{"protocol imap {", "mail_plugins = imap_zlib", "}"}}), o)
		},
		"cyrus": func(t *testing.T, o Options) *Conn { return enter(t, peer.Cyrus(t, peer.Options{}), o) },
	}
	for name, dial := range open {
		t.Run(name, func(t *testing.T) {
			o, m := measured(Options{Compress: true, BatchMessages: 50})
			c := dial(t, o)
			if !c.Compressed() {
				t.Fatalf("it is not compressed; offered: %v", c.Caps())
			}
			octets := roundTrip(t, c, below(t, c, "Small"))
			if m.in.Load() > octets/3 || m.out.Load() > octets/9 {
				t.Errorf("%d octets in, %d out, of %d", m.in.Load(), m.out.Load(), octets)
			}
		})
	}
}

// TestCompressRefused: it goes on as it is.
func TestCompressRefused(t *testing.T) {
	const caps = "IMAP4rev1 COMPRESS=DEFLATE"
	c := talkTo(t, Options{Compress: true}, caps, "C: w1 LOGIN \"u\" \"p\"\nS: w1 OK [CAPABILITY "+caps+`] in
		C: w2 ID NIL
		C: w3 COMPRESS DEFLATE
		S: w2 OK
		S: w3 NO [COMPRESSIONACTIVE] by TLS
		C: w4 NOOP
		S: w4 OK`)
	if err := c.SignIn(context.Background(), Credentials{User: "u", Secret: "p"}, ID{}); err != nil || c.Compressed() {
		t.Fatal(err)
	}
	if err := c.Noop(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestCompressGarbage: a server that says OK and compresses nothing is found out.
func TestCompressGarbage(t *testing.T) {
	const caps = "IMAP4rev1 COMPRESS=DEFLATE"
	c := talkTo(t, Options{Compress: true}, caps, "C: w1 LOGIN \"u\" \"p\"\nS: w1 OK [CAPABILITY "+caps+`] in
		C: w2 ID NIL
		C: w3 COMPRESS DEFLATE
		S: w2 OK
		S: w3 OK
		S: * OK still here
		Z`)
	if err := c.SignIn(context.Background(), Credentials{User: "u", Secret: "p"}, ID{}); err != nil {
		t.Fatal(err)
	}
	var gone *Gone
	if err := c.Noop(context.Background()); !errors.As(err, &gone) || !c.Closed() {
		t.Error(err)
	}
}

// TestRoundTrips: from the connection to the listing with the status of all
// mailboxes it takes two round trips beside those of TCP and TLS; then one for
// all lists of messages.
func TestRoundTrips(t *testing.T) {
	s := peer.Dovecot(t, peer.Options{})
	o, m := measured(Options{})
	c := enter(t, s, o)
	listing, err := c.List(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if n := m.trips.Load(); n != 2 || len(listing.Mailboxes) < 5 || !listing.Mailboxes[0].Status.Known {
		t.Errorf("%d round trips to %d mailboxes", n, len(listing.Mailboxes))
	}
	l := &tally{t: t, came: map[string]int{}}
	for _, m := range listing.Mailboxes {
		l.asks = append(l.asks, Ask{Mailbox: m.Name, Flags: true})
	}
	err = c.Read(context.Background(), l.next, l)
	if n := m.trips.Load(); err != nil || n != 3 {
		t.Errorf("%d round trips, %v", n, err)
	}
	if strings.Contains(fmt.Sprint(c.Caps()), "COMPRESS") || c.Compressed() {
		t.Error("it is compressed")
	}
}
