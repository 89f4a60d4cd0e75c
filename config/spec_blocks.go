package config

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

const (
	maxConnections = 500
	portImplicit   = 993
	portPlain      = 143
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
	l.fillDefaults(language.child("guards"), l.guardFields())
	l.takeBlocks(blocks, language, "", Pos{File: l.o.Dir}, takers{
		"migration": l.migration, "source": l.source, "target": l.target, "roster": l.roster,
		"history": l.history, "cutover": l.cutover, "guards": l.guards,
		"acknowledge": l.acknowledge, "again": l.again, "customers": l.customers,
		"variable": nothing, "locals": nothing, // settled before
	})
}

func (l *loader) migration(b *hclsyntax.Block) {
	m := Migration{Name: b.Labels[0], At: l.pos(b.DefRange())}
	var versionAt Pos
	l.take(b, language.child("migration"), []field{
		{name: "version", into: &m.Version, at: &versionAt},
		{name: "language", into: &m.Language},
		{name: "state", into: &m.State},
		{name: "mirror", into: &m.Mirror},
		{name: "identity", into: &m.Identity},
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
	l.side(b, sourceBlock, s, &l.at.source, []field{
		{name: "domain", into: &s.Domain, at: &domainAt},
		{name: "aliases", into: &s.Aliases, at: &aliasesAt},
	}, nil)
	l.domains(s, domainAt, aliasesAt)
}

func (l *loader) target(b *hclsyntax.Block) {
	s := &l.spec.Target
	l.side(b, targetBlock, s, &l.at.target, []field{
		{name: "procedure", into: &s.Procedure, at: &l.at.procedure},
		{name: "mode", into: &s.Mode, at: &l.at.mode},
	}, takers{
		"seats": func(b *hclsyntax.Block) {
			s.Seats = &Seats{At: l.pos(b.DefRange())}
			l.take(b, targetBlock.child("seats"), []field{{name: "vip", into: &s.Seats.VIP}}, nil)
		},
		"archive": func(b *hclsyntax.Block) {
			s.Archive = &Archive{At: l.pos(b.DefRange())}
			l.take(b, targetBlock.child("archive"), []field{{name: "path", into: &s.Archive.Path}}, nil)
		},
	})
}

// sideAt is where the parts of a side stand that are checked against others.
type sideAt struct{ corpID, creator Pos }

// side decodes what source and target have in common, and what they add.
func (l *loader) side(b *hclsyntax.Block, in *block, s *Side, at *sideAt, fields []field, inside takers) {
	s.Kind, s.At = b.Labels[0], l.pos(b.DefRange())
	all := takers{
		"imap": func(b *hclsyntax.Block) { l.imap(b, &s.IMAP) },
		"api":  func(b *hclsyntax.Block) { l.api(b, s) },
		"directory": func(b *hclsyntax.Block) {
			s.Directory = &Directory{At: l.pos(b.DefRange())}
			l.take(b, directoryBlock, []field{{name: "sheet", into: &s.Directory.Sheet}}, nil)
		},
	}
	for name, take := range inside {
		all[name] = take
	}
	l.take(b, in, append(fields,
		field{name: "corp_id", into: &s.CorpID, at: &at.corpID},
		field{name: "name", into: &s.Name},
		field{name: "creator", into: &s.Creator, at: &at.creator},
	), all)
	slices.SortFunc(s.APIs, func(a, b API) int { return cmp.Compare(a.Name, b.Name) })
	if s.CorpID != "" && !corpID.MatchString(s.CorpID) {
		l.say(Error, at.corpID, "tenant.corp-id", "value", s.CorpID)
	}
	if s.Creator != "" && !account.MatchString(s.Creator) {
		l.say(Error, at.creator, "tenant.account", "account", s.Creator)
	}
}

func (l *loader) api(b *hclsyntax.Block, s *Side) {
	a := API{Name: b.Labels[0], At: l.pos(b.DefRange())}
	if i := slices.IndexFunc(s.APIs, func(x API) bool { return x.Name == a.Name }); i >= 0 {
		l.say(Error, a.At, "block.repeated", "name", "api "+a.Name, "first", s.APIs[i].At.String())
	}
	l.take(b, apiBlock, []field{{name: "secret", into: &a.Secret}}, nil)
	s.APIs = append(s.APIs, a)
}

func (l *loader) imap(b *hclsyntax.Block, m *IMAP) {
	m.At = l.pos(b.DefRange())
	l.fillDefaults(limitsBlock, limitFields(&m.Limits)) // where the block is absent
	var hostAt, tlsAt, caAt Pos
	l.take(b, imapBlock, []field{
		{name: "host", into: &m.Host, at: &hostAt},
		{name: "port", into: &m.Port},
		{name: "tls", into: &m.TLS, at: &tlsAt},
		{name: "ca_file", into: &m.CAFile, at: &caAt},
		{name: "compress", into: &m.Compress},
	}, takers{
		"login":  func(b *hclsyntax.Block) { l.login(b, &m.Login) },
		"limits": func(b *hclsyntax.Block) { l.limits(b, &m.Limits) },
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

func limitFields(m *Limits) []field {
	return []field{
		{name: "connections", into: &m.Connections},
		{name: "per_mailbox", into: &m.PerMailbox},
		{name: "rate", into: &m.Rate},
	}
}

func (l *loader) limits(b *hclsyntax.Block, m *Limits) {
	l.take(b, limitsBlock, limitFields(m), takers{"hours": func(b *hclsyntax.Block) {
		h := Hours{At: l.pos(b.LabelRanges[0])}
		var ok bool
		if h.From, h.To, ok = parseHours(b.Labels[0]); !ok {
			l.say(Error, h.At, "value.hours", "value", b.Labels[0])
		}
		l.take(b, limitsBlock.child("hours"), []field{{name: "rate", into: &h.Rate}}, nil)
		if ok {
			m.Hours = append(m.Hours, h)
		}
	}})
	slices.SortFunc(m.Hours, func(a, b Hours) int { return cmp.Compare(a.From, b.From) })
	l.checkHours(m.Hours)
	if m.PerMailbox > m.Connections {
		l.say(Error, l.pos(b.DefRange()), "limits.per-mailbox", "connections", strconv.Itoa(m.Connections), "per_mailbox", strconv.Itoa(m.PerMailbox))
	}
}

func (l *loader) login(b *hclsyntax.Block, m *Login) {
	m.Kind, m.At = b.Labels[0], l.pos(b.DefRange())
	l.take(b, loginBlock, []field{
		{name: "user", into: &m.User},
		{name: "password", into: &m.Password},
		{name: "separator", into: &m.Separator},
		{name: "command", raw: func(e hclsyntax.Expression) { l.command(m, e) }},
		{name: "mechanism", into: &m.Mechanism},
	}, nil)
}

func (l *loader) command(m *Login, e hclsyntax.Expression) {
	before := len(l.findings)
	l.set(&field{name: "command", into: &m.Command, arg: loginBlock.arg("command")}, e)
	if len(m.Command) == 0 && len(l.findings) == before {
		l.say(Error, l.pos(e.Range()), "value.empty", "name", "command")
	}
}

func (l *loader) history(b *hclsyntax.Block) {
	h := &History{At: l.pos(b.DefRange())}
	var sinceAt Pos
	l.take(b, historyBlock, []field{
		{name: "mover", into: &h.Mover, at: &l.at.mover},
		{name: "since", into: &h.Since, at: &sinceAt},
		{name: "deletions", into: &h.Deletions},
		{name: "refused", into: &h.Refused},
	}, takers{"folders": func(b *hclsyntax.Block) { l.folders(b, h) }})
	l.checkSince(h.Since, sinceAt)
	l.spec.History = h
}

func (l *loader) folders(b *hclsyntax.Block, h *History) {
	var skipAt, mapAt Pos
	l.take(b, historyBlock.child("folders"), []field{
		{name: "skip", into: &h.Skip, at: &skipAt},
		{name: "map", into: &h.Map, at: &mapAt},
	}, nil)
	l.checkFolders(h, skipAt, mapAt)
}
