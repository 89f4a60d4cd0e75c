package config

import (
	"errors"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/mxmove/mxmove/config/text"
)

// row is one mailbox as it was written, and where its parts stand.
type row struct {
	Mailbox
	at   [numColumns]Pos // zero: not given
	file bool            // of a roster file: its line may hold a password
}

// sayRow adds a finding about a part of a row, or about its address where the
// part is not given.
func (l *loader) sayRow(r *row, s Severity, column int, code string, pairs ...string) {
	at := r.at[column]
	if at == (Pos{}) {
		at = r.At
	}
	f := Finding{Msg: text.M(code, pairs...), Severity: s, At: at, Subject: r.Address, Hidden: r.file}
	l.findings = append(l.findings, f)
}

// Kinds of row.
const (
	kindMember = "member"
	kindShared = "shared"
)

func (l *loader) roster(b *hclsyntax.Block) {
	l.spec.Roster.At = l.pos(b.DefRange())
	s := &l.spec.Roster
	var skipAt Pos
	l.take(b, rosterBlock, []field{
		{name: "files", into: &s.Files, at: &l.at.files},
		{name: "unlisted", into: &s.Unlisted},
		{name: "skip", into: &s.Skip, at: &skipAt},
	}, takers{"mailbox": l.mailbox, "shared": l.shared, "group": l.group, "leaver": l.leaver})
	s.Skip = l.addresses(s.Skip, skipAt)
}

// addresses puts a list of addresses into their one form. What is none is told.
func (l *loader) addresses(list []string, at Pos) []string {
	for i, a := range list {
		c, err := Canonical(a)
		if err != nil {
			l.sayAddress(&row{Mailbox: Mailbox{At: at}}, colAddress, err)
			continue
		}
		list[i] = c
	}
	return list
}

// labelAddress is a block's address: its label.
func (l *loader) labelAddress(b *hclsyntax.Block) (string, Pos, bool) {
	at := l.pos(b.LabelRanges[0])
	a, ok := l.address(&row{Mailbox: Mailbox{At: at}}, colAddress, b.Labels[0])
	return a, at, ok
}

// rosterFiles reads the files once the domain is known, which some of them
// leave out of their addresses.
func (l *loader) rosterFiles() {
	files := l.spec.Roster.Files
	for i, name := range files {
		if slices.Contains(files[:i], name) {
			l.say(Error, l.at.files, "roster.file-twice", "file", name)
			continue
		}
		l.rosterFile(name, l.at.files)
	}
}

// mailbox decodes a block; the address is its label.
func (l *loader) mailbox(b *hclsyntax.Block) {
	r := row{Mailbox: Mailbox{Address: b.Labels[0], At: l.pos(b.LabelRanges[0])}}
	r.at[colAddress] = r.At
	fields := make([]field, 0, numColumns-1)
	into := [numColumns]any{
		nil, &r.SourceLogin, &r.SourcePassword, &r.TargetAddress, &r.TargetLogin, &r.TargetPassword,
		&r.Name, &r.Department, &r.Kind, &r.Wave, &r.Account, &r.Was, &r.Mover,
	}
	for i := colSourceLogin; i < numColumns; i++ {
		fields = append(fields, field{name: columns[i], into: into[i], at: &r.at[i]})
	}
	l.take(b, rosterBlock.child("mailbox"), fields, nil)
	l.rows = append(l.rows, r)
}

func (l *loader) shared(b *hclsyntax.Block) {
	s := Shared{At: l.pos(b.LabelRanges[0])}
	var at Pos
	l.take(b, rosterBlock.child("shared"), []field{{name: "name", into: &s.Name}, {name: "users", into: &s.Users, at: &at}}, nil)
	s.Users = sorted(l.addresses(s.Users, at))
	var ok bool
	if s.Address, s.At, ok = l.labelAddress(b); ok {
		l.spec.Roster.Shared, l.at.shared[s.Address] = append(l.spec.Roster.Shared, s), at
	}
}

func (l *loader) group(b *hclsyntax.Block) {
	var g Group
	var at Pos
	l.take(b, rosterBlock.child("group"), []field{
		{name: "name", into: &g.Name}, {name: "members", into: &g.Members, at: &at}, {name: "allow", into: &g.Allow},
	}, nil)
	g.Members = sorted(l.addresses(g.Members, at))
	var ok bool
	if g.Address, g.At, ok = l.labelAddress(b); ok {
		l.spec.Roster.Groups, l.at.groups[g.Address] = append(l.spec.Roster.Groups, g), at
	}
}

func (l *loader) leaver(b *hclsyntax.Block) {
	var v Leaver
	var at Pos
	l.take(b, rosterBlock.child("leaver"), []field{{name: "mail", into: &v.Mail}, {name: "to", into: &v.To, at: &at}}, nil)
	if v.To != "" {
		if a, ok := l.address(&row{Mailbox: Mailbox{At: at}}, colAddress, v.To); ok {
			v.To = a
		}
	}
	var ok bool
	if v.Address, v.At, ok = l.labelAddress(b); !ok {
		return
	}
	if (v.To != "") != (v.Mail == MailTo) && v.Mail != "" {
		l.say(Error, v.At, "leaver.to", "address", v.Address)
	}
	l.spec.Roster.Leavers, l.at.leavers[v.Address] = append(l.spec.Roster.Leavers, v), orPos(at, v.At)
}

