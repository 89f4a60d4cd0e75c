package mend

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"
)

func octets(s string) []byte { return []byte(s) }

var noon = time.Date(2024, 2, 29, 12, 0, 0, 0, time.FixedZone("", 8*3600))

// Each fix does what its name says and nothing else.
func TestFixes(t *testing.T) {
	long := strings.Repeat("x", 600)
	for _, c := range []struct {
		name     string
		fix      Fixes
		in, want string
	}{
		{"envelope", Envelope, "From a@b Thu Feb 29 06:15:00 2024\r\n>From c Thu Feb 29 06:15 2024\nA: b\n\nFrom x", "A: b\n\nFrom x"},
		{"text that begins with From", Envelope, "From here on\r\n\r\nx", "From here on\r\n\r\nx"},
		{"a field", Envelope, "From : a 10:00 2024\r\n\r\n", "From : a 10:00 2024\r\n\r\n"},
		{"NUL", NUL, "A: b\r\n\r\nx\x00y\x00", "A: b\r\n\r\nxy"},
		{"bare LF", Newlines, "A: b\nC: d\r\n\nx\ny\r\n", "A: b\r\nC: d\r\n\r\nx\r\ny\r\n"},
		{"bare CR in the body", Newlines, "A: b\r\n\r\nx\ry\r\r\nz\r", "A: b\r\n\r\nx\r\ny\r\nz\r\n"},
		{"bare CR in the header", Newlines, "A: b\rBcc: c\r\n\r\n", "A: b Bcc: c\r\n\r\n"},
		{"CR for each line", Newlines, "A: b\rC: d\r\rx\r", "A: b\r\nC: d\r\n\r\nx\r\n"},
		{"no empty line", Header, "A: b\r\nHello,\r\nyou\r\n\r\nthere", "A: b\r\n\r\nHello,\r\nyou\r\n\r\nthere"},
		{"no end", Header, "A: b", "A: b\r\n\r\n"},
		{"nothing", Header, "", "\r\n"},
		{"no header", Header, "x", "\r\nx"},
		{"a line between", Header, "A: b\r\nwhat is this\r\nC: d\r\n\r\n", "A: b\r\n what is this\r\nC: d\r\n\r\n"},
		{"a line above", Header, " what\r\nC: d\r\n\r\n", "X-Mxmove-Line:  what\r\nC: d\r\n\r\n"},
		{"blank before the colon", Header, "Subject : d\r\n e : f\r\n\r\nx : y", "Subject: d\r\n e : f\r\n\r\nx : y"},
		{"no name", Header, "A: b\r\n: x\r\nC: d\r\n\r\n", "A: b\r\n : x\r\nC: d\r\n\r\n"},
		{"no sender", Origin, "Subject: x\r\n\r\nFrom: y", "From: unknown sender <unknown@sender.invalid>\r\nDate: Thu, 29 Feb 2024 04:00:00 +0000\r\nSubject: x\r\n\r\nFrom: y"},
		{"no date", Origin, "FROM : x\r\n\r\n", "Date: Thu, 29 Feb 2024 04:00:00 +0000\r\nFROM : x\r\n\r\n"},
		{"UTF-8", Encoded, "Subject: 中文 邮件 ok\r\nX: y\r\n\r\n正文", "Subject: =?utf-8?B?5Lit5paHIOmCruS7tg==?= ok\r\nX: y\r\n\r\n正文"},
		{"GBK", Encoded, "Subject: \xd6\xd0\xce\xc4\r\n\r\n", "Subject: =?gbk?B?1tDOxA==?=\r\n\r\n"},
		{"unknown", Encoded, "Subject: caf\xe9s\r\n\r\n", "Subject: =?unknown-8bit?B?Y2Fm6XM=?=\r\n\r\n"},
		{"declared", Encoded, "Subject: caf\xe9s\r\nContent-Type: text/plain; charset=ISO-8859-1\r\n\r\n",
			"Subject: =?iso-8859-1?B?Y2Fm6XM=?=\r\nContent-Type: text/plain; charset=ISO-8859-1\r\n\r\n"},
		{"names", Encoded, "From: \"王芳\" <a@b>, 李 (中)<c@d>\r\n\r\n", "From: =?utf-8?B?546L6Iqz?= <a@b>, =?utf-8?B?5p2O?= (=?utf-8?B?5Lit?=)<c@d>\r\n\r\n"},
		{"a file", Encoded, "Content-Type: a/b; name=\"中.txt\"; x=\"y\"\r\n\r\n", "Content-Type: a/b; name=\"=?utf-8?B?5LitLnR4dA==?=\"; x=\"y\"\r\n\r\n"},
		{"fold at a blank", Folded, "A: " + long + " " + long + "\r\n\r\n" + long + long, "A: " + long + "\r\n " + long + "\r\n\r\n" + long + long},
		{"fold behind a comma", Folded, "A: " + long + "," + long + "\r\n\r\n", "A: " + long + ",\r\n " + long + "\r\n\r\n"},
		{"fold anywhere", Folded, "A: " + strings.Repeat("y", 1000) + "\r\n\r\n", "A: " + strings.Repeat("y", 995) + "\r\n yyyyy\r\n\r\n"},
	} {
		if got := Apply(octets(c.in), c.fix, noon); string(got) != c.want {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

func TestWhatARefusalSuggests(t *testing.T) {
	for said, want := range map[string]Fixes{
		"Message contains bare newlines":                   Newlines,
		"Message contains NUL characters":                  NUL,
		"Message contains invalid header":                  Envelope | Header,
		"Message contains non-ASCII characters in headers": Encoded,
		"Zero-length message literal":                      Header,
		"Missing From header":                              Origin,
		"APPEND failed":                                    none,
	} {
		if got := Suggested(said); got != want {
			t.Errorf("%s: %v", said, got.Names())
		}
	}
}

// message draws what could be mail.
func message(t *rapid.T) []byte {
	pieces := rapid.SliceOfN(rapid.SampledFrom([]string{"From a@b Thu Feb 29 06:15:00 2024", "Subject: 中文", "From", ": x", "A", " ", "\t", "\r\n", "\r\n", "\r\n\r\n",
		"\n", "\r", "\x00", "\xd6\xd0", "\xe9", "\"", "\\", "<", ",", "x", "To: a@b\r\n", "Date: x\r\n", "=?", strings.Repeat("y", 700), strings.Repeat("z ", 600)}), 0, 30)
	return octets(strings.Join(pieces.Draw(t, "pieces"), ""))
}

// Twice is once, nothing is written into the message, and what is useful is
// just what changes it.
func TestTwiceIsOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		msg := message(t)
		was := bytes.Clone(msg)
		f := Fixes(rapid.IntRange(0, int(all)).Draw(t, "fixes"))
		once := Apply(msg, f, noon)
		if twice := Apply(once, f, noon); !bytes.Equal(once, twice) {
			t.Fatalf("%v: once %q, twice %q", f.Names(), once, twice)
		}
		if !bytes.Equal(msg, was) {
			t.Fatalf("%v changed what it was given", f.Names())
		}
		if useful := Useful(msg, f, noon); !bytes.Equal(once, Apply(msg, useful, noon)) {
			t.Fatalf("%v: only %v are useful", f.Names(), useful.Names())
		}
	})
}

