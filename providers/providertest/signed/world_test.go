// Package signed looks at a signed domain and moves it in a closed Internet: a
// root, a parent, a signed primary, a secondary that lags, and a resolver that
// validates from the root's key down.
package signed

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/mxmove/mxmove/providers/providertest/closednet"
	"github.com/mxmove/mxmove/providers/providertest/peer"
)

// The addresses of the closed Internet. The root's is that of the real one,
// since the program knows no other.
const (
	rootAt, parentAt, ns1At, ns2At, cacheAt = "198.41.0.4", "192.0.2.1", "192.0.2.53", "198.51.100.53", "192.0.2.54"
)

const (
	domain    = "acme.test"
	programIn = "MXMOVE_PROGRAM"
	patience  = 60 * time.Second // of the test, for what a server does by itself
)

// typeSigning is that of the records in which BIND keeps how far signing with a
// key is: the last octet is 1 when it is complete.
const typeSigning = 65534

var tsig = base64.StdEncoding.EncodeToString([]byte("a key of thirty-two octets, or so"))

const rootZone = `. 3600 IN SOA a.root. admin.root. 1 3600 600 86400 60
. 3600 IN NS a.root.
a.root. 3600 IN A 198.41.0.4
test. 3600 IN NS ns.test.
ns.test. 3600 IN A 192.0.2.1
`

const parentZone = `test. 3600 IN SOA ns.test. admin.test. 1 3600 600 86400 60
test. 3600 IN NS ns.test.
ns.test. 3600 IN A 192.0.2.1
acme.test. 3600 IN NS ns1.acme.test.
acme.test. 3600 IN NS ns2.acme.test.
ns1.acme.test. 3600 IN A 192.0.2.53
ns2.acme.test. 3600 IN A 198.51.100.53
mx.old.test. 3600 IN A 192.0.2.25
mx.new.test. 3600 IN A 203.0.113.25
`

const acmeZone = `acme.test. 3600 IN SOA ns1.acme.test. admin.acme.test. 7 3600 600 864000 60
acme.test. 3600 IN NS ns1.acme.test.
acme.test. 3600 IN NS ns2.acme.test.
ns1.acme.test. 3600 IN A 192.0.2.53
ns2.acme.test. 3600 IN A 198.51.100.53
acme.test. 3600 IN MX 10 mx.old.test.
acme.test. 3600 IN TXT "v=spf1 mx ~all"
`

// world is the closed Internet.
type world struct {
	t                                 *testing.T
	parent, primary, second, resolver *peer.Names
}

// enter goes into a network namespace, in which a test is run again with more in
// its environment; false: it was. The servers come from outside.
func enter(t *testing.T, more ...string) bool {
	t.Helper()
	for _, k := range []peer.Kind{peer.KindBIND, peer.KindKnot, peer.KindUnbound} {
		if err := peer.Install(k); err != nil {
			t.Fatal(err)
		}
	}
	return closednet.Enter(t, more, rootAt, parentAt, ns1At, ns2At, cacheAt)
}

