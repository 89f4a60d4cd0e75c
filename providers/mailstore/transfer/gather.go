package transfer

import (
	"cmp"
	"crypto/sha256"
	"maps"
	"slices"
)

// gathering is one look through the ledger for what the messages of a source
// folder may be adopted from.
type gathering struct {
	l      *Ledger
	f      *folderState
	before map[uint32]*folderState // earlier UIDVALIDITYs of f
	gone   map[uint32]*folderState // folders that the source does not list any more: f may have been one of them
	there  map[uint32]bool         // what the target holds, for gone

	found   *candidates
	taken   map[uint32]bool                   // UIDs that copies of ours explain
	ours    map[uint32]bool                   // ... of folders that are carried
	placed  map[uint32]placement              // of before and gone by dst: the last record counts
	nowhere []placement                       // ... and those at an unknown place
	lost    map[[sha256.Size]byte][]placement // messages of f at an unknown place, by what was sent
	over    map[[sha256.Size]byte]int         // how many are at an unknown place, of all folders that are carried
}

// placement is a row with its hash, and how it was altered.
type placement struct {
	row
	hash   [sha256.Size]byte
	mended *Mended
}

// gather prepares a look. listed are the source's folders.
func (l *Ledger) gather(f *folderState, listed map[string]bool) *gathering {
	g := &gathering{l: l, f: f, before: map[uint32]*folderState{}, gone: map[uint32]*folderState{}, found: newCandidates(),
		lost: map[[sha256.Size]byte][]placement{}, over: map[[sha256.Size]byte]int{}}
	for _, h := range l.st.folders {
		switch {
		case h == f || h.target != f.target:
		case h.name == f.name:
			g.before[h.id] = h
		case !f.marked && !listed[h.name]:
			g.gone[h.id] = h
		}
	}
	return g
}

// look reads the ledger, if there may be anything in it.
func (g *gathering) look() error {
	unknown := slices.ContainsFunc(g.f.rows, func(r row) bool { return r.dst == 0 })
	if len(g.f.target.foreign) == 0 && len(g.before) == 0 && len(g.gone) == 0 && !unknown {
		return nil
	}
	g.taken, g.ours, g.placed = map[uint32]bool{}, map[uint32]bool{}, map[uint32]placement{}
	for _, h := range g.l.st.folders {
		if h.target != g.f.target {
			continue
		}
		carried := g.before[h.id] == nil && g.gone[h.id] == nil
		for _, r := range h.rows {
			g.taken[r.dst] = true
			g.ours[r.dst] = g.ours[r.dst] || carried
		}
	}
	err := g.l.each(g.record)
	slices.Sort(g.found.sizes)
	g.addPlaced()
	return err
}

func (g *gathering) record(rec record) error {
	switch r := rec.(type) {
	case foreignRecord:
		if r.target == g.f.target.id && !g.taken[r.uid] {
			g.taken[r.uid] = true
			g.found.add(&candidate{uid: r.uid, flags: g.l.st.flagSets[r.flags], print: r.print})
		}
	case placedRecord:
		h := cmp.Or(g.before[r.folder], g.gone[r.folder])
		if h != nil {
			g.earlier(h, r)
		} else if h = g.l.st.folders[r.folder]; h.target == g.f.target {
			g.carried(h, r)
		}
	}
	return nil
}

// carried notes what is at an unknown place.
func (g *gathering) carried(h *folderState, r placedRecord) {
	for i, w := range r.rows {
		at, ok := h.find(w.src)
		if !ok || w.dst != 0 || h.rows[at].dst != 0 {
			continue
		}
		g.over[r.hashes[i]]++
		if h == g.f {
			is := placement{h.rows[at], r.hashes[i], nil}
			sent := is.hash
			if m, ok := h.mended[w.src]; ok {
				sent = m.Stored.Exact
			}
			g.lost[sent] = append(g.lost[sent], is)
		}
	}
}

// earlier notes where messages of an earlier generation are.
func (g *gathering) earlier(h *folderState, r placedRecord) {
	gone := g.gone[h.id] != nil
	for i, w := range r.rows {
		at, ok := h.find(w.src)
		if !ok || h.rows[at].dst != w.dst { // found again since
			continue
		}
		is := placement{h.rows[at], r.hashes[i], nil}
		if m, ok := h.mended[w.src]; ok {
			is.mended = &m
		}
		switch {
		case w.dst == 0:
			g.nowhere = append(g.nowhere, is)
		case !g.ours[w.dst] && (!gone || g.there[w.dst]):
			g.placed[w.dst] = is
		}
	}
}

// addPlaced makes candidates of what earlier generations placed, but for
// those at an unknown place that were taken over since.
func (g *gathering) addPlaced() {
	for _, dst := range slices.Sorted(maps.Keys(g.placed)) {
		p := g.placed[dst]
		g.found.add(&candidate{uid: dst, flags: g.l.st.flagSets[p.set()], ours: true, print: Fingerprint{Exact: p.hash}, mended: p.mended})
	}
	over := maps.Clone(g.over)
	for _, p := range g.nowhere {
		if over[p.hash] > 0 {
			over[p.hash]--
			continue
		}
		g.found.add(&candidate{flags: g.l.st.flagSets[p.set()], ours: true, print: Fingerprint{Exact: p.hash}, mended: p.mended})
	}
}
