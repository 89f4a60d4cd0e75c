package wire

import "github.com/emersion/go-imap/v2"

// atom reads a value without blanks, such as a number.
func (f *fetcher) atom(b *reader) []byte {
	f.value = f.value[:0]
	for {
		switch ch := b.peek(); ch {
		case none, ' ', '\t', '(', ')', '\r', '\n':
			return f.value
		default:
			b.r++
			f.keep(ch)
		}
	}
}

func (f *fetcher) keep(ch int) {
	if len(f.value) < maxValue {
		f.value = append(f.value, byte(ch))
	}
}

// text reads a string of whatever form into value.
func (f *fetcher) text(b *reader) {
	if b.peek() == '"' {
		b.r++
		f.quoted(b, maxValue)
		return
	}
	n, ok := b.literal()
	if !ok {
		f.atom(b)
		return
	}
	f.value = f.value[:0]
	for ; n > 0; n-- {
		ch := b.take()
		if ch == none {
			return
		}
		f.keep(ch)
	}
}

// quoted reads into value to the closing quote; at the line's end it is broken.
// It gives false if there was more than most.
func (f *fetcher) quoted(b *reader, most int) bool {
	f.value = f.value[:0]
	fits := true
	for {
		ch := b.peek()
		if ch == none || ch == '\n' {
			f.has |= broken
			return fits
		}
		b.r++
		if ch == '"' {
			return fits
		}
		if next := b.peek(); ch == '\\' && (next == '"' || next == '\\') {
			ch = b.take()
		}
		if len(f.value) < most {
			f.value = append(f.value, byte(ch))
		} else {
			fits = false
		}
	}
}

func (f *fetcher) readFlags(b *reader) {
	f.msg.Flags = f.msg.Flags[:0]
	if b.peek() != '(' {
		f.atom(b) // NIL
		f.has |= hasFlags
		f.msg.Odd = true
		return
	}
	b.r++
	for {
		switch ch := b.peek(); ch {
		case none, '\n':
			f.has |= broken
			return
		case ')':
			b.r++
			f.has |= hasFlags
			return
		case ' ', '\t', '\r', '(':
			b.r++
		default:
			f.flag(f.atom(b))
		}
	}
}

func (f *fetcher) flag(v []byte) {
	if len(f.msg.Flags) >= maxFlags {
		f.msg.Odd = true
		return
	}
	if len(v) > maxFlag {
		v = v[:maxFlag] // as useless as the whole, and it may be kept
		f.msg.Odd = true
	}
	fl, ok := f.flags[string(v)]
	if !ok {
		fl = imap.Flag(v)
		if len(f.flags) < maxInterned {
			f.flags[string(fl)] = fl
		}
	}
	f.msg.Flags = append(f.msg.Flags, fl)
}

// readModSeq takes (n), n, and what Zoho writes: (0), (-5).
func (f *fetcher) readModSeq(b *reader) {
	paren := b.peek() == '('
	if paren {
		b.r++
		b.blanks()
	}
	n, odd := number(string(f.atom(b)))
	f.msg.ModSeq = n
	f.msg.Odd = f.msg.Odd || odd || !paren
	b.blanks()
	if paren && b.peek() == ')' {
		b.r++
	}
}
