package wire

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// guard is the lowest layer of a connection, below TLS, so that a deadline
// never leaves a TLS record half written and half known.
type guard struct {
	net.Conn
	mu      sync.Mutex
	timeout time.Duration
	dead    bool          // cancelled: no deadline is set any more
	wrote   atomic.Uint64 // octets; writing is progress for a waiting reader too
	quick   atomic.Bool   // acknowledge at once: see quickAck
	busy    atomic.Bool   // a body is being sent: the peer owes nothing for it yet
}

// Read waits at most the timeout for an octet, longer while writing goes on.
func (g *guard) Read(p []byte) (int, error) {
	for {
		before := g.wrote.Load()
		if err := g.arm(g.Conn.SetReadDeadline); err != nil {
			return 0, err
		}
		n, err := g.Conn.Read(p)
		if g.quick.Load() {
			quickAck(g.Conn)
		}
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		if g.isDead() || g.wrote.Load() == before && !g.busy.Load() {
			return n, err
		}
	}
}

// Write waits at most the timeout for p to be taken.
func (g *guard) Write(p []byte) (int, error) {
	if err := g.arm(g.Conn.SetWriteDeadline); err != nil {
		return 0, err
	}
	n, err := g.Conn.Write(p)
	g.wrote.Add(uint64(n))
	return n, err
}

// arm uses the clock of the machine: it is what net.Conn compares with.
func (g *guard) arm(set func(time.Time) error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.dead {
		return os.ErrDeadlineExceeded
	}
	return set(time.Now().Add(g.timeout))
}

// allow sets the timeout for what comes.
func (g *guard) allow(d time.Duration) {
	g.mu.Lock()
	g.timeout = d
	g.mu.Unlock()
}

// hurry lets a read that is under way end within d as well.
func (g *guard) hurry(d time.Duration) {
	g.allow(d)
	g.busy.Store(false)
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.dead {
		_ = g.Conn.SetReadDeadline(time.Now().Add(d))
	}
}

// kill ends all that is under way; the connection is of no more use.
func (g *guard) kill() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dead = true
	_ = g.Conn.SetDeadline(time.Unix(1, 0))
}

func (g *guard) isDead() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.dead
}
