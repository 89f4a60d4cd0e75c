package imapd

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"sync"
	"time"
)

// Options say how a server presents itself.
type Options struct {
	Now  func() time.Time // dates of messages appended without one; certificates
	TLS  bool             // implicit TLS with a certificate of its own authority, see CA
	Name string           // in the greeting

	AppendLimit int // octets of a message that it takes; 0: no limit
}

// Server listens on loopback until Close.
type Server struct {
	options Options
	ln      net.Listener
	ca      []byte
	serving sync.WaitGroup

	mu     sync.Mutex
	users  map[string]*User
	conns  map[net.Conn]struct{}
	counts map[string]map[string]int // login → command → times
	faults []*armed
	closed bool
}

// Start opens a server on a free port of 127.0.0.1.
func Start(options Options) (*Server, error) {
	s := &Server{options: options, users: map[string]*User{}, conns: map[net.Conn]struct{}{},
		counts: map[string]map[string]int{}}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	if options.TLS {
		ca, cert, err := certify(options.Now())
		if err != nil {
			return nil, errors.Join(err, ln.Close())
		}
		s.ca = ca
		ln = tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{cert}})
	}
	s.ln = ln
	s.serving.Go(s.accept)
	return s, nil
}

// Host is the address that the certificate is for.
func (s *Server) Host() string { return "127.0.0.1" }

// Port is the TCP port.
func (s *Server) Port() int { return s.ln.Addr().(*net.TCPAddr).Port }

// CA is the authority's certificate as PEM, nil without TLS.
func (s *Server) CA() []byte { return s.ca }

// Close ends all connections and waits until they are gone.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	err := s.ln.Close()
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.serving.Wait()
	return err
}

// AddUser makes a mailbox with an INBOX, or gives the one that exists the
// password.
func (s *Server) AddUser(login, password string) *User {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[login]
	if u == nil {
		u = newUser()
		s.users[login] = u
	}
	u.mu.Lock()
	u.password = password
	u.mu.Unlock()
	return u
}

// User gives a mailbox, or nil.
func (s *Server) User(login string) *User {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.users[login]
}

// Count tells how often a client asked for a command, such as APPEND (each
// message counts) or UID FETCH, signed in as login. Every try to sign in, by
// whatever command, counts as LOGIN.
func (s *Server) Count(login, command string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[login][command]
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
		s.mu.Unlock()
		s.serving.Go(func() {
			newConn(s, nc).serve()
			nc.Close()
			s.mu.Lock()
			delete(s.conns, nc)
			s.mu.Unlock()
		})
	}
}

func (s *Server) login(login, password string) *User {
	u := s.User(login)
	if u == nil {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.password != password {
		return nil
	}
	return u
}

// Act is how a fault shows.
type Act int

// The acts.
const (
	DropBefore Act = iota // the connection ends, the command is not carried out
	DropAfter             // carried out, then the connection ends without an answer
	Refuse                // NO with the fault's text, not carried out
	Delay                 // carried out after the fault's wait
)

// Fault makes one command fail.
type Fault struct {
	Login   string // "": whoever
	Command string // APPEND, UID FETCH, LOGIN …
	After   int    // so many of them go well first
	Times   int    // and so many fail; 0: one
	Act     Act
	Text    string        // of Refuse, with its response code
	Wait    time.Duration // of Delay
}

type armed struct {
	Fault
	seen int
}

// Fail arms a fault. Several may be armed; the first that fits acts.
func (s *Server) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Times = max(f.Times, 1)
	s.faults = append(s.faults, &armed{Fault: f})
}

// Mend disarms all faults.
func (s *Server) Mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// note counts a command and gives the fault that it is to suffer, or nil.
func (s *Server) note(login, command string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts[login] == nil {
		s.counts[login] = map[string]int{}
	}
	s.counts[login][command]++
	for _, f := range s.faults {
		if f.Login != "" && f.Login != login || !strings.EqualFold(f.Command, command) {
			continue
		}
		f.seen++
		if f.seen > f.After && f.seen <= f.After+f.Times {
			return &f.Fault
		}
	}
	return nil
}
