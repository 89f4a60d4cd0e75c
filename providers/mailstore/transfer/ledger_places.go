package transfer

import "slices"

// PlacedAt gives the UIDs of a target folder, named as LIST gave it, that some
// source message's copy has, in order.
func (l *Ledger) PlacedAt(folder string, uidValidity uint32) []uint32 {
	return l.uids(func(f *folderState) bool { return f.target.name == folder && f.target.uidValidity == uidValidity },
		func(r row) uint32 { return r.dst })
}

// PlacedFrom gives the UIDs of a source folder, named as LIST gave it, whose
// copies have a known place, in order.
func (l *Ledger) PlacedFrom(folder string, uidValidity uint32) []uint32 {
	return l.uids(func(f *folderState) bool { return f.name == folder && f.uidValidity == uidValidity },
		func(r row) uint32 { return r.src })
}

func (l *Ledger) uids(of func(*folderState) bool, uid func(row) uint32) []uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []uint32
	for _, f := range l.st.folders {
		if !of(f) {
			continue
		}
		for _, r := range f.rows {
			if r.dst != 0 {
				list = append(list, uid(r))
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// GoneTo names the target folder that holds the copies of a source folder,
// each as LIST gave it; false: none was copied.
func (l *Ledger) GoneTo(folder string) (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.st.folderOf[folder]
	if f == nil {
		return "", false
	}
	return f.target.name, true
}
