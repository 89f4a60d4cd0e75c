package planner

import (
	"slices"

	"github.com/mxmove/mxmove/config"
)

// accounts gives each person an account and a mailbox. What a row's steps
// need of it is kept under the row's address.
func (b *builder) accounts() {
	if b.tenant() == nil || b.route == routeIMAP || b.route == routeUpgrade && b.spec.Target.Mode != 2 || b.erasing() && b.pressed {
		return
	}
	for _, p := range b.people {
		if p.Kind == kindShared || p.left.Leaves() {
			continue
		}
		for _, id := range append([]StepID{b.member(p), b.enabled(p)}, b.aliases(p)...) {
			if id != "" && (p.listed || b.off.needsUnlisted) {
				b.settled = append(b.settled, id)
			}
		}
	}
}

// kindShared is config.Mailbox.Kind of a mailbox that several people use.
const kindShared = "shared"

func (b *builder) member(p person) StepID {
	op, ok := b.memberOp(p)
	if !ok {
		return ""
	}
	return b.add(op, true)
}

// memberOp is what a person's account lacks; ok is false if nothing.
func (b *builder) memberOp(p person) (op PutMember, ok bool) {
	if b.tenant() == nil || len(p.two) > 0 || p.left.Leaves() || p.Kind == kindShared {
		return op, false
	}
	op = PutMember{Corp: b.corp(), Account: p.account, Address: p.TargetAddress, Name: p.Name, Create: true, AccountOnly: b.accountOnly(p)}
	if p.Department != "" {
		op.Departments = []string{p.Department}
	}
	switch {
	case p.member == nil:
		return op, true
	case op.AccountOnly, p.member.Address == p.TargetAddress, slices.Contains(p.member.Aliases, p.TargetAddress):
		return op, false // the address comes later, or is there
	}
	op.Was, op.Create = p.member.Address, p.member.Address == ""
	return op, true
}

// accountOnly reports that a person's address comes with the press, or with
// the vendor's copy once the domain is switched (HISTORY-15).
func (b *builder) accountOnly(p person) bool {
	return b.route != routeHistory || b.mover(p.Mailbox) == moverWizard
}

func (b *builder) enabled(p person) StepID {
	if p.member == nil || p.member.Enabled != No {
		return ""
	}
	return b.add(SetEnabled{Corp: b.corp(), Account: p.account, Enabled: true}, true)
}

// accountNeeds are the steps that give a person a mailbox to copy into.
func (b *builder) accountNeeds(p person) []StepID {
	switch {
	case b.route != routeHistory, p.left.Mail == config.MailArchive:
		return nil
	case p.left.Mail == config.MailTo:
		p = b.heirs[p.left.To].person
	}
	var needs []StepID
	if op, ok := b.memberOp(p); ok {
		needs = append(needs, IDOf(op))
	}
	if p.Kind == kindShared {
		return append(needs, b.shared[p.TargetAddress])
	}
	needs = append(needs, IDOf(SetEnabled{Corp: b.corp(), Account: p.account, Enabled: true}))
	if b.tenant() != nil {
		needs = append(needs, b.opened(p.account))
	}
	return needs
}

// opened is the step that lets an account's mailbox be opened by IMAP. Where
// people act, they let everybody's at once.
func (b *builder) opened(account string) StepID {
	if op := b.accessTask(); b.s.peoples(op) {
		return IDOf(op)
	}
	return b.need(SetOption{Corp: b.corp(), Account: account, Option: optionIMAP, On: true})
}

func (b *builder) accessTask() Task { return Task{Name: "client-access", On: b.corp()} }

// optionIMAP is the service that copying into a mailbox needs.
const optionIMAP = "imap"

// sharedAndGroups makes shared mailboxes, whose users come first, and groups.
func (b *builder) sharedAndGroups() {
	t := b.tenant()
	if b.route != routeHistory || t == nil {
		return
	}
	accounts := map[string]person{}
	for _, p := range b.people {
		accounts[p.Address] = p
	}
	have := keyed(t.Shared, func(s PutShared) string { return s.Address })
	for _, s := range b.spec.Roster.Shared {
		if p, row := accounts[s.Address]; !row || b.mover(p.Mailbox) != moverWizard { // which makes those itself
			b.sharedMailbox(s, have, accounts)
		}
	}
	groups := keyed(t.Groups, func(g PutGroup) string { return g.Address })
	for _, g := range b.spec.Roster.Groups {
		op := PutGroup{Corp: b.corp(), Address: g.Address, Name: g.Name, Members: b.staying(g.Members), Allow: g.Allow}
		is, ok := groups[g.Address]
		op.Create = !ok
		if !b.said(op) && (!ok || !slices.Equal(sortedCopy(is.Members), op.Members) || is.Allow != op.Allow) {
			b.settled = append(b.settled, b.add(op, true, b.membersOf(op.Members, accounts)...))
		}
	}
}

