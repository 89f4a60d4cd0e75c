package mailstore

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/mxmove/mxmove/providers/mailstore/wire"
)

// farewell is how long the answer to LOGOUT may take.
const farewell = 2 * time.Second

// partings are connections that have said goodbye, by login. A server counts
// them until it has answered, so whoever signs in to the same mailbox waits
// for that; nobody else does. It is safe for concurrent use.
type partings struct {
	mu sync.Mutex
	of map[string][]chan struct{}
}

// part says goodbye on a connection, and calls after when the server has
// answered or had its time.
func (p *partings) part(login string, c *wire.Conn, after func()) {
	wait, over := c.Bye(), make(chan struct{})
	p.mu.Lock()
	if p.of == nil {
		p.of = map[string][]chan struct{}{}
	}
	p.of[login] = append(p.of[login], over)
	p.mu.Unlock()
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), farewell)
		defer cancel()
		wait(ctx)
		after()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.of[login] = slices.DeleteFunc(p.of[login], func(c chan struct{}) bool { return c == over })
		if len(p.of[login]) == 0 {
			delete(p.of, login)
		}
		close(over)
	}()
}

// wait waits until all connections of a login have parted.
func (p *partings) wait(ctx context.Context, login string) {
	p.mu.Lock()
	all := slices.Clone(p.of[login])
	p.mu.Unlock()
	for _, over := range all {
		select {
		case <-over:
		case <-ctx.Done():
		}
	}
}
