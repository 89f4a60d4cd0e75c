package transfer

import (
	"bufio"
	"bytes"
	"io"
	"mime"
	"net/textproto"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// Query says which mail is looked for: what is given must be in the message's
// field, whatever its case. Since is by INTERNALDATE.
type Query struct {
	From, Subject, MessageID string
	Since                    time.Time
}

// head is what a person knows a message by.
type head struct{ from, subject, id string }

// maxHead bounds how much of a header is read.
const maxHead = 256 << 10

// readHead reads the fields of a header, as far as it can be read.
func readHead(r io.Reader) (head, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxHead))
	if err != nil {
		return head{}, err
	}
	b = append(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), "\n\n"...)
	if i := bytes.Index(b, []byte("\n\n")); i >= 0 {
		b = b[:i+2]
	}
	fields, _ := textproto.NewReader(bufio.NewReader(bytes.NewReader(b))).ReadMIMEHeader() // up to the first line that is none
	return head{decodeField(fields.Get("From")), decodeField(fields.Get("Subject")), strings.TrimSpace(fields.Get("Message-Id"))}, nil
}

// MessageID reads that field out of a header; "": there is none.
func MessageID(r io.Reader) (string, error) {
	h, err := readHead(r)
	return h.id, err
}

// decodeField reads encoded words (RFC 2047), and octets over 127 as UTF-8 or
// else GB18030.
func decodeField(s string) string {
	words := mime.WordDecoder{CharsetReader: func(charset string, in io.Reader) (io.Reader, error) {
		e, err := ianaindex.MIME.Encoding(charset)
		if err != nil || e == nil {
			e = simplifiedchinese.GB18030
		}
		return e.NewDecoder().Reader(in), nil
	}}
	if !utf8.ValidString(s) {
		if out, err := simplifiedchinese.GB18030.NewDecoder().String(s); err == nil {
			s = out
		}
	}
	if out, err := words.DecodeHeader(s); err == nil {
		s = out
	}
	return strings.Join(strings.Fields(strings.ToValidUTF8(s, "\ufffd")), " ")
}

func (q Query) matches(h head) bool {
	in := func(field, want string) bool {
		return want == "" || strings.Contains(strings.ToLower(field), strings.ToLower(want))
	}
	return in(h.from, q.From) && in(h.subject, q.Subject) && in(h.id, q.MessageID)
}
