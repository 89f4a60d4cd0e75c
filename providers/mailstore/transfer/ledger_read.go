package transfer

import (
	"cmp"
	"slices"

	"github.com/mxmove/mxmove/planner"
)

// Named is a message that is not at the target, and why.
type Named struct {
	Folder string // the source's name of it, as LIST gave it
	UID    uint32 // at the source
	Problem
}

// Named lists the messages that the target refused or the source did not
// give, ordered by folder and UID.
func (l *Ledger) Named() []Named {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []Named
	for name, f := range l.st.folderOf {
		for uid, p := range f.problems {
			all = append(all, Named{name, uid, p})
		}
	}
	slices.SortFunc(all, func(a, b Named) int {
		return cmp.Or(cmp.Compare(a.Folder, b.Folder), cmp.Compare(a.UID, b.UID))
	})
	return all
}

// Placed is how many messages of the source have a place at the target.
func (l *Ledger) Placed() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, f := range l.st.folderOf {
		n += len(f.rows)
	}
	return n
}

// Altered is how many messages the target took only repaired or wrapped.
func (l *Ledger) Altered() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, f := range l.st.folderOf {
		n += f.altered()
	}
	return n
}

// Started reports whether a pass ever came to a folder of this mailbox.
func (l *Ledger) Started() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.st.folders) > 0
}

// Fate tells what became of a source message: see Evidence.
func (l *Ledger) Fate(folder string, uidValidity, uid uint32) (Fate, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.st.folderOf[folder]
	if f == nil || f.uidValidity != uidValidity {
		return Fate{}, false
	}
	if at, ok := f.find(uid); ok {
		r := f.rows[at]
		fate := Fate{UID: r.dst, Adopted: r.flags&bitAdopted != 0, Keywords: r.flags&bitKeywords != 0, Date: r.flags&bitDate != 0,
			Written: true, Flags: keyFlags(l.st.flagSets[r.set()])}
		if m, ok := f.mended[uid]; ok {
			fate.Mended = &m
		}
		if r.dst != 0 {
			fate.UIDValidity = f.target.uidValidity
		}
		return fate, true
	}
	p, ok := f.problems[uid]
	if p.Missing || !ok {
		return Fate{Missing: p.Missing}, ok
	}
	return Fate{Refused: cmp.Or(p.Text, p.Code, "copy.refused")}, true
}

// Passed tells of the last finished pass over a source folder: see Evidence.
// Began is not recorded, since UIDNext says it better.
func (l *Ledger) Passed(folder string) (Passed, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.st.folderOf[folder]
	if f == nil || !f.marked {
		return Passed{}, false
	}
	return Passed{UIDValidity: f.uidValidity, UIDNext: f.mark.next, Subscribed: f.mark.subscribed == 1}, true
}

// Pinned says where the mail of each source folder went so far: its name as
// LIST gave it → path at the target, for MapOptions.
func (l *Ledger) Pinned() map[string][]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	pinned := make(map[string][]string, len(l.st.folderOf))
	for name, f := range l.st.folderOf {
		pinned[name] = f.target.path
	}
	return pinned
}

// Behind estimates what the target lacks, from a listing of the source
// folders that are to be carried (with Status) and the ledger alone. Messages
// deleted at the source meanwhile may hide as many new ones of a folder that
// no pass has finished. Refused messages are not counted.
func (l *Ledger) Behind(folders []Folder) planner.Gap {
	l.mu.Lock()
	defer l.mu.Unlock()
	var gap planner.Gap
	for _, f := range folders {
		n := l.st.lacks(f)
		gap.Messages += n
		if f.Status.Messages > 0 && f.Status.Size > 0 {
			gap.Bytes += f.Status.Size / int64(f.Status.Messages) * int64(n)
		}
	}
	return gap
}

// InStep reports whether the last pass dealt with all that the listing of the
// source folders shows, flags too where the source counts their changes.
func (l *Ledger) InStep(folders []Folder) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !slices.ContainsFunc(folders, func(f Folder) bool {
		if f.NoSelect {
			return false
		}
		s := l.st.folderOf[f.Name]
		if s != nil && f.Status.Known && f.Status.Messages == 0 {
			return false // whatever its UIDVALIDITY: Courier's moves with the clock until there is mail
		}
		return s == nil || !s.marked || len(s.removing) > 0 || s.mark.pending > 0 || !s.mark.stands(s.uidValidity, f.Status)
	})
}

// stands reports whether a folder's status shows nothing that the mark does
// not know.
func (m mark) stands(uidValidity uint32, s Status) bool {
	return s.Known && s.UIDValidity == uidValidity && s.UIDNext == m.next && s.Messages == m.messages && s.ModSeq == m.modSeq
}

func (st *state) lacks(f Folder) int {
	s, has := st.folderOf[f.Name], int(f.Status.Messages)
	switch {
	case f.NoSelect || !f.Status.Known:
		return 0
	case s == nil || s.uidValidity != f.Status.UIDValidity:
		return has
	case !s.marked:
		return max(0, has-len(s.rows)-len(s.problems))
	case f.Status.UIDNext < s.mark.next:
		return int(s.mark.pending)
	}
	return min(has, int(f.Status.UIDNext-s.mark.next)+int(s.mark.pending))
}

// has reports whether a source message has a place at the target.
func (l *Ledger) has(f *folderState, uid uint32) bool {
	_, _, ok := l.row(f, uid)
	return ok
}

// row gives a source message's place, and the flags it had.
func (l *Ledger) row(f *folderState, uid uint32) (r row, flags string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := f.find(uid)
	if !ok {
		return row{}, "", false
	}
	return f.rows[at], l.st.flagSets[f.rows[at].set()], true
}
