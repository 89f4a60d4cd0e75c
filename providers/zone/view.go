// Package zone observes the DNS of mail domains at every authoritative server
// and in the caches of listed resolvers, tells what stands against moving their
// mail, and changes records: by update (RFC 2136), by a vendor's API or by a
// person.
package zone

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/zone/vendor"
	"github.com/mxmove/mxmove/providers/zone/wire"
)

// View is a domain as its servers, its parent's servers and the listed
// resolvers showed it at one time.
type View struct {
	Domain   string // A-labels
	At       time.Time
	Err      *planner.Fault // why nothing could be seen
	Apex     string         // the zone that the domain lies in
	ParentNS []string       // as all of the parent's servers together say
	ChildNS  []string       // as all of the zone's own servers together say
	Glue     map[string][]netip.Addr
	Hosts    map[string]Host // of the name servers
	DS       []wire.Record
	Servers  []Server // each address of each name server
	Primary  *Server  // the one that takes updates, where there is one
	Caches   []Cache
	Targets  map[string]Target // the hosts of MX records, present and wanted
	Policy   *Policy           // MTA-STS, where it is announced
	SPF      SPF
	Keys     map[string][]string // DKIM: of a selector that is an alias, what it leads to, by that name
	DMARC    DMARC
	Senders  []Sender        // addresses that the wanted SPF terms name, with their names
	Redirect map[string]bool // URLs of the web server at the domain that answer a client's question for its settings
	Account  *Account        // where a vendor's API changes the zone
	Listing  []Listed        // all of the zone, as a transfer or a vendor's API lists it; nil: nobody can
}

// Server is one address of an authoritative server.
type Server struct {
	Host   string
	Addr   netip.Addr
	Parent bool // the parent names it
	Child  bool // the zone itself names it
	Err    error
	Serial uint32
	Sets   map[string]Set // by NAME TYPE
}

// Set is what one server told of a name and type.
type Set struct {
	Rcode   string
	AA      bool
	Err     error
	Records []wire.Record
	Sigs    []wire.Record
	Alias   string // the answer was a CNAME for this
	Cut     string // the name is delegated away, to this zone
	NegTTL  uint32 // how long its absence is remembered (RFC 2308 section 5)
}

// TTL is the set's, in seconds: of differing ones the longest.
func (s Set) TTL() uint32 {
	var ttl uint32
	for _, r := range s.Records {
		ttl = max(ttl, r.TTL)
	}
	return ttl
}

// Cache is what one resolver remembers of the mail sets.
type Cache struct {
	Resolver string
	Err      error
	Own      bool           // it answers with authority of its own: another view
	Sets     map[string]Set // with the seconds that are left
}

// Target is a host that takes mail.
type Target struct {
	Host
	Signed bool          // its zone is signed
	TLSA   []wire.Record // at _25._tcp
	Shown  []string      // SHA-256 sums over the certificates that it shows (RFC 6698 section 2.1), as TLSA values; nil: not looked at
}

// Sender is an address that is to send the domain's mail.
type Sender struct {
	Addr  netip.Addr
	Name  string // by its address; "": none
	Match bool   // which leads back to the address
}

// Listed is a record as a transfer or a vendor's API lists it.
type Listed struct {
	planner.RRset
	Off    bool // paused: not in answers
	Locked bool
	Weight int    // not 0: one of several that take turns
	Odd    string // why it is no plain value
}

// Account is what the vendor that is to change the zone tells of it.
type Account struct {
	vendor.About
	Err error // nothing is known
}

func key(name, kind string) string { return name + " " + kind }

// answering are the servers that could be asked.
func (v *View) answering() []Server {
	return slices.DeleteFunc(slices.Clone(v.Servers), func(s Server) bool { return s.Err != nil })
}

