// Package peer starts real servers for tests: Dovecot, Cyrus and Courier for IMAP,
// BIND, Knot and Unbound for DNS,
// each on loopback, with ports, certificate, accounts and mail of its own.
//
// It needs Linux, root and, once, apt-get with Debian 12's packages. What is
// missing and cannot be installed fails the test; nothing is ever skipped.
package peer

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Kind names a server's software.
type Kind string

// The kinds.
const (
	KindDovecot Kind = "dovecot" // 2.3: LITERAL+, UIDPLUS, CONDSTORE, SPECIAL-USE; separator "/"
	KindCyrus   Kind = "cyrus"   // 3.6: the same and QUOTA, APPENDLIMIT; folders below "INBOX."
	KindCourier Kind = "courier" // 5.0: UIDPLUS only; folders below "INBOX."
)

// ToolMbsync is no server but isync's copying client, to compare with; Install
// knows it.
const ToolMbsync Kind = "mbsync"

// Options of a server; the zero value is good. An option that the kind of
// server cannot honour fails the test.
type Options struct {
	// Users maps each login name, which may be an address, to its password.
	// Nil: alice with alice-pw and bob with bob-pw. A password has no line
	// end and, for Dovecot, no colon.
	Users map[string]string

	// Masters maps administrators, not for Courier, to their passwords. At
	// Dovecot they sign in as USER*MASTER or by SASL PLAIN with an
	// authorization identity (RFC 4616), at Cyrus by the latter.
	Masters map[string]string

	// TLS gives the server a certificate (see Server.CAFile): IMAPS on
	// TLSPort and STARTTLS on Port.
	TLS bool

	// Format of Dovecot's mailboxes: maildir (the default), mdbox, sdbox, mbox.
	Format string

	// Separator of the hierarchy. Dovecot: any, default "/". Cyrus: "." (the
	// default) or "/".
	Separator string

	// Prefix of Dovecot's personal namespace with its separator, such as
	// "INBOX."; default none.
	Prefix string

	// AltNamespace puts Cyrus' folders beside INBOX instead of below it.
	AltNamespace bool

	// Quota of every account in octets, kept to 1024; 0: none.
	Quota int64

	// MaxMessage is the largest message in octets, not for Courier; 0: no limit.
	MaxMessage int64

	// Base is the directory below which the server keeps its files, the mail
	// too; default memory where there is much, else /tmp. Its path is short (unix sockets), and all users may
	// enter it.
	Base string

	// Extra lines of configuration: of dovecot.conf, of imapd.conf, or, for
	// Courier, NAME=VALUE of the environment of its imapd. They win over
	// what the package writes.
	Extra []string
}

// Server is a running server. Its fields do not change after it has started,
// but Users and Masters may be edited by a test between Stop and Start.
type Server struct {
	Kind    Kind
	Host    string // 127.0.0.1; the certificate is also good for localhost
	Port    int    // IMAP; with Options.TLS it offers STARTTLS
	TLSPort int    // IMAPS; 0 without Options.TLS
	CAFile  string // PEM file with the certificate to trust; "" without Options.TLS
	Users   map[string]string
	Masters map[string]string

	t       testing.TB
	options Options
	dir     string
	daemon  daemon
	guard   *guard // nil: not running
}

// daemon is what differs between the kinds of server.
type daemon interface {
	check(Options) error
	// configure writes everything that the server reads, and gives its command.
	configure(*Server) (command []string, err error)
	// base gives the directory for servers without Options.Base.
	base() string
}

// inMemory gives a directory in memory where that has much room: a disk that
// others use makes a server wait seconds for each of its fsyncs.
func inMemory() string {
	const dir, much = "/dev/shm", 2 << 30
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil || s.Bavail*uint64(s.Bsize) < much {
		return "/tmp"
	}
	return dir
}

// Dovecot starts a Dovecot that ends with the test.
func Dovecot(t testing.TB, o Options) *Server {
	t.Helper()
	return launch(t, KindDovecot, dovecot{}, o)
}

