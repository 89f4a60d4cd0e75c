package transfer

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Runs stand for messages whose UIDs follow one another: most of a ledger.

// row is one placed message in memory.
type row struct {
	src, dst uint32 // dst 0: stored, but nobody knows where
	flags    uint32 // number of the flag set as the source last had it, above the bits
}

// The bits of a row, below its flag set.
const (
	bitAdopted  = 1 << iota // it was at the target before
	bitKeywords             // sent without keywords that the source has
	bitDate                 // sent without INTERNALDATE
	rowBits     = iota
)

// set is the number of the row's flag set.
func (r row) set() uint32 { return r.flags >> rowBits }

// placedRecord says where messages are at the target.
type placedRecord struct {
	folder uint32
	rows   []row
	hashes [][sha256.Size]byte // of the source's octets, one a row
}

func (r placedRecord) encode(b []byte) []byte {
	b = binary.AppendUvarint(append(b, kindPlaced), uint64(r.folder))
	b = binary.AppendUvarint(b, uint64(len(r.rows)))
	var src, dst uint32
	for i := 0; i < len(r.rows); {
		n, first := 1, r.rows[i]
		for i+n < len(r.rows) && follows(first, r.rows[i+n], uint32(n)) {
			n++
		}
		b = appendDelta(b, src, first.src)
		b = appendDelta(b, dst, first.dst)
		b = binary.AppendUvarint(b, uint64(n))
		b = binary.AppendUvarint(b, uint64(first.flags))
		src, dst, i = first.src+uint32(n), first.dst+uint32(n), i+n
	}
	for _, h := range r.hashes {
		b = append(b, h[:]...)
	}
	return b
}

func follows(first, r row, n uint32) bool {
	return first.dst != 0 && r.src == first.src+n && r.dst == first.dst+n && r.flags == first.flags
}

func decodePlaced(d *decoder) record {
	r := placedRecord{folder: d.uint32()}
	total := int(min(d.uint(), maxPayload))
	var src, dst uint32
	for len(r.rows) < total && d.err == nil {
		src, dst = d.delta(src), d.delta(dst)
		n, flags := d.uint(), d.uint32()
		if n == 0 || n > uint64(total-len(r.rows)) {
			d.err = errShort
			break
		}
		for ; n > 0; n-- {
			r.rows = append(r.rows, row{src, dst, flags})
			src, dst = src+1, dst+1
		}
	}
	r.hashes = make([][sha256.Size]byte, len(r.rows))
	for i := range r.hashes {
		copy(r.hashes[i][:], d.bytes(sha256.Size))
	}
	return r
}

func (r placedRecord) apply(st *state) error {
	f, err := st.folder(r.folder)
	if err != nil {
		return err
	}
	for _, w := range r.rows {
		if int(w.set()) >= len(st.flagSets) {
			return fmt.Errorf("no flag set %d", w.set())
		}
		f.put(w)
		f.target.top = max(f.target.top, w.dst+1)
		delete(f.problems, w.src)
	}
	return nil
}

// intentRecord says that the messages may be sent from now on.
type intentRecord struct {
	folder, next uint32 // next: the target's UIDNEXT before
	spans        []span
}

// intent is a span that may have been sent, to UIDs from next on.
type intent struct {
	span
	next uint32
}

func decodeIntent(d *decoder) record {
	return intentRecord{folder: d.uint32(), next: d.uint32(), spans: decodeSpans(d)}
}

func (r intentRecord) encode(b []byte) []byte {
	b = binary.AppendUvarint(append(b, kindIntent), uint64(r.folder))
	return appendSpans(binary.AppendUvarint(b, uint64(r.next)), r.spans)
}

func (r intentRecord) apply(st *state) error {
	f, err := st.folder(r.folder)
	if err != nil {
		return err
	}
	for _, s := range r.spans {
		f.intents = append(f.intents, intent{s, r.next})
	}
	return nil
}

// flaggedRecord says that the flags of placed messages are dealt with.
type flaggedRecord struct {
	folder, flags uint32
	spans         []span
}

func decodeFlagged(d *decoder) record {
	return flaggedRecord{folder: d.uint32(), flags: d.uint32(), spans: decodeSpans(d)}
}

