package planner

import (
	"github.com/mxmove/mxmove/config"
)

// What the base edition includes (EDITION-01, -02, -04).
const (
	baseAccounts = 200
	leastSeats   = 5
	baseShared   = 3
)

// editionFindings is the arithmetic of accounts, sizes and seats.
func (b *builder) editionFindings() []config.Finding {
	if b.pressed && b.pressOp() != nil {
		return nil
	}
	var found []config.Finding
	corp := "tenant/" + b.corp()
	if n, limit := b.accountsAfter(), b.accountCap(); n > limit {
		found = append(found, blocks(corp, "EDITION-01", "n", itoa(n), "cap", itoa(limit)))
	}
	seats := 0
	if b.spec.Target.Seats != nil {
		seats = b.spec.Target.Seats.VIP
	}
	if seats > 0 && seats < leastSeats {
		found = append(found, blocks(corp, "EDITION-02", "n", itoa(seats), "least", itoa(leastSeats)))
	}
	left := seats
	if extra := len(b.spec.Roster.Shared) - baseShared; extra > 0 {
		if extra > left {
			found = append(found, blocks(corp, "EDITION-04", "n", itoa(len(b.spec.Roster.Shared)), "seats", itoa(seats)))
		}
		left = max(0, left-extra)
	}
	if n := b.bound(); n > 0 {
		found = append(found, warning("", "EDITION-05", "n", itoa(n)))
	}
	return append(found, b.sizes(left, seats)...)
}

// bound counts people whose password no administrator can reset, or who must
// change their first one.
func (b *builder) bound() int {
	n := 0
	for _, p := range b.people {
		_, lacks := b.memberOp(p)
		if m := p.member; m == nil && lacks || m != nil && (m.Phone == Yes || m.WeChat == Yes) {
			n++
		}
	}
	return n
}

// accountsAfter is how many accounts the target has when the plan is done.
func (b *builder) accountsAfter() int {
	n := 0
	if t := b.tenant(); t != nil {
		n = len(t.Members)
	}
	for _, s := range b.steps {
		if op, ok := s.Op.(PutMember); ok && op.Create && b.members[op.Account].Account == "" {
			n++
		}
	}
	if b.tenant() == nil {
		n = len(b.spec.Roster.Mailboxes)
	}
	return n
}

func (b *builder) accountCap() int {
	if t := b.tenant(); t != nil && t.Cap > 0 {
		return t.Cap
	}
	return baseAccounts
}

// sizes holds each mailbox's measured size against its class (EDITION-03): as
// many as there are seats left get one, the others do not fit.
func (b *builder) sizes(left, seats int) []config.Finding {
	var big []person
	for _, p := range b.people {
		if p.listed && !p.left.Leaves() && b.sizeOf(p) > ordinaryLimit && (p.member == nil || p.member.VIP != Yes) {
			big = append(big, p)
		}
	}
	if len(big) <= left {
		return nil
	}
	var found []config.Finding
	for _, p := range big[left:] {
		found = append(found, at(p.Mailbox, blocks(p.Address, "EDITION-03", "address", p.Address,
			"size", Bytes(b.sizeOf(p)), "need", itoa(len(big)+seats-left), "seats", itoa(seats))))
	}
	return found
}

// finalFindings hold each final step against the block that acknowledges it.
func (b *builder) finalFindings() []config.Finding {
	var found []config.Finding
	for _, s := range b.steps {
		if s.Op.Traits().Risk != Final {
			continue
		}
		ack, ok := acknowledged(b.spec, s.Op)
		if !ok {
			found = append(found, missingAck(s.Op))
			continue
		}
		for _, bound := range boundsOf(s.Op, ack.AtMost) {
			if bound.Measured > bound.AtMost {
				f := blocks(s.Op.Subject(), "plan.outgrown", "kind", s.Op.Kind(), "subject", s.Op.Subject(), "bound", bound.Name,
					"measured", i64(bound.Measured), "at_most", i64(bound.AtMost))
				f.At = ack.At
				found = append(found, f)
			}
		}
		if up, ok := s.Op.(UpgradeTenant); ok && (up.Company == "" || up.Administrator == "") {
			found = append(found, blocks(s.Op.Subject(), "EDITION-07", "accounts", itoa(up.Accounts)))
		}
	}
	return found
}

func missingAck(op Op) config.Finding {
	f := blocks(op.Subject(), "plan.unacknowledged", "kind", op.Kind(), "subject", op.Subject())
	for _, bound := range boundsOf(op, config.Bounds{}) {
		f.Args[bound.Name] = i64(bound.Measured + (bound.Measured+9)/10)
	}
	f.Args["block"] = ackBlock(op)
	return f
}
