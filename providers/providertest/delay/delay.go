// Package delay puts distance between a client and a server on one machine.
package delay

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Proxy passes TCP connections on to a server, each octet half a round trip
// later. Order is kept, bandwidth is not limited, and an end of one direction
// ends that direction only.
type Proxy struct {
	listener net.Listener
	server   string
	trip     time.Duration
	passed   atomic.Int64

	mu     sync.Mutex
	open   map[*net.TCPConn]bool
	closed bool
	work   sync.WaitGroup
}

// Start listens on a port of 127.0.0.1 for a server at host:port, a round trip
// away.
func Start(server string, trip time.Duration) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: listener, server: server, trip: trip, open: map[*net.TCPConn]bool{}}
	p.work.Go(p.accept)
	return p, nil
}

// Port gives the port of 127.0.0.1 on which it listens.
func (p *Proxy) Port() int { return p.listener.Addr().(*net.TCPAddr).Port }

// Passed gives how many octets of clients came so far; those of the last half
// round trip are still on their way to the server.
func (p *Proxy) Passed() int64 { return p.passed.Load() }

// Close cuts all connections and returns when nothing of them is left.
func (p *Proxy) Close() {
	_ = p.listener.Close()
	p.mu.Lock()
	p.closed = true
	for conn := range p.open {
		_ = conn.Close()
	}
	p.mu.Unlock()
	p.work.Wait()
}

func (p *Proxy) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		client := conn.(*net.TCPConn)
		if !p.keep(client) {
			return
		}
		p.work.Go(func() { p.serve(client) })
	}
}

// keep notes a connection for Close; false: it came too late and is closed.
func (p *Proxy) keep(conn *net.TCPConn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = conn.Close()
		return false
	}
	p.open[conn] = true
	return true
}

func (p *Proxy) drop(conn *net.TCPConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, conn)
	_ = conn.Close()
}

// serve carries one connection. A server hears of a client when the third
// packet of the handshake arrives, after one and a half round trips.
func (p *Proxy) serve(client *net.TCPConn) {
	defer p.drop(client)
	time.Sleep(p.trip * 3 / 2)
	conn, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	server := conn.(*net.TCPConn)
	if !p.keep(server) {
		return
	}
	defer p.drop(server)
	var both sync.WaitGroup
	both.Go(func() { p.carry(server, client, &p.passed) })
	both.Go(func() { p.carry(client, server, new(atomic.Int64)) })
	both.Wait()
}

// carry passes one direction on until it ends, and counts its octets; what
// breaks it breaks both.
func (p *Proxy) carry(to, from *net.TCPConn, count *atomic.Int64) {
	q := newQueue()
	var reading sync.WaitGroup
	reading.Go(func() { fill(q, from, p.trip/2, count) })
	if err := drain(q, to); err != nil {
		q.abandon()
		_ = from.Close()
		_ = to.Close()
	}
	reading.Wait()
}

const chunk = 64 << 10

var chunks = sync.Pool{New: func() any { return new([chunk]byte) }}

func fill(q *queue, from *net.TCPConn, delay time.Duration, count *atomic.Int64) {
	for {
		buffer := chunks.Get().(*[chunk]byte)
		n, err := from.Read(buffer[:])
		count.Add(int64(n))
		due := time.Now().Add(delay)
		if n > 0 && !q.put(segment{due: due, buffer: buffer, n: n}) {
			return
		}
		if err != nil {
			q.put(segment{due: due, end: err})
			return
		}
	}
}

// drain writes what is due. Nil: the direction came to its end.
func drain(q *queue, to *net.TCPConn) error {
	for {
		s := q.take()
		time.Sleep(time.Until(s.due))
		if errors.Is(s.end, io.EOF) {
			return to.CloseWrite()
		}
		if s.end != nil {
			return s.end
		}
		_, err := to.Write(s.buffer[:s.n])
		chunks.Put(s.buffer)
		if err != nil {
			return err
		}
	}
}