// orPos is the first place that is known.
func orPos(a, b Pos) Pos {
	if a != (Pos{}) {
		return a
	}
	return b
}

// finish checks the rows against each other and the rest of the spec, once
// everything is decoded.
func (l *loader) finish() {
	byAddress := map[string]*row{}
	good := make([]*row, 0, len(l.rows))
	for i := range l.rows {
		r := &l.rows[i]
		if !l.complete(r) {
			continue
		}
		if first := byAddress[r.Address]; first != nil {
			l.sayTwice(r, first)
			continue
		}
		byAddress[r.Address] = r
		if !slices.Contains(l.spec.Roster.Skip, r.Address) {
			good = append(good, r)
		}
	}
	slices.SortFunc(good, func(a, b *row) int { return strings.Compare(a.Address, b.Address) })
	l.oneToOne(good)
	l.names(good)
	left := l.spec.Roster.Departures()
	l.spec.Roster.Mailboxes = make([]Mailbox, len(good))
	for i, r := range good {
		l.passwords(r, left[r.Address].Leaves())
		l.spec.Roster.Mailboxes[i] = r.Mailbox
	}
	l.orderRoster()
	if at := l.spec.Roster.At; len(l.rows) == 0 && at.Line > 0 && l.quietAbout("roster.") {
		l.say(Warning, at, "roster.empty")
	}
}

// quietAbout reports whether nothing was told with such a code.
func (l *loader) quietAbout(prefix string) bool {
	return !slices.ContainsFunc(l.findings, func(f Finding) bool {
		return strings.HasPrefix(f.Code, prefix) || strings.HasPrefix(f.Code, "file.")
	})
}

// complete fills in a row's defaults and checks it by itself.
func (l *loader) complete(r *row) bool {
	written := r.Address
	r.Address = "" // until it is known to be one
	address, ok := l.address(r, colAddress, written)
	if !ok {
		return false
	}
	r.Address = address
	if s := l.spec.Source; s.Domain != "" && domainOf(address) != s.Domain && !slices.Contains(s.Aliases, domainOf(address)) {
		l.sayRow(r, Error, colAddress, "roster.domain", "address", address, "domain", s.Domain)
	}
	if r.SourceLogin == "" {
		r.SourceLogin = address
	}
	if r.TargetAddress == "" {
		r.TargetAddress = address
	} else if r.TargetAddress, ok = l.address(r, colTargetAddress, r.TargetAddress); !ok {
		r.TargetAddress = address
	}
	if r.TargetLogin == "" {
		r.TargetLogin = r.TargetAddress
	}
	if r.Kind == "" {
		r.Kind = kindMember
	} else if r.Kind != kindMember && r.Kind != kindShared {
		l.sayRow(r, Error, colKind, "roster.kind")
	}
	if !slices.Contains(l.spec.Roster.Skip, r.Address) {
		l.rowOfTenant(r)
	}
	return true
}

// address canonicalises one address of a row. Blanks and capitals are tidied
// with a warning; full-width characters are an error, since nobody can see
// whether they were meant.
func (l *loader) address(r *row, column int, written string) (string, bool) {
	a, err := Canonical(written)
	if err != nil {
		l.sayAddress(r, column, err)
		return "", false
	}
	switch {
	case a == written:
	case plain(written) != written:
		l.sayRow(r, Error, column, "address.fullwidth", "address", written, "plain", a)
	default:
		l.sayRow(r, Warning, column, "address.tidied", "address", written, "plain", a)
	}
	return a, true
}

func (l *loader) sayAddress(r *row, column int, err error) {
	var bad *AddressError
	if !errors.As(err, &bad) {
		return
	}
	written := bad.Args["address"]
	if r.file { // where cells moved, it may be a password
		written = r.place(column)
	}
	l.sayRow(r, Error, column, bad.Code, "address", written)
}

// place is where a part stands, or the address where it is not given.
func (r *row) place(column int) string {
	if r.at[column] == (Pos{}) {
		return r.At.String()
	}
	return r.at[column].String()
}

// passwords tells a row that cannot be signed in for: it waits, the others go
// on. One that was given and is faulty is told already. The vendor's wizard
// needs none of ours. noTarget: the row gets no mailbox at the target.
func (l *loader) passwords(r *row, noTarget bool) {
	if h := l.spec.History; r.Mover == MoverWizard || r.Mover == "" && h != nil && h.Mover == MoverWizard {
		return
	}
	for _, side := range []struct {
		login  Login
		column int
	}{{l.spec.Source.IMAP.Login, colSourcePassword}, {l.spec.Target.IMAP.Login, colTargetPassword}} {
		if side.column == colTargetPassword && noTarget {
			continue
		}
		if side.login.Kind == LoginPassword && r.at[side.column] == (Pos{}) {
			l.sayRow(r, Warning, side.column, "roster.password", "address", r.Address, "name", columns[side.column])
		}
	}
}
