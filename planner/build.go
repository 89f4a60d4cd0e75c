package planner

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/mxmove/mxmove/config"
)

// Build compares a spec with a snapshot. It is pure: the same spec, snapshot
// and time give the same plan, whatever the order of rows and records. It
// stamps the plan with an empty tool version; see [Plan.Stamp].
func Build(spec *config.Spec, s Snapshot, now time.Time) *Plan { return BuildBy("", spec, s, now) }

// BuildBy is [Build] by a version of the tool.
func BuildBy(tool string, spec *config.Spec, s Snapshot, now time.Time) *Plan {
	var digest string
	var both sync.WaitGroup
	both.Go(func() { digest = Digest(spec) })
	p := build(spec, s, now, rules{})
	both.Wait()
	p.Digest = digest
	p.Stamp(tool)
	return p
}

// build gives the plan without its digest and ID.
func build(spec *config.Spec, s Snapshot, now time.Time, off rules) *Plan {
	spec, s = ordered(spec, s)
	b := newBuilder(spec, s, now, off)
	b.plan()
	found := slices.Concat(findings(spec, s, b.boxes, now), b.found, ruleFindings(b), b.cannot())
	return &Plan{
		Format:   Format,
		Lineage:  s.Lineage,
		Spec:     spec,
		Observed: s,
		Steps:    b.steps,
		Findings: sortFindings(found),
	}
}

// ordered gives copies whose lists have one order, so that the order in which
// things were looked at never shows.
func ordered(spec *config.Spec, s Snapshot) (*config.Spec, Snapshot) {
	sorted := *spec
	sorted.Roster.Mailboxes = sortedBy(spec.Roster.Mailboxes, func(m config.Mailbox) string { return m.Address })
	byAddress := func(m Mailbox) string { return m.Address }
	s.Mailboxes, s.Archived = sortedBy(s.Mailboxes, byAddress), sortedBy(s.Archived, byAddress)
	s.Records = sortedBy(s.Records, func(r Record) string { return string(r.Step) })
	s.Facts = sortedBy(s.Facts, func(f Fact) string { return string(f.Step) })
	s.Sights = sortedBy(s.Sights, func(v Sight) string { return string(v.Step) })
	s.Zones = slices.Clone(sortedBy(s.Zones, func(z Zone) string { return z.Name }))
	for i, z := range s.Zones {
		s.Zones[i].Sets = sortedBy(z.Sets, RRset.Key)
	}
	s.Can = slices.Sorted(slices.Values(s.Can))
	s.Source, s.Target = orderedSide(s.Source), orderedSide(s.Target)
	s.Findings = sortFindings(s.Findings)
	return &sorted, s
}

func orderedSide(s Side) Side {
	s.Caps = slices.Sorted(slices.Values(s.Caps))
	if s.Tenant != nil {
		t := *s.Tenant
		t.Members = sortedBy(t.Members, func(m Member) string { return m.Account })
		t.Shared = sortedBy(t.Shared, func(p PutShared) string { return p.Address })
		t.Groups = sortedBy(t.Groups, func(p PutGroup) string { return p.Address })
		t.Domains = slices.Sorted(slices.Values(t.Domains))
		s.Tenant = &t
	}
	return s
}

// sortedBy gives the list itself where it is in order already.
func sortedBy[T any](list []T, key func(T) string) []T {
	order := func(a, b T) int { return cmp.Compare(key(a), key(b)) }
	if !slices.IsSortedFunc(list, order) {
		list = slices.Clone(list)
		slices.SortStableFunc(list, order)
	}
	return list
}

// inWaves gives a copy of rows in the order of their waves' names, those
// without a wave last, then of addresses. Rows are large: each is moved once.
func inWaves(rows []config.Mailbox) []config.Mailbox {
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Or(byWave(&rows[i], &rows[j]), i-j) })
	sorted := slices.Clone(rows)
	for to, from := range order {
		sorted[to] = rows[from]
	}
	return sorted
}

func byWave(a, b *config.Mailbox) int {
	if (a.Wave == "") != (b.Wave == "") {
		if a.Wave == "" {
			return 1
		}
		return -1
	}
	return cmp.Or(cmp.Compare(a.Wave, b.Wave), cmp.Compare(a.Address, b.Address))
}

// hasWork says whether a pass may find something to do: it never ended, or
// the target lacks something, or nobody can tell.
func hasWork(m Mailbox, r Record) bool {
	switch {
	case r.Outcome == 0, r.Failed != nil, r.Intent > r.Outcome:
		return true
	case !m.Source.Seen.Known(), !m.Target.Seen.Known():
		return true
	}
	return m.Behind != Gap{}
}