func (b *builder) sharedMailbox(s config.Shared, have map[string]PutShared, accounts map[string]person) {
	op := PutShared{Corp: b.corp(), Address: s.Address, Name: s.Name}
	for _, a := range b.staying(s.Users) {
		if p, ok := accounts[a]; ok {
			op.Users = append(op.Users, p.account)
		}
	}
	slices.Sort(op.Users)
	is, ok := have[s.Address]
	op.Create = !ok
	if b.said(op) || ok && slices.Equal(sortedCopy(is.Users), op.Users) {
		return
	}
	id := b.add(op, true, b.membersOf(b.staying(s.Users), accounts)...)
	b.shared[s.Address] = id
	b.settled = append(b.settled, id)
}

// said reports that people say that they did what nothing shows in this world.
func (b *builder) said(op Op) bool { return b.s.peoples(op) && b.acted(op) }

func (b *builder) membersOf(addresses []string, accounts map[string]person) []StepID {
	var needs []StepID
	for _, a := range addresses {
		if op, ok := b.memberOp(accounts[a]); ok {
			needs = append(needs, IDOf(op))
		}
	}
	return needs
}

// ordinaryLimit is what a mailbox without a seat holds (EDITION-03).
const ordinaryLimit = 1 << 30

// seats gives paid seats to those whose mail needs one. The steps stand for
// every row as long as seats are declared: sizes are not in a plan's presence.
func (b *builder) seats() {
	if b.spec.Target.Seats == nil || b.tenant() == nil {
		return
	}
	in, stands := Provision, b.switching || b.spec.Cutover == nil
	if b.erasing() || b.route == routeUpgrade {
		in, stands = Drain, b.spec.Cutover != nil
	}
	var bought StepID
	if in == Drain && stands {
		bought = b.buySeats()
	}
	left := b.spec.Target.Seats.VIP
	for _, p := range b.people {
		if !p.listed || p.Kind == kindShared || p.left.Leaves() || p.member != nil && p.member.VIP == Yes {
			continue
		}
		big := b.sizeOf(p) > ordinaryLimit
		work := big && left > 0 && (in == Provision || b.pressed)
		if big {
			left--
		}
		op := SetSeat{Corp: b.corp(), Account: p.account, VIP: true, In: in}
		if stands && b.records[IDOf(op)].Outcome == 0 && !b.facts[IDOf(op)].holds(b.now) && (in == Provision || !b.pressed || work) {
			var needs []StepID
			if in == Drain {
				needs = []StepID{IDOf(Wait{For: waitMerged, On: b.corp()}), bought}
			}
			if op, ok := b.memberOp(p); ok {
				needs = append(needs, IDOf(op))
			}
			b.add(op, work, needs...)
		}
	}
}

// buySeats has people buy seats after a press: before it the target would be
// refused for them (MERGE-13). No API buys, and where nobody measured the
// source's mailboxes only the console tells then who needs one.
func (b *builder) buySeats() StepID {
	n := b.spec.Target.Seats.VIP
	if n == 0 {
		return ""
	}
	op := Task{Name: "buy-seats", On: b.corp(), Args: map[string]string{"vip": itoa(n), "limit": Bytes(ordinaryLimit)}}
	return b.once(op, IDOf(Wait{For: waitMerged, On: b.corp()}))
}

// notices ask for passwords that the vendor's members enter themselves.
func (b *builder) notices() {
	if b.route != routeHistory || b.spec.Source.IMAP.Login.Kind != config.LoginPassword {
		return
	}
	for _, p := range b.people {
		if p.listed && p.left.Mail == "" && p.SourcePassword.IsZero() && b.copied(p) {
			b.once(Notify{Template: "enter-password", To: p.Address, In: Prepare})
		}
	}
}
