package planner

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// temporaries adds each Temporary that a step needs, and its Restore. Every
// plan carries the Restores of all open pre-images.
func (b *builder) temporaries() {
	pending := map[StepID]bool{}
	for _, s := range b.steps {
		for _, id := range s.Needs {
			if b.raised[id] {
				pending[id] = true
			}
		}
	}
	for i := len(b.temps) - 1; i >= 0; i-- { // what a pending Temporary needs is pending
		for _, id := range b.temps[i].needs {
			pending[id] = pending[id] || pending[IDOf(b.temps[i].op)]
		}
	}
	known := map[StepID]bool{}
	for _, t := range b.temps {
		known[IDOf(t.op)] = true
		b.temporary(t, pending[IDOf(t.op)])
	}
	if !b.off.standingOnly {
		b.orphans(known)
	}
	b.restores(pending)
}

// temporary adds the step itself.
func (b *builder) temporary(t temp, pending bool) {
	id := IDOf(t.op)
	is, seen := b.field(t.op)
	if b.off.presenceByTTL && t.op.Kind() == (SetTTL{}).Kind() && is == Written(t.op) {
		return
	}
	if pending {
		work := seen && !b.past(t.op) && b.lacks(t.op, id, is)
		b.add(t.op, work, t.needs...)
	}
}

// past reports that no pending step can use a Temporary any more. Who waits
// for a press that runs can: it may outlast the window.
func (b *builder) past(op Op) bool {
	if op.Kind() == (HoldDirectory{}).Kind() && b.running() {
		return false
	}
	return b.over && !b.off.tiedToPending
}

// lacks reports that a Temporary is not in effect. A TTL that is lower than
// asked for is low enough.
func (b *builder) lacks(op Op, id StepID, is string) bool {
	if op.Kind() == (HoldDirectory{}).Kind() {
		return !b.records[id].Open
	}
	if t, ok := op.(SetTTL); ok {
		n, err := strconv.ParseUint(is, 10, 32)
		return err == nil && uint32(n) > t.New
	}
	return is != Written(op)
}

// orphans brings back the Temporaries of open pre-images that no part of the
// spec asks for any more.
func (b *builder) orphans(known map[StepID]bool) {
	raised := slices.SortedStableFunc(slices.Values(b.s.Records), func(x, y Record) int { return cmp.Compare(x.Intent, y.Intent) })
	for _, r := range raised {
		if !r.Open || known[r.Step] {
			continue
		}
		if op := b.reborn(r); op != nil {
			b.temps = append(b.temps, temp{op: op, group: groupOf(op)})
		}
	}
}

// groupOf names the Temporaries that are restored in reverse order: those of
// a zone; any other is alone.
func groupOf(op Op) string {
	switch o := op.(type) {
	case SetTTL:
		return o.Set.Zone
	case SetRecords:
		return o.New.Zone
	}
	return string(IDOf(op))
}

// reborn makes a Temporary of its ID and record; nil: it cannot.
func (b *builder) reborn(r Record) Op {
	subject := r.Step.Subject()
	var candidates []Op
	switch r.Step.Kind() {
	case SetTTL{}.Kind():
		for _, z := range b.s.Zones {
			set := keyedSet(subject, z.Name)
			n, _ := strconv.ParseUint(r.After, 10, 32)
			candidates = append(candidates, SetTTL{Set: set, New: uint32(n)})
		}
	case SetRecords{}.Kind():
		for _, z := range b.s.Zones {
			set := keyedSet(subject, z.Name)
			set.Values = strings.Split(r.After, "\n")
			candidates = append(candidates, SetRecords{New: set, Temporary: true, In: Prepare})
		}
	case SetOption{}.Kind():
		if p := strings.Split(subject, "/"); len(p) == 3 {
			candidates = append(candidates, SetOption{Corp: p[0], Account: p[1], Option: p[2], On: r.After == "on"})
		}
	case HoldDirectory{}.Kind():
		candidates = append(candidates, b.holdOp())
	}
	i := slices.IndexFunc(candidates, func(op Op) bool { return IDOf(op) == r.Step })
	if i < 0 {
		return nil
	}
	return candidates[i]
}

// restores adds the inverse of each Temporary that stands or is open, the
// last raised first.
func (b *builder) restores(pending map[StepID]bool) {
	behind := map[string][]StepID{}
	last := slices.Clone(b.temps)
	if !b.off.wholePreimage {
		slices.Reverse(last)
	}
	for _, t := range last {
		id := IDOf(t.op)
		rec := b.records[id]
		is, seen := b.field(t.op)
		if b.off.standingOnly && !pending[id] {
			continue
		}
		kept := b.kept(t)
		free := (!pending[id] || b.past(t.op)) && !kept
		work := rec.Open && free && seen && is == rec.After && (rec.Before != rec.After || t.op.Kind() == HoldDirectory{}.Kind())
		if pending[id] && !b.past(t.op) || work || kept && rec.Open {
			back := inverse(t.op, rec)
			if r, ok := back.(SetRecords); ok && b.off.wholePreimage {
				r.New.TTL = lowTTL
				back = r
			}
			r := b.add(Restore{Of: id, Op: back}, work, behind[t.group]...)
			behind[t.group] = append(behind[t.group], r)
		}
	}
}

