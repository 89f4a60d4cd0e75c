package mailstore

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/wire"
)

const (
	fresh  = 5 * time.Minute  // how long what a server told stands for what it would tell now
	unused = 15 * time.Second // how long a greeted connection waits for its use: servers close those that do not sign in
)

// greetings keeps what a server told last, and the connection on which it
// greeted, for whoever signs in next. It is safe for concurrent use.
type greetings struct {
	mu    sync.Mutex
	conn  *wire.Conn
	since time.Time
	caps  imap.CapSet // of a sign-in
	at    time.Time
}

// keep keeps a greeted connection.
func (g *greetings) keep(c *wire.Conn, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.conn != nil {
		_ = g.conn.Close()
	}
	g.conn, g.since = c, now
	time.AfterFunc(unused, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.conn == c {
			_, g.conn = c.Close(), nil
		}
	})
}

// take gives the greeted connection, or nil.
func (g *greetings) take(now time.Time) *wire.Conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.conn
	g.conn = nil
	if c == nil || now.Sub(g.since) < unused && !c.Closed() {
		return c
	}
	_ = c.Close()
	return nil
}

// signed keeps what a server tells those who have signed in.
func (g *greetings) signed(caps imap.CapSet, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.caps, g.at = caps, now
}

// told gives what signed kept last.
func (g *greetings) told() (caps imap.CapSet, at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.caps, g.at
}

// greet sees a server: as it was when somebody signed in a moment ago, or as
// it is before.
func (s *Store) greet(ctx context.Context, d *side) planner.Side {
	if d.absent() {
		return planner.Side{}
	}
	seen := planner.Side{Endpoint: planner.EndpointOf(d.imap, ""), Seen: planner.Seen{At: s.o.Now(), How: "imap"}}
	if caps, at := d.greetings.told(); caps != nil && s.o.Now().Sub(at) < fresh {
		seen.Seen.At = at
		abilities(&seen, caps)
		return seen
	}
	if err := d.slots.acquire(ctx, nil); err != nil {
		return seen
	}
	defer d.slots.release()
	c, err := d.dial(ctx)
	if err != nil {
		seen.Seen.Err = faultOf(err)
		return seen
	}
	abilities(&seen, c.Caps())
	d.greetings.keep(c, s.o.Now())
	return seen
}

// enter signs in on the greeted connection or, where there is none or it is
// gone, on a new one.
func (s *side) enter(ctx context.Context, a account, cr wire.Credentials) (*wire.Conn, error) {
	if c := s.greetings.take(s.now()); c != nil {
		c, err := s.signInOn(ctx, c, a, cr)
		var f *planner.Fault
		if !errors.As(err, &f) || f.Class != planner.Gone {
			return c, err
		}
	}
	c, err := s.dial(ctx)
	if err != nil {
		return nil, err
	}
	return s.signInOn(ctx, c, a, cr)
}