// What a fix is not about stays, octet by octet.
func TestTheRestStays(t *testing.T) {
	without := func(b []byte, cut string) string {
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune(cut, r) {
				return -1
			}
			return r
		}, string(bytes.Map(func(r rune) rune { return r }, octetsAsRunes(b))))
	}
	rapid.Check(t, func(t *rapid.T) {
		msg := message(t)
		head, rest := split(msg)
		if got := newlines(msg); without(got, "\r\n ") != without(msg, "\r\n ") {
			t.Fatalf("newlines: %q", got)
		}
		if got := structure(msg); without(bytes.ReplaceAll(got, octets(stray), nil), "\r\n \t") != without(msg, "\r\n \t") || !bytes.HasSuffix(got, rest) {
			t.Fatalf("header: %q", got)
		}
		if got := folded(msg); without(got, "\r\n ") != without(msg, "\r\n ") || !bytes.HasSuffix(got, rest) {
			t.Fatalf("folded: %q", got)
		} else if h, _ := split(got); bytes.Count(head, octets(" ")) == 0 && tooLong(h) {
			t.Fatalf("still too long: %q", got)
		}
		if got := encoded(msg); !bytes.HasSuffix(got, rest) {
			t.Fatalf("encoded: %q", got)
		}
		if got := origin(msg, noon); !bytes.HasSuffix(got, msg) {
			t.Fatalf("origin: %q", got)
		}
		if got := envelope(msg); !bytes.HasSuffix(msg, got) {
			t.Fatalf("envelope: %q", got)
		}
	})
}

// octetsAsRunes lets each octet be one character.
func octetsAsRunes(b []byte) []byte {
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return octets(string(r))
}

