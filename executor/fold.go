package executor

import (
	"cmp"
	"strings"
	"time"

	"github.com/mxmove/mxmove/planner"
)

// Known is what the journal knows of a migration.
type Known struct {
	Records   []planner.Record // ordered by step
	Facts     []planner.Fact   // ordered by step
	Recovered time.Time        // the state directory was rebuilt from the world
	Rebuilt   time.Time        // the same, or from a mirror
}

// Fold gives what the lines say of each step. The tally of a record sums up
// all that was done, by passes that failed or were stopped too.
func Fold(lines []Line) Known {
	f := folder{records: map[planner.StepID]*planner.Record{}, facts: map[planner.StepID]*planner.Fact{}}
	for _, l := range lines {
		switch l.Kind {
		case KindRecovered:
			f.known.Recovered, f.known.Rebuilt = l.At, l.At
		case KindRebuilt:
			f.known.Rebuilt = l.At
		}
		if l.Step != "" {
			f.record(l)
			f.fact(l)
		}
	}
	f.known.Records = values(f.records)
	f.known.Facts = values(f.facts)
	sortBy(f.known.Records, func(a, b planner.Record) int { return strings.Compare(string(a.Step), string(b.Step)) })
	sortBy(f.known.Facts, func(a, b planner.Fact) int { return strings.Compare(string(a.Step), string(b.Step)) })
	return f.known
}

type folder struct {
	known   Known
	records map[planner.StepID]*planner.Record
	facts   map[planner.StepID]*planner.Fact
}

func (f *folder) record(l Line) {
	r := f.records[l.Step]
	if r == nil {
		r = &planner.Record{Step: l.Step}
	}
	switch l.Kind {
	case KindIntent, KindActStarted, KindActAsked:
		*r = r.Begun(l.N, l.At)
	case KindOutcome, KindActFinished:
		*r = r.Ended(l.N, l.At, *cmp.Or(l.Tally, &planner.Tally{}))
		f.takenBack(l)
	case KindFailed:
		r.Failed = l.Fault
	case KindActNever: // what was begun did not happen
		r.Intent, r.IntentAt = r.Outcome, r.OutcomeAt
	case KindActVoid: // nor did what was attested
		r.Intent, r.IntentAt, r.Outcome, r.OutcomeAt = 0, time.Time{}, 0, time.Time{}
	case KindPreimage: // it may have been carried out
		r.Intent, r.IntentAt = l.N, l.At
	case KindStopped, KindUnknown:
	default:
		return
	}
	if l.Raise != nil {
		*r = r.Raise(l.Raise.Before, l.Raise.After)
	}
	if l.Undo != nil {
		*r = r.Keep(*l.Undo)
	}
	if l.Tally != nil {
		r.Tally = sum(r.Tally, *l.Tally)
	}
	f.records[l.Step] = r
}

// takenBack closes what a Restore or an Undo took back.
func (f *folder) takenBack(l Line) {
	old := f.records[l.Of]
	switch {
	case old == nil:
	case old.Undo != nil && planner.IDOf(*old.Undo) == l.Step:
		*old = old.Undone()
	default:
		*old = old.Lower()
	}
}

func (f *folder) fact(l Line) {
	old := f.facts[l.Step]
	fact := planner.Fact{Step: l.Step}
	switch l.Kind {
	case KindActStarted:
		fact.Started = l.N
	case KindActFinished:
		if old != nil {
			fact.Started = old.Started
		}
		fact.Finished, fact.At = l.N, l.At
	case KindActNever:
		fact.Never = true
	case KindActVoid:
		if old == nil {
			return
		}
		fact = *old
		fact.Void = true
	case KindOutcome: // the world shows what a person began
		if old == nil || old.Finished > 0 {
			return
		}
		fact = *old
		fact.Finished, fact.At, fact.Checked = l.N, l.At, CheckedByWorld
	default:
		return
	}
	if a := l.Act; a != nil {
		fact.Who, fact.Evidence, fact.Until = a.Who, a.Evidence, a.Until
		if a.Checked != "" {
			fact.Checked = a.Checked
		}
	}
	f.facts[l.Step] = &fact
}

// CheckedByWorld is the post-check of an act that an observation shows.
const CheckedByWorld = "seen"

func values[K comparable, V any](m map[K]*V) []V {
	list := make([]V, 0, len(m))
	for _, v := range m {
		list = append(list, *v)
	}
	return list
}