// kept reports that a domain has switched and its tail is not over: a short TTL
// keeps the way back short, and policies are for the mail of both services.
func (b *builder) kept(t temp) bool {
	if b.back || !b.switchedOf[t.group] {
		return false
	}
	over := !b.now.Before(b.lastOf[t.group].OutcomeAt.Add(b.tail()))
	return !over || !b.switching && len(b.tails) > 0
}

// lastOfAll puts the end of a domain's SPF edit behind its Restores: what lets
// the old service send goes last.
func (b *builder) lastOfAll() {
	for i, s := range b.steps {
		op, ok := s.Op.(SetRecords)
		if !ok || op.In != Retire {
			continue
		}
		for _, r := range b.steps {
			if back, ok := r.Op.(Restore); ok && groupOf(back.Op) == op.New.Zone {
				b.steps[i].Needs = append(slices.Clip(b.steps[i].Needs), r.ID)
			}
		}
	}
}

// inverse writes back what was found.
func inverse(op Op, rec Record) Op {
	switch o := op.(type) {
	case SetTTL:
		n, _ := strconv.ParseUint(rec.Before, 10, 32)
		o.New = uint32(n)
		return o
	case SetRecords:
		o.Old = o.New
		o.New.Values = nil
		if rec.Before != "" {
			o.New.Values = strings.Split(rec.Before, "\n")
		}
		return o
	case SetOption:
		o.On = rec.Before == "on"
		return o
	}
	return op
}

// field gives what the world shows of the one field that a Temporary writes;
// ok is false where it cannot be seen.
func (b *builder) field(op Op) (value string, ok bool) {
	return field(op, b.index)
}

func field(op Op, x index) (value string, ok bool) {
	switch o := op.(type) {
	case SetTTL:
		set, has := x.sets[o.Set.Zone+"/"+o.Set.Key()]
		return strconv.FormatUint(uint64(set.TTL), 10), has && x.zoned[o.Set.Zone].Seen.Known()
	case SetRecords:
		set := x.sets[o.New.Zone+"/"+o.New.Key()]
		return strings.Join(slices.Sorted(slices.Values(set.Values)), "\n"), x.zoned[o.New.Zone].Seen.Known()
	case SetOption:
		return option(o, x)
	case HoldDirectory: // a watch of our own
		return "held", true
	}
	return "", false
}

func option(o SetOption, x index) (string, bool) {
	switch x.members[o.Account].IMAP {
	case Yes:
		return "on", true
	case No:
		return "off", true
	}
	return "", false
}

// Written is the value that a Temporary writes into its field, as it is kept
// in Record.After; "" for other ops.
func Written(op Op) string {
	switch o := op.(type) {
	case SetTTL:
		return strconv.FormatUint(uint64(o.New), 10)
	case SetRecords:
		return strings.Join(slices.Sorted(slices.Values(o.New.Values)), "\n")
	case SetOption:
		if o.On {
			return "on"
		}
		return "off"
	case HoldDirectory:
		return "held"
	}
	return ""
}

// Preimage gives what to journal with the intent of a Temporary, before its
// effect: what its field shows, and what will be written. ok is false for ops
// that are no Temporaries and for fields that cannot be seen.
func Preimage(op Op, s Snapshot) (before, after string, ok bool) {
	if op.Traits().Repeat != Temporary {
		return "", "", false
	}
	before, ok = field(op, indexOf(s))
	return before, Written(op), ok
}

// Raise keeps a pre-image in the record of a Temporary's intent. The value
// found replaces the one on record only if it is not what we wrote.
func (r Record) Raise(before, after string) Record { return r.raise(before, after, rules{}) }

func (r Record) raise(before, after string, off rules) Record {
	if !r.Open || before != r.After || off.latestPreimage {
		r.Before = before
	}
	r.Open, r.After = true, after
	return r
}

// Lower closes the pre-image of a Temporary after its Restore's outcome.
func (r Record) Lower() Record {
	r.Open, r.Before, r.After = false, "", ""
	return r
}

// keyedSet reads RRset.Key.
func keyedSet(key, zone string) RRset {
	f := strings.Fields(key)
	for len(f) < 3 {
		f = append(f, "")
	}
	return RRset{Zone: zone, Name: f[0], Type: f[1], Line: f[2]}
}
