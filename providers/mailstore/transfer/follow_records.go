package transfer

import (
	"encoding/binary"
	"fmt"
)

// Kept says why a message stays at the target that its source has deleted.
type Kept uint8

// Why a message stays. Number 0 is not recorded: the message may be removed yet.
const (
	KeptAdopted Kept = iota + 1 // it was not placed by a pass
	KeptTouched                 // a person changed its flags at the target
	KeptNowhere                 // the target never told where it is
	KeptUndated                 // nobody knows its date, so it may only be out of the source's sight
	KeptRefused                 // the target did not remove it
)

// Code is the catalogue code of the reason.
func (k Kept) Code() string {
	return map[Kept]string{KeptAdopted: "report.kept.adopted", KeptTouched: "report.kept.touched", KeptNowhere: "report.kept.nowhere",
		KeptUndated: "report.kept.undated", KeptRefused: "report.kept.refused"}[k]
}

// removalRecord says what becomes of placed messages that the source deleted:
// they may be removed from now on, are removed, or stay.
type removalRecord struct {
	folder uint32
	fate   byte // removing, removed, or kept and why
	spans  []span
}

const (
	removing  = 0
	removed   = 1
	free      = 2 // as if nothing had happened
	keptFirst = 3 // and Kept, less 1
)

func decodeRemoval(d *decoder) record {
	return removalRecord{folder: d.uint32(), fate: d.byte(), spans: decodeSpans(d)}
}

func (r removalRecord) encode(b []byte) []byte {
	b = binary.AppendUvarint(append(b, kindRemoval), uint64(r.folder))
	return appendSpans(append(b, r.fate), r.spans)
}

func (r removalRecord) apply(st *state) error {
	f, err := st.folder(r.folder)
	if err != nil {
		return err
	}
	if r.fate > keptFirst+byte(KeptRefused)-1 {
		return fmt.Errorf("no fate %d", r.fate)
	}
	for _, s := range r.spans {
		i, _ := f.find(s.first)
		end := i
		for ; end < len(f.rows) && f.rows[end].src-s.first < s.count; end++ {
			f.decide(f.rows[end].src, r.fate)
		}
		if r.fate == removed {
			f.rows = append(f.rows[:i], f.rows[end:]...)
		}
	}
	return nil
}

func (f *folderState) decide(src uint32, fate byte) {
	delete(f.removing, src)
	delete(f.kept, src)
	switch {
	case fate == removing && f.removing == nil:
		f.removing = map[uint32]bool{src: true}
	case fate == removing:
		f.removing[src] = true
	case fate >= keptFirst && f.kept == nil:
		f.kept = map[uint32]Kept{src: Kept(fate - keptFirst + 1)}
	case fate >= keptFirst:
		f.kept[src] = Kept(fate - keptFirst + 1)
	}
}

// removals are the records of what is being removed or stays.
func (f *folderState) removals() (recs []record) {
	by := map[byte][]uint32{}
	for _, r := range f.rows {
		if f.removing[r.src] {
			by[removing] = append(by[removing], r.src)
		} else if k := f.kept[r.src]; k > 0 {
			by[keptFirst+byte(k)-1] = append(by[keptFirst+byte(k)-1], r.src)
		}
	}
	for fate := byte(removing); fate < keptFirst+byte(KeptRefused); fate++ {
		recs = append(recs, removalsOf(f, fate, by[fate])...)
	}
	return recs
}

// removalsOf makes records of ascending UIDs, each short enough.
func removalsOf(f *folderState, fate byte, uids []uint32) (recs []record) {
	for len(uids) > 0 {
		n := min(len(uids), 1000)
		recs = append(recs, removalRecord{f.id, fate, spansOf(uids[:n])})
		uids = uids[n:]
	}
	return recs
}

// shrunk reports whether a source folder holds less than what is known of it:
// then something was deleted, or does not show.
func (f *folderState) shrunk(messages uint32) bool {
	return len(f.removing) > 0 || int64(messages) < int64(len(f.rows)-len(f.kept)+len(f.problems))+int64(f.mark.skipped)
}
