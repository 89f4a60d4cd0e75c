package planner

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
)

// Bound is what a final step was measured to destroy or move in one respect,
// and what its acknowledgement allows.
type Bound struct {
	Name     string `json:"name"` // mailboxes, messages, unobserved, accounts, relations
	Measured int64  `json:"measured"`
	AtMost   int64  `json:"at_most"` // 0 without an acknowledgement
}

// FinalStep is an irreversible step with what a person must know to judge it.
type FinalStep struct {
	Step         StepID              `json:"step"`
	N            int                 `json:"n"`                      // place among the plan's steps, from 1
	Acknowledged *config.Acknowledge `json:"acknowledged,omitempty"` // nil: not yet
	Bounds       []Bound             `json:"bounds,omitempty"`
	Kept         Radius              `json:"kept"`                // in archives, of what is erased
	KeptOf       int                 `json:"kept_of"`             // messages of these mailboxes, as far as they were looked at
	KeptAt       time.Time           `json:"kept_at,omitzero"`    // when the earliest of the archives' last passes began; zero: one had none
	ReadBack     bool                `json:"read_back,omitempty"` // every archive was read after its last pass, and is as it was left
	Gap          int                 `json:"gap"`                 // messages not in the archive when last seen
	PerHour      float64             `json:"per_hour,omitempty"`  // messages that come there in an hour, as between the last two passes
	Block        string              `json:"block,omitempty"`     // HCL to paste where Acknowledged is nil: measured + 10 %
}

// Finals gives the plan's irreversible steps, in order.
func (p *Plan) Finals() []FinalStep {
	var list []FinalStep
	for i, s := range p.Steps {
		if s.Op.Traits().Risk != Final {
			continue
		}
		f := FinalStep{Step: s.ID, N: i + 1}
		if ack, ok := acknowledged(p.Spec, s.Op); ok {
			f.Acknowledged, f.Bounds = &ack, boundsOf(s.Op, ack.AtMost)
		} else {
			f.Bounds, f.Block = boundsOf(s.Op, config.Bounds{}), ackBlock(s.Op)
		}
		f.keep(p.Observed.Archived)
		list = append(list, f)
	}
	return list
}

// keep sums up what archives hold.
func (f *FinalStep) keep(archived []Mailbox) {
	f.ReadBack = len(archived) > 0
	for i, box := range archived {
		f.Kept.Mailboxes++
		f.Kept.Messages += box.Target.Messages
		f.Kept.Bytes += box.Target.Bytes
		f.KeptOf += box.Source.Messages
		f.Gap += box.Behind.Messages
		f.PerHour += box.PerHour
		f.ReadBack = f.ReadBack && box.Target.Seen.Known() && !box.ReadBack.Before(box.Target.Seen.At)
		if at := box.Target.Seen.At; i == 0 || at.Before(f.KeptAt) {
			f.KeptAt = at
		}
	}
}

func boundsOf(op Op, b config.Bounds) []Bound {
	erased := func(r Radius) []Bound {
		return []Bound{
			{"mailboxes", int64(r.Mailboxes), int64(b.Mailboxes)},
			{"messages", int64(r.Messages), int64(b.Messages)},
			{"unobserved", int64(r.Unobserved), int64(b.Unobserved)},
		}
	}
	switch o := op.(type) {
	case MergeTenants:
		return erased(o.Erases)
	case UpgradeTenant:
		bounds := []Bound{{"accounts", int64(o.Accounts), int64(b.Accounts)}}
		if o.Mode == 2 {
			bounds = append(bounds, erased(o.Erases)...)
		}
		return bounds
	case MoveCustomers:
		return []Bound{{"relations", int64(o.Relations), int64(b.Relations)}}
	case FinishWizard:
		return []Bound{{"mailboxes", int64(len(o.Abandons)), int64(b.Mailboxes)}}
	}
	return nil
}

// ackBlock is the acknowledgement to paste: what was measured and 10 %.
// Unobserved mailboxes are not rounded up: each is somebody's mail unseen.
func ackBlock(op Op) string {
	var b strings.Builder
	fmt.Fprintf(&b, "acknowledge %q %q {\n  because = \"\"\n", op.Kind(), op.Subject())
	if _, ok := op.(UpgradeTenant); ok {
		b.WriteString("  company       = \"\"\n  administrator = \"\"\n")
	}
	b.WriteString("  at_most {\n")
	for _, bound := range boundsOf(op, config.Bounds{}) {
		n := bound.Measured
		if bound.Name != "unobserved" {
			n += (n + 9) / 10
		}
		fmt.Fprintf(&b, "    %-10s = %d\n", bound.Name, n)
	}
	b.WriteString("  }\n}\n")
	return b.String()
}

func i64(n int64) string { return strconv.FormatInt(n, 10) }
