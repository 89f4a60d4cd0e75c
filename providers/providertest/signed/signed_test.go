package signed

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/mxmove/mxmove/providers/providertest/peer"
	"github.com/mxmove/mxmove/providers/zone"
)

// A good signed zone is silent; what breaks its chain of trust is told, as the
// resolver that validates sees it too; a secondary that lags is named.
func TestWhatASignedZoneShows(t *testing.T) {
	t.Parallel()
	if !enter(t, program(t)) {
		return
	}
	w := newWorld(t)
	w.valid()
	w.shows("a good zone", "DNS-27")
	w.shows("a good zone", "DNS-01")

	w.add(`late.acme.test. 3600 IN TXT "a change"`)
	behind := fmt.Sprintf("SOA %d (%d)", w.serial(w.second), w.serial(w.primary))
	w.shows("a secondary that lags", "DNS-01", "ns2.acme.test "+ns2At+" "+behind)
	w.catchUp()
	w.shows("when it followed", "DNS-01")

	w.wrongDS()
	w.wrongSignatures()
}

// wrongDS: the parent has the digest of another key.
func (w *world) wrongDS() {
	w.t.Helper()
	key := w.keyOf(w.primary, domain+".")
	wrong := key.ToDS(dns.SHA256)
	wrong.Digest = strings.Repeat("0", len(wrong.Digest))
	w.digest(w.parent, "test.", domain+".", wrong)
	w.bogus()
	shown := " DNSKEY / DS " + strings.ToUpper(text(wrong))
	w.shows("a wrong DS", "DNS-27", "ns1.acme.test "+ns1At+shown, "ns2.acme.test "+ns2At+shown)
	w.delegate(w.parent, "test.", domain+".", key)
	w.valid()
	w.shows("the right DS again", "DNS-27")
}

// wrongSignatures are missing, or over for longer than a resolver forgives: as
// dnssec-signzone makes them, at the primary and at the secondary.
func (w *world) wrongSignatures() {
	w.t.Helper()
	h, now := newHand(w.t), time.Now().UTC()
	w.replace(h.sign(1000, now.AddDate(0, 1, 0)), h.key)
	w.valid()
	w.shows("signed by hand", "DNS-27")

	w.replace(unsigned.ReplaceAllString(h.sign(1001, now.AddDate(0, 1, 0)), ""), h.key)
	w.bogus()
	w.says("no signature of the MX", "DNS-27", []string{"acme.test MX: no signature"}, []string{"acme.test TXT"})

	w.replace(h.sign(1002, now.AddDate(0, 0, -3)), h.key)
	w.bogus()
	const over = ": the signature is out of date"
	w.says("signatures that are over", "DNS-27", []string{"acme.test MX" + over, "acme.test TXT" + over, "acme.test DNSKEY" + over}, nil)
}

// unsigned matches the signature of the MX.
var unsigned = regexp.MustCompile(`(?m)^acme\.test\.\s.*\sRRSIG\s+MX .*\n`)

// hand signs the domain's zone with a key that no server has.
type hand struct {
	t    *testing.T
	dir  string
	file string // the key's
	key  *dns.DNSKEY
}

func newHand(t *testing.T) *hand {
	h := &hand{t: t, dir: t.TempDir()}
	h.file = strings.TrimSpace(h.run("dnssec-keygen", "-q", "-f", "KSK", "-a", "ECDSAP256SHA256", domain))
	public, err := os.ReadFile(filepath.Join(h.dir, h.file+".key"))
	if err != nil {
		t.Fatal(err)
	}
	rr, err := dns.NewRR(string(public))
	if err != nil {
		t.Fatal(err)
	}
	h.key = rr.(*dns.DNSKEY)
	return h
}

func (h *hand) run(name string, args ...string) string {
	h.t.Helper()
	var told bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stderr = h.dir, &told
	out, err := cmd.Output()
	if err != nil {
		h.t.Fatalf("%s: %v\n%s", name, err, &told)
	}
	return string(out)
}

