// Package dnsd is a small closed Internet of DNS servers for tests, in this
// process: any number of them on addresses of their own in 127.0.0.0/8, all on
// one port, with the zones, the lies and the silence that a test gives them.
package dnsd

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// Net is the servers of one test.
type Net struct {
	Port uint16

	t testing.TB
}

// New makes a net without servers.
func New(t testing.TB) *Net {
	t.Helper()
	return &Net{t: t, Port: uint16(28000 + rand.IntN(4000))}
}

// Server is one server.
type Server struct {
	Addr netip.Addr

	mu        sync.Mutex
	zones     map[string][]dns.RR // by origin
	twist     func(q dns.Question, reply *dns.Msg, tcp bool) *dns.Msg
	asked     []dns.Question
	recursive bool
}

// Serve starts a server with zones, each as a zone file that names its origin.
func (n *Net) Serve(addr string, zones ...string) *Server {
	n.t.Helper()
	s := &Server{Addr: netip.MustParseAddr(addr), zones: map[string][]dns.RR{}}
	for _, z := range zones {
		s.Load(n.t, z)
	}
	at := net.JoinHostPort(addr, strconv.Itoa(int(n.Port)))
	pc, err := net.ListenPacket("udp", at)
	if err != nil {
		n.t.Fatalf("dnsd: %v", err)
	}
	l, err := net.Listen("tcp", at)
	if err != nil {
		n.t.Fatalf("dnsd: %v", err)
	}
	var group sync.WaitGroup
	n.t.Cleanup(group.Wait)
	for _, srv := range []*dns.Server{
		{PacketConn: pc, Handler: s.handler(false)},
		{Listener: l, Handler: s.handler(true)},
	} {
		ready := make(chan struct{})
		srv.NotifyStartedFunc = func() { close(ready) }
		group.Go(func() { _ = srv.ActivateAndServe() })
		<-ready
		n.t.Cleanup(func() { _ = srv.Shutdown() }) // runs before the wait
	}
	return s
}

// Recursive makes the server answer as a resolver does: without authority.
func (s *Server) Recursive() *Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recursive = true
	return s
}

// Load replaces a zone. Its first record is the SOA.
func (s *Server) Load(t testing.TB, zone string) {
	t.Helper()
	p := dns.NewZoneParser(strings.NewReader(zone), "", "")
	var rrs []dns.RR
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		rrs = append(rrs, rr)
	}
	if err := p.Err(); err != nil || len(rrs) == 0 || rrs[0].Header().Rrtype != dns.TypeSOA {
		t.Fatalf("dnsd: zone without SOA, or %v:\n%s", err, zone)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.zones[strings.ToLower(rrs[0].Header().Name)] = rrs
}

// Twist changes replies before they are sent; nil: none is sent.
func (s *Server) Twist(f func(q dns.Question, reply *dns.Msg, tcp bool) *dns.Msg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.twist = f
}

// Asked are the questions so far.
func (s *Server) Asked() []dns.Question {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]dns.Question(nil), s.asked...)
}

func (s *Server) handler(tcp bool) dns.HandlerFunc {
	return func(w dns.ResponseWriter, m *dns.Msg) {
		s.mu.Lock()
		q := m.Question[0]
		s.asked = append(s.asked, q)
		r := new(dns.Msg)
		r.SetReply(m)
		s.answer(q, r)
		if s.recursive {
			r.Authoritative, r.RecursionAvailable = false, true
		}
		if s.twist != nil {
			r = s.twist(q, r, tcp)
		}
		s.mu.Unlock()
		if r == nil {
			return
		}
		if !tcp {
			r.Truncate(1232)
		}
		_ = w.WriteMsg(r)
	}
}

// answer is the algorithm of RFC 1034 section 4.3.2, without recursion.
func (s *Server) answer(q dns.Question, r *dns.Msg) {
	name := strings.ToLower(q.Name)
	origin := ""
	for o := range s.zones {
		if dns.IsSubDomain(o, name) && len(o) > len(origin) {
			origin = o
		}
	}
	if origin == "" {
		r.Rcode = dns.RcodeRefused
		return
	}
	z := zone{origin, s.zones[origin]}
	if ns := z.cut(name, q.Qtype); ns != nil && !s.recursive {
		r.Ns = ns
		r.Extra = z.glue(ns)
		return
	}
	r.Authoritative = true
	z.fill(name, q.Qtype, r, 0)
}

type zone struct {
	origin string
	rrs    []dns.RR
}

func (z zone) at(name string, types ...uint16) []dns.RR {
	var out []dns.RR
	for _, rr := range z.rrs {
		h := rr.Header()
		if !strings.EqualFold(h.Name, name) {
			continue
		}
		for _, t := range types {
			if h.Rrtype == t || t == dns.TypeANY {
				out = append(out, rr)
			}
		}
	}
	return out
}

// cut finds a delegation above a name; the DS is the parent's.
func (z zone) cut(name string, qtype uint16) []dns.RR {
	for at := name; at != z.origin; {
		if ns := z.at(at, dns.TypeNS); len(ns) > 0 && !(at == name && qtype == dns.TypeDS) {
			return ns
		}
		next, end := dns.NextLabel(at, 0)
		if end {
			return nil
		}
		at = at[next:]
	}
	return nil
}

func (z zone) glue(ns []dns.RR) []dns.RR {
	var out []dns.RR
	for _, rr := range ns {
		out = append(out, z.at(rr.(*dns.NS).Ns, dns.TypeA, dns.TypeAAAA)...)
	}
	return out
}

func (z zone) fill(name string, qtype uint16, r *dns.Msg, depth int) {
	owner := name
	if !z.exists(name) {
		owner = z.wildcard(name)
	}
	if owner == "" {
		if depth == 0 {
			r.Rcode = dns.RcodeNameError
		}
		r.Ns = z.at(z.origin, dns.TypeSOA)
		return
	}
	found := z.at(owner, qtype)
	alias := z.at(owner, dns.TypeCNAME)
	for _, rr := range append(found, z.signatures(owner, qtype)...) {
		r.Answer = append(r.Answer, renamed(rr, name))
	}
	if len(found) == 0 && len(alias) > 0 && depth < 8 {
		r.Answer = append(r.Answer, renamed(alias[0], name))
		if to := strings.ToLower(alias[0].(*dns.CNAME).Target); dns.IsSubDomain(z.origin, to) {
			z.fill(to, qtype, r, depth+1)
		}
		return
	}
	if len(found) == 0 {
		r.Ns = z.at(z.origin, dns.TypeSOA)
	}
}

func (z zone) signatures(name string, covered uint16) []dns.RR {
	var out []dns.RR
	for _, rr := range z.at(name, dns.TypeRRSIG) {
		if rr.(*dns.RRSIG).TypeCovered == covered {
			out = append(out, rr)
		}
	}
	return out
}

func (z zone) exists(name string) bool {
	for _, rr := range z.rrs {
		if h := strings.ToLower(rr.Header().Name); h == name || strings.HasSuffix(h, "."+name) {
			return true
		}
	}
	return false
}

// wildcard is the closest one (RFC 4592 section 2.2.1); "": none.
func (z zone) wildcard(name string) string {
	for at := name; at != z.origin; {
		next, end := dns.NextLabel(at, 0)
		if end {
			return ""
		}
		at = at[next:]
		if len(z.at("*."+at, dns.TypeANY)) > 0 {
			return "*." + at
		}
		if z.exists(at) {
			return ""
		}
	}
	return ""
}

func renamed(rr dns.RR, name string) dns.RR {
	c := dns.Copy(rr)
	c.Header().Name = name
	return c
}
