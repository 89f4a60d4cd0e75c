package planner

import (
	"strings"

	"github.com/mxmove/mxmove/config"
)

// whoIsWho finds each row's account in the target's directory, and the
// members without a row that are given a mailbox.
func (b *builder) whoIsWho() []person {
	rows := inWaves(b.spec.Roster.Mailboxes)
	dir := directoryOf(b.tenant())
	people := make([]person, 0, len(rows))
	taken := map[string]bool{}
	for _, row := range rows {
		p := dir.find(row)
		p.left = b.left[row.Address]
		if p.member != nil {
			taken[p.member.Account] = true
		}
		people = append(people, p)
	}
	if b.spec.Roster.Unlisted == "allocate" && b.route == routeHistory {
		people = append(people, b.allocated(taken)...)
	}
	b.heirs = b.inherited(people)
	for i := range people {
		p := &people[i]
		if p.left.Leaves() || b.mover(p.Mailbox) == moverSelf {
			p.from, p.to = EndpointOf(b.spec.Source.IMAP, p.SourceLogin), EndpointOf(b.spec.Target.IMAP, p.TargetLogin)
			p.first = IDOf(b.passOp(*p, Copy))
		}
	}
	return people
}

// Accounts gives the account at the target of each row, by address, as the
// directory shows it or as it is to be made; none where several could be meant.
func (p *Plan) Accounts() map[string]string {
	all := map[string]string{}
	for _, who := range newBuilder(p.Spec, p.Observed, p.Observed.At, rules{}).people {
		if who.listed && who.Kind != kindShared && len(who.two) == 0 {
			all[who.Address] = who.account
		}
	}
	return all
}

// tenant is the target's directory as it was seen; nil: not seen.
func (b *builder) tenant() *Tenant {
	if t := b.s.Target.Tenant; t != nil && t.Seen.Known() {
		return t
	}
	return nil
}

// directory finds members by what rows may name.
type directory struct {
	accounts, addresses map[string]*Member
	names               map[string][]*Member
}

func directoryOf(t *Tenant) directory {
	d := directory{map[string]*Member{}, map[string]*Member{}, map[string][]*Member{}}
	if t == nil {
		return d
	}
	for i := range t.Members {
		m := &t.Members[i]
		d.accounts[m.Account] = m
		for _, a := range append([]string{m.Address}, m.Aliases...) {
			if a != "" {
				d.addresses[a] = m
			}
		}
		if m.Name != "" {
			d.names[m.Name] = append(d.names[m.Name], m)
		}
	}
	return d
}

// find gives a row its account: the one it names, else the one that has its
// address, else the only one with its name, else one called like the address.
func (d directory) find(row config.Mailbox) person {
	p := person{Mailbox: row, listed: true, account: row.Account}
	if p.account != "" {
		p.member = d.accounts[p.account]
		return p
	}
	p.account, _, _ = strings.Cut(row.TargetAddress, "@")
	if m := d.addresses[row.TargetAddress]; m != nil {
		p.member = m
	} else if same := d.names[row.Name]; row.Name != "" && len(same) > 0 {
		p.member = same[0]
		for _, m := range same {
			p.two = append(p.two, m.Account)
		}
	} else {
		p.member = d.accounts[p.account]
	}
	if p.member != nil {
		p.account = p.member.Account
	}
	if len(p.two) < 2 {
		p.two = nil
	}
	return p
}

// copied reports whether there is a way to carry a person's old mail: rows
// have their logins, others only what an administrator opens.
func (b *builder) copied(p person) bool {
	return b.mover(p.Mailbox) == moverSelf && (p.listed || b.spec.Source.IMAP.Login.Kind != config.LoginPassword)
}

// Movers (config.History.Mover).
const (
	moverSelf   = "mxmove"
	moverWizard = "wizard"
)
