// Package wire speaks DNS: questions over UDP with EDNS, over TCP where the
// answer was cut, zone transfers, updates (RFC 2136) signed by TSIG (RFC 8945),
// and the signatures of DNSSEC. It holds the DNS library, so that another one
// is a change of this package only.
package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// Client asks servers. The zero value is good; it is safe for concurrent use.
type Client struct {
	Timeout time.Duration // of one try; default 2 s
	Tries   int           // by UDP; default 2
	Now     func() time.Time
}

// udpSize is what is asked for: it passes everywhere without fragments (DNS
// flag day 2020).
const udpSize = 1232

// Question is what is asked of a server.
type Question struct {
	Name, Type string
	Recurse    bool
	DNSSEC     bool // signatures are wanted (RFC 4035 section 3.2.1)
}

// Reply is a server's answer.
type Reply struct {
	Rcode                         string // NOERROR, NXDOMAIN, …
	AA, AD                        bool   // authoritative; validated
	TCP                           bool   // asked again by TCP, since the answer was cut
	Answer, Authority, Additional []Record
}

// Set gives the answer's records of a name and type.
func (r Reply) Set(name, kind string) []Record { return pick(r.Answer, name, kind) }

func pick(list []Record, name, kind string) []Record {
	var out []Record
	for _, rec := range list {
		if rec.Name == Fold(name) && rec.Type == kind {
			out = append(out, rec)
		}
	}
	return out
}

// Pick gives the records of a name and type.
func Pick(list []Record, name, kind string) []Record { return pick(list, name, kind) }

// Ask asks one server. The error says that no usable answer came: the network's
// words, or what is wrong with the answer.
func (c *Client) Ask(ctx context.Context, at netip.AddrPort, q Question) (Reply, error) {
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(q.Name), dns.StringToType[q.Type])
	m.RecursionDesired = q.Recurse
	m.SetEdns0(udpSize, q.DNSSEC)
	in, err := c.udp(ctx, at, m)
	if err == nil && (in.Rcode == dns.RcodeFormatError || in.Rcode == dns.RcodeNotImplemented) {
		m.Extra = nil // before EDNS (RFC 6891 section 7)
		in, err = c.udp(ctx, at, m)
	}
	tcp := err == nil && in.Truncated
	if tcp {
		in, err = c.exchange(ctx, "tcp", at, m, nil)
	}
	if err != nil {
		return Reply{}, err
	}
	if !answers(in, m) {
		return Reply{}, errors.New("the answer is to another question")
	}
	r := reply(in)
	r.TCP = tcp
	return r, nil
}

func reply(in *dns.Msg) Reply {
	return Reply{Rcode: dns.RcodeToString[in.Rcode], AA: in.Authoritative, AD: in.AuthenticatedData,
		Answer: showAll(in.Answer), Authority: showAll(in.Ns), Additional: showAll(in.Extra)}
}

func showAll(list []dns.RR) []Record {
	var out []Record
	for _, rr := range list {
		if _, edns := rr.(*dns.OPT); !edns {
			out = append(out, show(rr))
		}
	}
	return out
}

func answers(in, to *dns.Msg) bool {
	return in.Response && len(in.Question) == 1 && strings.EqualFold(in.Question[0].Name, to.Question[0].Name) &&
		in.Question[0].Qtype == to.Question[0].Qtype
}

func (c *Client) udp(ctx context.Context, at netip.AddrPort, m *dns.Msg) (in *dns.Msg, err error) {
	for range max(c.Tries, 2) {
		m.Id = dns.Id()
		if in, err = c.exchange(ctx, "udp", at, m, nil); err == nil || ctx.Err() != nil {
			break
		}
	}
	return in, err
}

// exchange is one try. It ends when ctx does.
func (c *Client) exchange(ctx context.Context, network string, at netip.AddrPort, m *dns.Msg, key *Key) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout())
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, network, at.String())
	if err != nil {
		return nil, plain(ctx, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	cl := &dns.Client{Net: network, Timeout: c.timeout(), UDPSize: udpSize}
	if key != nil {
		cl.TsigSecret = key.secrets()
	}
	in, _, err := cl.ExchangeWithConnContext(ctx, m, &dns.Conn{Conn: conn, UDPSize: udpSize})
	if err != nil {
		return in, plain(ctx, err)
	}
	return in, nil
}

func (c *Client) timeout() time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	return 2 * time.Second
}

// ErrNoAnswer says that a server did not answer in time.
var ErrNoAnswer = errors.New("no answer")

// ErrNoRoute says that this machine has no way to the server's network, as
// where there is no IPv6.
var ErrNoRoute = errors.New("no route from this machine")

// plain takes this machine's own address out of the network's words.
func plain(ctx context.Context, err error) error {
	var op *net.OpError
	var timeout net.Error
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case ctx.Err() != nil, errors.As(err, &timeout) && timeout.Timeout():
		return ErrNoAnswer
	case noRoute(err):
		return ErrNoRoute
	case errors.As(err, &op):
		return op.Err
	}
	return err
}

// Transfer reads a whole zone (AXFR, RFC 5936).
func (c *Client) Transfer(ctx context.Context, at netip.AddrPort, zone string, key *Key) ([]Record, error) {
	m := new(dns.Msg)
	m.SetAxfr(dns.Fqdn(zone))
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", at.String())
	if err != nil {
		return nil, plain(ctx, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	t := &dns.Transfer{Conn: &dns.Conn{Conn: conn}, ReadTimeout: c.timeout(), WriteTimeout: c.timeout()}
	if key != nil {
		t.TsigSecret = key.secrets()
		key.sign(m, c.now())
	}
	parts, err := t.In(m, at.String())
	if err != nil {
		return nil, plain(ctx, err)
	}
	var all []Record
	for part := range parts {
		if part.Error != nil {
			err = part.Error
			continue
		}
		all = append(all, showAll(part.RR)...)
	}
	if err != nil {
		return nil, fmt.Errorf("zone transfer: %w", plain(ctx, err))
	}
	return all, nil
}

func (c *Client) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}
