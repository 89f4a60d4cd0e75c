package wire

import (
	"encoding/base64"
	"slices"
	"strings"
	"unicode/utf16"
)

// nameBase64 is the alphabet of RFC 3501, 5.1.3.
var nameBase64 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding).Strict()

// DecodeName makes text of a mailbox name in modified UTF-7 (RFC 3501, 5.1.3),
// leniently: octets over 127 are UTF-8 or else GBK, and what is no valid
// sequence stays as it is. The text is for people and for comparing; only the
// name itself opens the mailbox.
func DecodeName(name string) string {
	name = utf8Of(name)
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(name, "&")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		n := 0
		for n < len(rest) && isBase64(rest[n]) {
			n++
		}
		closed := n < len(rest) && rest[n] == '-'
		text, ok := decodeShifted(rest[:n])
		switch {
		case n == 0 && closed:
			out.WriteByte('&')
		case ok:
			out.WriteString(text)
		default:
			out.WriteByte('&')
			out.WriteString(rest[:n])
			closed = false
		}
		if name = rest[n:]; closed {
			name = name[1:]
		}
	}
}

func isBase64(ch byte) bool {
	return ch >= 'A' && ch <= 'Z' || ch >= 'a' && ch <= 'z' || ch >= '0' && ch <= '9' || ch == '+' || ch == ','
}

// decodeShifted reads base64 of UTF-16 without lone surrogates.
func decodeShifted(s string) (string, bool) {
	b, err := nameBase64.DecodeString(s)
	if err != nil || len(b) == 0 || len(b)%2 != 0 {
		return "", false
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
	}
	runes := utf16.Decode(units)
	return string(runes), slices.Equal(utf16.Encode(runes), units)
}

// EncodeName makes a mailbox name of text, in modified UTF-7 (RFC 3501, 5.1.3).
func EncodeName(text string) string {
	var out strings.Builder
	var shifted []uint16
	flush := func() {
		if len(shifted) == 0 {
			return
		}
		b := make([]byte, 0, 2*len(shifted))
		for _, u := range shifted {
			b = append(b, byte(u>>8), byte(u))
		}
		out.WriteString("&" + nameBase64.EncodeToString(b) + "-")
		shifted = shifted[:0]
	}
	for _, r := range text {
		switch {
		case r < ' ' || r > '~':
			shifted = utf16.AppendRune(shifted, r)
			continue
		case r == '&':
			flush()
			out.WriteString("&-")
			continue
		}
		flush()
		out.WriteRune(r)
	}
	flush()
	return out.String()
}

// SplitName gives the decoded levels of a mailbox name; sep 0 is a flat one.
// It splits before it decodes: a level may hold the separator as text. Names
// in GBK are decoded first, since a separator may be half a character there.
func SplitName(name string, sep byte) []string {
	if sep == 0 {
		return []string{DecodeName(name)}
	}
	levels := strings.Split(utf8Of(name), string(rune(sep)))
	for i, level := range levels {
		levels[i] = DecodeName(level)
	}
	return levels
}
