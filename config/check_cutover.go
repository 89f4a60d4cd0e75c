package config

import (
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// shortTail is less than the day in which most old MX records leave the caches.
const shortTail = 24 * time.Hour

// checkCutover checks the window and its approvals by themselves. A window in
// the past is apply's to refuse: plans may look at any time.
func (l *loader) checkCutover(c *Cutover) {
	at := &l.at.cutover
	known := !c.Opens.IsZero() && !c.Closes.IsZero()
	switch {
	case known && !c.Closes.After(c.Opens):
		l.say(Error, at.closes, "cutover.window", "opens", c.Opens.Format(time.RFC3339), "closes", c.Closes.Format(time.RFC3339))
	case known && c.Duration > c.Closes.Sub(c.Opens):
		l.say(Error, at.duration, "cutover.duration")
	}
	if c.Tail < shortTail && at.tail != (Pos{}) && c.Tail != 0 {
		l.say(Warning, at.tail, "cutover.tail")
	}
	l.checkResolvers(c.Resolvers, at.resolvers)
	if c.Approvals > 0 && c.Approvers == "" && at.approvers == (Pos{}) {
		l.say(Error, orPos(at.approvals, c.At), "cutover.approvers", "approvals", strconv.Itoa(c.Approvals))
	}
	if c.Approvers != "" {
		b, err := os.ReadFile(within(l.o.Dir, c.Approvers))
		if err != nil {
			l.say(Error, at.approvers, "file.unreadable", "file", c.Approvers, "error", reason(err))
		}
		c.Signers = signers(string(b))
	}
}

// signers are the lines of a file of allowed signers (ssh-keygen(1)) but
// comments.
func signers(content string) []string {
	var list []string
	for line := range strings.Lines(content) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			list = append(list, line)
		}
	}
	return list
}

// zones: each domain that switches has exactly one. A merge or an upgrade
// moves no MX of mxmove's.
func (l *loader) zones() {
	c, s := l.spec.Cutover, &l.spec.Source
	if c == nil || s.Domain == "" {
		return
	}
	domains := append([]string{s.Domain}, s.Aliases...)
	seen := map[string]Pos{}
	for _, z := range c.Zones {
		if first, twice := seen[z.Domain]; twice {
			l.say(Error, z.At, "zone.twice", "domain", z.Domain, "first", first.String())
			continue
		}
		seen[z.Domain] = z.At
		if z.Domain != "" && !slices.Contains(domains, z.Domain) {
			l.say(Error, z.At, "zone.domain", "domain", z.Domain, "domains", strings.Join(domains, ", "))
		}
	}
	for _, d := range domains {
		if _, ok := seen[d]; !ok && d != "" && !l.moves() {
			l.say(Error, c.At, "zone.missing", "domain", d)
		}
	}
}

func (l *loader) checkZone(z *Zone, at zoneAt) {
	host := z.Server
	if h, port, err := net.SplitHostPort(z.Server); err == nil {
		if n, err := strconv.ParseUint(port, 10, 16); err == nil && n > 0 {
			host = h
		}
	}
	if z.Server != "" && !validHost(host) {
		l.say(Error, at.server, "zone.server", "value", z.Server)
	}
	if z.Endpoint != "" && !validEndpoint(z.Endpoint) {
		l.say(Error, at.endpoint, "zone.endpoint") // without it: a token may be in it
	}
	for _, mx := range z.MX {
		if !validMX(mx) {
			l.say(Error, at.mx, "zone.mx", "value", mx)
		}
	}
	l.checkNames(z, at)
	for _, list := range []struct {
		terms []string
		at    Pos
	}{{z.SPF.Add, at.add}, {z.SPF.Remove, at.remove}} {
		for _, term := range list.terms {
			if !spfTerm.MatchString(term) {
				l.say(Error, list.at, "zone.spf", "value", term)
			}
		}
	}
	for _, term := range z.SPF.Remove {
		if slices.ContainsFunc(z.SPF.Add, func(a string) bool { return strings.EqualFold(a, term) }) {
			l.say(Error, at.remove, "zone.spf-both", "value", term)
		}
	}
}

