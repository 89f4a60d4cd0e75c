// Package receiver is a mail server for tests: it takes mail by SMTP and gives
// it to the test.
package receiver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// Mail is what a server took.
type Mail struct {
	From string
	To   []string
	Body []byte
}

// Options of a server; the zero value takes everything.
type Options struct {
	Addr string // default 127.0.0.1 and a free port
	TLS  bool   // STARTTLS is offered, with a certificate of nobody's

	// Of a submission server.
	Implicit bool              // TLS from the first octet
	Users    map[string]string // passwords of those who may send, once they signed in
	Auth     []string          // mechanisms; default PLAIN and LOGIN

	// Rcpt may refuse an address; a *smtp.SMTPError is sent as it is.
	Rcpt func(to string) error
	// Deliver is called before DATA is answered, and may refuse; it may be
	// called by several at once.
	Deliver func(Mail) error
}

// Server is a running server.
type Server struct {
	Addr string // address:port
	PEM  []byte // its certificate, for receiver.test

	o     Options
	mu    sync.Mutex
	taken []Mail
	calls []string
}

// Start starts a server that ends with the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", o.Addr)
	if err != nil {
		t.Fatalf("receiver: %v", err)
	}
	s := &Server{Addr: l.Addr().String(), o: o}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		s.note("CONNECT")
		if o.Users != nil {
			return &member{session{s: s}, ""}, nil
		}
		return &session{s: s}, nil
	}))
	server.Domain, server.AllowInsecureAuth = "receiver.test", true
	server.ErrorLog = log.New(io.Discard, "", 0)
	server.ReadTimeout, server.WriteTimeout = time.Minute, time.Minute
	if o.TLS || o.Implicit {
		server.TLSConfig, s.PEM = certificate(t)
	}
	if o.Implicit {
		l = tls.NewListener(l, server.TLSConfig)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(l) // its end is Close
	}()
	t.Cleanup(func() {
		_ = l.Close() // Close does not know it before Serve has begun
		_ = server.Close()
		<-ended
	})
	return s
}

func (s *Server) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, what)
}

// Taken are the mails that were taken.
func (s *Server) Taken() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.taken...)
}

// Calls are what was asked: CONNECT, MAIL, RCPT, DATA and END.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.calls...)
}

// session is one conversation.
type session struct {
	s *Server
	m Mail
}

func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	c.s.note("MAIL " + from)
	c.m = Mail{From: from}
	return nil
}

func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.s.note("RCPT " + to)
	c.m.To = append(c.m.To, to)
	if c.s.o.Rcpt != nil {
		return c.s.o.Rcpt(to)
	}
	return nil
}

func (c *session) Data(r io.Reader) error {
	c.s.note("DATA")
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	c.m.Body = b
	if c.s.o.Deliver != nil {
		if err := c.s.o.Deliver(c.m); err != nil {
			return err
		}
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.taken = append(c.s.taken, c.m)
	return nil
}

func (c *session) Reset() { c.m = Mail{} }

func (c *session) Logout() error {
	c.s.note("END")
	return nil
}

// certificate is its own authority; it comes as PEM, too.
func certificate(t testing.TB) (*tls.Config, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	self := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"receiver.test"}}
	der, err := x509.CreateCertificate(rand.Reader, self, self, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