// sign gives the zone with signatures until then.
func (h *hand) sign(serial int, until time.Time) string {
	h.t.Helper()
	zone := strings.Replace(acmeZone, " 7 ", fmt.Sprintf(" %d ", serial), 1) + h.key.String() + "\n"
	if err := os.WriteFile(filepath.Join(h.dir, "zone"), []byte(zone), 0o600); err != nil {
		h.t.Fatal(err)
	}
	const layout = "20060102150405"
	h.run("dnssec-signzone", "-q", "-P", "-z", "-O", "full", "-o", domain, "-s", until.AddDate(0, -2, 0).Format(layout), "-e", until.Format(layout), "-f", "signed", "zone", h.file)
	out, err := os.ReadFile(filepath.Join(h.dir, "signed"))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(out)
}

// replace serves another zone, which is entered by this key; as it is: BIND
// takes signatures away that are over, once a zone can be updated.
func (w *world) replace(zone string, key *dns.DNSKEY) {
	w.t.Helper()
	w.primary.Stop()
	w.primary = peer.StartNames(w.t, peer.KindKnot, peer.NamesOptions{Zone: domain, Key: tsig, Text: zone, Addr: ns1At, Port: 53})
	w.delegate(w.parent, "test.", domain+".", key)
	w.catchUp()
}

// seen is what the program tells of the domain.
type seen struct {
	Domains []struct{ Findings []zone.Finding }
}

// look runs the program.
func (w *world) look() seen {
	w.t.Helper()
	cmd := exec.Command(os.Getenv(programIn), "dns", domain, "--resolver", cacheAt, "--json")
	cmd.Dir = w.t.TempDir()
	cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=", "LANG=")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	var s seen
	if err := json.Unmarshal(out, &s); err != nil || len(s.Domains) != 1 {
		w.t.Fatalf("%v: %s", err, out)
	}
	return s
}

// evidence is what a check says, by server or record.
func (w *world) evidence(code string) []string {
	w.t.Helper()
	var got []string
	for _, f := range w.look().Domains[0].Findings {
		for _, e := range f.Evidence {
			if f.Code == code {
				got = append(got, strings.TrimSpace(e.On+" "+e.Saw))
			}
		}
	}
	return got
}

// says fails unless a check says each of some things of both servers, and none
// of others.
func (w *world) says(when, code string, want, not []string) {
	w.t.Helper()
	got := w.evidence(code)
	for _, server := range []string{"ns1.acme.test " + ns1At, "ns2.acme.test " + ns2At} {
		has := func(what string) bool {
			return slices.ContainsFunc(got, func(e string) bool { return strings.HasPrefix(e, server+" "+what) })
		}
		if slices.ContainsFunc(want, func(what string) bool { return !has(what) }) || slices.ContainsFunc(not, has) {
			w.t.Errorf("%s: of %s %s says %q, want %q, not %q", when, server, code, got, want, not)
		}
	}
}

// shows fails unless a check says exactly this; nothing: that it is silent.
func (w *world) shows(when, code string, evidence ...string) {
	w.t.Helper()
	got := w.evidence(code)
	if !slices.Equal(got, evidence) {
		w.t.Errorf("%s: %s says %q, want %q", when, code, got, evidence)
	}
}

// validated asks the resolver with nothing in its cache.
func (w *world) validated() *dns.Msg {
	w.t.Helper()
	w.resolver.Stop()
	w.resolver.Start()
	return w.ask(w.resolver, domain+".", dns.TypeMX)
}

func (w *world) valid() {
	w.t.Helper()
	if in := w.validated(); in.Rcode != dns.RcodeSuccess || !in.AuthenticatedData {
		w.t.Errorf("the resolver does not validate: %v", in)
	}
}

func (w *world) bogus() {
	w.t.Helper()
	if in := w.validated(); in.Rcode != dns.RcodeServerFailure {
		w.t.Errorf("the resolver takes it: %v", in)
	}
}

func (w *world) add(record string) {
	w.t.Helper()
	rr, err := dns.NewRR(record)
	if err != nil {
		w.t.Fatal(err)
	}
	m := new(dns.Msg)
	m.SetUpdate(domain + ".")
	m.Insert([]dns.RR{rr})
	w.send(w.primary, m)
}
