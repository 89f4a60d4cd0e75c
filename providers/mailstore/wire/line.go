package wire

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

const maxLine = 1 << 20 // of a response that is no FETCH, with its literals

// line is one response with its literals in place, and a scanner over it.
type line struct {
	text []byte
	lits []span // literals in text, in order
	pos  int
}

type span struct{ at, end int }

// read takes the rest of the line. Literals are looked for in data only: a
// human text may end in {5} as well.
func (l *line) read(b *reader, data bool) error {
	l.text, l.lits, l.pos = l.text[:0], l.lits[:0], 0
	for {
		ch := b.peek()
		if ch == none {
			return b.err
		}
		if data && (ch == '{' || ch == '~') && l.opens() {
			if n, ok := b.literal(); ok {
				if err := l.literal(b, n); err != nil {
					return err
				}
				continue
			}
			if b.err != nil {
				return b.err
			}
		}
		b.r++
		if ch == '\n' {
			break
		}
		if l.text = append(l.text, byte(ch)); len(l.text) > maxLine {
			return &Malformed{What: "line too long"}
		}
	}
	for len(l.text) > l.floor() && l.text[len(l.text)-1] == '\r' {
		l.text = l.text[:len(l.text)-1]
	}
	return nil
}

// opens tells whether a literal may start here.
func (l *line) opens() bool {
	if len(l.text) == 0 {
		return true
	}
	last := l.text[len(l.text)-1]
	return last == ' ' || last == '('
}

// floor is the end of the last literal, whose octets are not to be trimmed.
func (l *line) floor() int {
	if len(l.lits) == 0 {
		return 0
	}
	return l.lits[len(l.lits)-1].end
}

func (l *line) literal(b *reader, n int64) error {
	if n > maxLine-int64(len(l.text)) {
		return &Malformed{What: "literal too long"}
	}
	at := len(l.text)
	for n > 0 {
		p := b.ready(n)
		if p == nil {
			return b.err
		}
		l.text = append(l.text, p...)
		b.r += len(p)
		n -= int64(len(p))
	}
	l.lits = append(l.lits, span{at, len(l.text)})
	return nil
}

func (l *line) blanks() {
	for l.pos < len(l.text) && (l.text[l.pos] == ' ' || l.text[l.pos] == '\t') && !l.isLiteral() {
		l.pos++
	}
}

// peek gives the next octet that is no blank, or 0.
func (l *line) peek() byte {
	l.blanks()
	if l.pos >= len(l.text) {
		return 0
	}
	return l.text[l.pos]
}

// accept takes ch if it is next.
func (l *line) accept(ch byte) bool {
	if l.peek() != ch || l.isLiteral() {
		return false
	}
	l.pos++
	return true
}

func (l *line) isLiteral() bool {
	for _, s := range l.lits {
		if s.at == l.pos {
			return true
		}
	}
	return false
}

// word takes octets up to a blank or parenthesis.
func (l *line) word() string {
	l.blanks()
	from := l.pos
	for l.pos < len(l.text) && !strings.ContainsRune(" \t()", rune(l.text[l.pos])) {
		l.pos++
	}
	return string(l.text[from:l.pos])
}

// rest is what has not been taken.
func (l *line) rest() string {
	l.blanks()
	return string(l.text[min(l.pos, len(l.text)):])
}

// str takes a quoted string, a literal, or a word; NIL gives "" and false.
func (l *line) str() (string, bool) {
	l.blanks()
	for _, s := range l.lits {
		if s.at == l.pos {
			l.pos = s.end
			return string(l.text[s.at:s.end]), true
		}
	}
	if l.peek() == '"' {
		return l.quoted(), true
	}
	w := l.word()
	if strings.EqualFold(w, "NIL") {
		return "", false
	}
	return w, w != ""
}

// quoted takes a quoted string. A quote inside it that was not escaped belongs
// to it, and so does a backslash that escapes nothing.
func (l *line) quoted() string {
	var out []byte
	for l.pos++; l.pos < len(l.text); l.pos++ {
		ch, next := l.text[l.pos], byte(' ')
		if l.pos+1 < len(l.text) {
			next = l.text[l.pos+1]
		}
		switch {
		case ch == '\\' && (next == '"' || next == '\\'):
			out = append(out, next)
			l.pos++
		case ch == '"' && strings.IndexByte(" \t()", next) >= 0:
			l.pos++
			return string(out)
		default:
			out = append(out, ch)
		}
	}
	return string(out)
}

// words takes a parenthesised list of words, or gives none.
func (l *line) words() (out []string) {
	if !l.accept('(') {
		return nil
	}
	for l.pos < len(l.text) && !l.accept(')') {
		w := l.word()
		if w == "" { // an inner parenthesis
			l.pos++
			continue
		}
		out = append(out, w)
	}
	return out
}

// number reads a decimal number as leniently as servers write them: what is
// none, or negative, is 0 and odd.
func number(s string) (n uint64, odd bool) {
	s = strings.Trim(s, `"`)
	n, err := strconv.ParseUint(s, 10, 64)
	if err == nil {
		return n, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f < 0 || f >= math.MaxInt64 || math.IsNaN(f) {
		return 0, true
	}
	return uint64(f), true
}

// number32 is number for what RFC 3501 gives 32 bits; more is 0.
func number32(s string) uint32 {
	n, _ := number(s)
	if n > math.MaxUint32 {
		return 0
	}
	return uint32(n)
}

// readable makes valid UTF-8 of a server's words: GBK where they are not
// UTF-8, control characters as blanks, at most about 1,000 octets.
func readable(s string) string {
	s = utf8Of(s)
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	if len(s) > 1000 {
		s = strings.ToValidUTF8(s[:1000], "") + "..."
	}
	return s
}

func utf8Of(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	if out, err := simplifiedchinese.GB18030.NewDecoder().String(s); err == nil && !strings.ContainsRune(out, utf8.RuneError) {
		return out
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
