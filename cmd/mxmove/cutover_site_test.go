package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/providers/memory/imapd"
	"github.com/mxmove/mxmove/providers/providertest/receiver"
	"github.com/mxmove/mxmove/providers/providertest/vendors"
)

// move is a company that moves, from the plan to the last step, by the program
// itself: mail services and vendors are real servers of this process, and only
// time is not real.
type move struct {
	*route
	dir      string
	old, new *imapd.Server
	domains  []string
	people   []string
	vars     map[string]string
	stdout   io.Writer     // also
	stop     chan struct{} // nil: nobody interrupts
	opens    time.Time     // the window, for ten hours
	tail     time.Duration

	mail   sync.Mutex
	sent   map[string]string   // body to address
	caches map[string]cachedMX // by domain
	last   time.Time           // when mail was sent
	pace   time.Duration       // between two mails; 0: none
}

type cachedMX struct {
	host  string
	until time.Time
}

var moveBegins = time.Date(2026, 12, 5, 18, 0, 0, 0, time.FixedZone("", 8*3600))

// newMove makes a company of one domain or more, each with two mailboxes.
func newMove(t *testing.T, domains ...string) *move {
	t.Helper()
	m := &move{route: newRoute(t, moveBegins, domains...), dir: t.TempDir(), domains: domains, sent: map[string]string{}, caches: map[string]cachedMX{},
		opens: moveBegins.Add(40 * time.Minute), tail: 40 * time.Minute, vars: map[string]string{"PW": "right", "KEY": "s3cr3t-of-the-test"}}
	for _, s := range []**imapd.Server{&m.old, &m.new} {
		started, err := imapd.Start(imapd.Options{Now: m.clock})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = started.Close() })
		*s = started
	}
	for _, name := range []string{"alice", "bob"} {
		m.people = append(m.people, name+"@"+domains[0])
		for _, s := range []*imapd.Server{m.old, m.new} {
			s.AddUser(name+"@"+domains[0], "right")
		}
	}
	for n := range 6 {
		m.put(m.old, m.people[n%2], fmt.Sprintf("before %d", n))
	}
	m.lets(m.writes)
	return m
}

// put puts a mail that is like no other into a mailbox.
func (m *move) put(s *imapd.Server, to, text string) {
	body := fmt.Sprintf("From: s@senders.test\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <%s@senders.test>\r\n\r\n%s\r\n", to, text, strings.ReplaceAll(text, " ", "."), text)
	m.mail.Lock()
	m.sent[body] = to
	m.mail.Unlock()
	s.User(to).Add(imapd.Message{Date: m.clock(), Body: []byte(body)}, "INBOX")
}

// writes is the world that writes to the company: to whom the MX names, as far
// as a cache knows that asks the server which is behind.
func (m *move) writes(now time.Time) {
	m.mail.Lock()
	if m.pace == 0 || now.Sub(m.last) < m.pace {
		m.mail.Unlock()
		return
	}
	m.last = now
	n := len(m.sent)
	domain := m.domains[n%len(m.domains)]
	c := m.caches[domain]
	if !now.Before(c.until) {
		ttl, values := 0, m.on(1, domain+" MX")
		_, _ = fmt.Sscanf(values, "%d:", &ttl)
		c = cachedMX{values, now.Add(time.Duration(ttl) * time.Second)}
		m.caches[domain] = c
	}
	m.mail.Unlock()
	s := m.old
	if strings.Contains(c.host, "new.test") {
		s = m.new
	}
	m.put(s, m.people[n%2], fmt.Sprintf("mail %d", n))
}

// on is a set as one server shows it.
func (p *route) on(server int, set string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for k, is := range p.shown {
		if strings.HasPrefix(k, fmt.Sprint(server, " ")) && strings.HasSuffix(k, ". "+set) {
			return is
		}
	}
	return ""
}

// once fails unless every mail that was written lies at a service once.
func (m *move) once(s *imapd.Server) {
	m.t.Helper()
	m.mail.Lock()
	defer m.mail.Unlock()
	have := map[string]int{}
	for _, to := range m.people {
		for _, f := range s.User(to).Folders() {
			for _, mail := range s.User(to).Messages(f.Path...) {
				have[string(mail.Body)]++
			}
		}
	}
	for body := range m.sent {
		if have[body] != 1 {
			m.t.Errorf("%d times: %.120q", have[body], body)
		}
		delete(have, body)
	}
	for body := range have {
		m.t.Errorf("nobody's: %.120q", body)
	}
}

