package planner

import (
	"slices"
)

func (b *builder) holdOp() HoldDirectory {
	op := HoldDirectory{Domain: b.spec.Source.Domain}
	for _, corp := range []string{b.spec.Source.CorpID, b.corp()} {
		if corp != "" && !slices.Contains(op.Corps, corp) {
			op.Corps = append(op.Corps, corp)
		}
	}
	slices.Sort(op.Corps)
	return op
}

func (b *builder) holdID() StepID { return b.hold }

// freeze watches the directories, carries what came last and ends the wizard.
func (b *builder) freeze() {
	if !b.switching {
		return
	}
	hold := b.need(b.holdOp())
	waived := b.waived()
	for _, p := range b.people {
		if !b.copied(p) {
			continue
		}
		needs := []StepID{hold}
		if !b.hasFirst(p) {
			needs = append(needs, p.first)
		}
		id := b.pass(p, Freeze, needs)
		if (p.listed || b.off.needsUnlisted) && !waived[p.Address] {
			b.lasts = append(b.lasts, id)
		}
	}
	b.archivePasses(Freeze)
	b.lasts = append(b.lasts, hold)
	b.endWizard(hold)
}

// waived are the rows that the spec lets the domain switch without: those it
// names, and as many as it allows of those that were not started.
func (b *builder) waived() map[string]bool {
	out := map[string]bool{}
	accept := b.spec.Cutover.Accept
	for _, a := range accept.Mailboxes {
		out[a] = true
	}
	var unstarted []string
	for _, p := range b.people {
		if p.listed && b.copied(p) && !out[p.Address] && !b.hasFirst(p) {
			unstarted = append(unstarted, p.Address)
		}
	}
	if len(unstarted) <= accept.NotStarted {
		for _, a := range unstarted {
			out[a] = true
		}
	}
	return out
}

func (b *builder) endWizard(hold StepID) {
	rows := b.wizardRows()
	op := FinishWizard{Corp: b.corp()}
	if len(rows) == 0 || b.acted(op) {
		return
	}
	for _, a := range rows {
		if b.boxes[a].State != InStep {
			op.Abandons = append(op.Abandons, a)
		}
	}
	b.lasts = append(b.lasts, b.add(op, true, hold, IDOf(WizardCopy{Corp: op.Corp, Addresses: rows})))
}
