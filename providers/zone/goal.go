package zone

import (
	"slices"
	"strings"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/zone/wire"
)

// goal is what an op wants of one record set. It is decided anew on what is
// read, so that an op that was cut off, or whose answer was lost, is settled by
// reading.
type goal struct {
	name, kind string
	// decide gives what is to be there; done: it is already. The error says
	// that what is there is neither as expected nor as wanted.
	decide func(is []wire.Record) (want wanted, done bool, err error)
}

type wanted struct {
	values []string
	ttl    uint32
}

// newTTL is that of a set which did not exist, in seconds.
const newTTL = 3600

// between says of a zone that is changed by several calls whether a set of
// values stands on the way from one to another: there a run that was cut off
// goes on.
type between func(kind string, is, from, to []string) bool

func never(string, []string, []string, []string) bool { return false }

// halfway is a person's way: whatever the order, at first the one or the other.
func halfway(_ string, is, from, to []string) bool {
	return len(is) > 0 && !slices.ContainsFunc(is, func(v string) bool { return !slices.Contains(from, v) && !slices.Contains(to, v) })
}

// goalOf is the goal of an op; false: the op is not about records.
func goalOf(op planner.Op, way between) (goal, bool) {
	switch o := op.(type) {
	case planner.SetTTL:
		return ttlGoal(o, false), true
	case planner.SetRecords:
		return recordsGoal(o, way), true
	case planner.Undo:
		return goalOf(o.Op, way)
	case planner.Restore:
		switch back := o.Op.(type) {
		case planner.SetTTL:
			return ttlGoal(back, true), true
		case planner.SetRecords:
			return backGoal(back, way), true
		}
	}
	return goal{}, false
}

func ttlOf(is []wire.Record, otherwise uint32) uint32 {
	ttl := uint32(0)
	for _, r := range is {
		ttl = max(ttl, r.TTL)
	}
	if len(is) == 0 {
		ttl = otherwise
	}
	return ttl
}

// ttlGoal: one that is low enough stays; the way back is exact.
func ttlGoal(o planner.SetTTL, back bool) goal {
	return goal{o.Set.Name, o.Set.Type, func(is []wire.Record) (wanted, bool, error) {
		ttl := ttlOf(is, o.New)
		return wanted{wire.Values(is), o.New}, len(is) == 0 || ttl == o.New || !back && ttl < o.New, nil
	}}
}

func recordsGoal(o planner.SetRecords, way between) goal {
	kind := o.New.Type
	return goal{o.New.Name, kind, func(is []wire.Record) (wanted, bool, error) {
		values := wire.Values(is)
		want := wanted{canonical(kind, o.New.Values), ttlOf(is, max(o.New.TTL, lowTTL))}
		if o.New.TTL == 0 && len(is) == 0 {
			want.ttl = newTTL
		}
		if len(o.Add)+len(o.Remove) > 0 {
			want.values = canonical(kind, editedSPF(values, o.Add, o.Remove))
		}
		switch {
		case len(want.values) == 0 && kind == "MX":
			return want, false, fault(planner.Internal, "zone.empty-mx", "domain", o.New.Name)
		case slices.Equal(values, want.values):
			return want, true, nil
		case len(o.Add)+len(o.Remove) > 0, o.Temporary, slices.Equal(values, canonical(kind, o.Old.Values)),
			way(kind, values, canonical(kind, o.Old.Values), want.values):
			return want, false, nil
		}
		return want, false, fault(planner.Internal, "zone.changed", "set", o.New.Key(), "is", shown(values), "was", shown(o.Old.Values))
	}}
}

// backGoal writes back where ours still stands; another's value stays.
func backGoal(o planner.SetRecords, way between) goal {
	kind := o.New.Type
	return goal{o.New.Name, kind, func(is []wire.Record) (wanted, bool, error) {
		values := wire.Values(is)
		want := wanted{canonical(kind, o.New.Values), ttlOf(is, newTTL)}
		written := canonical(kind, o.Old.Values)
		ours := slices.Equal(values, written) || way(kind, values, written, want.values) || way(kind, values, want.values, written)
		if ours && len(want.values) == 0 && kind == "MX" {
			return want, false, fault(planner.Internal, "zone.empty-mx", "domain", o.New.Name)
		}
		if !ours {
			want.values = values
		}
		return want, !ours || slices.Equal(values, want.values), nil
	}}
}

// editedSPF changes terms of the SPF record and nothing else, as plans do.
func editedSPF(values, add, remove []string) []string {
	out := slices.Clone(values)
	i := slices.IndexFunc(out, isSPF)
	if i < 0 {
		i, out = len(out), append(out, "v=spf1 ~all")
	}
	before := out[i]
	terms := slices.DeleteFunc(strings.Fields(before), func(t string) bool { return slices.Contains(remove, t) })
	edit := Aim{}
	edit.SPF.Add = add
	if out[i] = edit.planned(strings.Join(terms, " ")); slices.Equal(strings.Fields(before), strings.Fields(out[i])) {
		out[i] = before
	}
	return out
}
