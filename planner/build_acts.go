package planner

import (
	"maps"

	"github.com/mxmove/mxmove/config"
)

// waitMerged is Wait.For of a press that runs.
const waitMerged = "merged"

// pressOp is the one-shot act of the procedure; nil: it has none.
func (b *builder) pressOp() Op {
	from, into := b.spec.Source.CorpID, b.corp()
	switch b.route {
	case routeMerge:
		op := MergeTenants{From: from, Into: into, Creator: b.spec.Target.Creator}
		if b.off.creatorInID {
			op.From += op.Creator
		}
		return op
	case routeUpgrade:
		op := UpgradeTenant{From: from, Into: into, Mode: b.spec.Target.Mode, Accounts: len(b.spec.Roster.Mailboxes)}
		if ack, ok := acknowledged(b.spec, op); ok {
			op.Company, op.Administrator = ack.Company, ack.Administrator
		}
		return op
	}
	return nil
}

// acts adds the presses.
func (b *builder) acts() {
	needs := func() []StepID {
		all := append(append(append([]StepID{}, b.prepared...), b.settled...), b.lasts...)
		return append(append(all, b.archives...), b.holdID())
	}
	if op := b.pressOp(); op != nil && !b.pressed {
		switch o := op.(type) {
		case MergeTenants:
			o.Erases = b.erased()
			op = o
		case UpgradeTenant:
			if b.erasing() {
				o.Erases = b.erased()
			}
			op = o
		}
		b.add(op, true, needs()...)
	}
	if op := b.pressOp(); op != nil {
		b.once(b.mergedOp(), append(b.watched(), IDOf(op))...)
	}
	if c := b.spec.Customers; c != nil {
		op := MoveCustomers{From: b.spec.Source.CorpID, Into: b.corp(), Accounts: maps.Clone(c.Accounts)}
		for account := range c.Accounts {
			if b.s.Customers != nil {
				op.Relations += b.s.Customers.Relations[account]
			}
		}
		if !b.acted(op) {
			b.need(b.holdOp())
			b.add(op, true, needs()...)
		}
	}
}

// mergedOp ends when the press has run its course.
func (b *builder) mergedOp() Wait { return Wait{For: waitMerged, On: b.pressOn(), In: Cutover} }

// running reports a press that was begun and has not run its course.
func (b *builder) running() bool { return b.pressOp() != nil && b.pressed && !b.acted(b.mergedOp()) }

// watched keeps the watch of a freeze up until the press has run its course,
// also past the window (MERGE-07).
func (b *builder) watched() []StepID {
	if !b.pressed || !b.records[b.hold].Open {
		return nil
	}
	return []StepID{b.need(b.holdOp())}
}

func (b *builder) pressOn() string {
	if b.corp() != "" {
		return b.corp()
	}
	return b.spec.Source.CorpID
}

// pressNeeds is the press, for the switches behind it.
func (b *builder) pressNeeds() []StepID {
	if op := b.pressOp(); op != nil {
		return []StepID{IDOf(op), IDOf(Wait{For: waitMerged, On: b.pressOn()})}
	}
	return nil
}

// erased measures what a press destroys: every mailbox of the target, and
// those that the plan itself creates. A mailbox that was neither opened nor
// made by us is unobserved.
func (b *builder) erased() Radius {
	var r Radius
	t := b.tenant()
	if t == nil {
		return r
	}
	made := map[string]bool{}
	for _, p := range b.people {
		op := PutMember{Corp: b.corp(), Account: p.account, Address: p.TargetAddress, Create: true, AccountOnly: true}
		if b.records[IDOf(op)].Outcome > 0 {
			made[p.account] = true
		}
		if _, creates := b.memberOp(p); creates && p.member == nil {
			r.Mailboxes++
		}
	}
	opened := map[string]Mailbox{}
	for _, p := range b.people {
		if box, ok := b.archived[p.TargetAddress]; ok {
			opened[p.account] = box
		}
	}
	for _, m := range t.Members {
		if m.Address == "" && !made[m.Account] {
			continue
		}
		r.Mailboxes++
		box, ok := opened[m.Account]
		switch {
		case ok && box.Source.Seen.Known():
			r.Messages += box.Source.Messages
			r.Bytes += box.Source.Bytes
		case !made[m.Account]:
			r.Unobserved++
		}
	}
	r.Mailboxes += len(t.Shared)
	r.Unobserved += len(t.Shared)
	return r
}

// acknowledged finds the block that names a final op.
func acknowledged(spec *config.Spec, op Op) (config.Acknowledge, bool) {
	for _, a := range spec.Acknowledged {
		if a.Kind == op.Kind() && a.Subject == op.Subject() {
			return a, true
		}
	}
	return config.Acknowledge{}, false
}
