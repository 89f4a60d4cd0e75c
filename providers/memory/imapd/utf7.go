package imapd

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// modified is the base64 of modified UTF-7 (RFC 3501 section 5.1.3).
func modified() *base64.Encoding {
	return base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").
		WithPadding(base64.NoPadding)
}

func encodeName(path []string) string {
	var b strings.Builder
	var wide []rune
	flush := func() {
		if len(wide) == 0 {
			return
		}
		var raw []byte
		for _, u := range utf16.Encode(wide) {
			raw = binary.BigEndian.AppendUint16(raw, u)
		}
		b.WriteString("&" + modified().EncodeToString(raw) + "-")
		wide = nil
	}
	for _, r := range strings.Join(path, "/") {
		if r < ' ' || r > '~' {
			wide = append(wide, r)
			continue
		}
		flush()
		b.WriteRune(r)
		if r == '&' {
			b.WriteByte('-')
		}
	}
	flush()
	return b.String()
}

// decodeName gives the levels; ok is false where name is not modified UTF-7.
func decodeName(name string) (path []string, ok bool) {
	var b strings.Builder
	for name != "" {
		at := strings.IndexByte(name, '&')
		if at < 0 {
			b.WriteString(name)
			break
		}
		b.WriteString(name[:at])
		wide, rest, closed := strings.Cut(name[at+1:], "-")
		if !closed {
			return nil, false
		}
		name = rest
		if wide == "" {
			b.WriteByte('&')
			continue
		}
		raw, err := modified().DecodeString(wide)
		if err != nil || len(raw)%2 != 0 {
			return nil, false
		}
		units := make([]uint16, len(raw)/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(raw[2*i:])
		}
		b.WriteString(string(utf16.Decode(units)))
	}
	return strings.Split(b.String(), "/"), true
}
