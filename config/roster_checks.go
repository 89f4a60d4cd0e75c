package config

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

var (
	// corpID is a tenant's id as the vendor's console shows it.
	corpID = regexp.MustCompile(`^w[a-z][0-9A-Za-z_-]{6,62}$`)
	// account is a userid of a tenant: 1 to 64 octets, see the vendor's
	// "create a member".
	account = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z_.@-]{0,63}$`)
	// tenantLocal is what a tenant's mailboxes may be called: none of . - _ at
	// either end or twice in a row.
	tenantLocal = regexp.MustCompile(`^[0-9a-z]+(?:[._-][0-9a-z]+)*$`)
)

// orderRoster puts the blocks of the roster into the order of their addresses.
func (l *loader) orderRoster() {
	s := &l.spec.Roster
	slices.SortStableFunc(s.Shared, func(a, b Shared) int { return cmp.Compare(a.Address, b.Address) })
	slices.SortStableFunc(s.Groups, func(a, b Group) int { return cmp.Compare(a.Address, b.Address) })
	slices.SortStableFunc(s.Leavers, func(a, b Leaver) int { return cmp.Compare(a.Address, b.Address) })
}

// rowOfTenant checks what concerns a row's account, rename and mover.
func (l *loader) rowOfTenant(r *row) {
	if r.Account != "" && !account.MatchString(r.Account) {
		l.sayRow(r, Error, colAccount, "tenant.account", "account", shown(r, colAccount, r.Account))
	}
	if r.Mover != "" && !slices.Contains(movers, r.Mover) {
		l.sayRow(r, Error, colMover, "roster.mover")
	}
	if r.Was != "" {
		if a, ok := l.address(r, colWas, r.Was); ok {
			r.Was = a
		}
	}
	if l.spec.Target.Kind != KindWeCom {
		return
	}
	local := r.Address[:strings.LastIndexByte(r.Address, '@')]
	if !tenantLocal.MatchString(local) {
		l.sayRow(r, Error, colAddress, "roster.naming", "address", r.Address)
	}
	if r.TargetAddress != r.Address { // HISTORY-15
		l.sayRow(r, Error, colTargetAddress, "roster.address-kept", "address", r.Address, "target", r.TargetAddress)
	}
}

// shown is a cell's text; of a file its place, since where cells moved it may
// be a password.
func shown(r *row, column int, s string) string {
	if r.file {
		return r.place(column)
	}
	return s
}

// sayTwice tells an address that stands twice; with two movers, that both
// would carry its mail (HISTORY-17).
func (l *loader) sayTwice(r, first *row) {
	code := "roster.duplicate"
	if r.Mover != "" && first.Mover != "" && r.Mover != first.Mover {
		code = "roster.both-movers"
	}
	l.sayRow(r, Error, colAddress, code, "address", r.Address, "first", first.At.String())
}

// oneToOne tells two rows that share what each must have for itself: mail of
// both would flow into one mailbox, or one mailbox into two.
func (l *loader) oneToOne(rows []*row) {
	for _, c := range []struct {
		column int
		code   string
		value  func(r *row) string
	}{
		{colSourceLogin, "roster.source-login", func(r *row) string { return r.SourceLogin }},
		{colTargetLogin, "roster.target-login", func(r *row) string { return r.TargetLogin }},
		{colTargetAddress, "roster.target-address", func(r *row) string { return r.TargetAddress }},
		{colAccount, "roster.account", func(r *row) string { return r.Account }},
		{colWas, "roster.was", func(r *row) string { return r.Was }},
	} {
		l.unique(rows, c.column, c.code, c.value)
	}
	l.renames(rows)
	l.aliased(rows)
}

// aliased warns of rows that differ only in which of the source's domains they
// name: aliases are further domains of the same mailboxes.
func (l *loader) aliased(rows []*row) {
	if len(l.spec.Source.Aliases) == 0 {
		return
	}
	seen := make(map[string]*row, len(rows))
	for _, r := range rows {
		local, _, _ := strings.Cut(r.Address, "@")
		first := seen[local]
		switch {
		case first == nil:
			seen[local] = r
		case l.ours(r.Address) && l.ours(first.Address):
			l.sayRow(r, Warning, colAddress, "roster.alias", "address", r.Address, "other", first.Address)
		}
	}
}

func (l *loader) unique(rows []*row, column int, code string, value func(*row) string) {
	seen := make(map[string]*row, len(rows))
	for _, r := range rows {
		v := strings.ToLower(value(r))
		if v == "" {
			continue
		}
		first := seen[v]
		if first == nil {
			seen[v] = r
			continue
		}
		if column == colTargetAddress && strings.EqualFold(r.TargetLogin, first.TargetLogin) {
			continue // told by the login
		}
		l.sayRow(r, Error, column, code, "address", r.Address, "first", first.place(column))
	}
}

// renames tells a former address that is somebody's now: whose mail is meant
// nobody can tell.
func (l *loader) renames(rows []*row) {
	now := make(map[string]*row, len(rows))
	for _, r := range rows {
		now[r.Address] = r
	}
	for _, r := range rows {
		if first := now[r.Was]; first != nil {
			l.sayRow(r, Error, colWas, "roster.was", "address", r.Address, "first", first.At.String())
		}
	}
}

// names warns of people of one name, whose mailboxes are easily confused, and
// of waves whose names differ only in case or width.
func (l *loader) names(rows []*row) {
	seen, waves := make(map[string]*row, len(rows)), map[string]*row{}
	for _, r := range rows {
		if name := strings.ToLower(plain(r.Name)); name != "" && r.Kind == kindMember {
			if first := seen[name]; first != nil {
				l.sayRow(r, Warning, colName, "roster.name", "address", r.Address, "other", first.Address)
			} else {
				seen[name] = r
			}
		}
		if r.Wave == "" {
			continue
		}
		wave := strings.ToLower(plain(r.Wave))
		if first := waves[wave]; first == nil {
			waves[wave] = r
		} else if first.Wave != r.Wave {
			l.sayRow(r, Warning, colWave, "roster.wave", "address", r.Address, "first", first.place(colWave))
		}
	}
}
