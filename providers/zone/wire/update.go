package wire

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"
)

// Key is a TSIG key (RFC 8945). Printing it shows its name only.
type Key struct {
	Name      string
	Algorithm string // hmac-sha256 (the default), hmac-sha512, …
	Secret    string // base64
}

// Format prints the name only.
func (k Key) Format(f fmt.State, _ rune) { io.WriteString(f, "key "+k.Name) }

func (k *Key) name() string { return dns.Fqdn(Fold(k.Name)) }

func (k *Key) secrets() map[string]string { return map[string]string{k.name(): k.Secret} }

func (k *Key) sign(m *dns.Msg, now time.Time) {
	algorithm := k.Algorithm
	if algorithm == "" {
		algorithm = "hmac-sha256"
	}
	m.SetTsig(k.name(), dns.Fqdn(Fold(algorithm)), 300, now.Unix())
}

// Change replaces one record set where it is exactly as expected.
type Change struct {
	Zone, Name, Type string
	Was              []Record // all of the set; none: it does not exist
	Now              []Record // none: it is removed
}

// Outcome of an update as the server tells it. NOERROR is no proof: servers
// ignore what they do not like.
type Outcome struct {
	Rcode string // NOERROR, NXRRSET, YXRRSET, REFUSED, NOTAUTH, …
	TSIG  string // BADKEY, BADSIG, BADTIME; "": none
}

// Update sends a change as one message: the set's values as prerequisite
// (RFC 2136 section 2.4.2), its removal, the new records. An error without an
// outcome means that nobody knows whether it took effect.
func (c *Client) Update(ctx context.Context, at netip.AddrPort, key *Key, ch Change) (Outcome, error) {
	m := new(dns.Msg)
	m.SetUpdate(dns.Fqdn(ch.Zone))
	m.Id = dns.Id()
	self := &dns.ANY{Hdr: dns.RR_Header{Name: dns.Fqdn(ch.Name), Rrtype: dns.StringToType[ch.Type]}}
	if len(ch.Was) == 0 {
		m.RRsetNotUsed([]dns.RR{dns.Copy(self)})
	} else {
		m.Used(raw(ch.Was))
		m.RemoveRRset([]dns.RR{dns.Copy(self)})
	}
	if len(ch.Now) > 0 {
		m.Insert(raw(ch.Now))
	}
	if key != nil {
		key.sign(m, c.now())
	}
	in, err := c.exchange(ctx, "tcp", at, m, key)
	if in == nil {
		return Outcome{}, err
	}
	out := Outcome{Rcode: dns.RcodeToString[in.Rcode]}
	if t := in.IsTsig(); t != nil && t.Error != 0 {
		out.TSIG = dns.RcodeToString[int(t.Error)]
	} else if err != nil && out.Rcode == "NOERROR" {
		return Outcome{}, err // its signature does not stand
	}
	return out, nil
}

// raw copies, since the library's builders change what they are given.
func raw(list []Record) []dns.RR {
	var out []dns.RR
	for _, r := range list {
		out = append(out, dns.Copy(r.rr))
	}
	return out
}

// Keep gives the records for these values: those of old whose value stays as
// they are, so that a TXT keeps its division into strings, and new ones.
func Keep(old []Record, name, kind string, ttl uint32, values []string) ([]Record, error) {
	var out []Record
	for _, v := range values {
		i := slices.IndexFunc(old, func(r Record) bool { return r.Value == v })
		if i < 0 {
			r, err := Make(name, kind, ttl, v)
			if err != nil {
				return nil, err
			}
			out = append(out, r)
			continue
		}
		rr := dns.Copy(old[i].rr)
		rr.Header().Ttl = ttl
		out = append(out, show(rr))
	}
	return out, nil
}
