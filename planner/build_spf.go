package planner

import (
	"slices"
	"strings"

	"github.com/mxmove/mxmove/config"
)

// spf is the domain's SPF record as terms; ok is false where there is none.
func (b *builder) spf(z config.Zone) (set RRset, terms []string, ok bool) {
	set, _ = b.set(z.Domain, z.Domain, "TXT")
	for _, v := range set.Values {
		if f := strings.Fields(v); len(f) > 0 && strings.EqualFold(f[0], "v=spf1") {
			return set, f, true
		}
	}
	return set, nil, false
}

// spfEdit changes terms of the record and nothing else; ok is false if there
// is nothing to change.
func (b *builder) spfEdit(z config.Zone, add, remove []string, in Phase) (op SetRecords, ok bool) {
	set, terms, _ := b.spf(z)
	set.Zone, set.Name, set.Type = z.Domain, z.Domain, "TXT"
	add = slices.DeleteFunc(sortedCopy(add), func(t string) bool { return slices.Contains(terms, t) })
	remove = slices.DeleteFunc(sortedCopy(remove), func(t string) bool { return !slices.Contains(terms, t) })
	if len(add)+len(remove) == 0 {
		return op, false
	}
	now := set
	now.Values = editSPF(set.Values, add, remove)
	op = SetRecords{Old: set, New: now, Add: add, Remove: remove, In: in}
	if b.off.resultInID {
		op.Add, op.Remove = nil, nil
	}
	return op, true
}

// editSPF gives the values with terms of the SPF record put before its last
// mechanism, and terms taken out; a record that is missing is begun.
func editSPF(values, add, remove []string) []string {
	out, found := slices.Clone(values), false
	for i, v := range out {
		if f := strings.Fields(v); len(f) > 0 && strings.EqualFold(f[0], "v=spf1") {
			out[i], found = editTerms(f, add, remove), true
		}
	}
	if !found {
		out = append(out, editTerms([]string{"v=spf1", "~all"}, add, remove))
	}
	return out
}

func editTerms(terms, add, remove []string) string {
	terms = slices.DeleteFunc(slices.Clone(terms), func(t string) bool { return slices.Contains(remove, t) })
	at := slices.IndexFunc(terms, func(t string) bool { return strings.HasSuffix(strings.ToLower(t), "all") })
	if at < 0 {
		at = len(terms)
	}
	for _, t := range add {
		if !slices.Contains(terms, t) {
			terms = slices.Insert(terms, at, t)
			at++
		}
	}
	return strings.Join(terms, " ")
}

// spfAdded lets the new service send before the domain switches.
func (b *builder) spfAdded() {
	for _, z := range b.zones() {
		if op, ok := b.spfEdit(z, z.SPF.Add, nil, Prepare); ok && !b.switched(z) && b.seenZone(z) {
			b.prepared = append(b.prepared, b.add(op, true))
		}
	}
}