func (r flaggedRecord) encode(b []byte) []byte {
	b = binary.AppendUvarint(append(b, kindFlagged), uint64(r.folder))
	b = binary.AppendUvarint(b, uint64(r.flags))
	return appendSpans(b, r.spans)
}

func (r flaggedRecord) apply(st *state) error {
	f, err := st.folder(r.folder)
	if err != nil {
		return err
	}
	if int(r.flags) >= len(st.flagSets) {
		return fmt.Errorf("no flag set %d", r.flags)
	}
	for _, s := range r.spans {
		for i, _ := f.find(s.first); i < len(f.rows) && f.rows[i].src-s.first < s.count; i++ {
			f.rows[i].flags = r.flags<<rowBits | f.rows[i].flags&(1<<rowBits-1)
		}
	}
	return nil
}

// Problem is why a message of the source is not at the target.
type Problem struct {
	Missing bool   // listed by the source, not given; it is asked for again in each pass
	Code    string // the target's response code, or ""
	Text    string // the target's words
	File    string // the .eml in quarantine, relative to its directory
}

type problemRecord struct {
	folder, uid uint32
	over        bool // there is none any more
	Problem
}

func decodeProblem(d *decoder) record {
	r := problemRecord{folder: d.uint32(), uid: d.uint32()}
	kind := d.byte()
	r.Missing, r.over = kind == 1, kind == 2
	r.Code, r.Text, r.File = d.string(), d.string(), d.string()
	return r
}

func (r problemRecord) encode(b []byte) []byte {
	b = binary.AppendUvarint(append(b, kindProblem), uint64(r.folder))
	b = binary.AppendUvarint(b, uint64(r.uid))
	var kind byte
	if r.Missing {
		kind = 1
	}
	if r.over {
		kind = 2
	}
	b = appendString(append(b, kind), clip(r.Code, 200))
	return appendString(appendString(b, clip(r.Text, 4000)), r.File)
}

func clip(s string, n int) string { return s[:min(len(s), n)] }

func (r problemRecord) apply(st *state) error {
	f, err := st.folder(r.folder)
	if err != nil {
		return err
	}
	if r.over {
		delete(f.problems, r.uid)
		return nil
	}
	if f.problems == nil {
		f.problems = map[uint32]Problem{}
	}
	f.problems[r.uid] = r.Problem
	return nil
}

// foreignRecord says what stands at the target that no record of ours placed.
type foreignRecord struct {
	target, uid, flags uint32
	print              Fingerprint
}

func decodeForeign(d *decoder) record {
	r := foreignRecord{target: d.uint32(), uid: d.uint32(), flags: d.uint32()}
	r.print = decodePrint(d)
	return r
}

// decodePrint reads a fingerprint, which has no Length then.
func decodePrint(d *decoder) (p Fingerprint) {
	copy(p.Exact[:], d.bytes(sha256.Size))
	copy(p.Canonical[:], d.bytes(sha256.Size))
	p.Size, p.High = int64(d.uint()), d.uint()
	bits := d.byte()
	for i, is := range p.bits() {
		*is = bits>>i&1 == 1
	}
	return p
}

func (f *Fingerprint) bits() []*bool {
	return []*bool{&f.HasNUL, &f.Header8Bit, &f.BareCR, &f.BareLF, &f.NoFinalNewline}
}

func (r foreignRecord) encode(b []byte) []byte {
	b = append(b, kindForeign)
	for _, v := range []uint32{r.target, r.uid, r.flags} {
		b = binary.AppendUvarint(b, uint64(v))
	}
	return appendPrint(b, r.print)
}

func appendPrint(b []byte, p Fingerprint) []byte {
	b = append(append(b, p.Exact[:]...), p.Canonical[:]...)
	b = binary.AppendUvarint(b, uint64(p.Size))
	b = binary.AppendUvarint(b, p.High)
	var bits byte
	for i, is := range p.bits() {
		if *is {
			bits |= 1 << i
		}
	}
	return append(b, bits)
}

func (r foreignRecord) apply(st *state) error {
	if int(r.target) >= len(st.targets) || int(r.flags) >= len(st.flagSets) {
		return fmt.Errorf("no target %d or flag set %d", r.target, r.flags)
	}
	t := st.targets[r.target]
	t.foreign = append(t.foreign, r.uid)
	t.top = max(t.top, r.uid+1)
	return nil
}
