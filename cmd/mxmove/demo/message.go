package demo

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// letter is a message before it is written (RFC 5322).
type letter struct {
	from      person
	to        []person
	subject   string
	date      time.Time
	id        string
	ancestors []string // Message-IDs, oldest first
	body      string
	html, gb  bool
	attached  *attachment
}

type attachment struct {
	name, kind string
	data       []byte
}

// write gives the octets, all lines ending in CRLF.
func (l letter) write() []byte {
	var b bytes.Buffer
	field := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	field("From", l.mailbox(l.from))
	to := make([]string, len(l.to))
	for i, p := range l.to {
		to[i] = l.mailbox(p)
	}
	field("To", strings.Join(to, ",\r\n "))
	field("Subject", l.words(l.subject))
	field("Date", l.date.Format("Mon, 2 Jan 2006 15:04:05 -0700"))
	field("Message-ID", l.id)
	if n := len(l.ancestors); n > 0 {
		field("In-Reply-To", l.ancestors[n-1])
		field("References", strings.Join(l.ancestors, "\r\n "))
	}
	field("MIME-Version", "1.0")
	b.Write(l.content())
	return b.Bytes()
}

func (l letter) mailbox(p person) string { return l.words(p.name) + " <" + p.address + ">" }

// words encodes what is not ASCII (RFC 2047), one encoded word a line.
func (l letter) words(s string) string {
	if ascii(s) {
		return s
	}
	if l.gb {
		if raw, err := simplifiedchinese.GB18030.NewEncoder().String(s); err == nil && len(raw) <= 42 {
			return "=?GB18030?B?" + base64.StdEncoding.EncodeToString([]byte(raw)) + "?="
		}
	}
	return strings.ReplaceAll(mime.BEncoding.Encode("utf-8", s), "?= =?", "?=\r\n =?")
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > '~' }) < 0
}

// content is the rest of the header and the body.
func (l letter) content() []byte {
	part := l.text()
	if l.html {
		part = joined("alternative", l.boundary("alt"), l.text(), l.markup())
	}
	if l.attached != nil {
		part = joined("mixed", l.boundary("mix"), part, l.attached.part())
	}
	return part
}

func (l letter) boundary(kind string) string {
	name, _, _ := strings.Cut(strings.Trim(l.id, "<>"), "@")
	return "=_" + kind + "_" + name
}

func joined(kind, boundary string, parts ...[]byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Content-Type: multipart/%s;\r\n boundary=\"%s\"\r\n\r\n", kind, boundary)
	b.WriteString("This is a message in several parts.\r\n")
	for _, p := range parts {
		fmt.Fprintf(&b, "\r\n--%s\r\n%s", boundary, p)
	}
	fmt.Fprintf(&b, "\r\n--%s--\r\n", boundary)
	return b.Bytes()
}

// text is a text/plain part: 7bit where that will do, else GB18030 or UTF-8.
func (l letter) text() []byte {
	body := strings.ReplaceAll(l.body, "\n", "\r\n") + "\r\n"
	switch {
	case ascii(body):
		return []byte("Content-Type: text/plain; charset=us-ascii\r\n\r\n" + body)
	case l.gb:
		if raw, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(body)); err == nil {
			return append([]byte("Content-Type: text/plain; charset=\"gb18030\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"), inBase64(raw)...)
		}
	case !l.html:
		return []byte("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + body)
	}
	return append([]byte("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"), inBase64([]byte(body))...)
}

func (l letter) markup() []byte {
	var b bytes.Buffer
	b.WriteString("Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	w := quotedprintable.NewWriter(&b)
	fmt.Fprintf(w, "<html><body style=\"font-family: sans-serif\"><p>%s</p></body></html>\r\n",
		strings.ReplaceAll(l.body, "\n", "<br>\r\n"))
	w.Close()
	return b.Bytes()
}

func (a *attachment) part() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Content-Type: %s\r\nContent-Transfer-Encoding: base64\r\n", a.kind)
	fmt.Fprintf(&b, "Content-Disposition: %s\r\n\r\n", mime.FormatMediaType("attachment", map[string]string{"filename": a.name}))
	b.Write(inBase64(a.data))
	return b.Bytes()
}

// inBase64 breaks lines after 76 characters (RFC 2045 section 6.8).
func inBase64(data []byte) []byte {
	all := base64.StdEncoding.EncodeToString(data)
	var b bytes.Buffer
	for len(all) > 76 {
		b.WriteString(all[:76] + "\r\n")
		all = all[76:]
	}
	b.WriteString(all + "\r\n")
	return b.Bytes()
}
