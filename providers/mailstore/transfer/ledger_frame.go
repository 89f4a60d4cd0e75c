package transfer

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// A record is its payload's length as uvarint, the payload, and a CRC-32C over
// the record's offset in the file (8 octets) and the payload. The offset makes
// stale and moved blocks invalid; length 0 is invalid, since a file grown by a
// crash ends in zeros.
const maxPayload = 1 << 16

var (
	errDamaged  = errors.New("damaged before valid records")
	errOtherKey = errors.New("of another copy")
	errNewer    = errors.New("of a newer version")
	errRecord   = errors.New("not a record")
	castagnoli  = crc32.MakeTable(crc32.Castagnoli)
)

// frame appends a record that will stand at offset to b.
func frame(b []byte, offset int64, payload []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(payload)))
	b = append(b, payload...)
	return binary.LittleEndian.AppendUint32(b, sum(offset, payload))
}

func sum(offset int64, payload []byte) uint32 {
	var at [8]byte
	binary.LittleEndian.PutUint64(at[:], uint64(offset))
	return crc32.Update(crc32.Checksum(at[:], castagnoli), castagnoli, payload)
}

// frames reads records one after the other.
type frames struct {
	r   *bufio.Reader
	at  int64 // offset of the next record
	buf []byte
}

func newFrames(r io.ReaderAt, from, to int64) *frames {
	return &frames{r: bufio.NewReaderSize(io.NewSectionReader(r, from, to-from), maxPayload+16), at: from}
}

// next gives a payload, valid until the next call; io.EOF at the end, and
// errRecord where no whole, valid record stands.
func (f *frames) next() ([]byte, error) {
	head, err := f.r.Peek(binary.MaxVarintLen64)
	if len(head) == 0 {
		return nil, err
	}
	n, k := binary.Uvarint(head)
	if k <= 0 || n == 0 || n > maxPayload {
		return nil, errRecord
	}
	all, err := f.r.Peek(k + int(n) + 4)
	if err == io.EOF {
		return nil, errRecord
	}
	if err != nil {
		return nil, err
	}
	payload := all[k : k+int(n)]
	if binary.LittleEndian.Uint32(all[k+int(n):]) != sum(f.at, payload) {
		return nil, errRecord
	}
	f.buf = append(f.buf[:0], payload...)
	f.r.Discard(len(all))
	f.at += int64(len(all))
	return f.buf, nil
}

// validAfter reports whether a valid record stands anywhere behind offset.
func validAfter(r io.ReaderAt, offset, size int64) (bool, error) {
	f := newFrames(r, offset, size)
	for {
		if _, err := f.r.Discard(1); err == io.EOF {
			return false, nil
		} else if err != nil {
			return false, err
		}
		f.at++
		switch _, err := f.next(); err {
		case nil:
			return true, nil
		case errRecord:
		case io.EOF:
			return false, nil
		default:
			return false, err
		}
	}
}

// replay reads a ledger's file and gives its state and the end of its last
// whole record. With errDamaged the state is what stands before the damage.
func replay(r io.ReaderAt, size int64, k Key) (*state, int64, error) {
	st, f := newState(), newFrames(r, 0, size)
	for first := true; ; first = false {
		at := f.at
		payload, err := f.next()
		if err == io.EOF {
			return st, at, nil
		}
		if err == errRecord {
			return brokenAt(st, r, at, size)
		}
		if err != nil {
			return nil, 0, err
		}
		if first {
			if err := checkHeader(payload, k); err != nil {
				return st, 0, err
			}
			continue
		}
		rec, err := decodeRecord(payload)
		if err == nil {
			err = rec.apply(st)
		}
		if err != nil {
			return st, at, fmt.Errorf("%w: at %d: %w", errDamaged, at, err)
		}
	}
}

func brokenAt(st *state, r io.ReaderAt, at, size int64) (*state, int64, error) {
	more, err := validAfter(r, at, size)
	if err != nil {
		return nil, 0, err
	}
	if more {
		return st, at, fmt.Errorf("%w: at %d", errDamaged, at)
	}
	return st, at, nil
}

// span is a run of UIDs.
type span struct{ first, count uint32 }

func spansOf(uids []uint32) []span {
	var s []span
	for _, u := range uids {
		if n := len(s); n > 0 && s[n-1].first+s[n-1].count == u {
			s[n-1].count++
		} else {
			s = append(s, span{u, 1})
		}
	}
	return s
}

func appendSpans(b []byte, s []span) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	var at uint32
	for _, x := range s {
		b = appendDelta(b, at, x.first)
		b = binary.AppendUvarint(b, uint64(x.count))
		at = x.first + x.count
	}
	return b
}

func decodeSpans(d *decoder) []span {
	var s []span
	var at uint32
	for n := d.uint(); n > 0 && d.err == nil; n-- {
		x := span{first: d.delta(at), count: d.uint32()}
		at = x.first + x.count
		s = append(s, x)
	}
	return s
}
