package planner

import (
	"cmp"
	"slices"
	"time"

	"github.com/mxmove/mxmove/config"
)

// Build compares a spec with a snapshot. It is pure: the same spec, snapshot
// and time give the same plan, whatever the order of rows and records. It
// stamps the plan with an empty tool version; see [Plan.Stamp].
func Build(spec *config.Spec, s Snapshot, now time.Time) *Plan {
	spec, s = ordered(spec, s)
	p := &Plan{
		Format:   Format,
		Lineage:  s.Lineage,
		Digest:   Digest(spec),
		Spec:     spec,
		Observed: s,
		Steps:    copySteps(spec, s),
		Findings: findings(spec, s, now),
	}
	p.Stamp("")
	return p
}

// ordered gives copies whose lists have one order, so that the order in which
// mailboxes were looked at never shows.
func ordered(spec *config.Spec, s Snapshot) (*config.Spec, Snapshot) {
	sorted := *spec
	sorted.Roster.Mailboxes = slices.SortedStableFunc(slices.Values(spec.Roster.Mailboxes),
		func(a, b config.Mailbox) int { return cmp.Compare(a.Address, b.Address) })
	s.Mailboxes = slices.SortedStableFunc(slices.Values(s.Mailboxes),
		func(a, b Mailbox) int { return cmp.Compare(a.Address, b.Address) })
	s.Records = slices.SortedStableFunc(slices.Values(s.Records),
		func(a, b Record) int { return cmp.Compare(a.Step, b.Step) })
	s.Source.Caps = slices.Sorted(slices.Values(s.Source.Caps))
	s.Target.Caps = slices.Sorted(slices.Values(s.Target.Caps))
	s.Findings = sortFindings(s.Findings)
	return &sorted, s
}

// copySteps gives one standing step a row (plan-wide rule: presence never
// depends on counts or times, only Work does).
func copySteps(spec *config.Spec, s Snapshot) []Step {
	if spec.History == nil {
		return nil
	}
	rows := slices.SortedStableFunc(slices.Values(spec.Roster.Mailboxes), byWave)
	world := indexOf(s)
	steps := make([]Step, 0, len(rows))
	for _, row := range rows {
		op := copyOf(spec, row)
		id := IDOf(op)
		box, rec := world.boxes[row.Address], world.records[id]
		st := Step{ID: id, Op: op, Work: hasWork(box, rec)}
		if st.Work {
			st.Estimate = estimate(box, rec)
		}
		steps = append(steps, st)
	}
	return steps
}

// byWave orders by the wave's name, rows without a wave last, then by address.
func byWave(a, b config.Mailbox) int {
	if (a.Wave == "") != (b.Wave == "") {
		if a.Wave == "" {
			return 1
		}
		return -1
	}
	return cmp.Or(cmp.Compare(a.Wave, b.Wave), cmp.Compare(a.Address, b.Address))
}

func copyOf(spec *config.Spec, row config.Mailbox) CopyMailbox {
	return CopyMailbox{
		Address: row.Address,
		From:    EndpointOf(spec.Source.IMAP, row.SourceLogin),
		To:      EndpointOf(spec.Target.IMAP, row.TargetLogin),
		Wave:    row.Wave,
		In:      Copy,
	}
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

// What a pass is assumed to cost where nothing was measured yet: one pair of
// connections over a company's line, servers of middling age.
const (
	assumedRate    = 4 << 20                // octets a second
	assumedMessage = 5 * time.Millisecond   // each message's share of round trips
	assumedPass    = 2 * time.Second        // sign-ins and listings
	assumedSize    = 75 << 10               // octets of a message whose size is not told
	estimateGrain  = 500 * time.Millisecond // finer would feign knowledge
)

// estimate reckons one pass; 0: unknown, since the source was never seen.
func estimate(m Mailbox, r Record) time.Duration {
	if !m.Source.Seen.Known() {
		return 0
	}
	messages, bytes := m.Behind.Messages, m.Behind.Bytes
	if r.Outcome == 0 && messages == 0 {
		messages, bytes = m.Source.Messages, m.Source.Bytes
	}
	if bytes == 0 {
		bytes = int64(messages) * assumedSize
	}
	d := assumedPass + time.Duration(messages)*assumedMessage +
		time.Duration(float64(bytes)/assumedRate*float64(time.Second))
	return d.Round(estimateGrain)
}
