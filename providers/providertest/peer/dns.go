package peer

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// The kinds of DNS server.
const (
	KindBIND    Kind = "bind"    // authoritative; only on addresses of an interface
	KindKnot    Kind = "knot"    // authoritative
	KindUnbound Kind = "unbound" // resolver
)

// Names is a running DNS server of one zone on loopback.
type Names struct {
	Kind Kind
	Addr string // its IP address
	Port int

	t     testing.TB
	dir   string
	guard *guard
	zone  string
	run   []string
}

// NamesOptions of a DNS server.
type NamesOptions struct {
	Addr string // default 127.0.0.1
	Port int    // default: one of its own
	Zone string // its name, without the last dot; of a resolver: all that it resolves, "." everything
	Text string // of a primary: the zone's file; "": it is a secondary, or a resolver
	From string // of a secondary or resolver: address and port of the primary
	Tell string // of a primary: address and port of the secondary that is notified
	Key  string // base64 of the key "cutover" that may update and transfer
	HMAC string // its algorithm; default hmac-sha256
	More string // lines of configuration: in BIND's zone, in Unbound's server clause
}

// StartNames starts a DNS server that ends with the test. It returns when the
// server answers for its zone.
func StartNames(t testing.TB, kind Kind, o NamesOptions) *Names {
	t.Helper()
	if err := Install(kind); err != nil {
		t.Fatal(err)
	}
	s := &Names{Kind: kind, Addr: o.Addr, Port: o.Port, t: t, zone: o.Zone}
	if s.Addr == "" {
		s.Addr = "127.0.0.1"
	}
	if err := s.furnish(o); err != nil {
		t.Fatalf("peer: %s: %v", kind, err)
	}
	t.Cleanup(s.end)
	s.Start()
	return s
}

func (s *Names) furnish(o NamesOptions) (err error) {
	if s.dir, err = os.MkdirTemp("/tmp", "mxp-"); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(s.dir, "run"), 0o755); err != nil {
		return err
	}
	if s.Port == 0 {
		if s.Port, err = reservePort(s.t); err != nil {
			return err
		}
	}
	if o.Text != "" {
		if err := s.write("zone", o.Text); err != nil {
			return err
		}
	}
	var conf string
	switch s.Kind {
	case KindBIND:
		conf, s.run = s.bind(o), []string{"/usr/sbin/named", "-g", "-4", "-n", "1", "-c", s.file("conf")}
	case KindKnot:
		conf, s.run = s.knot(o), []string{"/usr/sbin/knotd", "-c", s.file("conf")}
	case KindUnbound:
		conf, s.run = s.unbound(o), []string{"/usr/sbin/unbound", "-d", "-p", "-c", s.file("conf")}
	default:
		return fmt.Errorf("no DNS server")
	}
	return s.write("conf", conf)
}

func (s *Names) file(name string) string { return filepath.Join(s.dir, name) }

func (s *Names) write(name, text string) error {
	return os.WriteFile(s.file(name), []byte(text), 0o644)
}

func (s *Names) bind(o NamesOptions) string {
	role := "type primary; update-policy { grant cutover zonesub ANY; }; notify explicit;"
	if o.Tell != "" {
		host, port, _ := net.SplitHostPort(o.Tell)
		role += fmt.Sprintf(" also-notify { %s port %s key cutover; };", host, port)
	}
	if o.Text == "" {
		host, port, _ := net.SplitHostPort(o.From)
		role = fmt.Sprintf("type secondary; primaries { %s port %s key cutover; };", host, port)
	}
	return fmt.Sprintf(`options { directory "%[1]s"; pid-file none; session-keyfile none; lock-file none;
  managed-keys-directory "%[1]s"; listen-on port %[2]d { %[3]s; }; listen-on-v6 { none; };
  recursion no; allow-query { any; }; allow-transfer { key "cutover"; }; notify-delay 0;
  dnssec-validation no; empty-zones-enable no; minimal-responses yes; };
controls { };
key "cutover" { algorithm %[8]s; secret "%[4]s"; };
zone "%[5]s" { file "zone"; %[6]s
%[7]s };
`, s.dir, s.Port, s.Addr, o.Key, o.Zone, role, o.More, o.hmac())
}

