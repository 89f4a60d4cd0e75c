package wire

import "io"

const (
	readBuffer = 64 << 10
	firstRead  = 4 << 10 // octets of the first buffer: most connections never fill one
	maxLook    = 64      // octets that at may look ahead
	none       = -1      // no octet: the reader's err says why
)

// reader is one buffer with one octet of look-ahead for free and a few more at
// a price. Its error is sticky.
type reader struct {
	src  io.Reader
	buf  []byte
	r, w int
	full bool // the last read filled the buffer
	err  error
	lost func(error) error // makes a *Gone of the cause
}

func newReader(src io.Reader, lost func(error) error) *reader {
	return &reader{src: src, buf: make([]byte, firstRead), lost: lost}
}

// peek gives the next octet without taking it, or none.
func (b *reader) peek() int {
	if b.r < b.w {
		return int(b.buf[b.r])
	}
	return b.at(0)
}

// take gives the next octet, or none.
func (b *reader) take() int {
	if b.r < b.w {
		b.r++
		return int(b.buf[b.r-1])
	}
	ch := b.at(0)
	if ch != none {
		b.r++
	}
	return ch
}

// at gives the octet i places ahead, or none.
func (b *reader) at(i int) int {
	for b.r+i >= b.w {
		if !b.fill() {
			return none
		}
	}
	return int(b.buf[b.r+i])
}

// direct reads into p past the empty buffer; 0: there is no more.
func (b *reader) direct(p []byte) int {
	if b.err != nil {
		return 0
	}
	return b.some(p)
}

func (b *reader) fill() bool {
	if b.err != nil {
		return false
	}
	if b.r == b.w {
		b.r, b.w = 0, 0
		if b.full && len(b.buf) < readBuffer {
			b.buf = make([]byte, 4*len(b.buf))
		}
	} else if b.w > len(b.buf)-maxLook {
		b.w = copy(b.buf, b.buf[b.r:b.w])
		b.r = 0
	}
	n := b.some(b.buf[b.w:])
	b.w += n
	b.full = b.w == len(b.buf)
	return n > 0
}

// some reads at least an octet; 0: the reader's err says why.
func (b *reader) some(p []byte) int {
	for range 100 {
		n, err := b.src.Read(p)
		if n > 0 {
			return n
		}
		if err != nil {
			b.err = b.lost(err)
			return 0
		}
	}
	b.err = b.lost(io.ErrNoProgress)
	return 0
}

// ready gives what the buffer holds, at least one octet, at most n.
func (b *reader) ready(n int64) []byte {
	if b.r == b.w && !b.fill() {
		return nil
	}
	if have := int64(b.w - b.r); n > have {
		n = have
	}
	return b.buf[b.r : b.r+int(n)]
}

// drop takes n octets and forgets them.
func (b *reader) drop(n int64) error {
	for n > 0 {
		p := b.ready(n)
		if p == nil {
			return b.err
		}
		b.r += len(p)
		n -= int64(len(p))
	}
	return nil
}

func (b *reader) blanks() {
	for {
		if ch := b.peek(); ch != ' ' && ch != '\t' {
			return
		}
		b.r++
	}
}

// literal takes the head of a literal, {n}, {n+} or ~{n} with its line end
// (RFC 7888, RFC 3516), if one is next; otherwise it takes nothing.
func (b *reader) literal() (n int64, ok bool) {
	i := 0
	if b.peek() == '~' {
		i = 1
	}
	if b.at(i) != '{' {
		return 0, false
	}
	i++
	first := i
	for ch := b.at(i); ch >= '0' && ch <= '9' && i-first < 18; ch = b.at(i) {
		n = n*10 + int64(ch-'0')
		i++
	}
	if i == first {
		return 0, false
	}
	if b.at(i) == '+' {
		i++
	}
	if b.at(i) != '}' {
		return 0, false
	}
	i++
	if b.at(i) == '\r' {
		i++
	}
	if b.at(i) != '\n' {
		return 0, false
	}
	b.r += i + 1
	return n, true
}

// fold tells whether the next octets are word, in any case, followed by a
// blank, a parenthesis or the line's end; word is upper case.
func (b *reader) fold(word string) bool {
	for i := range len(word) {
		if ch := b.at(i); ch != int(word[i]) && ch != int(word[i])|0x20 {
			return false
		}
	}
	switch b.at(len(word)) {
	case ' ', '\t', '(', '\r', '\n':
		return true
	}
	return false
}
