package transfer

import (
	"crypto/sha256"
	"errors"
	"io"
)

// Known tells messages by their content, also as servers are known to alter it.
// The zero value knows none.
type Known struct {
	exact   map[[sha256.Size]byte]bool
	altered map[[sha256.Size]byte][]Fingerprint // by Canonical
}

// Add makes a message known by what is to be told of its octets.
func (k *Known) Add(p Fingerprint) {
	k.addExact(p.Exact)
	if k.altered == nil {
		k.altered = map[[sha256.Size]byte][]Fingerprint{}
	}
	k.altered[p.Canonical] = append(k.altered[p.Canonical], p)
}

func (k *Known) addExact(hash [sha256.Size]byte) {
	if k.exact == nil {
		k.exact = map[[sha256.Size]byte]bool{}
	}
	k.exact[hash] = true
}

// Holds reports whether a message is known, or is what a server made of one.
func (k *Known) Holds(p Fingerprint) bool {
	if k.exact[p.Exact] {
		return true
	}
	for _, is := range k.altered[p.Canonical] {
		if Explain(is, p) != nil {
			return true
		}
	}
	return false
}

// record takes what a record tells: what was placed, as its source gave it, and
// as it was sent where that was altered.
func (k *Known) record(rec record) error {
	switch r := rec.(type) {
	case placedRecord:
		for _, hash := range r.hashes {
			k.addExact(hash)
		}
	case mendedRecord:
		if !r.over {
			k.Add(r.Stored)
		}
	}
	return nil
}

// Learn adds what an open ledger has a place of, or had.
func (k *Known) Learn(l *Ledger) error { return l.each(k.record) }

// Copied knows what a ledger has a place of, or had, as far as its file is
// whole. Absent, or of another key, a ledger has none.
func Copied(dir string, key Key) (*Known, error) {
	k := &Known{}
	err := readLedger(dir, key, func(f io.ReaderAt, size int64) error {
		_, end, err := replay(f, size, key)
		if errors.Is(err, errOtherKey) {
			return nil
		}
		if err != nil && !errors.Is(err, errDamaged) {
			return err
		}
		return newFrames(f, 0, end).each(k.record)
	})
	if err != nil {
		return nil, err
	}
	return k, nil
}
