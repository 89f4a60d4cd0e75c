package transfer

import (
	"bytes"
	"mime"
	"strings"
)

const (
	// manyParts is how many parts a mail must have before a missing end is
	// held against the server: Courier hands out what comes before its 300th
	// part for the whole, as its sizes do. Senders forget the end, too, but
	// not of mails like that.
	manyParts = 298

	maxLine  = 1000 // octets of a line that are looked at (RFC 5322 section 2.1.1: 998)
	maxField = 8192 // octets of a Content-Type
	maxEdges = 64   // boundaries, one in another
)

// cutShort looks whether a multipart mail (RFC 2046 section 5.1.1) of very
// many parts ends without its closing boundary, in a fixed amount of memory.
// Write never fails.
type cutShort struct {
	line   []byte // the beginning of the one being written
	field  []byte // Content-Type of the header being read
	inType bool
	body   bool
	edges  []string // "--" and a boundary; the mail's own is first
	parts  int
	closed bool // the mail's own boundary came with its end
}

func (c *cutShort) Reset() {
	*c = cutShort{line: c.line[:0], field: c.field[:0], edges: c.edges[:0]}
}

// Write adds octets of the message, in any portions.
func (c *cutShort) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 && !(c.body && len(c.edges) == 0) && !c.closed {
		piece, rest, ended := bytes.Cut(p, []byte("\n"))
		p = rest
		c.line = append(c.line, piece[:min(len(piece), maxLine-len(c.line))]...)
		if ended {
			c.ended(bytes.TrimSuffix(c.line, []byte("\r")))
			c.line = c.line[:0]
		}
	}
	return n, nil
}

func (c *cutShort) ended(line []byte) {
	if c.body {
		c.inBody(string(line))
		return
	}
	switch {
	case len(line) == 0:
		c.endHeader()
	case line[0] == ' ' || line[0] == '\t':
		if c.inType && len(c.field)+len(line) <= maxField {
			c.field = append(c.field, line...)
		}
	default:
		name, value, _ := bytes.Cut(line, []byte(":"))
		if c.inType = strings.EqualFold(string(bytes.TrimSpace(name)), "Content-Type"); c.inType {
			c.field = append(c.field[:0], value...)
		}
	}
}

// endHeader takes the boundary of a multipart, and goes on with the header
// within a message/rfc822.
func (c *cutShort) endHeader() {
	kind, params, err := mime.ParseMediaType(string(c.field))
	c.field, c.inType = c.field[:0], false
	if err == nil && kind == "message/rfc822" {
		return
	}
	c.body = true
	if err == nil && strings.HasPrefix(kind, "multipart/") && params["boundary"] != "" && len(c.edges) < maxEdges {
		c.edges = append(c.edges, "--"+params["boundary"])
	}
}

func (c *cutShort) inBody(line string) {
	for i := len(c.edges) - 1; i >= 0; i-- {
		rest, found := strings.CutPrefix(line, c.edges[i])
		switch rest = strings.TrimRight(rest, " \t"); {
		case !found:
		case rest == "--":
			c.closed = i == 0
			c.edges = c.edges[:max(i, 1)]
			return
		case rest == "":
			c.edges = c.edges[:i+1]
			c.parts++
			c.body = false
			return
		}
	}
}

// cut reports whether what was written is only the beginning of a mail.
func (c *cutShort) cut() bool {
	if len(c.line) > 0 {
		c.ended(bytes.TrimSuffix(c.line, []byte("\r")))
		c.line = c.line[:0]
	}
	return len(c.edges) > 0 && !c.closed && c.parts >= manyParts
}
