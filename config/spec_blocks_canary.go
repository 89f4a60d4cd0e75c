package config

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Ports of message submission (RFC 8314 section 3.3, RFC 6409).
const (
	portSubmissions = 465
	portSubmission  = 587
)

// canaryAt is where parts of a canary stand that are checked against others.
type canaryAt struct{ from, to Pos }

func (l *loader) canary(b *hclsyntax.Block, c *Cutover) {
	k, at := Canary{At: l.pos(b.DefRange())}, canaryAt{}
	s := cutoverBlock.child("canary")
	l.take(b, s, []field{{name: "from", into: &k.From, at: &at.from}, {name: "to", into: &k.To, at: &at.to}}, takers{
		"submission": func(b *hclsyntax.Block) { k.Submission = l.service(b, s, portSubmissions, portSubmission) },
		"arrival": func(b *hclsyntax.Block) {
			inbox := l.service(b, s, portImplicit, portPlain)
			k.Arrival = &inbox
		},
	})
	k.From, k.To = l.oneAddress(k.From, at.from), l.oneAddress(k.To, at.to)
	if k.Submission.User == "" {
		k.Submission.User = k.From
	}
	if k.Arrival != nil && k.Arrival.User == "" {
		k.Arrival.User = k.To
	}
	c.Canaries = append(c.Canaries, k)
	l.at.canaries = append(l.at.canaries, at)
}

// oneAddress gives an address in its one form; "": none, which is told.
func (l *loader) oneAddress(written string, at Pos) string {
	if written == "" {
		return ""
	}
	a := l.addresses([]string{written}, at)[0]
	if _, err := Canonical(a); err != nil {
		return ""
	}
	return a
}

// service decodes a server with who signs in to it.
func (l *loader) service(b *hclsyntax.Block, in *block, implicit, other int) Service {
	m := IMAP{At: l.pos(b.DefRange())}
	var user string
	var password Secret
	var hostAt, tlsAt, caAt Pos
	l.take(b, in.child(b.Type), []field{
		{name: "host", into: &m.Host, at: &hostAt},
		{name: "port", into: &m.Port},
		{name: "tls", into: &m.TLS, at: &tlsAt},
		{name: "ca_file", into: &m.CAFile, at: &caAt},
		{name: "user", into: &user},
		{name: "password", into: &password},
	}, nil)
	if m.Port == 0 {
		m.Port = other
		if m.TLS == TLSImplicit {
			m.Port = implicit
		}
	}
	l.checkHost(&m, hostAt, tlsAt)
	l.checkCA(m.CAFile, caAt)
	return Service{Host: m.Host, Port: m.Port, TLS: m.TLS, CAFile: m.CAFile, User: user, Password: password, At: m.At}
}

// canaries: one leaves each domain that switches at most, and goes elsewhere. Called before
// they are put in order.
func (l *loader) canaries(list []Canary) {
	domains := append([]string{l.spec.Source.Domain}, l.spec.Source.Aliases...)
	seen := map[string]Pos{}
	for i, k := range list {
		at, from := l.at.canaries[i], k.Domain()
		if first, twice := seen[from]; twice && from != "" {
			l.say(Error, k.At, "cutover.canary-twice", "domain", from, "first", first.String())
		}
		seen[from] = k.At
		switch {
		case from == "" || l.spec.Source.Domain == "": // told already
		case !slices.Contains(domains, from):
			l.say(Error, at.from, "cutover.canary-from", "address", k.From, "domains", strings.Join(domains, ", "))
		case l.moves() && !slices.ContainsFunc(l.spec.Cutover.Zones, func(z Zone) bool { return z.Domain == from }):
			l.say(Error, k.At, "cutover.canary-merge", "procedure", l.spec.Target.Procedure)
		}
		if to := domainOf(k.To); to != "" && slices.Contains(domains, to) {
			l.say(Error, at.to, "cutover.canary-to", "address", k.To)
		}
	}
}
