package config

import (
	"bytes"
	"slices"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// encoding of a roster file. Spreadsheets write what their machine prefers.
type encoding uint8

const (
	encUTF8 encoding = iota
	encGB18030
	encUTF16LE
	encUTF16BE
)

// decoded is a file's text in UTF-8, line by line as in the file.
type decoded struct {
	enc  encoding
	data []byte
	raw  []byte
	mark int   // octets before the text
	bad  []int // lines, from 1, that are not of the encoding; empty in data
}

// decodeText finds a file's encoding: by its mark; else UTF-8, where all of it
// or most of what is not ASCII is; else GB18030, which includes GBK and GB2312.
// A line that does not fit is left out, never guessed at.
func decodeText(raw []byte) decoded {
	d := decoded{raw: raw}
	switch {
	case bytes.HasPrefix(raw, byteOrderMark):
		d.mark = len(byteOrderMark)
	case bytes.HasPrefix(raw, []byte{0xff, 0xfe}):
		d.enc, d.mark = encUTF16LE, 2
	case bytes.HasPrefix(raw, []byte{0xfe, 0xff}):
		d.enc, d.mark = encUTF16BE, 2
	case !utf8.Valid(raw) && !mostlyUTF8(raw):
		d.enc = encGB18030
	}
	body := raw[d.mark:]
	if d.enc == encUTF8 && utf8.Valid(body) {
		d.data = body
		return d
	}
	d.data = make([]byte, 0, len(body)+len(body)/2)
	for n, line := range d.enc.lines(body) {
		text, ok := d.enc.decode(line)
		if !ok {
			d.bad = append(d.bad, n+1)
			text = text[:0]
			if bytes.HasSuffix(line, d.enc.newline()) {
				text = append(text, '\n')
			}
		}
		d.data = append(d.data, text...)
	}
	return d
}

// mostlyUTF8 counts lines: one line in another encoding does not change what a
// file is.
func mostlyUTF8(raw []byte) bool {
	is, not := 0, 0
	for line := range bytes.Lines(raw) {
		switch {
		case !utf8.Valid(line):
			not++
		case !ascii(string(line)):
			is++
		}
	}
	return is > not
}

func (e encoding) newline() []byte {
	switch e {
	case encUTF16LE:
		return []byte{'\n', 0}
	case encUTF16BE:
		return []byte{0, '\n'}
	}
	return []byte{'\n'}
}

// lines cuts text after each line end. In GB18030 no octet of a character is
// one; in UTF-16 it counts only where a code unit begins.
func (e encoding) lines(b []byte) [][]byte {
	var out [][]byte
	end := e.newline()
	start := 0
	for i := 0; i+len(end) <= len(b); i += len(end) {
		if bytes.Equal(b[i:i+len(end)], end) {
			out = append(out, b[start:i+len(end)])
			start = i + len(end)
		}
	}
	if start < len(b) {
		out = append(out, b[start:])
	}
	return out
}

// decode gives a line in UTF-8, or false where an octet does not fit. A line of
// a GB18030 file that is Chinese in UTF-8 does not fit either: read as GB18030
// it would be other characters.
func (e encoding) decode(line []byte) ([]byte, bool) {
	switch e {
	case encUTF16LE, encUTF16BE:
		return decodeUTF16(line, e == encUTF16BE)
	case encUTF8:
		return bytes.Clone(line), utf8.Valid(line)
	}
	if ascii(string(line)) {
		return bytes.Clone(line), true
	}
	if utf8.Valid(line) && bytes.ContainsFunc(line, func(r rune) bool { return r >= 0x800 }) {
		return nil, false
	}
	out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(line)
	return out, err == nil && !bytes.ContainsRune(out, utf8.RuneError)
}

func decodeUTF16(line []byte, big bool) ([]byte, bool) {
	units := make([]uint16, 0, len(line)/2)
	for pair := range slices.Chunk(line, 2) {
		switch {
		case len(pair) < 2:
			return nil, false
		case big:
			units = append(units, uint16(pair[0])<<8|uint16(pair[1]))
		default:
			units = append(units, uint16(pair[1])<<8|uint16(pair[0]))
		}
	}
	out := []byte(string(utf16.Decode(units)))
	return out, !bytes.ContainsRune(out, utf8.RuneError)
}

// decodeAll decodes lines that are known to fit.
func (e encoding) decodeAll(b []byte) []byte {
	var out []byte
	for _, line := range e.lines(b) {
		text, _ := e.decode(line)
		out = append(out, text...)
	}
	return out
}

// offsets turns offsets of lines in the text into offsets in the file; starts
// are the lines of the text.
func (d *decoded) offsets(starts []int) func(int64) int64 {
	if d.enc == encUTF8 && len(d.bad) == 0 {
		return func(at int64) int64 { return at + int64(d.mark) }
	}
	raw := []int64{int64(d.mark)}
	for _, line := range d.enc.lines(d.raw[d.mark:]) {
		raw = append(raw, raw[len(raw)-1]+int64(len(line)))
	}
	return func(at int64) int64 {
		i, _ := slices.BinarySearch(starts, int(at))
		return raw[min(i, len(raw)-1)]
	}
}
