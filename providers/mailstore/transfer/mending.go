package transfer

import (
	"cmp"
	"encoding/hex"
	"slices"
	"time"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/mend"
)

// mendLimit is how large a message may be to be altered: it and what it
// becomes are in memory then, of those over spoolLimit one at a time.
const mendLimit = 32 << 20

// Tried is an altered form that the target refused as well.
type Tried struct {
	Fixes  []string `json:"fixes"`
	SHA256 string   `json:"sha256"`
	Said   string   `json:"said"` // the target's words

	which mend.Fixes
}

// mending is how a message is being altered, once it was refused for good.
type mending struct {
	wanted mend.Fixes // by what the target said so far
	tried  []Tried
	why    Refusal // of the original
}

// mend gives the next stage of a message that was refused as p at stage s,
// where next is the last: first with the fixes that the words suggest, then
// with all, then wrapped. Virus, spam and size are no matter of form.
func (s stage) mend(no *Refusal, p *parcel, next stage) stage {
	if no.Final {
		return next
	}
	if s.mending == nil {
		next.at = s.at
		if s.why.Text == no.Text && s.why.Code == no.Code {
			next.at = asIs // it was not about keywords or the date
		}
		next.mending = &mending{wanted: mend.Suggested(no.Text), why: *no}
		return next
	}
	if p.mended == nil {
		return next
	}
	m := *s.mending
	m.wanted |= mend.Suggested(no.Text)
	m.tried = append(slices.Clip(m.tried), Tried{p.mended.Fixes.Names(), hex.EncodeToString(p.mended.Stored.Exact[:]), no.Error(), p.mended.Fixes})
	if next.mending = &m; p.mended.Fixes != mend.Wrapped {
		next.at = s.at
	}
	return next
}

// fixes chooses what is to be tried now of a message.
func (m *mending) fixes(msg []byte, at time.Time) mend.Fixes {
	for _, wanted := range []mend.Fixes{m.wanted, mend.All()} {
		f := mend.Useful(msg, wanted, at)
		if f != 0 && !slices.ContainsFunc(m.tried, func(t Tried) bool { return t.which == f }) {
			return f
		}
	}
	return mend.Wrapped
}

// reason is what is told of a message in quarantine: what the target said of
// the original.
func (s stage) reason() Refusal {
	if s.mending != nil {
		return s.mending.why
	}
	return s.why
}

// form is what a message may be at the target as.
type form struct {
	Mended
	at *candidate
}

// formOf makes the record of an altered form.
func formOf(f mend.Fixes, octets []byte, source Fingerprint) Mended {
	p := NewFingerprinter()
	p.Write(octets)
	return Mended{Fixes: f, Source: source.Exact, Stored: p.Sum()}
}

// coverLimit bounds what wrapping adds to a message, but for its encoding.
const coverLimit = 64 << 10

// altered finds the message at the target in a form that a copy may have given
// it: what the ledger says was sent, else, where messages may be altered, every
// form that there is. octets may be nil: then only the ledger counts.
// w.matching is held.
func (w *window) altered(j job, octets []byte, source Fingerprint, at time.Time) *form {
	if m := w.l.mendedAt(w.f, j.uid); m != nil && m.Source == source.Exact {
		if x := cmp.Or(w.found.exactly(m.Stored), w.found.like(m.Stored)); x != nil {
			return &form{*m, x}
		}
	}
	if !w.p.Options.Repair || octets == nil || w.found.empty() {
		return nil
	}
	var found, like *form // a server may have altered one further, and what looks so is often another form
	mend.Forms(octets, at, func(f mend.Fixes, made func() []byte) bool {
		if f == mend.Wrapped && !w.found.sized(source.Size, source.Size*3/2+coverLimit) {
			return false
		}
		m := formOf(f, made(), source)
		if x := w.found.exactly(m.Stored); x != nil {
			found = &form{m, x}
		} else if x := w.found.like(m.Stored); x != nil && like == nil {
			like = &form{m, x}
		}
		return found == nil
	})
	return cmp.Or(found, like)
}

// count counts a message that was placed altered; of nil it counts nothing.
func (m *Mended) count(t *planner.Tally) {
	switch {
	case m == nil:
	case m.Fixes == mend.Wrapped:
		t.Wrapped++
	default:
		t.Repaired++
	}
}