// validEndpoint takes https://HOST and a path; http only on this machine.
func validEndpoint(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == "" &&
		(u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()))
}

// checkNames: what is looked up must be a name.
func (l *loader) checkNames(z *Zone, at zoneAt) {
	for _, n := range z.Names {
		if !dnsName.MatchString(n) {
			l.say(Error, at.names, "zone.name", "value", n)
		}
	}
	for _, s := range z.Selectors {
		if !dnsName.MatchString(s) {
			l.say(Error, at.selectors, "zone.name", "value", s)
		}
	}
	for _, s := range slices.Sorted(maps.Keys(z.DKIM)) {
		if !dnsName.MatchString(s) {
			l.say(Error, at.dkim, "zone.name", "value", s)
		}
	}
}

// checkResolvers: addresses, since a resolver's name would need a resolver.
func (l *loader) checkResolvers(list []string, at Pos) {
	for _, r := range list {
		_, bare := netip.ParseAddr(r)
		if _, withPort := netip.ParseAddrPort(r); bare != nil && withPort != nil {
			l.say(Error, at, "cutover.resolver", "value", r)
		}
	}
}

// dnsName is one or more labels below a domain; those of services begin with
// an underscore (RFC 8552).
var dnsName = regexp.MustCompile(`(?i)^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?)*$`)

// spfTerm is one term of RFC 7208 section 4.6.1: a mechanism with its
// qualifier, or redirect.
var spfTerm = regexp.MustCompile(`(?i)^(?:[+?~-]?(?:all|(?:a|mx|ptr)(?::[a-z0-9._%{}-]+)?(?:/\d{1,2})?(?://\d{1,3})?|(?:include|exists):[a-z0-9._%{}-]+|ip4:[0-9.]+(?:/\d{1,2})?|ip6:[0-9a-f:.]+(?:/\d{1,3})?)|redirect=[a-z0-9._%{}-]+)$`)

// validMX takes "PREFERENCE HOST" (RFC 1035 section 3.3.9): a name, no address.
func validMX(s string) bool {
	preference, host, ok := strings.Cut(s, " ")
	if _, err := strconv.ParseUint(preference, 10, 16); !ok || err != nil {
		return false
	}
	host = strings.TrimSuffix(host, ".")
	return validDomain(host) && net.ParseIP(host) == nil
}

// checkAccounts: accounts map one to one (CUSTOMERS-05), however their case is
// written.
func (l *loader) checkAccounts(c *Customers, at Pos) {
	to, from := map[string]string{}, map[string]string{}
	names := make([]string, 0, len(c.Accounts))
	for a := range c.Accounts {
		names = append(names, a)
	}
	slices.Sort(names)
	for _, a := range names {
		b := c.Accounts[a]
		for _, x := range []string{a, b} {
			if !account.MatchString(x) {
				l.say(Error, at, "tenant.account", "account", x)
			}
		}
		if first, twice := from[strings.ToLower(a)]; twice {
			l.say(Error, at, "customers.split", "account", a, "first", first)
		}
		if first, twice := to[strings.ToLower(b)]; twice {
			l.say(Error, at, "customers.merged", "account", b, "first", first, "second", a)
		}
		from[strings.ToLower(a)], to[strings.ToLower(b)] = a, a
	}
}

// checkHours tells parts of the day that overlap: which rate counts nobody
// could tell.
func (l *loader) checkHours(list []Hours) {
	for i, a := range list {
		for _, b := range list[:i] {
			if a.has(b.From) || b.has(a.From) {
				l.say(Error, a.At, "limits.hours", "first", b.At.String())
			}
		}
	}
}

// RateAt gives the octets a second that count at a time, by the clock of its
// location; 0: no limit.
func (l Limits) RateAt(t time.Time) int64 {
	clock := t.Format("15:04")
	for _, h := range l.Hours {
		if h.has(clock) {
			return h.Rate
		}
	}
	return l.Rate
}

// has reports whether a time of day lies in the hours.
func (h Hours) has(clock string) bool {
	if h.From < h.To {
		return h.From <= clock && clock < h.To
	}
	return clock >= h.From || clock < h.To
}
