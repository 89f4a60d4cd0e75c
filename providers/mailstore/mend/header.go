package mend

import (
	"bytes"
	"time"
)

// stray names what stands above the first field and is none.
const stray = "X-Mxmove-Line: "

// nameLimit is how long a field's name may be to be taken for one.
const nameLimit = 200

// kind is what a line of a header is.
type kind uint8

const (
	noField   kind = iota
	field          // a name, a colon
	spaced         // ... with blanks between: obsolete (RFC 5322 section 4.5.8), and refused by some
	continued      // begins with a blank
)

func kindOf(line []byte) kind {
	if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
		return continued
	}
	colon := bytes.IndexByte(line, ':')
	if colon < 1 || colon > nameLimit {
		return noField
	}
	name := bytes.TrimRight(line[:colon], " \t")
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return noField
		}
	}
	switch len(name) {
	case colon:
		return field
	case 0:
		return noField
	}
	return spaced
}

// structure makes a header of fields (RFC 5322 section 2.2) that an empty line
// ends. Where text begins without that line, it is put before the first line
// behind which no field comes; other lines that are no field continue the
// field above them.
func structure(msg []byte) []byte {
	head, rest := split(msg)
	lines := linesOf(head)
	last := -1
	for i, line := range lines {
		if k := kindOf(line); k == field || k == spaced {
			last = i
		}
	}
	var b bytes.Buffer
	for i, line := range lines {
		k := kindOf(line)
		switch {
		case i > last && (k == noField || last < 0): // the text begins
			b.WriteString("\r\n")
			b.Write(bytes.Join(lines[i:], nil))
			b.Write(rest)
			return b.Bytes()
		case k == spaced:
			colon := bytes.IndexByte(line, ':')
			b.Write(bytes.TrimRight(line[:colon], " \t"))
			line = line[colon:]
		case i == 0 && k != field:
			b.WriteString(stray)
		case k == noField:
			b.WriteByte(' ')
		}
		b.Write(line)
	}
	if rest != nil {
		b.Write(rest)
		return b.Bytes()
	}
	if n := b.Len(); n > 0 && b.Bytes()[n-1] != '\n' {
		b.WriteString("\r\n")
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// origin adds the two fields that every message has, above the others. The
// sender is in a domain that does not exist (RFC 2606).
func origin(msg []byte, at time.Time) []byte {
	head, _ := split(msg)
	var b bytes.Buffer
	if find(head, "From") == nil {
		b.WriteString("From: unknown sender <unknown@sender.invalid>\r\n")
	}
	if find(head, "Date") == nil {
		b.WriteString("Date: " + dateOf(at) + "\r\n")
	}
	if b.Len() == 0 {
		return msg
	}
	b.Write(msg)
	return b.Bytes()
}

func dateOf(at time.Time) string {
	if at.IsZero() {
		at = time.Unix(0, 0)
	}
	return at.UTC().Format("Mon, 02 Jan 2006 15:04:05 -0700")
}

// find gives the value of a header's first field of that name, with its line
// ends; nil: there is none.
func find(head []byte, name string) []byte {
	for _, f := range fields(head) {
		colon := bytes.IndexByte(f, ':')
		if colon >= 0 && bytes.EqualFold(bytes.TrimRight(f[:colon], " \t"), []byte(name)) {
			return f[colon+1:]
		}
	}
	return nil
}

// fields parts a header into fields with the lines that continue them.
func fields(head []byte) [][]byte {
	var all [][]byte
	start := 0
	for at := 0; at < len(head); {
		at = lineEnd(head, at)
		if at == len(head) || kindOf(head[at:]) != continued {
			all = append(all, head[start:at])
			start = at
		}
	}
	return all
}

// lineLimit is how long a line may be (RFC 5322 section 2.1.1).
const lineLimit = 998

// folded folds long header lines: before a blank, else behind a comma or
// semicolon, else where they must end.
func folded(msg []byte) []byte {
	head, rest := split(msg)
	var b []byte
	changed := false
	for _, line := range linesOf(head) {
		for lead := 0; len(trimEnd(line))+lead > lineLimit; changed = true {
			at, blank := foldAt(line, lineLimit-lead)
			b = append(append(append(b, line[:at]...), '\r', '\n'), blank...)
			line, lead = line[at:], len(blank)
		}
		b = append(b, line...)
	}
	if !changed {
		return msg
	}
	return append(b, rest...)
}

// foldAt gives where to fold a line that is longer than limit, and what must
// be put before the rest.
func foldAt(line []byte, limit int) (at int, blank string) {
	first := max(0, bytes.IndexByte(line[:limit], ':'))
	for first < limit && (line[first] == ':' || line[first] == ' ' || line[first] == '\t') {
		first++ // a name or blanks alone on a line would be an empty field
	}
	for at = limit; at > first; at-- {
		if line[at] == ' ' || line[at] == '\t' {
			return at, ""
		}
	}
	for at = limit; at > first; at-- {
		if line[at-1] == ',' || line[at-1] == ';' {
			return at, " "
		}
	}
	return limit, " "
}
