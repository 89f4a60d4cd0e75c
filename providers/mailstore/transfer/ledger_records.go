package transfer

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/mxmove/mxmove/planner"
)

// ledgerFormat is the version of the file. A reader refuses a higher one.
const ledgerFormat = 1

// The kinds of records. Numbers are never used again.
const (
	kindHeader  = 1
	kindFlagSet = 2
	kindTarget  = 3
	kindFolder  = 4
	kindIntent  = 5
	kindPlaced  = 6
	kindFlagged = 7
	kindProblem = 8
	kindForeign = 9
	kindLooked  = 10
	kindMark    = 11
	kindRemoval = 12
	kindMended  = 13
	kindBefore  = 14
)

// record is one entry of the ledger.
type record interface {
	encode(b []byte) []byte
	apply(*state) error
}

func encodeHeader(k Key) []byte {
	b := binary.AppendUvarint([]byte{kindHeader}, ledgerFormat)
	for _, s := range []string{k.Lineage, k.Address, string(k.From), string(k.To)} {
		b = appendString(b, s)
	}
	return b
}

func checkHeader(payload []byte, k Key) error {
	d := decoder{b: payload}
	if d.byte() != kindHeader {
		return fmt.Errorf("%w: no header", errDamaged)
	}
	if v := d.uint(); v > ledgerFormat {
		return errNewer
	}
	is := Key{Lineage: d.string(), Address: d.string(), From: planner.Endpoint(d.string()), To: planner.Endpoint(d.string())}
	if d.err != nil {
		return fmt.Errorf("%w: header", errDamaged)
	}
	if is != k {
		return errOtherKey
	}
	return nil
}

// decoder reads a payload; after the first error all it gives is zero.
type decoder struct {
	b   []byte
	err error
}

var errShort = errors.New("payload ends early")

func (d *decoder) byte() byte {
	if len(d.b) == 0 {
		d.err = errShort
		return 0
	}
	c := d.b[0]
	d.b = d.b[1:]
	return c
}

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.b, d.err = nil, errShort
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) uint32() uint32 { return uint32(d.uint()) }

// delta reads a signed difference to from.
func (d *decoder) delta(from uint32) uint32 {
	u := d.uint()
	return from + uint32(int64(u>>1)^-int64(u&1))
}

func (d *decoder) bytes(n int) []byte {
	if n < 0 || n > len(d.b) {
		d.b, d.err = nil, errShort
		return nil
	}
	p := d.b[:n]
	d.b = d.b[n:]
	return p
}

func (d *decoder) string() string { return string(d.bytes(int(min(d.uint(), maxPayload)))) }

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendDelta(b []byte, from, to uint32) []byte {
	return binary.AppendVarint(b, int64(to)-int64(from))
}

// decodeRecord reads any record but the header.
func decodeRecord(payload []byte) (record, error) {
	d := decoder{b: payload}
	var r record
	switch kind := d.byte(); kind {
	case kindFlagSet:
		r = flagSetRecord(d.string())
	case kindTarget:
		r = decodeTarget(&d)
	case kindFolder:
		r = folderRecord{name: d.string(), uidValidity: d.uint32(), target: d.uint32()}
	case kindIntent:
		r = decodeIntent(&d)
	case kindPlaced:
		r = decodePlaced(&d)
	case kindFlagged:
		r = decodeFlagged(&d)
	case kindProblem:
		r = decodeProblem(&d)
	case kindForeign:
		r = decodeForeign(&d)
	case kindLooked:
		r = lookedRecord{target: d.uint32(), next: d.uint32()}
	case kindMark:
		r = markRecord{folder: d.uint32(), mark: mark{next: d.uint32(), messages: d.uint32(), modSeq: d.uint(),
			since: int64(d.uint()), pending: d.uint32(), skipped: d.uint32(), subscribed: d.uint32()}}
	case kindRemoval:
		r = decodeRemoval(&d)
	case kindMended:
		r = decodeMended(&d)
	case kindBefore:
		r = decodeBefore(&d)
	default:
		return nil, fmt.Errorf("unknown kind %d", kind)
	}
	if d.err == nil && len(d.b) > 0 {
		d.err = errors.New("payload goes on")
	}
	return r, d.err
}

