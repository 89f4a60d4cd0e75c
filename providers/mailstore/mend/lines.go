package mend

import (
	"bytes"
	"regexp"
)

// split parts a message at the end of its header: the empty line, if there is
// one, begins the rest. A CR before an LF counts to the line's end.
func split(msg []byte) (head, rest []byte) {
	for at := 0; at < len(msg); {
		end := lineEnd(msg, at)
		if len(trimEnd(msg[at:end])) == 0 {
			return msg[:at], msg[at:]
		}
		at = end
	}
	return msg, nil
}

// lineEnd is where the line ends that begins at at, behind its LF.
func lineEnd(msg []byte, at int) int {
	if i := bytes.IndexByte(msg[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(msg)
}

// trimEnd gives a line without its end.
func trimEnd(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		return bytes.TrimRight(line[:n-1], "\r")
	}
	return line
}

// linesOf parts octets into lines with their ends.
func linesOf(b []byte) [][]byte {
	var lines [][]byte
	for at := 0; at < len(b); {
		end := lineEnd(b, at)
		lines = append(lines, b[at:end])
		at = end
	}
	return lines
}

// mbox is the line by which an mbox file parts its messages: a sender, a date
// as asctime writes it (RFC 4155 appendix A).
var mbox = regexp.MustCompile(`^>?From [^:\r\n]*\d\d?:\d\d[^\r\n]*\d{4}`)

// envelope takes away such lines above the header.
func envelope(msg []byte) []byte {
	for mbox.Match(msg[:lineEnd(msg, 0)]) {
		msg = msg[lineEnd(msg, 0):]
	}
	return msg
}

// newlines makes CRLF of each line end. A CR that ends no line is one in the
// body, or where no LF is at all; in a header it would make another field.
func newlines(msg []byte) []byte {
	if !bareNewlines(msg) {
		return msg
	}
	head, _ := split(msg)
	inHead := len(head)
	if bytes.IndexByte(msg, '\n') < 0 {
		inHead = 0
	}
	b := make([]byte, 0, len(msg)+bytes.Count(msg, []byte("\n"))+16)
	for i := 0; i < len(msg); i++ {
		switch c := msg[i]; {
		case c == '\n':
			b = append(b, '\r', '\n')
		case c != '\r':
			b = append(b, c)
		case endsLine(msg[i:]): // the LF makes both
		case i < inHead:
			b = append(b, ' ')
		default:
			b = append(b, '\r', '\n')
		}
	}
	return b
}

// endsLine reports whether CRs are followed by LF.
func endsLine(crs []byte) bool {
	rest := bytes.TrimLeft(crs, "\r")
	return len(rest) > 0 && rest[0] == '\n'
}

func bareNewlines(msg []byte) bool {
	for i, c := range msg {
		if c == '\n' && (i == 0 || msg[i-1] != '\r') || c == '\r' && (i+1 == len(msg) || msg[i+1] != '\n') {
			return true
		}
	}
	return false
}
