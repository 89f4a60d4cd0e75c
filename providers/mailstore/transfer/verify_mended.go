package transfer

import (
	"cmp"
	"context"
	"encoding/hex"
	"io"
	"time"

	"github.com/mxmove/mxmove/providers/mailstore/mend"
)

// mended finds source messages that are at the target as mxmove alters what a
// target refuses. The record, or the date, only says which to look at: what was
// altered is found by altering the original again, or, where another version
// did it, by the octets on record. It gives the hashes of what was found.
func (v *verifier) mended(ctx context.Context, u *unit, boxes []*box, target *box, source, there []*message) (map[[32]byte]bool, error) {
	if len(there) == 0 {
		return nil, nil
	}
	found, dates := map[[32]byte]bool{}, map[int64]bool{}
	for _, t := range there {
		dates[t.date] = true
	}
	in := newStock(there)
	for _, s := range source {
		b := boxes[s.box]
		fate, _ := v.fate(b, s.uid)
		if fate.Mended == nil && !dates[s.date] || s.print.Size > mendLimit {
			continue
		}
		at := time.Time{}
		if s.date != noDate {
			at = time.Unix(s.date, 0)
		}
		octets, err := v.source.octets(ctx, b, s.uid, s.print.Size)
		if err != nil {
			return nil, err
		}
		t, m := in.formOf(octets, s.print, at)
		if t == nil && fate.Mended != nil && fate.Mended.Source == s.print.Exact {
			m = *fate.Mended
			t = cmp.Or(in.exactly(m.Stored), in.like(m.Stored))
		}
		if t == nil {
			continue
		}
		s.used, t.used, found[t.print.Exact] = true, true, true
		var d verdict
		d.mended(m, t)
		v.pair(u, boxes, target, pair{s, t, Explain(m.Stored, t.print)}, d)
	}
	return found, nil
}

// mended names what a target message was altered by.
func (v *verdict) mended(m Mended, t *message) {
	v.stored = hex.EncodeToString(t.print.Exact[:8])
	for _, name := range m.Fixes.Names() {
		v.add(Explained, "verify.mended."+name)
	}
}

// stock holds target messages that have no match, by content.
type stock struct {
	exact, canonical map[[32]byte][]*message
}

func newStock(there []*message) *stock {
	in := &stock{exact: map[[32]byte][]*message{}, canonical: map[[32]byte][]*message{}}
	for _, t := range there {
		in.exact[t.print.Exact] = append(in.exact[t.print.Exact], t)
		in.canonical[t.print.Canonical] = append(in.canonical[t.print.Canonical], t)
	}
	return in
}

// exactly gives a message of these octets.
func (in *stock) exactly(p Fingerprint) *message {
	for _, t := range in.exact[p.Exact] {
		if !t.used {
			return t
		}
	}
	return nil
}

// like gives a message that a server made of these.
func (in *stock) like(p Fingerprint) *message {
	for _, t := range in.canonical[p.Canonical] {
		if !t.used && Explain(p, t.print) != nil {
			return t
		}
	}
	return nil
}

// formOf gives the message that is an altered form of octets.
func (in *stock) formOf(octets []byte, source Fingerprint, at time.Time) (t *message, m Mended) {
	if octets == nil {
		return nil, m
	}
	var also *message
	var alsoAs Mended
	mend.Forms(octets, at, func(f mend.Fixes, made func() []byte) bool {
		m = formOf(f, made(), source)
		if t = in.exactly(m.Stored); t == nil && also == nil {
			also, alsoAs = in.like(m.Stored), m
		}
		return t == nil
	})
	if t == nil {
		return also, alsoAs
	}
	return t, m
}

// more keeps the copies of what was found altered: nobody has them twice.
func (j *judging) more(found map[[32]byte]bool, rest []*message) error {
	double := j.aside(j.extra, j.u.reports[0], j.path(j.u.target.Path))
	for _, t := range rest {
		if !found[t.print.Exact] {
			continue
		}
		t.doubled = true
		if err := double(t); err != nil {
			return err
		}
		t.used = true
	}
	return nil
}

// octets reads a message of a known size again; nil: it does not come any more.
func (r *reader) octets(ctx context.Context, b *box, uid uint32, size int64) ([]byte, error) {
	var octets []byte
	_, err := r.insist(ctx, b.folder, func(now *box) error {
		if now.uidValidity != b.uidValidity {
			return nil
		}
		_, _, err := ask(ctx, r.conn, []uint32{uid}, func(it Item) error {
			if it.UID != uid || it.Body == nil || it.Size != size {
				return discard(it)
			}
			read := make([]byte, size)
			if _, err := io.ReadFull(it.Body, read); err != nil {
				return broken(err)
			}
			octets = read
			return nil
		})
		return err
	})
	return octets, err
}
