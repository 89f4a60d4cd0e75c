package scripted

import (
	"maps"
	"net"
	"sync"
)

// Server listens on loopback until Close.
type Server struct {
	profile Profile
	ln      net.Listener
	serving sync.WaitGroup

	mu     sync.Mutex // over all that follows, boxes included
	boxes  map[string]*Box
	conns  map[net.Conn]struct{}
	traces []*Trace
	faults []*armed
	closed bool
}

// Trace is what came over one connection.
type Trace struct {
	Login    string         // last tried; "" before
	Commands map[string]int // by name, such as UID FETCH
}

// Start opens a server on a free port of 127.0.0.1.
func Start(p Profile) (*Server, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{profile: p, ln: ln, boxes: map[string]*Box{}, conns: map[net.Conn]struct{}{}}
	s.serving.Go(s.accept)
	return s, nil
}

// Port is the TCP port.
func (s *Server) Port() int { return s.ln.Addr().(*net.TCPAddr).Port }

// Close ends all connections and waits until they are gone.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.ln.Close()
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.serving.Wait()
}

func (s *Server) accept() {
	for {
		nc, err := s.ln.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			nc.Close()
			return
		}
		s.conns[nc] = struct{}{}
		t := &Trace{Commands: map[string]int{}}
		s.traces = append(s.traces, t)
		s.mu.Unlock()
		s.serving.Go(func() {
			c := newConn(s, nc, t)
			c.serve()
			nc.Close()
			s.mu.Lock()
			delete(s.conns, nc)
			if c.box != nil {
				c.box.sessions--
			}
			s.mu.Unlock()
		})
	}
}

// Connections tells of every connection that was made, in their order.
func (s *Server) Connections() []Trace {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Trace, len(s.traces))
	for i, t := range s.traces {
		all[i] = Trace{t.Login, maps.Clone(t.Commands)}
	}
	return all
}

// Count is how often a command came from connections of a login. Each try to
// sign in counts as LOGIN.
func (s *Server) Count(login, command string) (n int) {
	for _, t := range s.Connections() {
		if t.Login == login {
			n += t.Commands[command]
		}
	}
	return n
}

// Commands is how many commands came in all.
func (s *Server) Commands() (n int) {
	for _, t := range s.Connections() {
		for _, times := range t.Commands {
			n += times
		}
	}
	return n
}
