package peer

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// Ports are taken from below the range that Linux gives to clients
// (net.ipv4.ip_local_port_range), so that none is lost while its server is
// stopped. Each is reserved by a lock on a file that lasts as long as the test,
// also against other test processes.
const (
	firstPort = 21000
	lastPort  = 27999
)

func reservePort(t testing.TB) (int, error) {
	dir := filepath.Join(cacheDir, "ports")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	span := lastPort - firstPort + 1
	for i := range span {
		port := firstPort + (os.Getpid()*31+i)%span
		lock := flock.New(filepath.Join(dir, strconv.Itoa(port)))
		locked, err := lock.TryLock()
		if err != nil {
			return 0, fmt.Errorf("reserving a port: %w", err)
		}
		if !locked {
			continue
		}
		if portIsFree(port) {
			t.Cleanup(func() { _ = lock.Close() })
			return port, nil
		}
		_ = lock.Close()
	}
	return 0, fmt.Errorf("no free port from %d to %d", firstPort, lastPort)
}

func portIsFree(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

type listener struct {
	number int
	config *tls.Config // nil: plain
}

// ports lists what the server must serve before it counts as started.
func (s *Server) ports() []listener {
	list := []listener{{number: s.Port}}
	if s.options.TLS {
		list = append(list, listener{number: s.TLSPort, config: s.TLSConfig()})
	}
	return list
}

// Addr gives host:port of the server's plain port.
func (s *Server) Addr() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// TLSConfig gives a client's configuration that trusts the server's
// certificate and nothing else; nil without Options.TLS.
func (s *Server) TLSConfig() *tls.Config {
	s.t.Helper()
	if !s.options.TLS {
		return nil
	}
	pem, err := os.ReadFile(s.CAFile)
	if err != nil {
		s.t.Fatalf("peer: %v", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		s.t.Fatalf("peer: no certificate in %s", s.CAFile)
	}
	return &tls.Config{RootCAs: pool, ServerName: s.Host}
}

const (
	startTimeout = 30 * time.Second // generous: test machines are slow at times
	pollInterval = 5 * time.Millisecond
)

func awaitGreeting(host string, port int, config *tls.Config) error {
	deadline := time.Now().Add(startTimeout)
	for {
		err := greeting(host, port, config)
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("no greeting on port %d in %v: %w", port, startTimeout, err)
		}
		time.Sleep(pollInterval)
	}
}

func greeting(host string, port int, config *tls.Config) error {
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(host, strconv.Itoa(port)), time.Second)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	if config != nil {
		conn = tls.Client(conn, config)
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if !strings.HasPrefix(line, "* OK") {
		return fmt.Errorf("the greeting is %q", line)
	}
	return nil
}

// logTail gives the last lines that the server has logged.
func (s *Server) logTail() string {
	log, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if errors.Is(err, os.ErrNotExist) {
		return "(no log)"
	}
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(log), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-20):], []byte("\n")))
}
