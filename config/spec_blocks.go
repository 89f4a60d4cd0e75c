package config

import (
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Defaults of what may be left out.
const (
	defaultState       = ".mxmove"
	defaultConnections = 8
	maxConnections     = 500
	portImplicit       = 993
	portPlain          = 143
)

// decode fills the spec from the top-level blocks of all files.
func (l *loader) decode() {
	var blocks hclsyntax.Blocks
	for _, body := range l.bodies {
		for name, a := range body.Attributes {
			l.say(Error, l.pos(a.NameRange), "argument.top", "name", name)
		}
		blocks = append(blocks, body.Blocks...)
	}
	nothing := func(*hclsyntax.Block) {}
	l.takeBlocks(blocks, "", Pos{File: l.o.Dir}, []child{
		{name: "migration", labels: 1, must: true, take: l.migration},
		{name: "source", labels: 1, must: true, take: l.source},
		{name: "target", labels: 1, must: true, take: l.target},
		{name: "roster", must: true, take: l.roster},
		{name: "history", take: l.history},
		{name: "variable", labels: 1, many: true, take: nothing}, // settled before
		{name: "locals", many: true, take: nothing},
	})
}

func (l *loader) migration(b *hclsyntax.Block) {
	m := Migration{Name: b.Labels[0], State: defaultState, At: l.pos(b.DefRange())}
	var versionAt Pos
	l.take(b, "migration", []field{
		{name: "version", into: &m.Version, at: &versionAt},
		{name: "language", into: &m.Language, oneOf: []string{"en", "zh-CN"}},
		{name: "state", into: &m.State},
	}, nil)
	if !validLabel(m.Name) {
		l.say(Error, l.pos(b.LabelRanges[0]), "migration.name", "name", m.Name)
	}
	l.checkVersion(m.Version, versionAt)
	l.spec.Migration = m
}

func (l *loader) source(b *hclsyntax.Block) {
	s := &l.spec.Source
	var domainAt, aliasesAt Pos
	if !l.side(b, s, []field{
		{name: "domain", into: &s.Domain, must: true, at: &domainAt},
		{name: "aliases", into: &s.Aliases, at: &aliasesAt},
	}) {
		return
	}
	l.domains(s, domainAt, aliasesAt)
}

func (l *loader) target(b *hclsyntax.Block) { l.side(b, &l.spec.Target, nil) }

// side decodes source or target. A kind of a later version is told once, not
// argument by argument.
func (l *loader) side(b *hclsyntax.Block, s *Side, fields []field) bool {
	f := field{name: b.Type, oneOf: []string{"imap"}, later: []string{"wecom", "exmail"}}
	if !l.choice(&f, b.Labels[0], l.pos(b.LabelRanges[0])) {
		return false
	}
	s.Kind, s.At = b.Labels[0], l.pos(b.DefRange())
	l.take(b, b.Type, fields, []child{
		{name: "imap", must: true, take: func(b *hclsyntax.Block) { l.imap(b, &s.IMAP) }},
	})
	return true
}

func (l *loader) imap(b *hclsyntax.Block, m *IMAP) {
	m.At, m.TLS, m.Limits.Connections = l.pos(b.DefRange()), TLSImplicit, defaultConnections
	var hostAt, tlsAt, caAt Pos
	l.take(b, "imap", []field{
		{name: "host", into: &m.Host, must: true, at: &hostAt},
		{name: "port", into: &m.Port, min: 1, max: 65535},
		{name: "tls", into: &m.TLS, oneOf: []string{TLSImplicit, TLSStart, TLSNone}, at: &tlsAt},
		{name: "ca_file", into: &m.CAFile, at: &caAt},
	}, []child{
		{name: "login", labels: 1, must: true, take: func(b *hclsyntax.Block) { l.login(b, &m.Login) }},
		{name: "limits", take: func(b *hclsyntax.Block) { l.limits(b, &m.Limits) }},
	})
	if m.Port == 0 {
		m.Port = portPlain
		if m.TLS == TLSImplicit {
			m.Port = portImplicit
		}
	}
	l.checkHost(m, hostAt, tlsAt)
	l.checkCA(m.CAFile, caAt)
}

func (l *loader) limits(b *hclsyntax.Block, m *Limits) {
	l.take(b, "limits", []field{{name: "connections", into: &m.Connections, min: 1, max: maxConnections}}, nil)
}

func (l *loader) login(b *hclsyntax.Block, m *Login) {
	f := field{name: "login", oneOf: []string{LoginPassword, LoginPlain, LoginMaster, LoginOAuth2}}
	if !l.choice(&f, b.Labels[0], l.pos(b.LabelRanges[0])) {
		return
	}
	m.Kind, m.At = b.Labels[0], l.pos(b.DefRange())
	l.take(b, "login", l.loginFields(m), nil)
}

func (l *loader) loginFields(m *Login) []field {
	user := field{name: "user", into: &m.User, must: true}
	password := field{name: "password", into: &m.Password, must: true}
	switch m.Kind {
	case LoginPlain:
		return []field{user, password}
	case LoginMaster:
		m.Separator = "*"
		return []field{user, password, {name: "separator", into: &m.Separator}}
	case LoginOAuth2:
		return []field{
			{name: "command", must: true, raw: func(e hclsyntax.Expression) { l.command(m, e) }},
			{name: "mechanism", into: &m.Mechanism, oneOf: []string{"XOAUTH2", "OAUTHBEARER"}},
		}
	}
	return nil // password: each row has its own
}

func (l *loader) command(m *Login, e hclsyntax.Expression) {
	before := len(l.findings)
	l.set(&field{name: "command", into: &m.Command}, e)
	if len(m.Command) == 0 && len(l.findings) == before {
		l.say(Error, l.pos(e.Range()), "value.empty", "name", "command")
	}
}

func (l *loader) history(b *hclsyntax.Block) {
	h := &History{Mover: "mxmove", Deletions: "keep", Refused: "quarantine", At: l.pos(b.DefRange())}
	var sinceAt Pos
	l.take(b, "history", []field{
		{name: "mover", into: &h.Mover, oneOf: []string{"mxmove"}, later: []string{"wizard"}},
		{name: "since", into: &h.Since, at: &sinceAt},
		{name: "deletions", into: &h.Deletions, oneOf: []string{"keep"}, later: []string{"follow"}},
		{name: "refused", into: &h.Refused, oneOf: []string{"quarantine", "fail"}, later: []string{"repair"}},
	}, []child{{name: "folders", take: func(b *hclsyntax.Block) { l.folders(b, h) }}})
	l.checkSince(h.Since, sinceAt)
	l.spec.History = h
}

func (l *loader) folders(b *hclsyntax.Block, h *History) {
	var skipAt, mapAt Pos
	l.take(b, "folders", []field{
		{name: "skip", into: &h.Skip, at: &skipAt},
		{name: "map", into: &h.Map, at: &mapAt},
	}, nil)
	l.checkFolders(h, skipAt, mapAt)
}
