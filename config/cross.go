package config

import (
	"cmp"
	"slices"
	"strings"
)

// across checks the parts of the spec against each other.
func (l *loader) across() {
	s := &l.spec
	slices.SortFunc(s.Acknowledged, func(a, b Acknowledge) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Subject, b.Subject))
	})
	slices.SortFunc(s.Again, func(a, b Again) int {
		return cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(a.Outcome, b.Outcome))
	})
	l.route()
	l.carriers()
	l.people()
	l.zones()
	if c := s.Cutover; c != nil {
		l.canaries(c.Canaries)
		slices.SortStableFunc(c.Canaries, func(a, b Canary) int { return cmp.Compare(a.Domain(), b.Domain()) })
	}
	for _, a := range s.Acknowledged {
		l.acknowledged(a)
	}
}

// route checks that source, target and procedure fit each other.
func (l *loader) route() {
	source, target := &l.spec.Source, &l.spec.Target
	moves := target.Procedure == ProcedureMerge || target.Procedure == ProcedureUpgrade
	wants := map[string]string{ProcedureMerge: KindWeCom, ProcedureUpgrade: KindExmail}[target.Procedure]
	if wants != "" && source.Kind != "" && source.Kind != wants {
		l.say(Error, l.at.procedure, "procedure.source", "procedure", target.Procedure, "source", source.Kind, "want", wants)
	}
	if (target.Mode != 0) != (target.Procedure == ProcedureUpgrade) && target.Procedure != "" {
		l.say(Error, orPos(l.at.mode, l.at.procedure), "procedure.mode", "procedure", target.Procedure)
	}
	if isNew := target.Procedure == ProcedureUpgrade && target.Mode == 1; target.Kind == KindWeCom && target.CorpID == "" && !isNew {
		l.say(Error, target.At, "argument.missing", "name", "corp_id", "in", "target")
	}
	if target.Procedure == ProcedureUpgrade && source.Kind == KindExmail && source.CorpID == "" { // what is pressed needs a name
		l.say(Error, source.At, "argument.missing", "name", "corp_id", "in", "source")
	}
	if moves && target.Archive != nil && target.IMAP.At == (Pos{}) {
		l.say(Error, target.Archive.At, "archive.imap")
	}
	if moves && source.CorpID != "" && source.CorpID == target.CorpID {
		l.say(Error, l.at.target.corpID, "tenant.same", "corp", target.CorpID)
	}
	if target.Procedure == ProcedureMerge {
		l.creators(source, target)
	}
	if moves && l.spec.History != nil {
		l.say(Error, l.spec.History.At, "procedure.history", "procedure", target.Procedure)
	}
	if c := l.spec.Customers; c != nil && target.Kind != "" && (source.CorpID == "" || target.CorpID == "") {
		l.say(Error, c.At, "customers.tenants")
	}
}

// creators: only the creator starts a merge, and both tenants must have the
// same one (MERGE-01).
func (l *loader) creators(source, target *Side) {
	for _, side := range []struct {
		name string
		s    *Side
	}{{"source", source}, {"target", target}} {
		if side.s.Creator == "" && side.s.Kind != "" {
			l.say(Error, side.s.At, "merge.creator", "side", side.name)
		}
	}
	if a, b := source.Creator, target.Creator; a != "" && b != "" && !strings.EqualFold(a, b) {
		l.say(Error, l.at.target.creator, "merge.creators", "source", a, "target", b)
	}
}

// carriers checks who carries the old mail, as a whole and row by row
// (HISTORY-17).
func (l *loader) carriers() {
	h, target := l.spec.History, &l.spec.Target
	if h != nil && h.Mover == MoverWizard && target.Kind == KindIMAP {
		l.say(Error, orPos(l.at.mover, h.At), "history.wizard")
	}
	byIMAP := h != nil && h.Mover == MoverMxmove
	for i := range l.rows {
		r := &l.rows[i]
		if r.Mover == "" || r.Address == "" {
			continue
		}
		byIMAP = byIMAP || r.Mover == MoverMxmove && h != nil
		switch {
		case h == nil:
			l.sayRow(r, Error, colMover, "roster.mover-history", "address", r.Address)
		case r.Mover == MoverWizard && target.Kind == KindIMAP:
			l.sayRow(r, Error, colMover, "history.wizard")
		}
	}
	for _, s := range []*Side{&l.spec.Source, target} {
		if byIMAP && s.Kind != "" && s.Kind != KindIMAP && s.IMAP.At == (Pos{}) && !l.moves() {
			l.say(Error, s.At, "history.imap", "kind", s.Kind)
		}
	}
}