// newest is the server with the highest serial (RFC 1982); false: none answers.
// What one server says alone is never taken for the zone: see [View.differing].
func (v *View) newest() (Server, bool) {
	list := v.answering()
	if v.Primary != nil && v.Primary.Err == nil {
		list = append(list, *v.Primary)
	}
	if len(list) == 0 {
		return Server{}, false
	}
	return slices.MaxFunc(list, func(a, b Server) int { return cmp.Compare(int32(a.Serial-b.Serial), 0) }), true
}

// set is what the newest server tells.
func (v *View) set(name, kind string) Set {
	s, _ := v.newest()
	return s.Sets[key(name, kind)]
}

func (v *View) values(name, kind string) []string { return wire.Values(v.set(name, kind).Records) }

// everywhere is what each answering server tells of a set.
func (v *View) everywhere(name, kind string) map[string]Set {
	all := map[string]Set{}
	for _, s := range v.answering() {
		all[s.label()] = s.Sets[key(name, kind)]
	}
	return all
}

func (s Server) label() string { return strings.TrimSpace(s.Host + " " + s.Addr.String()) }

// longest is the longest TTL of a set at any server.
func (v *View) longest(name, kind string) uint32 {
	var ttl uint32
	for _, s := range v.everywhere(name, kind) {
		ttl = max(ttl, s.TTL())
	}
	return ttl
}

// differing are a server's sets that are not as the newest server's.
func (v *View) differing(s Server) []planner.RRset {
	var list []planner.RRset
	top, _ := v.newest()
	for _, k := range sortedKeys(top.Sets) {
		name, kind, _ := strings.Cut(k, " ")
		if kind == "SOA" || kind == "NS" || kind == "DNSKEY" {
			continue
		}
		a, b := top.Sets[k], s.Sets[k]
		if b.Err == nil && (!slices.Equal(wire.Values(a.Records), wire.Values(b.Records)) || a.TTL() != b.TTL() || a.Alias != b.Alias) {
			list = append(list, planner.RRset{Zone: v.Domain, Name: name, Type: kind, Values: wire.Values(b.Records), TTL: b.TTL()})
		}
	}
	return list
}

// Zone is the view as plans take it.
func (v *View) Zone() planner.Zone {
	z := planner.Zone{Name: v.Domain, Seen: planner.Seen{At: v.At, How: "dns", Err: v.Err}}
	for _, s := range v.Servers {
		a := planner.Authority{Host: s.Host, Addr: s.Addr.String(), Serial: s.Serial}
		if s.Err != nil {
			a.Err = s.Err.Error()
		} else {
			a.Differs = v.differing(s)
		}
		z.Servers = append(z.Servers, a)
	}
	top, _ := v.newest()
	for _, k := range sortedKeys(top.Sets) {
		name, kind, _ := strings.Cut(k, " ")
		set := top.Sets[k]
		if len(set.Records) == 0 || kind == "SOA" || kind == "NS" || kind == "DNSKEY" || strings.HasPrefix(name, probeLabel) {
			continue
		}
		z.Sets = append(z.Sets, planner.RRset{Zone: v.Domain, Name: name, Type: kind, Values: wire.Values(set.Records), TTL: set.TTL()})
	}
	for _, c := range v.Caches {
		z.Caches = append(z.Caches, c.plain(v.Domain))
	}
	if v.Account != nil {
		z.MinTTL = v.Account.MinTTL
	}
	if v.Policy != nil && v.Policy.Err == nil {
		z.STSAge = v.Policy.MaxAge
	}
	return z
}

func (c Cache) plain(domain string) planner.Cache {
	p := planner.Cache{Resolver: c.Resolver}
	if c.Err != nil {
		p.Err = c.Err.Error()
	}
	for _, k := range sortedKeys(c.Sets) {
		name, kind, _ := strings.Cut(k, " ")
		p.Sets = append(p.Sets, planner.RRset{Zone: domain, Name: name, Type: kind, Values: wire.Values(c.Sets[k].Records), TTL: c.Sets[k].TTL()})
	}
	return p
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
