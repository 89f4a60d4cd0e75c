package mend

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/mail"
	"sync"
	"time"

	"github.com/mxmove/mxmove/config/text"
)

// OriginalField is the field of a wrapped message that holds the SHA-256 of
// the original's octets, in hexadecimal.
const OriginalField = "X-Mxmove-Original-SHA256"

// valueLimit is how long a value may be that is taken over.
const valueLimit = 4000

// cover is what a wrapped mail says, in all languages: a pass has none.
var cover = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	for _, lang := range []text.Lang{text.Chinese, text.English} {
		b.WriteString(text.Load(lang).T("mend.cover") + "\r\n\r\n")
	}
	return b.Bytes()
})

// wrap gives a mail with the original attached, octet by octet, that every
// server takes: 7 bit, short lines, a whole header. It tells in two languages
// why it stands there. Subject, sender and so on are the original's.
func wrap(msg []byte, at time.Time) []byte {
	sum := sha256.Sum256(msg)
	edge := "mxmove-" + hex.EncodeToString(sum[:16])
	var b bytes.Buffer
	b.Grow(len(msg)*3/2 + 4096)
	takeOver(&b, msg, at)
	b.WriteString(OriginalField + ": " + hex.EncodeToString(sum[:]) + "\r\n" +
		"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"" + edge + "\"\r\n\r\n--" + edge +
		"\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	writeBase64(&b, cover())
	if b.WriteString("--" + edge + "\r\n"); plain(msg) {
		b.WriteString("Content-Type: message/rfc822\r\nContent-Disposition: attachment; filename=\"original.eml\"\r\n\r\n")
		b.Write(msg)
		b.WriteString("\r\n")
	} else {
		b.WriteString("Content-Type: application/octet-stream; name=\"original.eml\"\r\nContent-Transfer-Encoding: base64\r\n" +
			"Content-Disposition: attachment; filename=\"original.eml\"\r\n\r\n")
		writeBase64(&b, msg)
	}
	b.WriteString("--" + edge + "--\r\n")
	return b.Bytes()
}

// takeOver writes the fields by which people find a mail, made sound.
func takeOver(b *bytes.Buffer, msg []byte, at time.Time) {
	head, _ := split(msg)
	head = Apply(append(bytes.Clone(head), "\r\n"...), all&^Origin, at)
	for _, name := range []string{"From", "To", "Cc", "Subject", "Date", "Message-ID"} {
		value := clean(find(head, name))
		if _, err := mail.ParseDate(string(value)); name == "Date" && err != nil {
			value = []byte(dateOf(at))
		}
		if name == "From" && len(value) == 0 {
			value = []byte("unknown sender <unknown@sender.invalid>")
		}
		if len(value) > 0 && len(value) <= valueLimit && !has8bit(value) {
			b.Write(folded([]byte(name + ": " + string(value) + "\r\n")))
		}
	}
}

// plain reports whether a message may be attached as one (RFC 2046 section
// 5.2.1): 7 bit, lines that end in CRLF and are not too long, and nothing to
// be mended in its header.
func plain(msg []byte) bool {
	if has8bit(msg) || bytes.IndexByte(msg, 0) >= 0 || bareNewlines(msg) {
		return false
	}
	for _, line := range linesOf(msg) {
		if len(trimEnd(line)) > lineLimit {
			return false
		}
	}
	return Useful(msg, Envelope|Header, time.Time{}) == none
}

func writeBase64(b *bytes.Buffer, octets []byte) {
	for len(octets) > 0 {
		n := min(57, len(octets)) // 76 characters (RFC 2045 section 6.8)
		b.Write(base64.StdEncoding.AppendEncode(b.AvailableBuffer(), octets[:n]))
		b.WriteString("\r\n")
		octets = octets[n:]
	}
}
