package transfer

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"math"
)

// Fingerprint is what is kept of a message's octets. Two messages of one
// Canonical are the same mail but for what servers are known to alter when
// they store it; [Explain] says what that was.
type Fingerprint struct {
	Exact          [sha256.Size]byte // SHA-256 of the octets
	Canonical      [sha256.Size]byte // SHA-256 without CR and final LFs, NUL as 0x80, header octets from 0x80 on as X
	Size           int64             // octets
	Length         int64             // octets that Canonical is of
	High           uint64            // hash of the header's octets from 0x80 on, NUL counted as 0x80; 0: none
	HasNUL         bool
	Header8Bit     bool // an octet from 0x80 on before the first empty line
	BareCR         bool // CR without LF behind it
	BareLF         bool // LF without CR before it
	NoFinalNewline bool // the last octet is not LF; also of an empty message
}

// The alterations that servers are known to make, as catalogue codes.
const (
	AlteredNUL          = "verify.altered.nul"           // NUL stored as 0x80 (Dovecot)
	AlteredHeader8Bit   = "verify.altered.header8bit"    // header octets from 0x80 on stored as X (Cyrus)
	AlteredNewlines     = "verify.altered.newlines"      // line ends made CRLF, bare CRs dropped
	AlteredFinalNewline = "verify.altered.final-newline" // CRLF added at the end (Courier)
)

// Explain names every known alteration that source underwent to become
// target, as catalogue codes. Nil: the contents differ, or not at all, or in a
// way no server is known to cause.
func Explain(source, target Fingerprint) []string {
	if source.Canonical != target.Canonical || source.Exact == target.Exact {
		return nil
	}
	if !source.HasNUL && target.HasNUL {
		return nil
	}
	var codes []string
	if source.HasNUL && !target.HasNUL {
		codes = append(codes, AlteredNUL)
	}
	if source.High != target.High {
		if target.High != 0 {
			return nil
		}
		codes = append(codes, AlteredHeader8Bit)
	}
	final := source.NoFinalNewline && !target.NoFinalNewline
	if lineEndsAltered(source, target, final) {
		codes = append(codes, AlteredNewlines)
	}
	if final {
		codes = append(codes, AlteredFinalNewline)
	}
	return codes
}

func lineEndsAltered(source, target Fingerprint, final bool) bool {
	if !source.BareCR && !source.BareLF {
		return false
	}
	grown := target.Size - source.Size
	if final {
		grown -= 2
	}
	return grown != 0 || source.BareCR && !target.BareCR || source.BareLF && !target.BareLF
}

// Fingerprinter computes a [Fingerprint] of the octets written to it, in a
// fixed amount of memory. Write never fails.
type Fingerprinter struct {
	exact, canonical hash.Hash
	size             int64
	high             uint64
	nul, bareCR      bool
	bareLF           bool
	last             byte  // of the octets so far; LF before the first, so that a first LF ends the header
	body             bool  // the empty line was seen
	lineEmpty        bool  // nothing but CR since the last LF
	pending          int64 // LFs not yet known to be within the message
	n                int   // octets waiting in buf
	length           int64 // octets put into buf so far
	limit            int64 // none beyond are put there
	header8          bool
	buf              [4096]byte
}

// NewFingerprinter starts a fingerprint.
func NewFingerprinter() *Fingerprinter {
	f := &Fingerprinter{exact: sha256.New(), canonical: sha256.New()}
	f.Reset()
	return f
}

// Reset starts again, with the memory of before.
func (f *Fingerprinter) Reset() {
	f.exact.Reset()
	f.canonical.Reset()
	*f = Fingerprinter{exact: f.exact, canonical: f.canonical, lineEmpty: true, limit: math.MaxInt64}
}

// resetTo is Reset for the canonical form of the first octets only: it is
// the Canonical of a message that was cut off to that Length.
func (f *Fingerprinter) resetTo(length int64) {
	f.Reset()
	f.limit = length
}

// Write adds octets of the message, in any portions.
func (f *Fingerprinter) Write(p []byte) (int, error) {
	n := len(p)
	if n == 0 {
		return 0, nil
	}
	f.exact.Write(p)
	f.lineEnds(p)
	f.nul = f.nul || bytes.IndexByte(p, 0) >= 0
	f.size += int64(n)
	f.last = p[n-1]
	if !f.body {
		p = f.header(p)
	}
	f.bodyOctets(p)
	return n, nil
}

