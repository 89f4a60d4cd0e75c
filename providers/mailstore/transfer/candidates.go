package transfer

import (
	"crypto/sha256"
	"slices"
)

// candidate is a message at the target that no copy of ours placed, as far as
// is known: it may be the one that a source message is about to become.
type candidate struct {
	uid   uint32 // 0: placed in an earlier UIDVALIDITY of the source, nobody knows where
	flags string
	print Fingerprint // only Exact where it comes from an earlier UIDVALIDITY of the source
	used  bool
}

// candidates are matched one to one, so duplicates of the source stay
// duplicates.
type candidates struct {
	exact   map[[sha256.Size]byte][]*candidate
	altered map[[sha256.Size]byte][]*candidate // by Canonical
	largest int64
}

func newCandidates() *candidates {
	return &candidates{exact: map[[sha256.Size]byte][]*candidate{}, altered: map[[sha256.Size]byte][]*candidate{}}
}

func (c *candidates) add(x *candidate) {
	c.exact[x.print.Exact] = append(c.exact[x.print.Exact], x)
	if x.print.Canonical == ([sha256.Size]byte{}) {
		c.largest = 1<<63 - 1 // its size is not known
		return
	}
	c.altered[x.print.Canonical] = append(c.altered[x.print.Canonical], x)
	c.largest = max(c.largest, x.print.Size)
}

func (c *candidates) empty() bool { return len(c.exact) == 0 }

// same takes a candidate with these octets.
func (c *candidates) same(hash [sha256.Size]byte) *candidate {
	for _, x := range c.exact[hash] {
		if !x.used {
			x.used = true
			return x
		}
	}
	return nil
}

// like gives a free candidate that p may have become in a server's hands.
func (c *candidates) like(p Fingerprint) *candidate {
	for _, x := range c.altered[p.Canonical] {
		if !x.used && Explain(p, x.print) != nil {
			return x
		}
	}
	return nil
}

// free gives the unused ones by UID.
func (c *candidates) free() []*candidate {
	var all []*candidate
	for _, list := range c.exact {
		for _, x := range list {
			if !x.used && x.uid != 0 {
				all = append(all, x)
			}
		}
	}
	slices.SortFunc(all, func(a, b *candidate) int { return int(int64(a.uid) - int64(b.uid)) })
	return all
}

// candidates reads from the ledger what messages of f may be adopted from,
// and which of f's messages are at an unknown place.
func (l *Ledger) candidates(f *folderState) (*candidates, map[[sha256.Size]byte][]row, error) {
	c, lost := newCandidates(), map[[sha256.Size]byte][]row{}
	before := l.generations(f)
	unknown := slices.ContainsFunc(f.rows, func(r row) bool { return r.dst == 0 })
	if len(f.target.foreign) == 0 && len(before) == 0 && !unknown {
		return c, lost, nil
	}
	taken, ours := l.occupied(f.target), map[uint32]bool{}
	for _, r := range f.rows {
		ours[r.dst] = true
	}
	placed := map[uint32]placement{} // earlier generations by dst: the last record counts
	var nowhere []placement
	err := l.each(func(rec record) error {
		switch r := rec.(type) {
		case foreignRecord:
			if r.target == f.target.id && !taken[r.uid] {
				taken[r.uid] = true
				c.add(&candidate{uid: r.uid, flags: l.st.flagSets[r.flags], print: r.print})
			}
		case placedRecord:
			if r.folder == f.id {
				collectLost(f, r, lost)
			} else if g := before[r.folder]; g != nil {
				nowhere = collectPlaced(g, r, ours, placed, nowhere)
			}
		}
		return nil
	})
	l.addPlaced(c, placed, nowhere, lost)
	return c, lost, err
}

// placement is a row of an earlier generation with its hash.
type placement struct {
	row
	hash [sha256.Size]byte
}

func collectLost(f *folderState, r placedRecord, lost map[[sha256.Size]byte][]row) {
	for i, w := range r.rows {
		at, ok := f.find(w.src)
		if ok && w.dst == 0 && f.rows[at].dst == 0 {
			lost[r.hashes[i]] = append(lost[r.hashes[i]], f.rows[at])
		}
	}
}

func collectPlaced(g *folderState, r placedRecord, ours map[uint32]bool, placed map[uint32]placement, nowhere []placement) []placement {
	for i, w := range r.rows {
		at, ok := g.find(w.src)
		switch {
		case !ok || g.rows[at].dst != w.dst: // found again since
		case w.dst == 0:
			nowhere = append(nowhere, placement{w, r.hashes[i]})
		case !ours[w.dst]:
			placed[w.dst] = placement{w, r.hashes[i]}
		}
	}
	return nowhere
}

// addPlaced makes candidates of what was placed under an earlier UIDVALIDITY
// of the source, but for those at an unknown place that were taken over since.
func (l *Ledger) addPlaced(c *candidates, placed map[uint32]placement, nowhere []placement, lost map[[sha256.Size]byte][]row) {
	for dst, p := range placed {
		c.add(&candidate{uid: dst, flags: l.st.flagSets[p.set()], print: Fingerprint{Exact: p.hash}})
	}
	over := map[[sha256.Size]byte]int{}
	for h, rows := range lost {
		over[h] = len(rows)
	}
	for _, p := range nowhere {
		if over[p.hash] > 0 {
			over[p.hash]--
			continue
		}
		c.add(&candidate{flags: l.st.flagSets[p.set()], print: Fingerprint{Exact: p.hash}})
	}
}

// generations are the earlier UIDVALIDITYs of a source folder that went to the
// same generation of the same target folder.
func (l *Ledger) generations(f *folderState) map[uint32]*folderState {
	ids := map[uint32]*folderState{}
	for _, g := range l.st.folders {
		if g != f && g.name == f.name && g.target == f.target {
			ids[g.id] = g
		}
	}
	return ids
}

// occupied are the UIDs of a target folder that copies of ours explain.
func (l *Ledger) occupied(t *targetState) map[uint32]bool {
	uids := map[uint32]bool{}
	for _, f := range l.st.folders {
		if f.target != t {
			continue
		}
		for _, r := range f.rows {
			uids[r.dst] = true
		}
	}
	return uids
}
