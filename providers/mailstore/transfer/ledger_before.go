package transfer

import (
	"encoding/binary"
	"slices"
	"time"
)

// reached is how far a folder of the target went before anything was copied.
type reached struct {
	name              string
	uidValidity, next uint32
}

// beforeRecord says what the target held before anything was copied to it:
// in each folder the UIDs below next.
type beforeRecord struct {
	at      int64 // Unix seconds
	folders []reached
}

// What a beforeRecord holds at most, so that it is no longer than maxPayload.
const (
	beforeFolders = 50
	beforeName    = 1000 // octets; what a longer name holds counts as come since
)

func decodeBefore(d *decoder) record {
	r := beforeRecord{at: int64(d.uint())}
	for n := d.uint(); n > 0 && d.err == nil; n-- {
		r.folders = append(r.folders, reached{d.string(), d.uint32(), d.uint32()})
	}
	return r
}

func (r beforeRecord) encode(b []byte) []byte {
	b = binary.AppendUvarint(append(b, kindBefore), uint64(r.at))
	b = binary.AppendUvarint(b, uint64(len(r.folders)))
	for _, f := range r.folders {
		b = appendString(b, f.name)
		b = binary.AppendUvarint(b, uint64(f.uidValidity))
		b = binary.AppendUvarint(b, uint64(f.next))
	}
	return b
}

func (r beforeRecord) apply(st *state) error {
	st.beforeAt = r.at
	st.before = append(st.before, r.folders...)
	return nil
}

// befores are the records of what the target held at a time.
func befores(at int64, folders []reached) []record {
	recs := []record{}
	for chunk := range slices.Chunk(folders, beforeFolders) {
		recs = append(recs, beforeRecord{at, chunk})
	}
	if len(recs) == 0 {
		recs = append(recs, beforeRecord{at: at})
	}
	return recs
}

// firstLook puts on record what the target holds before the first copy.
func (r *course) firstLook(target []Folder) error {
	at := r.p.Options.At
	if at.IsZero() || r.l.st.beforeAt != 0 {
		return nil
	}
	var all []reached
	for _, f := range target {
		if f.Status.Known && f.Status.UIDNext > 0 && len(f.Name) <= beforeName {
			all = append(all, reached{f.Name, f.Status.UIDValidity, f.Status.UIDNext})
		}
	}
	return r.l.put(befores(at.Unix(), all)...)
}

// Before gives the UID below which a folder's mail at the target, named as LIST
// gave it, was there when the first pass began; 0 where no record from before a
// time says so.
func (l *Ledger) Before(folder string, uidValidity uint32, until time.Time) uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.st.beforeAt >= until.Unix() {
		return 0
	}
	for _, f := range l.st.before {
		if f.name == folder && f.uidValidity == uidValidity {
			return f.next
		}
	}
	return 0
}
