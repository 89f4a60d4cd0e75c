package wire

import (
	"io"
	"strings"
)

const maxQuoted = 16 << 20 // octets of a body as a quoted string, which must be in memory

// skip takes a value that nobody asked for: a string, a list, an atom.
func (f *fetcher) skip(b *reader) error {
	depth := 0
	for {
		n, ok := b.literal()
		if ok {
			if err := b.drop(n); err != nil {
				return err
			}
		}
		switch ch := b.peek(); {
		case ch == none:
			return b.err
		case ch == '\n':
			if depth > 0 {
				f.has |= broken
			}
			return nil
		case depth == 0 && (ok || ch == ' ' || ch == ')' || ch == '\r'):
			return nil
		case ok: // a literal in a list
		case ch == '"':
			b.r++
			f.quoted(b, 0)
			if depth == 0 {
				return b.errOf(b.peek())
			}
		case ch == '(':
			b.r++
			depth++
		case ch == ')':
			b.r++
			if depth--; depth == 0 {
				return nil
			}
		default:
			b.r++
		}
	}
}

func (b *reader) errOf(ch int) error {
	if ch == none {
		return b.err
	}
	return nil
}

// readBody reads the value of BODY[]. A second one is dropped.
func (f *fetcher) readBody(b *reader) error {
	again := f.has&hasBody != 0
	if n, ok := b.literal(); ok {
		f.has |= hasBody
		return f.literalBody(b, n, again)
	}
	f.msg.Odd = true
	if b.peek() == '"' {
		b.r++
		if !f.quoted(b, maxQuoted) {
			f.has |= broken
		}
	} else if string(f.atom(b)) != "" && !strings.EqualFold(string(f.value), "NIL") {
		f.has |= broken
	} else {
		f.value = f.value[:0]
	}
	if err := b.errOf(b.peek()); err != nil || again {
		return err
	}
	f.has |= hasBody
	err := f.spool.add(f.value)
	if cap(f.value) > maxValue {
		f.value = nil
	}
	return err
}

// literalBody streams where all is known that the receiver needs, else spools.
func (f *fetcher) literalBody(b *reader, n int64, again bool) error {
	f.body = body{b: b, left: n}
	defer func() { f.body.over = true }()
	known := f.has&f.need == f.need && f.has&(broken|doubled) == 0
	switch {
	case again || f.each == nil || f.asked == nil || known && !f.asked(f.msg.UID):
	case known:
		f.gave = true
		f.msg.Body, f.msg.BodySize = &f.body, n
		if err := f.give(); err != nil {
			return err
		}
	default:
		if _, err := f.body.WriteTo(&f.spool); err != nil {
			return err
		}
	}
	_, err := f.body.WriteTo(io.Discard)
	return err
}

// body reads a literal from the connection. Its end is told only when what
// follows is what must follow a literal, so that nobody takes a message for
// whole whose length was false.
type body struct {
	b       *reader
	left    int64
	checked bool
	over    bool // the callback has returned
}

func (d *body) Read(p []byte) (int, error) {
	if d.over {
		return 0, ErrClosed
	}
	if d.left == 0 {
		return 0, d.end()
	}
	if len(p) == 0 {
		return 0, nil
	}
	if most := min(d.left, int64(len(p))); most >= readBuffer/2 && d.b.r == d.b.w {
		n := d.b.direct(p[:most])
		d.left -= int64(n)
		if n == 0 {
			return 0, d.b.err
		}
		return n, nil
	}
	have := d.b.ready(min(d.left, int64(len(p))))
	if have == nil {
		return 0, d.b.err
	}
	n := copy(p, have)
	d.b.r += n
	d.left -= int64(n)
	return n, nil
}

// WriteTo writes the buffer itself, without a copy.
func (d *body) WriteTo(w io.Writer) (total int64, err error) {
	if d.over {
		return 0, ErrClosed
	}
	for d.left > 0 {
		have := d.b.ready(d.left)
		if have == nil {
			return total, d.b.err
		}
		n, err := w.Write(have)
		total += int64(n)
		d.b.r += n
		d.left -= int64(n)
		if err != nil {
			return total, err
		}
	}
	if err := d.end(); err != io.EOF {
		return total, err
	}
	return total, nil
}

// end checks the two octets after the literal: blank and an attribute, or a
// parenthesis and the line's end.
func (d *body) end() error {
	if d.checked {
		return io.EOF
	}
	after := ""
	switch d.b.at(0) {
	case none:
		return d.b.err
	case ')':
		after = ") \r\n"
	case '\r':
		after = "\n"
	case '\n':
		d.checked = true
		return io.EOF
	case ' ':
		after = " )(\r\nABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	default:
		return ErrLength
	}
	switch ch := d.b.at(1); {
	case ch == none:
		return d.b.err
	case strings.IndexByte(after, byte(ch)) < 0:
		return ErrLength
	}
	d.checked = true
	return io.EOF
}