// reception starts the new service's mail servers and gives the way to them.
func (m *move) reception() func(context.Context, string, string) (net.Conn, error) {
	take := receiver.Start(m.t, receiver.Options{Deliver: func(mail receiver.Mail) error {
		for _, to := range mail.To {
			name, _, _ := strings.Cut(to, "@")
			m.new.User(name+"@"+m.domains[0]).Add(imapd.Message{Date: m.clock(), Body: mail.Body}, "INBOX")
		}
		return nil
	}})
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if !strings.HasPrefix(address, "203.0.113.") {
			return nil, fmt.Errorf("no way to %s", address)
		}
		return new(net.Dialer).DialContext(ctx, network, take.Addr)
	}
}

const moveSpec = `migration "acme" {}
source "imap" {
  domain  = %q
  aliases = [%s]
  imap {
    host = "127.0.0.1"
    port = %d
    tls  = "none"
    login "password" {}
  }
}
target "imap" {
  imap {
    host = "127.0.0.1"
    port = %d
    tls  = "none"
    login "password" {}
  }
}
roster {
%s}
history {}
cutover {
  opens     = %q
  closes    = %q
  start     = "unattended"
  tail      = %q
  approvals = 0
%s}
`

// describe writes the spec; zones are the zone blocks.
func (m *move) describe(zones string) {
	m.t.Helper()
	var rows, aliases []string
	for _, p := range m.people {
		rows = append(rows, fmt.Sprintf("  mailbox %q {\n    source_password = env(\"PW\")\n    target_password = env(\"PW\")\n  }\n", p))
	}
	for _, d := range m.domains[1:] {
		aliases = append(aliases, fmt.Sprintf("%q", d))
	}
	spec := fmt.Sprintf(moveSpec, m.domains[0], strings.Join(aliases, ", "), m.old.Port(), m.new.Port(), strings.Join(rows, ""),
		m.opens.Format(time.RFC3339), m.opens.Add(10*time.Hour).Format(time.RFC3339), m.tail, zones)
	if err := os.WriteFile(filepath.Join(m.dir, "main.hcl"), []byte(spec), 0o600); err != nil {
		m.t.Fatal(err)
	}
}

// zoneBlock describes a domain at a vendor.
func zoneBlock(domain, kind string, f *vendors.Fake, more string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  zone %q %q {\n    mx = [\"5 mx1.new.test\", \"10 mx2.new.test\"]\n", domain, kind)
	if kind != config.ZoneManual {
		fmt.Fprintf(&b, "    key = env(\"KEY\")\n    endpoint = %q\n", f.URL)
	}
	if slices.Contains([]string{config.ZoneDNSPod, config.ZoneAliDNS, config.ZoneRoute53}, kind) {
		fmt.Fprintf(&b, "    key_id = %q\n", f.ID)
	}
	return b.String() + more + "  }\n"
}

// run runs the program in the company's directory.
func (m *move) run(args ...string) ended {
	m.t.Helper()
	dial := m.reception()
	c := call{args: append(args, "--dir", m.dir), vars: m.vars, dns: m.observer(), now: m.clock,
		open: func(o opening) (world, error) { o.Dial = dial; return openWorld(o) }}
	var out, errors bytes.Buffer
	e := c.env(&out, &errors)
	e.Sleep = m.sleep
	if m.stop != nil {
		e.Stop = m.stop
	}
	if m.stdout != nil {
		e.Stdout = io.MultiWriter(&out, m.stdout)
	}
	ctx, cancel := context.WithTimeout(m.t.Context(), 5*time.Minute)
	defer cancel()
	code := run(ctx, e, c.args)
	if strings.Contains(out.String()+errors.String(), m.vars["KEY"]) {
		m.t.Errorf("%q shows the key:\n%s%s", args, out.String(), errors.String())
	}
	return ended{code, out.String(), errors.String()}
}

// must runs the program, which must end so.
func (m *move) must(code int, args ...string) string {
	m.t.Helper()
	got := m.run(args...)
	if got.code != code {
		m.t.Fatalf("mxmove %s: exit %d, want %d\n%s%s", strings.Join(args, " "), got.code, code, got.out, got.errors)
	}
	return got.out + got.errors
}

// inOrder fails unless both servers came to show these, each everywhere before
// the next anywhere.
func (m *move) inOrder(list ...string) {
	m.t.Helper()
	var before time.Time
	for i, s := range list {
		first, last := m.when(s)
		switch {
		case first.IsZero() || last.IsZero():
			m.t.Errorf("never shown: %s", s)
		case i > 0 && first.Before(before):
			m.t.Errorf("%s at %s, before %s was everywhere", s, first.Format("15:04:05"), list[i-1])
		}
		before = last
	}
	if m.t.Failed() {
		m.t.Logf("changes:\n%s", strings.Join(m.changes(0), "\n"))
	}
}
