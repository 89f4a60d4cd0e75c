package transfer

import (
	"cmp"
	"slices"
)

// Deviation is a message, or with UID 0 a number of them, that is not at the
// target as it is at the source.
type Deviation struct {
	Folder  string        `json:"folder"` // the source's
	UID     uint32        `json:"uid,omitempty"`
	Kind    DeviationKind `json:"kind"`
	N       int           `json:"n"` // messages
	Problem               // of refused and missing ones
}

// DeviationKind says how a message deviates.
type DeviationKind string

// The kinds of deviations that passes know of.
const (
	DevRefused  DeviationKind = "refused"  // the target did not take it: it is in quarantine
	DevRetry    DeviationKind = "retry"    // ... and is to be tried again in the next pass
	DevMissing  DeviationKind = "missing"  // the source lists it and does not give it
	DevSkipped  DeviationKind = "skipped"  // older than history.since
	DevKeywords DeviationKind = "keywords" // without keywords that the target does not take
	DevDate     DeviationKind = "date"     // without a date that the target does not take
	DevKept     DeviationKind = "kept"     // deleted at the source since it was copied; Text is why it stays, a catalogue code
)

// Deviations lists them by folder and UID.
func (l *Ledger) Deviations() []Deviation {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []Deviation
	for name, f := range l.st.folderOf {
		for uid, p := range f.problems {
			kind := DevRefused
			switch {
			case p.Missing && p.File != "":
				kind = DevRetry
			case p.Missing:
				kind = DevMissing
			}
			all = append(all, Deviation{name, uid, kind, 1, p})
		}
		for _, r := range f.rows {
			if r.flags&bitKeywords != 0 {
				all = append(all, Deviation{Folder: name, UID: r.src, Kind: DevKeywords, N: 1})
			}
			if r.flags&bitDate != 0 {
				all = append(all, Deviation{Folder: name, UID: r.src, Kind: DevDate, N: 1})
			}
		}
		for uid, why := range f.kept {
			all = append(all, Deviation{name, uid, DevKept, 1, Problem{Text: why.Code()}})
		}
		if f.mark.skipped > 0 {
			all = append(all, Deviation{Folder: name, Kind: DevSkipped, N: int(f.mark.skipped)})
		}
	}
	slices.SortFunc(all, func(a, b Deviation) int {
		return cmp.Or(cmp.Compare(a.Folder, b.Folder), cmp.Compare(a.UID, b.UID), cmp.Compare(a.Kind, b.Kind))
	})
	return all
}