// Cyrus starts a Cyrus IMAP server that ends with the test.
func Cyrus(t testing.TB, o Options) *Server {
	t.Helper()
	return launch(t, KindCyrus, cyrus{}, o)
}

// Courier starts a Courier IMAP server that ends with the test.
func Courier(t testing.TB, o Options) *Server {
	t.Helper()
	return launch(t, KindCourier, courier{}, o)
}

func launch(t testing.TB, kind Kind, d daemon, o Options) *Server {
	t.Helper()
	if err := d.check(o); err != nil {
		t.Fatalf("peer: %s: %v", kind, err)
	}
	if err := Install(kind); err != nil {
		t.Fatal(err)
	}
	s := &Server{Kind: kind, Host: "127.0.0.1", Users: maps.Clone(o.Users), Masters: maps.Clone(o.Masters), t: t, options: o, daemon: d}
	if s.Users == nil {
		s.Users = map[string]string{"alice": "alice-pw", "bob": "bob-pw"}
	}
	if err := s.furnish(); err != nil {
		t.Fatalf("peer: %s: %v", kind, err)
	}
	t.Cleanup(s.end)
	s.Start()
	return s
}

// furnish gives the server its directory, ports and certificate.
func (s *Server) furnish() error {
	// Not t.TempDir: paths of unix sockets are short (108 octets), and the
	// servers' own users must be able to come in.
	dir, err := os.MkdirTemp(cmp.Or(s.options.Base, s.daemon.base()), "mxp-")
	if err != nil {
		return err
	}
	s.dir = dir
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	if s.Port, err = reservePort(s.t); err != nil {
		return err
	}
	if !s.options.TLS {
		return nil
	}
	if s.TLSPort, err = reservePort(s.t); err != nil {
		return err
	}
	s.CAFile = filepath.Join(dir, "cert.pem")
	return writeCertificate(s.CAFile, s.keyFile())
}

// Dir gives the directory that goes with the server: Dovecot has its
// configuration in dovecot.conf, a user's mail in mail/USER and the number of
// its first process in run/master.pid.
func (s *Server) Dir() string { return s.dir }

func (s *Server) keyFile() string { return filepath.Join(s.dir, "key.pem") }

// Start starts the server again after Stop, on the same ports and with the
// mail that it had. It returns when the greeting is served.
func (s *Server) Start() {
	s.t.Helper()
	if s.guard != nil {
		s.t.Fatalf("peer: %s runs already", s.Kind)
	}
	command, err := s.daemon.configure(s)
	if err != nil {
		s.t.Fatalf("peer: %s: writing the configuration: %v", s.Kind, err)
	}
	if s.guard, err = startGuard(s.dir, command); err != nil {
		s.t.Fatalf("peer: %s: %v", s.Kind, err)
	}
	for _, port := range s.ports() {
		if err := awaitGreeting(s.Host, port.number, port.config); err != nil {
			s.t.Fatalf("peer: %s does not start: %v\n%s", s.Kind, err, s.logTail())
		}
	}
}

// Stop stops the server with all its processes, as its administrator would:
// clients that are signed in are cut off. The mail stays.
func (s *Server) Stop() {
	s.t.Helper()
	if s.guard == nil {
		s.t.Fatalf("peer: %s does not run", s.Kind)
	}
	err := s.guard.stop()
	s.guard = nil
	if err != nil {
		s.t.Fatalf("peer: %s: %v\n%s", s.Kind, err, s.logTail())
	}
}

// end stops the server and removes all it had.
func (s *Server) end() {
	if s.t.Failed() {
		s.t.Logf("peer: the end of %s's log:\n%s", s.Kind, s.logTail())
	}
	if s.guard != nil {
		if err := s.guard.stop(); err != nil {
			s.t.Errorf("peer: %s: %v", s.Kind, err)
		}
	}
	if err := os.RemoveAll(s.dir); err != nil {
		s.t.Errorf("peer: %s: %v", s.Kind, err)
	}
}