// flagSetRecord gives the next free number to a set of flags, joined by blanks.
type flagSetRecord string

func (r flagSetRecord) encode(b []byte) []byte {
	return appendString(append(b, kindFlagSet), string(r))
}

func (r flagSetRecord) apply(st *state) error {
	st.flagIDs[string(r)] = uint32(len(st.flagSets))
	st.flagSets = append(st.flagSets, string(r))
	st.octets += len(r)
	return nil
}

// targetRecord gives the next number to a target folder in one UIDVALIDITY.
type targetRecord struct {
	name        string
	path        []string
	uidValidity uint32
}

func decodeTarget(d *decoder) record {
	r := targetRecord{name: d.string(), uidValidity: d.uint32()}
	for n := d.uint(); n > 0 && d.err == nil; n-- {
		r.path = append(r.path, d.string())
	}
	return r
}

func (r targetRecord) encode(b []byte) []byte {
	b = appendString(append(b, kindTarget), r.name)
	b = binary.AppendUvarint(b, uint64(r.uidValidity))
	b = binary.AppendUvarint(b, uint64(len(r.path)))
	for _, p := range r.path {
		b = appendString(b, p)
	}
	return b
}

func (r targetRecord) apply(st *state) error {
	t := &targetState{id: uint32(len(st.targets)), name: r.name, path: r.path, uidValidity: r.uidValidity, looked: 1}
	st.targets = append(st.targets, t)
	st.targetOf[r.name] = t
	return nil
}

// folderRecord gives the next number to a source folder in one UIDVALIDITY,
// bound to one generation of a target folder.
type folderRecord struct {
	name                string
	uidValidity, target uint32
}

func (r folderRecord) encode(b []byte) []byte {
	b = appendString(append(b, kindFolder), r.name)
	b = binary.AppendUvarint(b, uint64(r.uidValidity))
	return binary.AppendUvarint(b, uint64(r.target))
}

func (r folderRecord) apply(st *state) error {
	if int(r.target) >= len(st.targets) {
		return fmt.Errorf("no target %d", r.target)
	}
	f := &folderState{id: uint32(len(st.folders)), name: r.name, uidValidity: r.uidValidity, target: st.targets[r.target]}
	st.folders = append(st.folders, f)
	st.folderOf[r.name] = f
	return nil
}

// lookedRecord says that all UIDs of the target below next are explained.
type lookedRecord struct{ target, next uint32 }

func (r lookedRecord) encode(b []byte) []byte {
	b = binary.AppendUvarint(append(b, kindLooked), uint64(r.target))
	return binary.AppendUvarint(b, uint64(r.next))
}

func (r lookedRecord) apply(st *state) error {
	if int(r.target) >= len(st.targets) {
		return fmt.Errorf("no target %d", r.target)
	}
	t := st.targets[r.target]
	t.looked, t.top = r.next, max(t.top, r.next)
	return nil
}

// markRecord says how the source folder stood when all of it was dealt with.
type markRecord struct {
	folder uint32
	mark   mark
}

func (r markRecord) encode(b []byte) []byte {
	b = binary.AppendUvarint(append(b, kindMark), uint64(r.folder))
	for _, v := range []uint64{uint64(r.mark.next), uint64(r.mark.messages), r.mark.modSeq,
		uint64(r.mark.since), uint64(r.mark.pending), uint64(r.mark.skipped), uint64(r.mark.subscribed)} {
		b = binary.AppendUvarint(b, v)
	}
	return b
}

func (r markRecord) apply(st *state) error {
	f, err := st.folder(r.folder)
	if err != nil {
		return err
	}
	f.mark, f.marked, f.intents = r.mark, true, nil
	return nil
}
