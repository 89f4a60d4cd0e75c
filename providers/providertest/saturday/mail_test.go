package saturday

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net"
	"net/smtp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"
	smtpd "github.com/emersion/go-smtp"
	"github.com/miekg/dns"

	"github.com/mxmove/mxmove/providers/providertest/peer"
	"github.com/mxmove/mxmove/providers/providertest/receiver"
)

// mailroom is a service's mail server: what it takes lies in the mailbox
// before it says so.
type mailroom struct {
	*receiver.Server
	box *peer.Server
}

func openMailroom(t *testing.T, at string, box *peer.Server) *mailroom {
	r := &mailroom{box: box}
	r.Server = receiver.Start(t, receiver.Options{Addr: at + ":25", TLS: true, Deliver: r.deliver, Rcpt: func(to string) error {
		if _, known := box.Users[to]; !known {
			return &smtpd.SMTPError{Code: 550, EnhancedCode: smtpd.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
		}
		return nil
	}})
	return r
}

// deliver puts a mail into INBOX.
func (r *mailroom) deliver(m receiver.Mail) error {
	for _, to := range m.To {
		c, err := imapclient.DialInsecure(r.box.Addr(), nil)
		if err == nil {
			err = c.Login(to, password).Wait()
		}
		if err == nil {
			a := c.Append("INBOX", int64(len(m.Body)), nil)
			_, _ = a.Write(m.Body) // Close and Wait tell
			_ = a.Close()
			_, err = a.Wait()
		}
		if c != nil {
			_ = c.Close()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", to, err) // 4yz: the sender keeps it
		}
	}
	return nil
}

// senders are the world that writes to the domain: each message is taken once,
// by whom the MX names as far as a cache knows.
type senders struct {
	t        *testing.T
	stop     chan struct{}
	under    sync.WaitGroup
	mu       sync.Mutex
	written  map[string]string // address and hash to id
	bodies   int
	delayed  int // tries that had to be repeated
	lastSeen string
	turned   time.Time // when the cache first named the new server
}

const pace = 200 * time.Millisecond // between two messages

func newSenders(t *testing.T) *senders {
	return &senders{t: t, stop: make(chan struct{}), written: map[string]string{}}
}

// write makes a message that is like no other, and keeps account of it.
func (s *senders) write(to string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bodies++
	id := fmt.Sprintf("<m%05d@senders.test>", s.bodies)
	raw := fmt.Appendf(nil, "From: Sender <s@senders.test>\r\nTo: %s\r\nSubject: message %d\r\nMessage-ID: %s\r\n\r\n%s\r\n",
		to, s.bodies, id, strings.Repeat("This is a line of a message.\r\n", s.bodies%40))
	s.written[to+" "+hash(raw)] = id + " to " + to
	return raw
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func (s *senders) all() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.written)
}

// begin sends five messages a second until end.
func (s *senders) begin() {
	s.under.Go(func() {
		tick := time.NewTicker(pace)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-s.stop:
				return
			case <-tick.C:
			}
			to := address(n%boxes + 1)
			raw := s.write(to)
			s.under.Go(func() { s.send(to, raw) })
		}
	})
}

// end stops writing and waits until all is delivered.
func (s *senders) end() {
	close(s.stop)
	s.under.Wait()
}

// send tries until the message is taken, as a queue does, only quicker.
func (s *senders) send(to string, raw []byte) {
	for try := range 60 {
		host, err := s.mx()
		if err == nil {
			err = s.deliver(host, to, raw)
		}
		if err == nil {
			return
		}
		s.mu.Lock()
		s.delayed++
		s.mu.Unlock()
		if try == 59 {
			s.t.Errorf("bounced: %s: %v", to, err)
			return
		}
		time.Sleep(time.Second)
	}
}

// hosts are known to everybody; only the MX is asked for.
var hosts = map[string]string{"mx.old.test.": oldMXAt, "mx.new.test.": newMXAt}

// mx asks the cache, which keeps to TTLs.
func (s *senders) mx() (string, error) {
	m := new(dns.Msg)
	m.SetQuestion(domain+".", dns.TypeMX)
	in, _, err := (&dns.Client{Timeout: 5 * time.Second}).Exchange(m, cacheAt+":53")
	if err != nil {
		return "", err
	}
	for _, rr := range in.Answer {
		if mx, ok := rr.(*dns.MX); ok {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.lastSeen != mx.Mx {
				s.lastSeen, s.turned = mx.Mx, time.Now()
			}
			return mx.Mx, nil
		}
	}
	return "", fmt.Errorf("no MX: %s", dns.RcodeToString[in.Rcode])
}

func (s *senders) deliver(host, to string, raw []byte) error {
	conn, err := net.DialTimeout("tcp", hosts[host]+":25", 10*time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return err
	}
	if err := c.Mail("s@senders.test"); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return err
	}
	body, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := body.Write(raw); err != nil {
		return err
	}
	return body.Close() // taken; what comes after is no matter
}

// from gives the ids of the messages of the senders that a server took.
func (r *mailroom) from() (ids []string) {
	for _, m := range r.Taken() {
		if m.From != "" {
			_, id, _ := bytes.Cut(m.Body, []byte("Message-ID: "))
			id, _, _ = bytes.Cut(id, []byte("\r\n"))
			ids = append(ids, string(id))
		}
	}
	slices.Sort(ids)
	return ids
}
