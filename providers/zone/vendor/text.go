package vendor

import (
	"fmt"
	"strconv"
	"strings"
)

// How octets beyond printable ASCII are written within quotes: \DDD.
const (
	Decimal = "\\%03d" // RFC 1035 section 5.1
	Octal   = "\\%03o" // Route 53
)

// maxString is the longest string of a TXT record, in octets (RFC 1035 section
// 3.3).
const maxString = 255

// Quote writes octets as quoted strings of at most 255.
func Quote(s, form string) string {
	var parts []string
	for {
		n := min(len(s), maxString)
		parts = append(parts, quoteOne(s[:n], form))
		if s = s[n:]; s == "" {
			return strings.Join(parts, " ")
		}
	}
}

func quoteOne(s, form string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(c))
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, form, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String() + `"`
}

// Unquote joins quoted strings, with decimal escapes. What is not quoted stays.
func Unquote(s string) string { return unquote(s, 10) }

// UnquoteOctal joins quoted strings, with octal escapes.
func UnquoteOctal(s string) string { return unquote(s, 8) }

func unquote(s string, base int) string {
	if !strings.HasPrefix(s, `"`) {
		return s
	}
	var b strings.Builder
	within := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			within = !within
		case c == '\\' && i+3 < len(s) && digits(s[i+1:i+4]):
			n, err := strconv.ParseUint(s[i+1:i+4], base, 8)
			if err != nil {
				return s
			}
			b.WriteByte(byte(n))
			i += 3
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case within:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func digits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}
