package config

import (
	"cmp"
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// cutoverAt is where parts of cutover stand that are checked against others.
type cutoverAt struct {
	opens, closes, tail, duration, approvals, approvers, accept, resolvers Pos
}

// zoneAt is the same of a zone.
type zoneAt struct{ server, endpoint, mx, names, selectors, dkim, add, remove Pos }

func (l *loader) cutover(b *hclsyntax.Block) {
	c, at := &Cutover{At: l.pos(b.DefRange())}, &l.at.cutover
	l.take(b, cutoverBlock, []field{
		{name: "opens", into: &c.Opens, at: &at.opens},
		{name: "closes", into: &c.Closes, at: &at.closes},
		{name: "start", into: &c.Start},
		{name: "tail", into: &c.Tail, at: &at.tail},
		{name: "duration", into: &c.Duration, at: &at.duration},
		{name: "approvals", into: &c.Approvals, at: &at.approvals},
		{name: "approvers", into: &c.Approvers, at: &at.approvers},
		{name: "rollback_copies", into: &c.RollbackCopies},
		{name: "resolvers", into: &c.Resolvers, at: &at.resolvers},
	}, takers{
		"accept": func(b *hclsyntax.Block) { l.accept(b, c) },
		"zone":   func(b *hclsyntax.Block) { l.zone(b, c) },
		"canary": func(b *hclsyntax.Block) { l.canary(b, c) },
	})
	if c.RollbackCopies == CopiesKeep {
		c.RollbackCopies = "" // as in plans that knew no such setting: their approvals count
	}
	l.checkCutover(c)
	slices.SortStableFunc(c.Zones, func(a, b Zone) int { return cmp.Compare(a.Domain, b.Domain) })
	l.spec.Cutover = c
}

func (l *loader) accept(b *hclsyntax.Block, c *Cutover) {
	a := &c.Accept
	a.At = l.pos(b.DefRange())
	l.take(b, cutoverBlock.child("accept"), []field{
		{name: "mailboxes", into: &a.Mailboxes, at: &l.at.cutover.accept},
		{name: "not_started", into: &a.NotStarted},
		{name: "quarantined", into: &a.Quarantined},
	}, nil)
	a.Mailboxes = l.addresses(a.Mailboxes, l.at.cutover.accept)
}

func (l *loader) zone(b *hclsyntax.Block, c *Cutover) {
	z, at := Zone{Kind: b.Labels[1], At: l.pos(b.DefRange())}, zoneAt{}
	s := cutoverBlock.child("zone")
	l.take(b, s, []field{
		{name: "server", into: &z.Server, at: &at.server},
		{name: "key_name", into: &z.KeyName},
		{name: "algorithm", into: &z.Algorithm},
		{name: "key_id", into: &z.KeyID},
		{name: "key", into: &z.Key},
		{name: "token", into: &z.Token},
		{name: "zone_id", into: &z.ZoneID},
		{name: "region", into: &z.Region},
		{name: "endpoint", into: &z.Endpoint, at: &at.endpoint},
		{name: "lines", into: &z.Lines},
		{name: "mx", into: &z.MX, at: &at.mx},
		{name: "names", into: &z.Names, at: &at.names},
		{name: "selectors", into: &z.Selectors, at: &at.selectors},
		{name: "dkim", into: &z.DKIM, at: &at.dkim},
	}, takers{"spf": func(b *hclsyntax.Block) {
		z.SPF.At = l.pos(b.DefRange())
		l.take(b, s.child("spf"), []field{
			{name: "add", into: &z.SPF.Add, at: &at.add},
			{name: "remove", into: &z.SPF.Remove, at: &at.remove},
		}, nil)
	}})
	z.Domain = l.domain(b.Labels[0], l.pos(b.LabelRanges[0]))
	l.checkZone(&z, at)
	c.Zones = append(c.Zones, z)
}

func (l *loader) guardFields() []field {
	return []field{{name: "removed", into: &l.spec.Guards.Removed}}
}

func (l *loader) guards(b *hclsyntax.Block) {
	l.spec.Guards.At = l.pos(b.DefRange())
	l.take(b, language.child("guards"), l.guardFields(), nil)
}

func (l *loader) acknowledge(b *hclsyntax.Block) {
	a := Acknowledge{Kind: b.Labels[0], Subject: b.Labels[1], At: l.pos(b.DefRange())}
	m := &a.AtMost
	l.take(b, acknowledgeBlock, []field{
		{name: "because", into: &a.Because},
		{name: "company", into: &a.Company},
		{name: "administrator", into: &a.Administrator},
	}, takers{"at_most": func(b *hclsyntax.Block) {
		m.At = l.pos(b.DefRange())
		l.take(b, acknowledgeBlock.child("at_most"), []field{
			{name: "mailboxes", into: &m.Mailboxes}, {name: "messages", into: &m.Messages},
			{name: "unobserved", into: &m.Unobserved}, {name: "accounts", into: &m.Accounts},
			{name: "relations", into: &m.Relations}, {name: "bytes", into: &m.Bytes},
		}, nil)
	}})
	same := func(x Acknowledge) bool { return x.Kind == a.Kind && x.Subject == a.Subject }
	if i := slices.IndexFunc(l.spec.Acknowledged, same); i >= 0 {
		l.say(Error, a.At, "acknowledge.twice", "kind", a.Kind, "subject", a.Subject, "first", l.spec.Acknowledged[i].At.String())
		return
	}
	l.spec.Acknowledged = append(l.spec.Acknowledged, a)
}

func (l *loader) again(b *hclsyntax.Block) {
	a := Again{Step: b.Labels[0], At: l.pos(b.DefRange())}
	l.take(b, language.child("again"), []field{{name: "outcome", into: &a.Outcome}, {name: "because", into: &a.Because}}, nil)
	same := func(x Again) bool { return x.Step == a.Step && x.Outcome == a.Outcome }
	if i := slices.IndexFunc(l.spec.Again, same); i >= 0 {
		l.say(Error, a.At, "again.twice", "step", a.Step, "first", l.spec.Again[i].At.String())
		return
	}
	l.spec.Again = append(l.spec.Again, a)
}

func (l *loader) customers(b *hclsyntax.Block) {
	c := &Customers{At: l.pos(b.DefRange())}
	var accountsAt, codesAt Pos
	l.take(b, customersBlock, []field{
		{name: "accounts", into: &c.Accounts, at: &accountsAt},
		{name: "join_codes", into: &c.JoinCodes, at: &codesAt},
	}, takers{"contract": func(b *hclsyntax.Block) {
		c.Contract = &Contract{At: l.pos(b.DefRange())}
		l.take(b, customersBlock.child("contract"), []field{
			{name: "relations", into: &c.Contract.Relations}, {name: "number", into: &c.Contract.Number},
		}, nil)
	}})
	l.checkAccounts(c, accountsAt)
	l.spec.Customers = c
}
