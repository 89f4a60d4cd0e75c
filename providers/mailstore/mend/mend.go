// Package mend alters messages that a server refuses, as little as lets it
// take them. What it gives depends on the message's octets and date alone, so
// that a message mended before is recognised by mending its original again.
package mend

import (
	"bytes"
	"strings"
	"time"
)

// Fixes is a set of alterations.
type Fixes uint16

// The alterations, in the order in which they are made. Wrapped excludes all
// others.
const (
	NUL      Fixes = 1 << iota // NUL octets removed
	Newlines                   // CR and LF that stand alone made CRLF; in the header a CR made a space
	Envelope                   // mbox "From " lines above the header removed
	Header                     // header lines that are no field folded or named, the empty line below the header added
	Origin                     // From and Date added where they are missing (RFC 5322 section 3.6)
	Encoded                    // header octets from 0x80 on written as encoded words (RFC 2047)
	Folded                     // header lines over 998 octets folded (RFC 5322 section 2.1.1)
	Wrapped                    // the original attached to a short mail that tells why

	none Fixes = 0
	all        = Wrapped - 1
)

// All are all fixes but Wrapped.
func All() Fixes { return all }

// steps are the fixes by name and order.
var steps = []struct {
	fix  Fixes
	name string
	do   func(msg []byte, at time.Time) []byte
}{
	{NUL, "nul", func(msg []byte, _ time.Time) []byte { return bytes.ReplaceAll(msg, []byte{0}, nil) }},
	{Newlines, "newlines", func(msg []byte, _ time.Time) []byte { return newlines(msg) }},
	{Envelope, "envelope", func(msg []byte, _ time.Time) []byte { return envelope(msg) }},
	{Header, "header", func(msg []byte, _ time.Time) []byte { return structure(msg) }},
	{Origin, "origin", origin},
	{Encoded, "encoded", func(msg []byte, _ time.Time) []byte { return encoded(msg) }},
	{Folded, "folded", func(msg []byte, _ time.Time) []byte { return folded(msg) }},
	{Wrapped, "wrapped", nil},
}

// Names gives the names of the fixes, in order.
func (f Fixes) Names() []string {
	var names []string
	for _, s := range steps {
		if f&s.fix != 0 {
			names = append(names, s.name)
		}
	}
	return names
}

// Apply gives the message with the fixes made; at is its date of receipt. What
// needs no fix stays as it is, and making fixes twice is making them once. The
// message is not written to.
func Apply(msg []byte, f Fixes, at time.Time) []byte {
	if f&Wrapped != 0 {
		return wrap(msg, at)
	}
	for _, s := range steps {
		if f&s.fix != 0 {
			msg = s.do(msg, at)
		}
	}
	return msg
}

// Useful gives those of f that change the message when all of f are made.
func Useful(msg []byte, f Fixes, at time.Time) Fixes {
	useful := none
	for _, s := range steps {
		if f&s.fix == 0 || s.do == nil {
			continue
		}
		is := s.do(msg, at)
		if !bytes.Equal(is, msg) {
			useful |= s.fix
		}
		msg = is
	}
	return useful
}

// Forms calls each with every form that a message may have got here but its
// own, Wrapped last, until it gives false.
func Forms(msg []byte, at time.Time, each func(f Fixes, form func() []byte) bool) {
	if grow(msg, at, none, 0, each) {
		each(Wrapped, func() []byte { return wrap(msg, at) })
	}
}

// grow gives the forms that steps from i on make of a form.
func grow(form []byte, at time.Time, f Fixes, i int, each func(Fixes, func() []byte) bool) bool {
	if steps[i].do == nil {
		return f == none || each(f, func() []byte { return form })
	}
	if !grow(form, at, f, i+1, each) {
		return false
	}
	if is := steps[i].do(form, at); !bytes.Equal(is, form) {
		return grow(is, at, f|steps[i].fix, i+1, each)
	}
	return true
}

// suggestions are parts of refusals, in lower case, and what they ask for.
var suggestions = []struct {
	text string
	fix  Fixes
}{
	{"newline", Newlines}, {"bare lf", Newlines}, {"bare cr", Newlines}, {"line ending", Newlines},
	{"nul", NUL},
	{"non-ascii", Encoded}, {"8-bit", Encoded}, {"8bit", Encoded}, {"non ascii", Encoded}, {"invalid character in literal", NUL | Encoded},
	{"invalid header", Envelope | Header}, {"parse message", Envelope | Header}, {"header/body separator", Header}, {"zero-length", Header},
	{"bad header", Envelope | Header}, {"malformed header", Envelope | Header},
	{"line too long", Folded}, {"header limit", Folded}, {"line length", Folded},
	{"missing from", Origin}, {"no from", Origin}, {"missing date", Origin}, {"no date", Origin}, {"from header", Origin}, {"date header", Origin},
}

// Suggested gives the fixes that a server's refusal suggests; none: its words
// tell nothing.
func Suggested(said string) Fixes {
	said = strings.ToLower(said)
	f := none
	for _, s := range suggestions {
		if strings.Contains(said, s.text) {
			f |= s.fix
		}
	}
	return f
}
