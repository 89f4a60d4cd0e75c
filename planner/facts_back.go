package planner

import (
	"time"

	"github.com/mxmove/mxmove/config"
)

// Ahead estimates how many messages the target holds that the source lacks:
// what arrived there since, and what was there before. ok is false where one
// of the two was not looked into.
func (m Mailbox) Ahead() (n int, ok bool) {
	for _, s := range []Seen{m.Source.Seen, m.Target.Seen} {
		if !s.Known() || s.How != "imap" {
			return 0, false
		}
	}
	copied := m.Source.Messages - m.Behind.Messages - m.Quarantined
	return max(0, m.Target.Messages-max(0, copied)), true
}

// Price is what going back takes.
type Price struct {
	Time     time.Duration `json:"time"`     // of what has work, without the wait for caches and the tail
	Caches   time.Duration `json:"caches"`   // until no cache knows the target any more
	Messages int           `json:"messages"` // to carry back, about
	Boxes    int           `json:"boxes"`    // mailboxes that are passed over
	Unknown  int           `json:"unknown"`  // of these, those that nobody looked into
}

// Price reckons a plan of the way back.
func (p *Plan) Price() Price {
	var price Price
	var carry time.Duration
	x := indexOf(p.Observed)
	for _, s := range p.Steps {
		switch op := s.Op.(type) {
		case CopyMailbox:
			price.Boxes++
			n, known := x.boxes[op.Address].Ahead()
			price.Messages += n
			if !known {
				price.Unknown++
			}
			carry += s.Estimate
		case Wait:
			price.Caches = max(price.Caches, op.Least)
		default:
			if s.Work {
				price.Time += s.Estimate
			}
		}
	}
	lines := min(p.Spec.Source.IMAP.Limits.Connections, p.Spec.Target.IMAP.Limits.Connections)
	price.Time += carry / time.Duration(max(1, lines))
	return price
}

// GoingBack reckons what it would take to go back now.
func (p *Plan) GoingBack() Price { return buildReverse(p.Spec, p.Observed, p.Observed.At).Price() }

// Stay is something that the way back leaves as it is.
type Stay struct {
	Code string `json:"code"` // of the catalogue
	N    int    `json:"n"`
}

// Stays lists what was done and is not taken back.
func (p *Plan) Stays() []Stay {
	n, x := map[string]int{}, indexOf(p.Observed)
	for _, r := range p.Observed.Records {
		if r.Outcome == 0 && (r.Intent == 0 || r.Undo != nil && tookBack(r, x)) {
			continue
		}
		switch code := staysOf[r.Step.Kind()]; {
		case r.Step.Kind() == (CopyMailbox{}).Kind() && p.removesCopies():
		case r.Step.Kind() == (CopyMailbox{}).Kind():
			n["stay.mail"] += r.Tally.Copied
		case r.Step.Kind() == (PutMember{}).Kind() && r.Undo == nil:
			n["stay.address"]++
		case r.Step.Kind() == (PutMember{}).Kind() && r.Undo.Whole():
		case code != "":
			n[code]++
		}
	}
	var list []Stay
	for _, code := range sortedKeys(n) {
		if n[code] > 0 {
			list = append(list, Stay{code, n[code]})
		}
	}
	return list
}

// removesCopies reports whether the way back takes away what was copied.
func (p *Plan) removesCopies() bool {
	return p.Spec.Cutover != nil && p.Spec.Cutover.RollbackCopies == config.CopiesRemove
}

// staysOf are the kinds of steps that leave something for good.
var staysOf = map[string]string{
	PutMember{}.Kind():      "stay.account",
	Notify{}.Kind():         "stay.notice",
	Task{}.Kind():           "stay.task",
	DropMailbox{}.Kind():    "stay.dropped",
	ArchiveMailbox{}.Kind(): "stay.archive",
	MergeTenants{}.Kind():   "stay.final",
	UpgradeTenant{}.Kind():  "stay.final",
	MoveCustomers{}.Kind():  "stay.final",
	FinishWizard{}.Kind():   "stay.final",
}
