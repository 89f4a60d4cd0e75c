package imapd

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	maxLine    = 64 << 10 // octets of a command outside its literals
	maxLiteral = 64 << 20
)

// errSyntax is answered with BAD; the rest of the line is thrown away.
var errSyntax = errors.New("syntax")

// value is a word of a command: an atom, a string or a list.
type value struct {
	text   string
	quoted bool // a quoted string or literal
	list   []value
	isList bool
}

// is compares an atom, whatever its case.
func (v value) is(atom string) bool { return !v.isList && !v.quoted && strings.EqualFold(v.text, atom) }

// lexer reads the values of one command.
type lexer struct {
	br   *bufio.Reader
	more func() error // asks for a synchronising literal
	left int
}

func (l *lexer) peek() (byte, error) {
	b, err := l.br.Peek(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

func (l *lexer) take() error {
	l.left--
	if l.left < 0 {
		return fmt.Errorf("%w: line too long", errSyntax)
	}
	_, err := l.br.ReadByte()
	return err
}

// space takes one space if there is one.
func (l *lexer) space() (bool, error) {
	c, err := l.peek()
	if err != nil || c != ' ' {
		return false, err
	}
	return true, l.take()
}

// end takes CRLF, or LF alone.
func (l *lexer) end() error {
	line, err := l.br.ReadString('\n')
	if err != nil {
		return err
	}
	if strings.TrimRight(line, "\r\n") != "" {
		return fmt.Errorf("%w: more than expected", errSyntax)
	}
	return nil
}

func (l *lexer) value() (value, error) {
	c, err := l.peek()
	switch {
	case err != nil:
		return value{}, err
	case c == '(':
		return l.list()
	case c == '"':
		return l.quoted()
	case c == '{':
		return l.literal()
	}
	return l.atom()
}

func (l *lexer) list() (value, error) {
	v := value{isList: true}
	if err := l.take(); err != nil {
		return v, err
	}
	for {
		c, err := l.peek()
		if err != nil {
			return v, err
		}
		switch c {
		case ')':
			return v, l.take()
		case ' ':
			if err := l.take(); err != nil {
				return v, err
			}
		default:
			item, err := l.value()
			if err != nil {
				return v, err
			}
			v.list = append(v.list, item)
		}
	}
}

func (l *lexer) quoted() (value, error) {
	var b strings.Builder
	for escaped, first := false, true; ; first = false {
		c, err := l.peek()
		if err != nil {
			return value{}, err
		}
		if c == '\r' || c == '\n' {
			return value{}, fmt.Errorf("%w: open quote", errSyntax)
		}
		if err := l.take(); err != nil {
			return value{}, err
		}
		switch {
		case first:
		case escaped:
			b.WriteByte(c)
			escaped = false
		case c == '\\':
			escaped = true
		case c == '"':
			return value{text: b.String(), quoted: true}, nil
		default:
			b.WriteByte(c)
		}
	}
}

// literal reads {n} or {n+} and its octets (RFC 7888).
func (l *lexer) literal() (value, error) {
	line, err := l.br.ReadString('\n')
	if err != nil {
		return value{}, err
	}
	head, ok := strings.CutSuffix(strings.TrimRight(line[1:], "\r\n"), "}")
	head, plus := strings.CutSuffix(head, "+")
	n, err := strconv.ParseInt(head, 10, 64)
	if !ok || err != nil || n < 0 || n > maxLiteral {
		return value{}, fmt.Errorf("literal %.40q: %w", line, io.ErrUnexpectedEOF) // its octets cannot be told from commands
	}
	if !plus {
		if err := l.more(); err != nil {
			return value{}, err
		}
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(l.br, b); err != nil {
		return value{}, err
	}
	return value{text: string(b), quoted: true}, nil
}

// atom reads to the next space, bracket of a list or end of line; what stands
// in square brackets belongs to it, as in BODY.PEEK[HEADER.FIELDS (DATE)].
func (l *lexer) atom() (value, error) {
	var b strings.Builder
	for inside := false; ; {
		c, err := l.peek()
		if err != nil {
			return value{}, err
		}
		if c == '\r' || c == '\n' || !inside && (c == ' ' || c == '(' || c == ')' || c == '"' || c == '{') {
			break
		}
		if c == '[' {
			inside = true
		}
		if c == ']' {
			inside = false
		}
		b.WriteByte(c)
		if err := l.take(); err != nil {
			return value{}, err
		}
	}
	if b.Len() == 0 {
		return value{}, fmt.Errorf("%w: a word is missing", errSyntax)
	}
	return value{text: b.String()}, nil
}
