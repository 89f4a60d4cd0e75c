package wire

import (
	"math"

	"github.com/emersion/go-imap/v2"
)

const (
	maxValue    = 64 << 10 // octets kept of an attribute's value; the rest is dropped
	maxInterned = 4096     // flags kept as strings
	maxFlags    = 4096     // of one message
	maxFlag     = 2 << 10  // octets kept of a flag; no server takes one so long
)

// What of a message is known.
const (
	hasUID = 1 << iota
	hasFlags
	hasDate
	hasSize
	hasBody
	broken  // a value ran into the line's end
	doubled // two UIDs
)

// fetcher reads FETCH responses: the attributes in any order and case, with
// values that it does not know. It allocates nothing but for new flags.
type fetcher struct {
	// each gets the messages; asked says whether a body is wanted now.
	each   func(*Message) error
	asked  func(uid uint32) bool
	need   int  // what must be known before a body streams
	bare   bool // where asked is set: messages without a body are wanted too
	told   int  // of these one at least must be told of such a message; 0: none
	fields bool // a part of the header is wanted as the body

	msg   Message
	has   int
	depth int
	gave  bool // msg has been given away with its body
	name  []byte
	value []byte
	flags map[string]imap.Flag
	zones zones
	body  body
	spool spool
}

func (f *fetcher) init(dir string) {
	f.flags, f.zones = map[string]imap.Flag{}, zones{}
	f.spool.dir = dir
}

// response reads what follows the word FETCH to the line's end.
func (f *fetcher) response(b *reader) error {
	f.msg = Message{Flags: f.msg.Flags[:0]}
	f.has, f.depth, f.gave = 0, 0, false
	for {
		switch ch := b.peek(); ch {
		case none:
			f.spool.drop()
			return b.err
		case '\n':
			b.r++
			return f.finish()
		case ' ', '\t', '\r':
			b.r++
		case '(':
			b.r++
			f.depth++
			f.msg.Odd = f.msg.Odd || f.depth > 1 // Domino
		case ')':
			b.r++
			f.depth--
		default:
			if err := f.attribute(b); err != nil {
				f.spool.drop()
				return err
			}
		}
	}
}

// finish gives the message, unless it was given while its body streamed.
func (f *fetcher) finish() error {
	defer f.spool.drop()
	if f.gave || f.each == nil || f.has&hasUID == 0 || f.has&(broken|doubled) != 0 {
		return nil
	}
	f.msg.Odd = f.msg.Odd || f.depth != 0
	if f.has&hasBody == 0 {
		if f.asked != nil && !f.bare || f.told != 0 && f.has&f.told == 0 {
			return nil // news that nobody asked for
		}
		f.msg.Body, f.msg.BodySize = nil, 0
		return f.give()
	}
	if f.asked == nil || !f.asked(f.msg.UID) {
		return nil
	}
	r, err := f.spool.open()
	if err != nil {
		return err
	}
	f.msg.Body, f.msg.BodySize = r, f.spool.size
	return f.give()
}

func (f *fetcher) give() error {
	if err := f.each(&f.msg); err != nil {
		return callback{err}
	}
	return nil
}

func (f *fetcher) attribute(b *reader) error {
	whole := f.attributeName(b)
	b.blanks()
	switch string(f.name) {
	case "UID":
		uid := number32(string(f.atom(b)))
		if f.has&hasUID != 0 && uid != f.msg.UID {
			f.has |= doubled
		}
		if uid != 0 {
			f.msg.UID, f.has = uid, f.has|hasUID
		}
	case "FLAGS":
		f.readFlags(b)
	case "INTERNALDATE":
		f.text(b)
		f.msg.Date = f.zones.parse(f.value)
		f.has |= hasDate
	case "RFC822.SIZE":
		n, odd := number(string(f.atom(b)))
		f.msg.Size, f.has = int64(min(n, math.MaxInt64)), f.has|hasSize
		f.msg.Odd = f.msg.Odd || odd
	case "MODSEQ":
		f.readModSeq(b)
	case "BODY", "BODY.PEEK", "BINARY", "BINARY.PEEK":
		if whole || f.fields {
			return f.readBody(b)
		}
		return f.skip(b)
	case "RFC822":
		return f.readBody(b)
	default:
		return f.skip(b)
	}
	return b.errOf(b.peek())
}

// attributeName reads the name in upper case, and the section after it. whole
// is for an empty section, and no part of it: BODY[] but not BODY[]<0>.
func (f *fetcher) attributeName(b *reader) (whole bool) {
	f.name = f.name[:0]
	for {
		ch := b.peek()
		switch ch {
		case none, ' ', '\t', '(', ')', '\r', '\n', '"', '{', '~':
			return false
		case '[':
			whole = f.section(b)
			if b.peek() == '<' {
				f.until(b, '>')
				whole = false
			}
			return whole
		}
		b.r++
		if ch >= 'a' && ch <= 'z' {
			ch -= 'a' - 'A'
		}
		if len(f.name) < maxLook {
			f.name = append(f.name, byte(ch))
		}
	}
}

// section takes [...], in which a quoted string may hold a bracket.
func (f *fetcher) section(b *reader) (empty bool) {
	b.r++
	for n, quote := 0, false; ; n++ {
		ch := b.peek()
		if ch == none || ch == '\n' {
			f.has |= broken
			return false
		}
		b.r++
		switch {
		case ch == '\\' && quote && b.peek() != '\n':
			b.take()
		case ch == '"':
			quote = !quote
		case ch == ']' && !quote:
			return n == 0
		}
	}
}

func (f *fetcher) until(b *reader, end int) {
	for ch := b.peek(); ch != none && ch != '\n'; ch = b.peek() {
		b.r++
		if ch == end {
			return
		}
	}
}
