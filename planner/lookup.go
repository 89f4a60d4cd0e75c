package planner

import "slices"

// Known reports whether there was an observation and it succeeded.
func (s Seen) Known() bool { return !s.At.IsZero() && s.Err == nil }

// Mailbox finds a row by its address.
func (s Snapshot) Mailbox(address string) (Mailbox, bool) {
	i := slices.IndexFunc(s.Mailboxes, func(m Mailbox) bool { return m.Address == address })
	if i < 0 {
		return Mailbox{Address: address}, false
	}
	return s.Mailboxes[i], true
}

// Record finds what the journal knows of a step.
func (s Snapshot) Record(id StepID) (Record, bool) {
	i := slices.IndexFunc(s.Records, func(r Record) bool { return r.Step == id })
	if i < 0 {
		return Record{Step: id}, false
	}
	return s.Records[i], true
}

// Step finds a step by its ID.
func (p *Plan) Step(id StepID) (Step, bool) {
	i := slices.IndexFunc(p.Steps, func(s Step) bool { return s.ID == id })
	if i < 0 {
		return Step{}, false
	}
	return p.Steps[i], true
}

// index finds rows and records of a snapshot, each in one step.
type index struct {
	boxes   map[string]Mailbox
	records map[StepID]Record
}

func indexOf(s Snapshot) index {
	x := index{make(map[string]Mailbox, len(s.Mailboxes)), make(map[StepID]Record, len(s.Records))}
	for _, m := range s.Mailboxes {
		x.boxes[m.Address] = m
	}
	for _, r := range s.Records {
		x.records[r.Step] = r
	}
	return x
}
