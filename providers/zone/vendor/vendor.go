// Package vendor is what the APIs of DNS vendors have in common: records with
// ids, edits of a set, errors by what they mean for the edit, and HTTP calls
// that wait where they are told to.
package vendor

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"
)

// Record is one value as a vendor keeps it.
type Record struct {
	ID     string // "": it does not exist yet
	Name   string // in full, lower case, without the last dot
	Type   string
	Pref   uint16 // of MX
	Value  string // hosts in lower case without the last dot; of TXT the octets, its strings joined
	TTL    uint32 // seconds, as answers have it
	Line   string // resolution line; "" is the default one
	Off    bool   // paused: not in answers
	Locked bool   // not to be changed
	Weight int    // not 0: one of several that take turns
	Odd    string // why it is no plain value, in the vendor's words: alias, SetIdentifier; "": it is plain
}

// Same reports whether two records say the same to who asks.
func (r Record) Same(o Record) bool { return r.rank(o) == 0 && r.TTL == o.TTL }

// rank orders records by preference, then value.
func (r Record) rank(o Record) int {
	return cmp.Or(cmp.Compare(r.Pref, o.Pref), cmp.Compare(r.Value, o.Value))
}

// Alike reports whether two lists say the same, in whatever order.
func Alike(a, b []Record) bool {
	byValue := func(x, y Record) int { return cmp.Or(x.rank(y), cmp.Compare(x.TTL, y.TTL)) }
	return slices.EqualFunc(slices.SortedFunc(slices.Values(a), byValue), slices.SortedFunc(slices.Values(b), byValue), Record.Same)
}

// Edit is a change of one set: all or part of the way from Was.
type Edit struct {
	Was    []Record // all of the set, as listed last
	Modify []Record // with the id of what each replaces
	Create []Record
	Delete []Record
}

// Calls is how many calls an edit is where a call changes one record.
func (e Edit) Calls() int { return len(e.Modify) + len(e.Create) + len(e.Delete) }

// First is the edit's first call: records are changed in place, then added,
// then removed, so that a set is never empty on the way.
func (e Edit) First() Edit {
	one := Edit{Was: e.Was}
	switch {
	case len(e.Modify) > 0:
		one.Modify = e.Modify[:1]
	case len(e.Create) > 0:
		one.Create = e.Create[:1]
	case len(e.Delete) > 0:
		one.Delete = e.Delete[:1]
	}
	return one
}

// After is the set when the edit is made.
func (e Edit) After() []Record {
	var out []Record
	for _, r := range e.Was {
		same := func(o Record) bool { return o.ID == r.ID }
		if i := slices.IndexFunc(e.Modify, same); i >= 0 {
			r = e.Modify[i]
		} else if slices.ContainsFunc(e.Delete, same) {
			continue
		}
		out = append(out, r)
	}
	return append(out, e.Create...)
}

// Between is the edit that leads from a set to what is wanted. What stays is
// not touched but for its TTL; what is new takes the place of what goes, the
// most preferred first; the rest is added or removed.
func Between(is, want []Record) Edit {
	e := Edit{Was: is}
	gone := slices.Clone(is)
	var missing []Record
	for _, w := range want {
		i := slices.IndexFunc(gone, func(r Record) bool { return r.rank(w) == 0 })
		if i < 0 {
			missing = append(missing, w)
			continue
		}
		if w.ID, w.Line = gone[i].ID, gone[i].Line; w.TTL != gone[i].TTL {
			e.Modify = append(e.Modify, w)
		}
		gone = slices.Delete(gone, i, i+1)
	}
	slices.SortFunc(gone, Record.rank)
	slices.SortFunc(missing, Record.rank)
	n := min(len(gone), len(missing))
	for i, r := range gone[:n] {
		missing[i].ID, missing[i].Line = r.ID, r.Line
	}
	e.Modify = append(missing[:n:n], e.Modify...)
	e.Create, e.Delete = missing[n:], gone[n:]
	return e
}

// About is what a vendor tells of a zone.
type About struct {
	Servers []string // that it gives for the zone; nil: it does not say
	MinTTL  uint32   // the lowest that it takes, in seconds; 0: it does not say
	Paused  bool     // it does not answer for the zone now
}

// Kind is what a failed call means.
type Kind string

// The kinds of failure.
const (
	Lost      Kind = "lost"      // nobody knows whether it took effect
	Busy      Kind = "busy"      // it did not; later it may
	Refused   Kind = "refused"   // the key is wrong or may not do this
	NoZone    Kind = "zone"      // there is no such zone, or more than one
	Locked    Kind = "locked"    // the record, or the zone, is not to be changed now
	Duplicate Kind = "duplicate" // there is such a record
	Stale     Kind = "stale"     // the set is not as the call said
	Invalid   Kind = "invalid"   // the vendor does not take these values
)

// Meaning is what a vendor's error codes, known by how they begin, mean.
type Meaning struct {
	Kind  Kind
	Codes []string
}

// KindOf gives the first meaning of a code; Invalid: it has none.
func KindOf(all []Meaning, code string) Kind {
	for _, m := range all {
		if slices.ContainsFunc(m.Codes, func(begin string) bool { return strings.HasPrefix(code, begin) }) {
			return m.Kind
		}
	}
	return Invalid
}

// Error is why a call failed. It never holds a key.
type Error struct {
	Kind Kind
	Text string        // the vendor's code and words, or the network's
	Wait time.Duration // of Busy, as told
}

func (e *Error) Error() string { return string(e.Kind) + ": " + e.Text }

// Is reports whether an error is of a kind.
func Is(err error, k Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == k
}
