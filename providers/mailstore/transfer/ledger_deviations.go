package transfer

import (
	"cmp"
	"encoding/hex"
	"slices"

	"github.com/mxmove/mxmove/providers/mailstore/mend"
)

// Deviation is a message, or with UID 0 a number of them, that is not at the
// target as it is at the source.
type Deviation struct {
	Folder  string        `json:"folder"` // the source's
	UID     uint32        `json:"uid,omitempty"`
	Kind    DeviationKind `json:"kind"`
	N       int           `json:"n"` // messages
	Problem               // of refused and missing ones; of altered ones why

	Fixes  []string `json:"fixes,omitempty"`  // of altered ones
	SHA256 string   `json:"sha256,omitempty"` // ... of the source's octets
	Stored string   `json:"stored,omitempty"` // ... and of what was sent
}

// DeviationKind says how a message deviates.
type DeviationKind string

// The kinds of deviations that passes know of.
const (
	DevRefused  DeviationKind = "refused"  // the target did not take it: it is in quarantine
	DevRetry    DeviationKind = "retry"    // ... and is to be tried again in the next pass
	DevMissing  DeviationKind = "missing"  // the source lists it and does not give it
	DevSkipped  DeviationKind = "skipped"  // older than history.since
	DevRepaired DeviationKind = "repaired" // the target took it altered
	DevWrapped  DeviationKind = "wrapped"  // the target took it attached to a mail of ours
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
			all = append(all, Deviation{Folder: name, UID: uid, Kind: kind, N: 1, Problem: p})
		}
		for _, r := range f.rows {
			if r.flags&bitKeywords != 0 {
				all = append(all, Deviation{Folder: name, UID: r.src, Kind: DevKeywords, N: 1})
			}
			if r.flags&bitDate != 0 {
				all = append(all, Deviation{Folder: name, UID: r.src, Kind: DevDate, N: 1})
			}
			if m, ok := f.mended[r.src]; ok {
				all = append(all, m.deviation(name, r.src))
			}
		}
		for uid, why := range f.kept {
			all = append(all, Deviation{Folder: name, UID: uid, Kind: DevKept, N: 1, Problem: Problem{Text: why.Code()}})
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

func (m *Mended) deviation(folder string, uid uint32) Deviation {
	d := Deviation{Folder: folder, UID: uid, Kind: DevRepaired, N: 1, Problem: Problem{Code: m.Code, Text: m.Text},
		Fixes: m.Fixes.Names(), SHA256: hex.EncodeToString(m.Source[:]), Stored: hex.EncodeToString(m.Stored.Exact[:])}
	if m.Fixes == mend.Wrapped {
		d.Kind = DevWrapped
	}
	return d
}