// moves reports whether the vendor moves the mail, by merge or upgrade.
func (l *loader) moves() bool {
	p := l.spec.Target.Procedure
	return p == ProcedureMerge || p == ProcedureUpgrade
}

// people checks every address that stands for a row or another block.
func (l *loader) people() {
	s := &l.spec.Roster
	kinds := make(map[string]string, len(s.Mailboxes))
	at := make(map[string]Pos, len(s.Mailboxes))
	sharedRows := map[string]bool{}
	for i := range s.Mailboxes {
		m := &s.Mailboxes[i]
		kinds[m.Address], at[m.Address] = m.Kind, m.At
		if m.Kind == kindShared {
			sharedRows[m.Address] = true
		}
	}
	for _, x := range s.Shared {
		if sharedRows[x.Address] { // the block adds the users to the row
			delete(sharedRows, x.Address)
			continue
		}
		l.taken(kinds, at, x.Address, kindShared, x.At)
	}
	for _, g := range s.Groups {
		l.taken(kinds, at, g.Address, "group", g.At)
	}
	rows := func(a string) bool { k := kinds[a]; return k != "" && k != "group" }
	for _, x := range s.Shared {
		l.refer("shared.user", x.Users, l.at.shared[x.Address], func(a string) bool { return kinds[a] == kindMember })
	}
	for _, g := range s.Groups {
		l.refer("group.member", g.Members, l.at.groups[g.Address], func(a string) bool { return kinds[a] != "" && a != g.Address || !l.ours(a) })
	}
	l.leavers(rows)
	if c := l.spec.Cutover; c != nil {
		l.refer("accept.mailbox", c.Accept.Mailboxes, l.at.cutover.accept, rows)
	}
}

// taken enters a block's address, of which there is one.
func (l *loader) taken(kinds map[string]string, at map[string]Pos, address, kind string, here Pos) {
	if first, twice := at[address]; twice {
		l.say(Error, here, "roster.duplicate", "address", address, "first", first.String())
		return
	}
	if s := l.spec.Source; s.Domain != "" && !l.ours(address) {
		l.say(Error, here, "roster.domain", "address", address, "domain", s.Domain)
	}
	kinds[address], at[address] = kind, here
}

// ours reports whether an address is of the source's domains.
func (l *loader) ours(address string) bool {
	s := &l.spec.Source
	return domainOf(address) == s.Domain || slices.Contains(s.Aliases, domainOf(address))
}

// refer tells every address of a list that stands for nothing. What is no
// address at all is told already.
func (l *loader) refer(code string, list []string, at Pos, known func(string) bool) {
	for i, a := range list {
		if _, err := Canonical(a); err == nil && !known(a) {
			l.say(Error, at, code, "address", a)
		}
		if slices.Contains(list[:i], a) {
			l.say(Error, at, "address.twice", "address", a)
		}
	}
}

// leavers: the row stays, for its passwords open the mail that is kept, given
// on or archived.
func (l *loader) leavers(rows func(string) bool) {
	list := l.spec.Roster.Leavers
	left := func(a string) bool {
		return slices.ContainsFunc(list, func(v Leaver) bool { return v.Address == a })
	}
	for i, v := range list {
		if i > 0 && list[i-1].Address == v.Address {
			l.say(Error, v.At, "roster.duplicate", "address", v.Address, "first", list[i-1].At.String())
		}
		if !rows(v.Address) {
			l.say(Error, v.At, "leaver.row", "address", v.Address)
		}
		if _, err := Canonical(v.To); v.Mail == MailTo && err == nil && (!rows(v.To) || left(v.To)) {
			l.say(Error, l.at.leavers[v.Address], "leaver.heir", "address", v.To)
		}
	}
}

// acknowledged warns of an acknowledgement that no step of this spec can need.
// The subject of every final step is the tenant that it is pressed in.
func (l *loader) acknowledged(a Acknowledge) {
	s := &l.spec
	fits := true
	switch a.Kind {
	case stepMerge:
		fits = s.Target.Procedure == ProcedureMerge
	case stepUpgrade:
		fits = s.Target.Procedure == ProcedureUpgrade
	case stepCustomers:
		fits = s.Customers != nil
	case stepWizard:
		fits = s.History != nil && s.Target.Kind == KindWeCom
	}
	want := s.Target.CorpID
	if want == "" { // an upgrade that makes the tenant
		want = s.Source.CorpID
	}
	switch corp, ok := strings.CutPrefix(a.Subject, "tenant/"); {
	case !fits:
		l.say(Warning, a.At, "acknowledge.unused", "kind", a.Kind)
	case want != "" && (!ok || corp != want):
		l.say(Error, a.At, "acknowledge.subject", "subject", a.Subject, "corp", want)
	}
}
