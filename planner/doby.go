package planner

import (
	"cmp"
	"slices"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
)

// Deadline is a moment by which something must be done for the window to be
// kept, and which steps it is about.
type Deadline struct {
	text.Msg
	By    time.Time `json:"by"`
	Steps []StepID  `json:"steps"` // in order
	Late  bool      `json:"late,omitempty"`
}

// Leads that are reckoned back from the window's opening.
const (
	passwordLead = 2 * day
	stsAge       = 7 * day // of a policy whose max_age is not known
)

// DoBy reckons the deadlines back from the window, the first due first.
func (p *Plan) DoBy(now time.Time) []Deadline {
	c := p.Spec.Cutover
	if c == nil || p.Direction == Reverse {
		return nil
	}
	x := indexOf(p.Observed)
	d := deadlines{}
	var copying time.Duration
	for _, s := range p.Steps {
		if !s.Work {
			continue
		}
		switch op := s.Op.(type) {
		case SetTTL:
			ttl := x.sets[op.Set.Zone+"/"+op.Set.Key()].TTL
			d.add("doby.ttl", c.Opens.Add(-time.Duration(ttl)*time.Second), s.ID)
		case SetRecords:
			if op.Temporary {
				d.add("doby.mta-sts", c.Opens.Add(-cmp.Or(x.zoned[op.New.Zone].STSAge, stsAge)), s.ID)
			}
		case Task:
			if t := tasks[op.Name]; t.phase < Freeze {
				d.add("doby.task", c.Opens.Add(-t.lead), s.ID)
			}
		case CopyMailbox:
			if op.In == Copy {
				copying += s.Estimate
			}
			if op.In == Copy && lacksPassword(p.Spec, x, op.Address) {
				d.add("doby.passwords", c.Opens.Add(-passwordLead), s.ID)
			}
		}
	}
	if copying > 0 {
		lines := min(p.Spec.Source.IMAP.Limits.Connections, p.Spec.Target.IMAP.Limits.Connections)
		d.add("doby.copy", c.Opens.Add(-copying/time.Duration(max(lines, 1))))
	}
	return d.sorted(now)
}

func lacksPassword(spec *config.Spec, x index, address string) bool {
	i, ok := slices.BinarySearchFunc(spec.Roster.Mailboxes, address, func(m config.Mailbox, a string) int { return cmp.Compare(m.Address, a) })
	if ok && spec.Source.IMAP.Login.Kind == config.LoginPassword && spec.Roster.Mailboxes[i].SourcePassword.IsZero() {
		return true
	}
	return x.boxes[address].State == WaitPerson
}

type deadlines map[string]*Deadline

func (d deadlines) add(code string, by time.Time, steps ...StepID) {
	key := code + by.String()
	if d[key] == nil {
		d[key] = &Deadline{Msg: text.M(code), By: by}
	}
	d[key].Steps = append(d[key].Steps, steps...)
}

func (d deadlines) sorted(now time.Time) []Deadline {
	var list []Deadline
	for _, key := range sortedKeys(d) {
		one := *d[key]
		one.Late = now.After(one.By)
		one.Args = text.Args{"n": itoa(len(one.Steps))}
		list = append(list, one)
	}
	slices.SortStableFunc(list, func(a, b Deadline) int { return a.By.Compare(b.By) })
	return list
}
