package planner

import "time"

// twoEmpty is how many passes in a row must have carried nothing when a tail
// closes.
const twoEmpty = 2

// Begun is the record after an intent, the journal's line n. What a pass that
// did not end had carried is not known whole: passes are counted anew.
func (r Record) Begun(n int, at time.Time) Record {
	if r.Intent > r.Outcome {
		r.Empty = 0
	}
	r.Intent, r.IntentAt, r.Failed = n, at, nil
	return r
}

// Ended is the record after an outcome, the journal's line n, of a turn that
// did t.
func (r Record) Ended(n int, at time.Time, t Tally) Record {
	r.Outcome, r.OutcomeAt, r.Failed = n, at, nil
	kind := r.Step.Kind()
	switch {
	case kind != (CopyMailbox{}).Kind() && kind != (ArchiveMailbox{}).Kind():
	case t.Copied+t.Adopted+t.Refused > 0:
		r.Empty = 0
	default:
		r.Empty = min(r.Empty+1, twoEmpty)
	}
	return r
}

// closes reports that a mailbox's tail, which lasts until end, closes with its
// last pass: one that began since, and was the second in a row that carried
// nothing. A sender that never learns must not hold it open for ever: as long
// again after its end one pass is enough, whatever it carried.
func (r Record) closes(end time.Time, tail time.Duration) bool {
	if r.Outcome == 0 || r.Intent > r.Outcome || r.Failed != nil || r.IntentAt.Before(end) {
		return false
	}
	return r.Empty >= twoEmpty || !r.IntentAt.Before(end.Add(tail))
}
