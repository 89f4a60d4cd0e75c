package mend

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
)

// encoded writes the words of a header that have octets from 0x80 on as
// encoded words (RFC 2047), in the charset that they are in, or as
// unknown-8bit (RFC 1428) where that does not show. Whoever decodes them gets
// the same octets.
func encoded(msg []byte) []byte {
	head, rest := split(msg)
	if !has8bit(head) {
		return msg
	}
	charset := charsetOf(head)
	var b []byte
	for _, f := range fields(head) {
		if colon := bytes.IndexByte(f, ':'); colon > 0 && !has8bit(f[:colon]) && has8bit(f) {
			b = append(b, f[:colon+1]...)
			of := charset
			if of == unknown { // several in one header
				of = charsetOf(f)
			}
			e := encoder{charset: of, kind: kindOfField(f[:colon]), in: f[colon+1:], out: b}
			b, f = e.value(), nil
		}
		b = append(b, f...)
	}
	return append(b, rest...)
}

func has8bit(b []byte) bool {
	return slices.ContainsFunc(b, func(c byte) bool { return c >= 0x80 })
}

// fieldKind says where a field's value may hold encoded words (RFC 2047
// section 5).
type fieldKind uint8

const (
	anyText    fieldKind = iota
	addresses            // words of a phrase or a comment
	parameters           // nowhere by the book; readers look into quoted values
)

func kindOfField(name []byte) fieldKind {
	switch strings.ToLower(string(bytes.TrimSpace(name))) {
	case "from", "sender", "reply-to", "to", "cc", "bcc", "resent-from", "resent-to", "resent-cc", "resent-sender", "return-path",
		"disposition-notification-to", "received", "message-id", "in-reply-to", "references":
		return addresses
	case "content-type", "content-disposition":
		return parameters
	}
	return anyText
}

// encoder writes one field's value.
type encoder struct {
	charset string
	kind    fieldKind
	in, out []byte
}

func (e *encoder) value() []byte {
	for i := 0; i < len(e.in); {
		if j := e.quoted(i); j > i {
			i = j
			continue
		}
		j := e.word(i)
		if j == i || !has8bit(e.in[i:j]) {
			j = max(j, i+1)
			e.out = append(e.out, e.in[i:j]...)
			i = j
			continue
		}
		for next := e.blanks(j); next > j; next = e.blanks(j) { // blanks between encoded words vanish
			end := e.word(next)
			if !has8bit(e.in[next:end]) {
				break
			}
			j = end
		}
		e.words(e.in[i:j], "\r\n ")
		if i = j; i < len(e.in) && e.in[i] > ' ' && e.in[i] != ')' {
			e.out = append(e.out, ' ')
		}
	}
	return e.out
}

// quoted writes a quoted string that must be encoded, and gives its end; the
// same i: there is none.
func (e *encoder) quoted(i int) int {
	if e.kind == anyText || e.in[i] != '"' {
		return i
	}
	var text []byte
	for j := i + 1; j < len(e.in); j++ {
		switch c := e.in[j]; {
		case c == '\\' && j+1 < len(e.in):
			j++
			text = append(text, e.in[j])
		case c != '"':
			text = append(text, c)
		case !has8bit(text):
			e.out = append(e.out, e.in[i:j+1]...)
			return j + 1
		case e.kind == parameters:
			e.out = append(e.out, '"')
			e.words(text, " ")
			e.out = append(e.out, '"')
			return j + 1
		default:
			e.words(text, "\r\n ")
			if j+1 < len(e.in) && e.in[j+1] > ' ' {
				e.out = append(e.out, ' ')
			}
			return j + 1
		}
	}
	return i
}

// word gives the end of the word that begins at i.
func (e *encoder) word(i int) int {
	for i < len(e.in) && e.in[i] > ' ' && (e.kind == anyText || strings.IndexByte(`<>(),;:"=`, e.in[i]) < 0) {
		i++
	}
	return i
}

func (e *encoder) blanks(i int) int {
	for i < len(e.in) && e.in[i] <= ' ' {
		i++
	}
	return i
}

// words writes octets as encoded words of at most 75 octets.
func (e *encoder) words(octets []byte, between string) {
	octets = slices.DeleteFunc(slices.Clone(octets), func(c byte) bool { return c == '\r' || c == '\n' })
	if n := len(e.out); n > 0 && e.out[n-1] == ':' {
		e.out = append(e.out, ' ')
	}
	limit := (75 - len("=??B??=") - len(e.charset)) / 4 * 3
	for first := true; len(octets) > 0; first = false {
		n := 0
		for n < len(octets) {
			size := characterSize(octets[n:], e.charset)
			if n+size > limit {
				break
			}
			n += size
		}
		if !first {
			e.out = append(e.out, between...)
		}
		e.out = append(e.out, "=?"+e.charset+"?B?"...)
		e.out = base64.StdEncoding.AppendEncode(e.out, octets[:n])
		e.out = append(e.out, "?="...)
		octets = octets[n:]
	}
}
