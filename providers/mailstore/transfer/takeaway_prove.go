package transfer

import (
	"context"
	"crypto/sha256"
	"io"
)

// prove reads messages on both sides and gives those that the source has as it
// gave them, and the target as it was sent them, or as it is known to alter.
func (t *taking) prove(ctx context.Context, f *folderState, rows []row, hashes map[uint32][sha256.Size]byte) ([]row, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	here, err := octetsOf(ctx, t.src, rows, func(r row) uint32 { return r.src })
	if err != nil {
		return nil, err
	}
	there, err := octetsOf(ctx, t.dst, rows, func(r row) uint32 { return r.dst })
	if err != nil {
		return nil, err
	}
	var proven []row
	for _, r := range rows {
		source, ok := here[r.src]
		target, is := there[r.dst]
		hash, known := hashes[r.src]
		switch {
		case !ok || !known || source.Exact != hash:
			t.stays[staysSource]++
		case !is || !f.became(r.src, source, target):
			t.stays[staysContent]++
		default:
			proven = append(proven, r)
		}
	}
	return proven, nil
}

// became reports whether what stands at the target is what was sent of a
// message, or what a server is known to make of that.
func (f *folderState) became(src uint32, source, target Fingerprint) bool {
	sent := source
	if m, ok := f.mended[src]; ok && m.Source == source.Exact {
		sent = m.Stored
	}
	return target.Exact == sent.Exact || Explain(sent, target) != nil
}

// octetsOf reads messages; what is not given is not among them.
func octetsOf(ctx context.Context, from Source, rows []row, uid func(row) uint32) (map[uint32]Fingerprint, error) {
	by := make(map[uint32]Fingerprint, len(rows))
	uids := make([]uint32, len(rows))
	for i, r := range rows {
		uids[i] = uid(r)
	}
	_, _, err := ask(ctx, from, uids, func(it Item) error {
		if it.Body == nil {
			return nil
		}
		p := NewFingerprinter()
		if _, err := io.Copy(p, it.Body); err != nil {
			return broken(err)
		}
		by[it.UID] = p.Sum()
		return nil
	})
	return by, err
}
