package corpus

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf16"
)

// base64Name is modified BASE64 (RFC 3501 section 5.1.3).
func base64Name() *base64.Encoding {
	return base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding)
}

// encodeName writes text in modified UTF-7.
func encodeName(text string) string {
	var out strings.Builder
	var shifted []rune
	flush := func() {
		if len(shifted) == 0 {
			return
		}
		var octets []byte
		for _, unit := range utf16.Encode(shifted) {
			octets = append(octets, byte(unit>>8), byte(unit))
		}
		out.WriteString("&" + base64Name().EncodeToString(octets) + "-")
		shifted = nil
	}
	for _, r := range text {
		if r < ' ' || r > '~' {
			shifted = append(shifted, r)
			continue
		}
		flush()
		out.WriteRune(r)
		if r == '&' {
			out.WriteByte('-')
		}
	}
	flush()
	return out.String()
}

// decodeName reads modified UTF-7.
func decodeName(name string) (string, error) {
	var out strings.Builder
	for name != "" {
		plain, rest, found := strings.Cut(name, "&")
		out.WriteString(plain)
		if !found {
			break
		}
		coded, after, found := strings.Cut(rest, "-")
		if !found {
			return "", fmt.Errorf("no end of the shift in the name %q", name)
		}
		name = after
		if coded == "" {
			out.WriteByte('&')
			continue
		}
		octets, err := base64Name().DecodeString(coded)
		if err != nil || len(octets)%2 != 0 {
			return "", fmt.Errorf("&%s- is not UTF-16 in modified BASE64", coded)
		}
		units := make([]uint16, len(octets)/2)
		for i := range units {
			units[i] = uint16(octets[2*i])<<8 | uint16(octets[2*i+1])
		}
		out.WriteString(string(utf16.Decode(units)))
	}
	return out.String(), nil
}

// quote writes a quoted string (RFC 9051 section 4.3).
func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

func unquote(text string) string {
	text = strings.TrimSuffix(strings.TrimPrefix(text, `"`), `"`)
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(text)
}
