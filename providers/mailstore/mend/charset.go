package mend

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"
)

const unknown = "unknown-8bit" // RFC 1428

// pairs are charsets in which an octet from 0x80 on begins a character of two.
var pairs = map[string]bool{"gb2312": true, "gbk": true, "gb18030": true, "big5": true, "euc-kr": true, "euc-jp": true, "shift_jis": true, "euc-cn": true}

var (
	declared = regexp.MustCompile(`(?i)charset\s*=\s*"?([a-z0-9_.-]+)`)
	singles  = regexp.MustCompile(`^(iso-8859-\d+|windows-125\d|koi8-[ru])$`)
)

// charsetOf says in which charset a header's octets from 0x80 on are: UTF-8
// where they are valid, else the one that the message declares for its text,
// else GBK where all are such pairs and most of them usual.
func charsetOf(head []byte) string {
	if utf8.Valid(head) {
		return "utf-8"
	}
	name := ""
	if m := declared.FindSubmatch(find(head, "Content-Type")); m != nil {
		name = strings.ToLower(string(m[1]))
	}
	valid, usual := gbk(head)
	switch {
	case singles.MatchString(name), pairs[name] && !strings.HasPrefix(name, "gb"), strings.HasPrefix(name, "gb") && valid:
		return name
	case usual:
		return "gbk"
	}
	return unknown
}

// gbk reports whether all octets from 0x80 on are pairs of GBK, and whether
// most of these are of GB 2312.
func gbk(b []byte) (valid, usual bool) {
	n, common := 0, 0
	for i := 0; i < len(b); i++ {
		if b[i] < 0x80 {
			continue
		}
		if i+1 == len(b) || b[i] == 0x80 || b[i] == 0xff || b[i+1] < 0x40 || b[i+1] == 0x7f || b[i+1] == 0xff {
			return false, false
		}
		if n++; b[i] >= 0xa1 && b[i] <= 0xf7 && b[i+1] >= 0xa1 {
			common++
		}
		i++
	}
	return true, n > 0 && common*2 > n
}

// characterSize is how many octets belong together.
func characterSize(b []byte, charset string) int {
	switch {
	case b[0] < 0x80:
		return 1
	case charset == "utf-8":
		_, n := utf8.DecodeRune(b)
		return n
	case pairs[charset]:
		return min(2, len(b))
	}
	return 1
}

// clean gives a header's value on one line, with nothing in it but what may
// be there.
func clean(value []byte) []byte {
	value = bytes.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, value)
	return bytes.Join(bytes.Fields(value), []byte(" "))
}
