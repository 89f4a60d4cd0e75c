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
	ours  bool        // of an earlier UIDVALIDITY: flags are what the source had
	used  bool

	mended *Mended // ours: how it was altered; print is of the original
}

// candidates are matched one to one, so duplicates of the source stay
// duplicates.
type candidates struct {
	exact   map[[sha256.Size]byte][]*candidate
	altered map[[sha256.Size]byte][]*candidate // by Canonical
	largest int64
	sizes   []int64 // of those whose size is known, sorted when all were added
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
	c.sizes = append(c.sizes, x.print.Size)
}

func (c *candidates) empty() bool { return len(c.exact) == 0 }

// same takes a candidate with these octets, and these flags if there is one.
func (c *candidates) same(hash [sha256.Size]byte, flags string) *candidate {
	var first *candidate
	for _, x := range c.exact[hash] {
		if !x.used && x.flags == flags {
			first = x
			break
		}
		if !x.used && first == nil {
			first = x
		}
	}
	if first != nil {
		first.used = true
	}
	return first
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

// exactly gives a free candidate with these octets.
func (c *candidates) exactly(p Fingerprint) *candidate {
	for _, x := range c.exact[p.Exact] {
		if !x.used {
			return x
		}
	}
	return nil
}

// sized reports whether one is larger than from, and not than to, as far as
// sizes are known.
func (c *candidates) sized(from, to int64) bool {
	at, _ := slices.BinarySearch(c.sizes, from+1)
	return at < len(c.sizes) && c.sizes[at] <= to
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
