package zone

import (
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// Aim is a domain and what a migration wants of it. With Domain only, the
// domain is just looked at.
type Aim struct {
	Domain    string
	Names     []string // further names that were decided on
	Selectors []string // of DKIM keys in use, which stay
	Resolvers []string // whose caches are asked: address or address:port

	MX      []string          // wanted, as config.Zone's; empty: nothing is to switch
	Alone   bool              // the target wants no other MX beside its own
	SPF     config.SPF        // terms
	DKIM    map[string]string // selector: the value that the target gave
	Via     string            // kind of config.Zone
	Server  string            // that takes updates, host or host:port
	Key     config.Secret
	KeyName string
	Zone    config.Zone // what else a vendor's API needs
	MinTTL  uint32      // the lowest that the zone's provider allows, in seconds
	Opens   time.Time
	Tail    time.Duration
	Past    Past          // by the journal
	Before  *planner.Zone // as an earlier plan saw it; nil: none
}

// Past is what a journal tells of a domain.
type Past struct {
	Switched time.Time // at the latest, where the MX is the target's; zero: not yet
	Lowered  time.Time // when the TTL of its MX was; zero: it is not
	From     uint32    // that TTL, in seconds
}

// remembered is until when caches may hold the MX with its former TTL.
func (p Past) remembered() time.Time {
	if p.Lowered.IsZero() {
		return time.Time{}
	}
	return p.Lowered.Add(time.Duration(p.From) * time.Second)
}

// Aims are a migration's domains; before is how an earlier plan saw them.
func Aims(spec *config.Spec, before ...planner.Zone) []Aim {
	c := spec.Cutover
	if c == nil {
		var list []Aim
		for _, d := range append([]string{spec.Source.Domain}, spec.Source.Aliases...) {
			if d != "" {
				list = append(list, Aim{Domain: d})
			}
		}
		return list
	}
	var list []Aim
	for _, z := range c.Zones {
		list = append(list, Aim{Domain: z.Domain, Names: z.Names, Selectors: z.Selectors, Resolvers: c.Resolvers,
			MX: planner.WantedMX(spec, z), Alone: spec.Target.Kind == "wecom", SPF: z.SPF, DKIM: z.DKIM,
			Via: z.Kind, Server: z.Server, Key: z.Key, KeyName: z.KeyName, Zone: z, Opens: c.Opens, Tail: c.Tail})
		if i := slices.IndexFunc(before, func(b planner.Zone) bool { return b.Name == z.Domain }); i >= 0 {
			list[len(list)-1].Before = &before[i]
		}
	}
	return list
}

// ASCII gives a domain's A-labels (RFC 5891 section 4.4), as they go over the
// wire.
func ASCII(domain string) (string, error) {
	a, err := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.VerifyDNSLength(true)).ToASCII(strings.TrimSuffix(domain, "."))
	return strings.ToLower(a), err
}

// Unicode gives a domain as people read it.
func Unicode(domain string) string {
	u, err := idna.Display.ToUnicode(domain)
	if err != nil {
		return domain
	}
	return u
}

// full gives a further name in full: "mail" and "mail.acme.test" are the same.
func (a Aim) full(name string) string {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if below(name, a.Domain) {
		return name
	}
	return name + "." + a.Domain
}

func (a Aim) decided(name string) bool {
	return slices.ContainsFunc(a.Names, func(n string) bool { return a.full(n) == name })
}

// switches says whether the domain is to move.
func (a Aim) switches() bool { return len(a.MX) > 0 }

// probeLabel begins names that nobody made: what they answer is a wildcard's.
const probeLabel = "mxmove-probe-4f1c"

// vanity names are in people's mail programs.
var vanity = []string{"mail", "imap", "smtp", "pop", "pop3"}

// services are found by SRV (RFC 6186, RFC 8314, MS-OXDISCO).
var services = []string{"_autodiscover._tcp", "_imaps._tcp", "_submissions._tcp", "_submission._tcp", "_pop3s._tcp"}

type asked struct{ name, kind string }

// questions are what every server is asked.
func (a Aim) questions() []asked {
	d := a.Domain
	list := []asked{{d, "MX"}, {d, "TXT"}, {d, "A"}, {d, "AAAA"}, {"_dmarc." + d, "TXT"}, {"_mta-sts." + d, "TXT"}, {"mta-sts." + d, "A"},
		{"_smtp._tls." + d, "TXT"}, {"autodiscover." + d, "A"}, {"autoconfig." + d, "A"},
		{probeLabel + "." + d, "MX"}, {probeLabel + "." + d, "A"}, {probeLabel + "." + d, "TXT"}}
	for _, s := range a.selectors() {
		list = append(list, asked{s + "._domainkey." + d, "TXT"})
	}
	for _, s := range services {
		list = append(list, asked{s + "." + d, "SRV"})
	}
	for _, n := range slices.Concat(vanity, a.Names) {
		if q := (asked{a.full(n), "A"}); !slices.Contains(list, q) {
			list = append(list, q, asked{q.name, "MX"})
		}
	}
	for _, mx := range a.MX { // a host of the domain's own that takes its mail
		if host := mxHost(mx); below(host, d) {
			list = append(list, asked{"_25._tcp." + host, "TLSA"})
		}
	}
	slices.SortFunc(list, func(x, y asked) int { return strings.Compare(x.name+" "+x.kind, y.name+" "+y.kind) })
	return slices.Compact(list)
}

// changes says whether a set is of those that a migration may change: what is
// asked for by name, of the types that are written.
func (a Aim) changes(name, kind string) bool {
	return (kind == "MX" || kind == "TXT" || kind == "CNAME") && slices.ContainsFunc(a.questions(), func(q asked) bool { return q.name == name })
}

// selectors are those in use and those to come, in order.
func (a Aim) selectors() []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(a.Selectors, sortedKeys(a.DKIM)))))
}

// mxHost is the host of "PREFERENCE HOST".
func mxHost(value string) string {
	f := strings.Fields(value)
	if len(f) < 2 {
		return ""
	}
	return strings.ToLower(strings.TrimSuffix(f[1], "."))
}

// canonicalMX writes an MX value as this package does.
func canonicalMX(v string) string {
	f := strings.Fields(strings.ToLower(v))
	if len(f) == 2 && len(f[1]) > 1 {
		f[1] = strings.TrimSuffix(f[1], ".")
	}
	if len(f) == 1 { // "0 ." without its dot
		f = append(f, ".")
	}
	return strings.Join(f, " ")
}

func canonical(kind string, values []string) []string {
	var out []string
	for _, v := range values {
		if kind == "MX" {
			v = canonicalMX(v)
		}
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}
