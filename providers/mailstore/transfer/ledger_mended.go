package transfer

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"

	"github.com/mxmove/mxmove/providers/mailstore/mend"
)

// Mended is how a message was altered so that the target takes it.
type Mended struct {
	Fixes  mend.Fixes
	Source [sha256.Size]byte // SHA-256 of the source's octets
	Stored Fingerprint       // of what was sent
	Code   string            // the response code of the refusal of the original, or ""
	Text   string            // the target's words; "" where an earlier copy's was adopted
}

// mendedRecord says how a message is altered before it is sent so. It counts
// once the message is placed.
type mendedRecord struct {
	folder, uid uint32
	over        bool // it is at the target as it is
	Mended
}

func decodeMended(d *decoder) record {
	r := mendedRecord{folder: d.uint32(), uid: d.uint32()}
	r.over = d.byte() == 1
	r.Fixes = mend.Fixes(d.uint())
	copy(r.Source[:], d.bytes(sha256.Size))
	r.Stored = decodePrint(d)
	r.Code, r.Text = d.string(), d.string()
	return r
}

func (r mendedRecord) encode(b []byte) []byte {
	b = binary.AppendUvarint(append(b, kindMended), uint64(r.folder))
	b = binary.AppendUvarint(b, uint64(r.uid))
	var over byte
	if r.over {
		over = 1
	}
	b = binary.AppendUvarint(append(b, over), uint64(r.Fixes))
	b = appendPrint(append(b, r.Source[:]...), r.Stored)
	return appendString(appendString(b, clip(r.Code, 200)), clip(r.Text, 4000))
}

func (r mendedRecord) apply(st *state) error {
	f, err := st.folder(r.folder)
	switch {
	case err != nil:
		return err
	case r.over:
		delete(f.mended, r.uid)
		return nil
	case f.mended == nil:
		f.mended = map[uint32]Mended{}
	}
	f.mended[r.uid] = r.Mended
	return nil
}

// altered counts what is at the target altered.
func (f *folderState) altered() (n int) {
	for uid := range f.mended {
		if _, placed := f.find(uid); placed {
			n++
		}
	}
	return n
}

// mendings are the records of what is altered.
func (f *folderState) mendings() (recs []record) {
	for _, uid := range slices.Sorted(maps.Keys(f.mended)) {
		recs = append(recs, mendedRecord{folder: f.id, uid: uid, Mended: f.mended[uid]})
	}
	return recs
}

// mendedAt tells how a message was altered, if a record says that it was sent
// so.
func (l *Ledger) mendedAt(f *folderState, uid uint32) *Mended {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m, ok := f.mended[uid]; ok {
		return &m
	}
	return nil
}