// Sum gives the fingerprint of what was written. More may be written only
// after Reset.
func (f *Fingerprinter) Sum() Fingerprint {
	f.flush()
	s := Fingerprint{
		Size: f.size, Length: f.length, High: f.high, HasNUL: f.nul, Header8Bit: f.header8,
		BareCR:         f.bareCR || f.size > 0 && f.last == '\r',
		BareLF:         f.bareLF,
		NoFinalNewline: f.size == 0 || f.last != '\n',
	}
	f.exact.Sum(s.Exact[:0])
	f.canonical.Sum(s.Canonical[:0])
	return s
}

// lineEnds looks for CRs and LFs that stand alone, until both were seen.
func (f *Fingerprinter) lineEnds(p []byte) {
	if f.size > 0 && f.last == '\r' && p[0] != '\n' {
		f.bareCR = true
	}
	if p[0] == '\n' && (f.size == 0 || f.last != '\r') {
		f.bareLF = true
	}
	for i := 0; !f.bareLF; i++ {
		j := bytes.IndexByte(p[i:], '\n')
		if j < 0 {
			break
		}
		i += j
		f.bareLF = i > 0 && p[i-1] != '\r'
	}
	for i := 0; !f.bareCR; i++ {
		j := bytes.IndexByte(p[i:], '\r')
		if j < 0 || i+j+1 == len(p) {
			break
		}
		i += j
		f.bareCR = p[i+1] != '\n'
	}
}

// fnvOffset and fnvPrime are those of FNV-1a, 64 bits.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// header takes octets up to the first empty line and gives the rest.
func (f *Fingerprinter) header(p []byte) []byte {
	for i, c := range p {
		switch {
		case c == '\r':
		case c == '\n':
			f.pending++
			if f.lineEmpty {
				f.body = true
				return p[i+1:]
			}
			f.lineEmpty = true
		default:
			f.lineEmpty = false
			f.header8 = f.header8 || c >= 0x80
			if c == 0 || c >= 0x80 {
				c = f.highOctet(c)
			}
			f.newlines()
			f.octet(c)
		}
	}
	return nil
}

func (f *Fingerprinter) highOctet(c byte) byte {
	if c == 0 {
		c = 0x80
	}
	if f.high == 0 {
		f.high = fnvOffset
	}
	f.high = (f.high ^ uint64(c)) * fnvPrime
	return 'X'
}

// bodyOctets takes octets behind the header, line by line.
func (f *Fingerprinter) bodyOctets(p []byte) {
	for len(p) > 0 {
		if p[0] == '\n' {
			f.pending++
			p = p[1:]
			continue
		}
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			end = len(p)
		}
		f.line(p[:end])
		p = p[end:]
	}
}

// line takes a piece without LF.
func (f *Fingerprinter) line(p []byte) {
	for len(p) > 0 {
		piece, rest := p, p[len(p):]
		if i := bytes.IndexByte(p, '\r'); i >= 0 {
			piece, rest = p[:i], p[i+1:]
		}
		if len(piece) > 0 {
			f.newlines()
			f.copyPiece(piece)
		}
		p = rest
	}
}

func (f *Fingerprinter) copyPiece(p []byte) {
	p = p[:min(int64(len(p)), f.limit-f.length)]
	f.length += int64(len(p))
	for len(p) > 0 {
		if f.n == len(f.buf) {
			f.flush()
		}
		n := copy(f.buf[f.n:], p)
		if f.nul {
			replaceNUL(f.buf[f.n : f.n+n])
		}
		f.n += n
		p = p[n:]
	}
}

func replaceNUL(p []byte) {
	for i := bytes.IndexByte(p, 0); i >= 0; i = bytes.IndexByte(p, 0) {
		p[i] = 0x80
		p = p[i+1:]
	}
}

// newlines puts down the LFs that turned out to be within the message.
func (f *Fingerprinter) newlines() {
	for ; f.pending > 0; f.pending-- {
		f.octet('\n')
	}
}

func (f *Fingerprinter) octet(c byte) {
	if f.length == f.limit {
		return
	}
	f.length++
	if f.n == len(f.buf) {
		f.flush()
	}
	f.buf[f.n] = c
	f.n++
}

func (f *Fingerprinter) flush() {
	f.canonical.Write(f.buf[:f.n])
	f.n = 0
}