// program builds the program outside, and says where it is.
func program(t *testing.T) string {
	t.Helper()
	at := os.Getenv(programIn)
	if at == "" {
		at = filepath.Join(t.TempDir(), "mxmove")
		if out, err := exec.Command("go", "build", "-o", at, "../../../cmd/mxmove").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	return programIn + "=" + at
}

// newWorld starts the servers from the domain up, since each parent has the
// digest of its child's key. BIND signs, also what is updated; nobody tells the
// secondary of changes, and it asks once an hour.
func newWorld(t *testing.T) *world {
	w := &world{t: t}
	w.primary = w.bind(domain, ns1At, acmeZone)
	w.second = peer.StartNames(t, peer.KindKnot, peer.NamesOptions{Zone: domain, Key: tsig, Addr: ns2At, Port: 53, From: w.primary.At()})
	w.parent = w.bind("test", parentAt, parentZone)
	w.delegate(w.parent, "test.", domain+".", w.keyOf(w.primary, domain+"."))
	root := w.bind(".", rootAt, rootZone)
	w.delegate(root, ".", "test.", w.keyOf(w.parent, "test."))
	anchor := w.keyOf(root, ".").ToDS(dns.SHA256)
	w.resolver = peer.StartNames(t, peer.KindUnbound, peer.NamesOptions{Zone: ".", Addr: cacheAt, Port: 53, From: rootAt + ":53",
		More: fmt.Sprintf("\tmodule-config: \"validator iterator\"\n\tlocal-zone: \"test.\" nodefault\n\ttrust-anchor: %q", ". DS "+text(anchor))})
	w.catchUp()
	return w
}

// bind starts a primary, and waits until it is signed.
func (w *world) bind(zone, at, text string) *peer.Names {
	w.t.Helper()
	s := peer.StartNames(w.t, peer.KindBIND, peer.NamesOptions{Zone: zone, Key: tsig, Text: text, Addr: at, Port: 53, More: "dnssec-policy default;"})
	w.until(at+" has signed all of its zone", func() bool {
		states := w.ask(s, dns.Fqdn(zone), typeSigning).Answer
		undone := func(rr dns.RR) bool {
			r, ok := rr.(*dns.RFC3597)
			return ok && !strings.HasSuffix(r.Rdata, "01")
		}
		return len(states) > 0 && !slices.ContainsFunc(states, undone)
	})
	w.signed(s, dns.Fqdn(zone), dns.TypeSOA)
	return s
}

// keyOf is the key that a zone is entered by.
func (w *world) keyOf(s *peer.Names, zone string) *dns.DNSKEY {
	w.t.Helper()
	for _, rr := range w.ask(s, zone, dns.TypeDNSKEY).Answer {
		if k, ok := rr.(*dns.DNSKEY); ok && k.Flags&dns.SEP != 0 {
			return k
		}
	}
	w.t.Fatalf("%s shows no key of %s", s.Addr, zone)
	return nil
}

// delegate puts the digest of a child's key into its parent, in place of any.
func (w *world) delegate(parent *peer.Names, zone, child string, key *dns.DNSKEY) {
	w.t.Helper()
	w.digest(parent, zone, child, key.ToDS(dns.SHA256))
}

func (w *world) digest(parent *peer.Names, zone, child string, ds *dns.DS) {
	w.t.Helper()
	ds.Hdr = dns.RR_Header{Name: child, Rrtype: dns.TypeDS, Class: dns.ClassINET, Ttl: 3600}
	m := new(dns.Msg)
	m.SetUpdate(zone)
	m.RemoveRRset([]dns.RR{dns.Copy(ds)})
	m.Insert([]dns.RR{ds})
	w.send(parent, m)
	w.signed(parent, child, dns.TypeDS)
}

// send gives a server a message with the key's signature.
func (w *world) send(s *peer.Names, m *dns.Msg) {
	w.t.Helper()
	m.SetTsig("cutover.", dns.HmacSHA256, 300, time.Now().Unix())
	c := &dns.Client{Net: "tcp", Timeout: 10 * time.Second, TsigSecret: map[string]string{"cutover.": tsig}}
	in, _, err := c.Exchange(m, s.At())
	if err != nil || in.Rcode != dns.RcodeSuccess {
		w.t.Fatalf("%s: %v %v", s.Addr, err, in)
	}
}

// ask asks a server for a set and its signatures.
func (w *world) ask(s *peer.Names, name string, kind uint16) *dns.Msg {
	w.t.Helper()
	m := new(dns.Msg)
	m.SetQuestion(name, kind)
	m.SetEdns0(4096, true)
	in, _, err := (&dns.Client{Net: "tcp", Timeout: 20 * time.Second}).Exchange(m, s.At())
	if err != nil {
		w.t.Fatalf("%s: %v", s.Addr, err)
	}
	return in
}

// until waits for what a server does by itself.
func (w *world) until(what string, holds func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// signed waits until a server shows a signature of a set.
func (w *world) signed(s *peer.Names, name string, kind uint16) {
	w.t.Helper()
	w.until(fmt.Sprintf("%s signs %s %s", s.Addr, name, dns.TypeToString[kind]), func() bool {
		for _, rr := range w.ask(s, name, kind).Answer {
			if rr.Header().Rrtype == dns.TypeRRSIG {
				return true
			}
		}
		return false
	})
}

func (w *world) serial(s *peer.Names) uint32 {
	w.t.Helper()
	for _, rr := range w.ask(s, domain+".", dns.TypeSOA).Answer {
		if soa, ok := rr.(*dns.SOA); ok {
			return soa.Serial
		}
	}
	w.t.Fatalf("%s has no SOA", s.Addr)
	return 0
}

// catchUp tells the secondary of changes, once, lest it look again when it is to
// lag, and waits until it has them.
func (w *world) catchUp() {
	w.t.Helper()
	var told time.Time
	w.until("the secondary follows", func() bool {
		if w.serial(w.second) == w.serial(w.primary) {
			return true
		}
		if time.Since(told) > patience/3 {
			m := new(dns.Msg)
			m.SetNotify(domain + ".")
			w.send(w.second, m)
			told = time.Now()
		}
		return false
	})
}

// text is a record without its head.
func text(rr dns.RR) string { return rr.String()[len(rr.Header().String()):] }