func (s *Names) knot(o NamesOptions) string {
	remote, master := "", ""
	if o.From != "" {
		host, port, _ := net.SplitHostPort(o.From)
		remote = fmt.Sprintf("remote:\n  - id: primary\n    address: %s@%s\n    key: cutover\n", host, port)
		master = "    master: primary\n"
	}
	if o.Text != "" {
		master += "    zonefile-load: whole\n"
	}
	if o.Tell != "" {
		host, port, _ := net.SplitHostPort(o.Tell)
		remote = fmt.Sprintf("remote:\n  - id: secondary\n    address: %s@%s\n    key: cutover\n", host, port)
		master += "    notify: secondary\n"
	}
	return fmt.Sprintf(`server:
    rundir: "%[1]s/run"
    listen: %[3]s@%[2]d
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: info
database:
    storage: "%[1]s"
    journal-db-max-size: 32M
    kasp-db-max-size: 16M
    timer-db-max-size: 16M
key:
  - id: cutover
    algorithm: %[8]s
    secret: %[4]s
%[6]sacl:
  - id: upd
    key: cutover
    action: [update, transfer, notify]
zone:
  - domain: %[5]s
    storage: "%[1]s"
    file: zone
    acl: upd
    zonefile-sync: -1
    journal-content: changes
    serial-policy: increment
%[7]s`, s.dir, s.Port, s.Addr, o.Key, o.Zone, remote, master, o.hmac())
}

func (o NamesOptions) hmac() string { return cmp.Or(o.HMAC, "hmac-sha256") }

func (s *Names) unbound(o NamesOptions) string {
	name, only := strings.TrimSuffix(o.Zone, ".")+".", ""
	if name != "." {
		only = "\tlocal-zone: \".\" refuse\n"
	}
	return fmt.Sprintf(`server:
	directory: "%[1]s"
	chroot: ""
	username: ""
	pidfile: ""
	use-syslog: no
	logfile: ""
	num-threads: 1
	interface: %[3]s@%[2]d
	do-ip6: no
	do-not-query-localhost: no
	access-control: 0.0.0.0/0 allow
	module-config: "iterator"
%[7]s	local-zone: "%[4]s" transparent
%[6]s
remote-control:
	control-enable: no
stub-zone:
	name: "%[4]s"
	stub-addr: %[5]s
	stub-prime: no
`, s.dir, s.Port, s.Addr, name, strings.Replace(o.From, ":", "@", 1), o.More, only)
}

// At gives address:port.
func (s *Names) At() string { return net.JoinHostPort(s.Addr, strconv.Itoa(s.Port)) }

// Start starts the server again after Stop or Kill, with the zone as it was.
func (s *Names) Start() {
	s.t.Helper()
	if s.guard != nil {
		s.t.Fatalf("peer: %s runs already", s.Kind)
	}
	var err error
	if s.guard, err = startGuard(s.dir, s.run); err != nil {
		s.t.Fatalf("peer: %s: %v", s.Kind, err)
	}
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(s.zone), dns.TypeSOA)
	client := dns.Client{Timeout: 200 * time.Millisecond}
	for deadline := time.Now().Add(startTimeout); ; time.Sleep(pollInterval) {
		in, _, err := client.Exchange(m, s.At())
		if err == nil && in.Rcode == dns.RcodeSuccess && len(in.Answer) > 0 {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("peer: %s does not start: %v %v\n%s", s.Kind, err, in, s.log())
		}
	}
}

// Stop stops the server.
func (s *Names) Stop() {
	s.t.Helper()
	err := s.guard.stop()
	s.guard = nil
	if err != nil {
		s.t.Fatalf("peer: %s: %v\n%s", s.Kind, err, s.log())
	}
}

func (s *Names) log() string { return (&Server{dir: s.dir}).logTail() }

func (s *Names) end() {
	if s.t.Failed() {
		s.t.Logf("peer: the end of %s's log:\n%s", s.Kind, s.log())
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
