package planner

import (
	"slices"
	"strings"
)

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

// Fact finds what is attested of a step.
func (s Snapshot) Fact(id StepID) (Fact, bool) {
	i := slices.IndexFunc(s.Facts, func(f Fact) bool { return f.Step == id })
	if i < 0 {
		return Fact{Step: id}, false
	}
	return s.Facts[i], true
}

// ByPerson reports whether a person carries an op out: always, or in this world.
func (s Snapshot) ByPerson(op Op) bool {
	return op.Traits().Person || s.peoples(op)
}

func (s Snapshot) peoples(op Op) bool {
	switch o := op.(type) { // who does a thing takes it back
	case Undo:
		return s.ByPerson(o.Op)
	case Restore:
		return s.ByPerson(o.Op)
	}
	kind := op.Kind()
	what, _, _ := strings.Cut(op.Subject(), "/")
	return slices.Contains(s.People, kind) || slices.Contains(s.People, kind+" "+what)
}

// Step finds a step by its ID.
func (p *Plan) Step(id StepID) (Step, bool) {
	i := slices.IndexFunc(p.Steps, func(s Step) bool { return s.ID == id })
	if i < 0 {
		return Step{}, false
	}
	return p.Steps[i], true
}

// index finds parts of a snapshot, each in one step.
type index struct {
	of       Snapshot
	boxes    map[string]Mailbox
	archived map[string]Mailbox
	records  map[StepID]Record
	facts    map[StepID]Fact
	sights   map[StepID]Sight
	sets     map[string]RRset // by zone and key
	zoned    map[string]Zone
	members  map[string]Member // of the target
	shared   map[string]PutShared
	groups   map[string]PutGroup
}

func indexOf(s Snapshot) index {
	x := index{
		of:       s,
		boxes:    keyed(s.Mailboxes, func(m Mailbox) string { return m.Address }),
		archived: keyed(s.Archived, func(m Mailbox) string { return m.Address }),
		records:  keyed(s.Records, func(r Record) StepID { return r.Step }),
		facts:    keyed(s.Facts, func(f Fact) StepID { return f.Step }),
		sights:   keyed(s.Sights, func(v Sight) StepID { return v.Step }),
		sets:     setsOf(s.Zones),
		zoned:    keyed(s.Zones, func(z Zone) string { return z.Name }),
	}
	if t := s.Target.Tenant; t != nil && t.Seen.Known() {
		x.members = keyed(t.Members, func(m Member) string { return m.Account })
		x.shared = keyed(t.Shared, func(s PutShared) string { return s.Address })
		x.groups = keyed(t.Groups, func(g PutGroup) string { return g.Address })
	}
	return x
}

func keyed[K comparable, V any](list []V, key func(V) K) map[K]V {
	m := make(map[K]V, len(list))
	for _, v := range list {
		m[key(v)] = v
	}
	return m
}

func setsOf(zones []Zone) map[string]RRset {
	m := map[string]RRset{}
	for _, z := range zones {
		for _, set := range z.Sets {
			m[z.Name+"/"+set.Key()] = set
		}
	}
	return m
}
