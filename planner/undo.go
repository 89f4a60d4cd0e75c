package planner

import (
	"slices"
	"strings"
)

// UndoOf gives what will take a step back, by what the world shows before it
// is carried out: to be journaled with the intent. It is nil for steps that
// leave nothing to take back, that cannot be taken back, and for Temporaries,
// whose pre-image is kept ([Preimage]).
func UndoOf(op Op, s Snapshot) *Undo {
	u := &Undo{Of: IDOf(op), In: Retire, Since: s.At}
	switch o := op.(type) {
	case SetRecords:
		if o.Temporary {
			return nil
		}
		back := o.reversed()
		u.In, u.Op = back.In, back
	case SetEnabled:
		u.Op = SetEnabled{Corp: o.Corp, Account: o.Account, Enabled: !o.Enabled}
	case SetSeat:
		u.Op = SetSeat{Corp: o.Corp, Account: o.Account, VIP: !o.VIP, In: Retire}
	case PutMember:
		u.Op = o.reversed(s.Target.Tenant)
	case PutShared:
		u.Op, u.Wrote = o.reversed(s.Target.Tenant), o.Users
	case PutGroup:
		u.Op, u.Wrote = o.reversed(s.Target.Tenant), o.Members
	}
	if u.Op == nil {
		return nil
	}
	return u
}

// reversed puts the former values back. What was prepared goes last, what was
// taken away at the end comes back first. A record of terms that was begun by
// the edit is removed whole: what is left of it would refuse mail.
func (s SetRecords) reversed() SetRecords {
	back := SetRecords{Old: s.New, New: s.Old, Add: s.Remove, Remove: s.Add, In: Retire}
	if s.In == Cutover {
		back.In = Cutover
	} else if s.In > Cutover {
		back.In = Prepare
	}
	if !slices.ContainsFunc(s.Old.Values, isSPF) {
		back.Add, back.Remove = nil, nil
	}
	return back
}

func isSPF(v string) bool {
	f := strings.Fields(v)
	return len(f) > 0 && strings.EqualFold(f[0], "v=spf1")
}

// reversed disables an account that was made, and gives back an address that
// was replaced; nil: there is no way to take the rest away.
func (p PutMember) reversed(t *Tenant) Op {
	if t == nil || len(p.Aliases) > 0 {
		return nil
	}
	was := slices.ContainsFunc(t.Members, func(m Member) bool { return m.Account == p.Account })
	switch {
	case !was:
		return SetEnabled{Corp: p.Corp, Account: p.Account}
	case p.Was != "":
		return PutMember{Corp: p.Corp, Account: p.Account, Address: p.Was, Was: p.Address}
	}
	return nil
}

// reversed gives back the users there were; nobody uses one that was made.
func (p PutShared) reversed(t *Tenant) Op {
	back := PutShared{Corp: p.Corp, Address: p.Address, Name: p.Name, Users: []string{}}
	if t != nil {
		for _, was := range t.Shared {
			if was.Address == p.Address {
				back.Users = append(back.Users, sortedCopy(was.Users)...)
			}
		}
	}
	return back
}

// reversed gives back the members there were; one that was made is empty.
func (p PutGroup) reversed(t *Tenant) Op {
	back := PutGroup{Corp: p.Corp, Address: p.Address, Name: p.Name, Members: []string{}}
	if t != nil {
		for _, was := range t.Groups {
			if was.Address == p.Address {
				back.Members, back.Allow = append(back.Members, sortedCopy(was.Members)...), was.Allow
			}
		}
	}
	return back
}

// stand says what the world shows of a step that may be taken back.
type stand int

const (
	standsOurs   stand = iota // what we wrote, as far as is known
	standsBack                // what was there before
	standsOther               // what somebody else wrote
	standsUnseen              // nobody can look
)

// standOf looks at what an Undo would write.
func standOf(u Undo, x index) stand {
	switch o := u.Op.(type) {
	case SetRecords:
		return standOfSet(o, x)
	case SetEnabled:
		m, ok := x.members[o.Account]
		return standIf(x.members != nil && (!ok || m.Enabled != Unknown), !ok || m.Enabled == TriOf(o.Enabled), true)
	case SetSeat:
		m, ok := x.members[o.Account]
		return standIf(x.members != nil && (!ok || m.VIP != Unknown), !ok || m.VIP == TriOf(o.VIP), true)
	case PutMember:
		m, ok := x.members[o.Account]
		return standIf(x.members != nil, !ok || m.Address == o.Address, m.Address == o.Was)
	case PutShared:
		is, ok := x.shared[o.Address]
		users := sortedCopy(is.Users)
		return standIf(x.members != nil && !x.of.peoples(o), !ok || slices.Equal(users, o.Users), slices.Equal(users, u.Wrote))
	case PutGroup:
		is, ok := x.groups[o.Address]
		members := sortedCopy(is.Members)
		return standIf(x.members != nil && !x.of.peoples(o), !ok || slices.Equal(members, o.Members) && is.Allow == o.Allow, slices.Equal(members, u.Wrote))
	}
	return standsUnseen
}

func standIf(seen, back, ours bool) stand {
	switch {
	case !seen:
		return standsUnseen
	case back:
		return standsBack
	case ours:
		return standsOurs
	}
	return standsOther
}

func standOfSet(o SetRecords, x index) stand {
	set := x.sets[o.New.Zone+"/"+o.New.Key()]
	edit := len(o.Add)+len(o.Remove) > 0
	ours := hasValues(SetRecords{New: withValues(o.New, o.Old.Values)}, set) || halfway(o, set)
	return standIf(x.zoned[o.New.Zone].Seen.Known(), hasValues(o, set), edit || ours)
}

// halfway reports a set that an undo by several calls left behind when it was
// cut off; who writes it goes on from there, or refuses.
func halfway(o SetRecords, set RRset) bool {
	known := slices.Concat(canonicalMX(o.Old.Values), canonicalMX(o.New.Values))
	return len(set.Values) > 0 && !slices.ContainsFunc(canonicalMX(set.Values), func(v string) bool { return !slices.Contains(known, v) })
}

func withValues(r RRset, values []string) RRset {
	r.Values = values
	return r
}

// Keep keeps with the record of an intent what will take its step back. The
// time of the first one stands.
func (r Record) Keep(u Undo) Record {
	if r.Undo != nil && !r.Undo.Since.IsZero() {
		u.Since = r.Undo.Since
	}
	r.Undo = &u
	return r
}

// tookBack reports that a step is as it was: the world shows it, or, where
// nobody can look, whoever took it back said so since.
func tookBack(r Record, x index) bool {
	switch standOf(*r.Undo, x) {
	case standsBack:
		return true
	case standsUnseen:
		id := IDOf(*r.Undo)
		return x.records[id].Outcome > r.Intent && !x.facts[id].Void
	}
	return false
}

// Undone is the record of a step after the outcome of its Undo: where nothing
// of the step is left it may be carried out again as if for the first time.
func (r Record) Undone() Record {
	if r.Undo.Whole() {
		r.Intent, r.Outcome, r.Failed = 0, 0, nil
	}
	return r
}