func tooLong(head []byte) bool {
	for _, line := range linesOf(head) {
		if len(trimEnd(line)) > lineLimit {
			return true
		}
	}
	return false
}

// Who decodes an encoded header reads what was meant.
func TestEncodedIsReadable(t *testing.T) {
	d := mime.WordDecoder{CharsetReader: func(charset string, in io.Reader) (io.Reader, error) {
		if charset == "gbk" {
			return simplifiedchinese.GBK.NewDecoder().Reader(in), nil
		}
		return in, nil
	}}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[中文邮件会议]{1,8}( ?[a-z通知北京上海]{1,50}){0,8}`).Draw(t, "text")
		raw := octets(text)
		if rapid.Bool().Draw(t, "GBK") {
			if gbk, err := simplifiedchinese.GBK.NewEncoder().Bytes(raw); err == nil && !utf8.Valid(gbk) { // what is UTF-8 is taken to be
				raw = gbk
			}
		}
		got := encoded(append(append(octets("Subject: "), raw...), "\r\n\r\n"...))
		if has8bit(got) || tooLong(got) {
			t.Fatalf("%q", got)
		}
		m, err := mail.ReadMessage(bytes.NewReader(got))
		if err != nil {
			t.Fatal(err)
		}
		is, err := d.DecodeHeader(m.Header.Get("Subject"))
		if err != nil || is != text {
			t.Fatalf("%q became %q (%v): %q", text, is, err, got)
		}
	})
}

// A wrapped mail is sound whatever it wraps, and gives the original back.
func TestWrapGivesTheOriginalBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		msg := message(t)
		w := Apply(msg, Wrapped, noon)
		if has8bit(w) || bytes.IndexByte(w, 0) >= 0 || bareNewlines(w) || tooLong(w) || !bytes.Equal(w, Apply(w, all, noon)) {
			t.Fatalf("%q", w)
		}
		m, err := mail.ReadMessage(bytes.NewReader(w))
		if err != nil {
			t.Fatalf("%v: %q", err, w)
		}
		sum := sha256.Sum256(msg)
		if m.Header.Get(OriginalField) != hex.EncodeToString(sum[:]) {
			t.Fatalf("%q", m.Header)
		}
		_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		parts := multipart.NewReader(m.Body, params["boundary"])
		cover, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		if told, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, cover)); err != nil || !bytes.Contains(told, octets("原件")) || !bytes.Contains(told, octets("original")) {
			t.Fatalf("%q, %v", told, err)
		}
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		var r io.Reader = part
		if part.Header.Get("Content-Transfer-Encoding") == "base64" {
			r = base64.NewDecoder(base64.StdEncoding, r)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, msg) {
			t.Fatalf("%q, %v", got, err)
		}
	})
}

func TestWrapTakesOverWhatPeopleSearch(t *testing.T) {
	msg := "From: \"王芳\" <a@b.test>\nSubject: \xd6\xd0\xce\xc4\x00\r\n to you\nDate: nonsense\nMessage-ID: <1@b.test>\n\nText"
	m, err := mail.ReadMessage(bytes.NewReader(Apply(octets(msg), Wrapped, noon)))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"Date": "Thu, 29 Feb 2024 04:00:00 +0000", "Message-Id": "<1@b.test>"} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if from, err := m.Header.AddressList("From"); err != nil || from[0].Address != "a@b.test" {
		t.Errorf("%v, %v", from, err)
	}
	if s := m.Header.Get("Subject"); !strings.Contains(s, "to you") || !strings.HasPrefix(s, "=?") {
		t.Errorf("%q", s)
	}
}

// Every form that a ladder may have made is among the forms, the wrapped one
// last, and there are few.
func TestForms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		msg := message(t)
		f := Fixes(rapid.IntRange(1, int(all)).Draw(t, "fixes"))
		want := Apply(msg, f, noon)
		found, n, last := bytes.Equal(want, msg), 0, none
		Forms(msg, noon, func(f Fixes, made func() []byte) bool {
			form := made()
			if bytes.Equal(form, msg) || !bytes.Equal(form, Apply(msg, f, noon)) {
				t.Fatalf("%v: %q", f.Names(), form)
			}
			found = found || bytes.Equal(form, want)
			n, last = n+1, f
			return true
		})
		if !found || last != Wrapped || n > 128 {
			t.Fatalf("found %v, %d forms, the last %v", found, n, last.Names())
		}
	})
	n := 0
	Forms(octets("From: a\r\nDate: b\r\n\r\nx\r\n"), noon, func(Fixes, func() []byte) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d forms of a sound message", n)
	}
}
