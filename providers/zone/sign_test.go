package zone

import (
	"crypto"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// signing is how a test's zone is signed, and what is wrong with that.
type signing struct {
	keys  []dns.RR // that the zone shows
	until time.Time
	skip  string // a type without signature
	forge string // a type whose signature is of other data
}

// sign signs acme.test on both servers and puts its DS into the parent.
func (w *world) sign(spoil func(*signing)) {
	w.t.Helper()
	k := &dns.DNSKEY{Hdr: dns.RR_Header{Name: "acme.test.", Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: 300},
		Flags: 257, Protocol: 3, Algorithm: dns.ED25519}
	private, err := k.Generate(256)
	if err != nil {
		w.t.Fatal(err)
	}
	s := &signing{keys: []dns.RR{k}, until: now.Add(720 * time.Hour)}
	spoil(s)
	var all []dns.RR
	p := dns.NewZoneParser(strings.NewReader(w.zone[0]), "", "")
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		all = append(all, rr)
	}
	all = append(all, s.keys...)
	var text strings.Builder
	done := map[string]bool{}
	for _, rr := range all {
		text.WriteString(rr.String() + "\n")
		h := rr.Header()
		id := key(h.Name, dns.TypeToString[h.Rrtype])
		if done[id] || s.skip == dns.TypeToString[h.Rrtype] && h.Name == "acme.test." {
			continue
		}
		done[id] = true
		set := slices.DeleteFunc(slices.Clone(all), func(r dns.RR) bool { return r.Header().Name != h.Name || r.Header().Rrtype != h.Rrtype })
		text.WriteString(w.signature(k, private, set, s) + "\n")
	}
	w.zone = [2]string{text.String(), text.String()}
	w.root += k.ToDS(dns.SHA256).String() + "\n"
}

func (w *world) signature(k *dns.DNSKEY, private crypto.PrivateKey, set []dns.RR, s *signing) string {
	sig := &dns.RRSIG{Hdr: dns.RR_Header{Name: "acme.test.", Rrtype: dns.TypeRRSIG, Class: dns.ClassINET, Ttl: 300}, Algorithm: k.Algorithm,
		KeyTag: k.KeyTag(), SignerName: "acme.test.", Inception: uint32(now.Add(-48 * time.Hour).Unix()), Expiration: uint32(s.until.Unix())}
	if dns.TypeToString[set[0].Header().Rrtype] == s.forge {
		set = []dns.RR{dns.Copy(set[0])}
		set[0].(*dns.MX).Preference++
	}
	if err := sig.Sign(private.(crypto.Signer), set); err != nil {
		w.t.Fatal(err)
	}
	return sig.String()
}
