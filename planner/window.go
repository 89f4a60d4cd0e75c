package planner

import (
	"cmp"
	"strconv"
	"time"
)

// PhaseTime reckons the steps of a phase that have work; copies run side by
// side. What a person's final act is declared to take counts as declared.
func (p *Plan) PhaseTime(in Phase) time.Duration {
	var copies, others time.Duration
	for _, s := range p.Steps {
		if s.Op.Traits().Phase != in || !s.Work {
			continue
		}
		if _, copy := s.Op.(CopyMailbox); copy {
			copies += s.Estimate
		} else {
			others += p.Lasts(s)
		}
	}
	lines := min(p.Spec.Source.IMAP.Limits.Connections, p.Spec.Target.IMAP.Limits.Connections)
	return others + copies/time.Duration(max(1, lines))
}

// Lasts is a step's estimate, or what the spec declares of it.
func (p *Plan) Lasts(s Step) time.Duration {
	t := s.Op.Traits()
	if c := p.Spec.Cutover; c != nil && t.Person && t.Risk == Final && t.Phase == Cutover && c.Duration > 0 {
		return c.Duration
	}
	return s.Estimate
}

// TailEnd is when mailboxes get the last pass of their tail, that of the way
// back for a plan of it: zero before the last domain is switched, and without a
// cutover.
func (p *Plan) TailEnd() time.Time {
	if p.Direction == Reverse {
		b := planBack(p.Spec, p.Observed, p.Observed.At)
		return b.quietAt()
	}
	b := survey(p.Spec, p.Observed, time.Time{}, rules{})
	if p.Spec.Cutover == nil || !b.anySwitched || b.switching {
		return time.Time{}
	}
	return b.end
}

// CutoverTime is what Freeze and Cutover take; 0: not known.
func (p *Plan) CutoverTime() time.Duration { return p.PhaseTime(Freeze) + p.PhaseTime(Cutover) }

// defaultRemoved is the share of the roster that one plan may drop unless the
// spec says otherwise, in percent (config.Guards).
const defaultRemoved = 5

// Removal is how much of the roster a plan drops, and what the guard allows:
// both in percent, or as numbers where the spec gives one.
type Removal struct {
	Number  bool
	Is, Max float64
	Open    bool
}

// Removal holds the mailboxes that a plan drops against the guard.
func (p *Plan) Removal() Removal {
	n := 0
	for _, s := range p.Steps {
		if _, drop := s.Op.(DropMailbox); drop {
			n++
		}
	}
	limit := p.Spec.Guards.Removed
	if limit.Number > 0 {
		return Removal{Number: true, Is: float64(n), Max: float64(limit.Number), Open: n <= limit.Number}
	}
	r := Removal{Is: 100 * float64(n) / float64(max(len(p.Spec.Roster.Mailboxes)+n, 1)), Max: cmp.Or(limit.Percent, defaultRemoved)}
	r.Open = r.Is <= r.Max
	return r
}

// String gives what is and what may be: "2 / 3", "6.1 / 5 %".
func (r Removal) String() string {
	if r.Number {
		return strconv.FormatFloat(r.Is, 'f', -1, 64) + " / " + strconv.FormatFloat(r.Max, 'f', -1, 64)
	}
	return strconv.FormatFloat(r.Is, 'f', 1, 64) + " / " + strconv.FormatFloat(r.Max, 'f', -1, 64) + " %"
}
