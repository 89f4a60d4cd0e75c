package transfer

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func fingerprintOf(s string) Fingerprint {
	f := NewFingerprinter()
	_, _ = f.Write([]byte(s))
	return f.Sum()
}

// slowFingerprint is the definition, all in memory and in several walks.
func slowFingerprint(s string) Fingerprint {
	want := Fingerprint{
		Exact:          sha256.Sum256([]byte(s)),
		Size:           int64(len(s)),
		HasNUL:         strings.Contains(s, "\x00"),
		BareCR:         strings.Contains(strings.ReplaceAll(s, "\r\n", ""), "\r"),
		BareLF:         strings.Contains(strings.ReplaceAll(s, "\r\n", ""), "\n"),
		NoFinalNewline: !strings.HasSuffix(s, "\n"),
	}
	s = strings.ReplaceAll(s, "\r", "")
	header := len(s)
	if strings.HasPrefix(s, "\n") {
		header = 0
	} else if i := strings.Index(s, "\n\n"); i >= 0 {
		header = i
	}
	b := []byte(s)
	for i, c := range b {
		want.Header8Bit = want.Header8Bit || i < header && c >= 0x80
		if c == 0 {
			c, b[i] = 0x80, 0x80
		}
		if i < header && c >= 0x80 {
			if want.High == 0 {
				want.High = fnvOffset
			}
			want.High = (want.High ^ uint64(c)) * fnvPrime
			b[i] = 'X'
		}
	}
	b = bytes.TrimRight(b, "\n")
	want.Length = int64(len(b))
	want.Canonical = sha256.Sum256(b)
	return want
}

// mailText makes octets in which line ends, NUL and 8-bit octets are frequent.
func mailText() *rapid.Generator[string] {
	piece := rapid.SampledFrom([]string{
		"\r\n", "\r\n", "\n", "\r", "\r\r\n", "\x00", "\x80", "\xc3\xa9", "X", "Subject: a", "\r\n\r\n",
		strings.Repeat("long ", 1000),
	})
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(piece, 0, 30).Draw(t, "pieces"), "")
	})
}

// The fingerprint is the definition's, however the octets are cut into writes,
// and a Fingerprinter that is used again forgets what was before.
func TestFingerprintIsTheDefinitionInAnyPortions(t *testing.T) {
	f := NewFingerprinter()
	rapid.Check(t, func(t *rapid.T) {
		s := mailText().Draw(t, "mail")
		f.Reset()
		for rest := s; rest != ""; {
			n := rapid.IntRange(1, min(len(rest), 5000)).Draw(t, "portion")
			_, _ = f.Write([]byte(rest[:n]))
			rest = rest[n:]
		}
		if diff := cmp.Diff(slowFingerprint(s), f.Sum()); diff != "" {
			t.Fatalf("-definition +streamed\n%s", diff)
		}
	})
}

// A message cut off anywhere has the canonical form of the whole, limited to
// its length, but where the cut leaves line ends at the end.
func TestLimitedFingerprintFindsTheCutOff(t *testing.T) {
	f := NewFingerprinter()
	rapid.Check(t, func(t *rapid.T) {
		s := "Subject: a\r\n\r\n" + mailText().Draw(t, "mail") + "end"
		cut := fingerprintOf(s[:rapid.IntRange(0, len(s)-1).Draw(t, "cut")])
		f.resetTo(cut.Length)
		_, _ = f.Write([]byte(s))
		if got := f.Sum(); got.Canonical != cut.Canonical || got.Length != cut.Length {
			t.Fatalf("not found in %q", s)
		}
		f.resetTo(cut.Length)
		_, _ = f.Write([]byte("~" + s))
		if got := f.Sum(); cut.Length > 0 && got.Canonical == cut.Canonical {
			t.Fatal("found in another message")
		}
	})
}

func TestWritesOfNothingChangeNothing(t *testing.T) {
	f := NewFingerprinter()
	for _, s := range []string{"", "A: b\r", "", "\n", ""} {
		if n, err := f.Write([]byte(s)); n != len(s) || err != nil {
			t.Fatal(n, err)
		}
	}
	if diff := cmp.Diff(slowFingerprint("A: b\r\n"), f.Sum()); diff != "" {
		t.Error(diff)
	}
}

// What each server makes of a message (measured), and what that is called.
func TestExplainNamesWhatServersAlter(t *testing.T) {
	nul, header := AlteredNUL, AlteredHeader8Bit
	lines, final := AlteredNewlines, AlteredFinalNewline
	for _, c := range []struct {
		name, source, target string
		want                 []string
	}{
		{"nothing", "A: b\r\n\r\nc\r\n", "A: b\r\n\r\nc\r\n", nil},
		{"dovecot NUL in the body", "A: b\r\n\r\n\x00c\r\n", "A: b\r\n\r\n\x80c\r\n", []string{nul}},
		{"dovecot NUL in the header", "A: \x00b\r\n\r\nc\r\n", "A: \x80b\r\n\r\nc\r\n", []string{nul}},
		{"cyrus 8-bit header", "A: \xc3\xa9\r\n\r\n\xe9\r\n", "A: XX\r\n\r\n\xe9\r\n", []string{header}},
		{"courier end", "A: b\r\n\r\nc", "A: b\r\n\r\nc\r\n", []string{final}},
		{"courier empty", "", "\r\n", []string{final}},
		{"LF throughout", "A: b\n\nc\n", "A: b\r\n\r\nc\r\n", []string{lines}},
		{"CR CR LF", "A: b\r\r\n\r\nc\r\n", "A: b\r\n\r\nc\r\n", []string{lines}},
		{"bare CR dropped", "A: b\r\n\r\nc\rd\r\n", "A: b\r\n\r\ncd\r\n", []string{lines}},
		{"as much added as dropped", "A: b\n\r\nc\rd\r\n", "A: b\r\n\r\ncd\r\n", []string{lines}},
		{"all at once", "A: \x00\xe9\n\nc\x00", "A: XX\r\n\r\nc\x80\r\n", []string{nul, header, lines, final}},
		{"courier LF and no end", "A: b\n\nc", "A: b\r\n\r\nc\r\n", []string{lines, final}},

		{"another body", "A: b\r\n\r\nc\r\n", "A: b\r\n\r\nd\r\n", nil},
		{"cut off", "A: b\r\n\r\nc\r\nd\r\n", "A: b\r\n\r\nc\r\n", nil},
		{"8-bit body", "A: b\r\n\r\n\xe9\r\n", "A: b\r\n\r\nX\r\n", nil},
		{"another 8-bit octet in the header", "A: \xe9\r\n\r\n\r\n", "A: \xe8\r\n\r\n\r\n", nil},
		{"another 8-bit octet, hidden by line ends", "A: \xe9\n\nc\n", "A: \xe8\r\n\r\nc\r\n", nil},
		{"NUL that was not", "A: b\r\n\r\n\x80\r\n", "A: b\r\n\r\n\x00\r\n", nil},
		{"8-bit octet that was X", "A: X\r\n\r\nc\r\n", "A: \xe9\r\n\r\nc\r\n", nil},
		{"CR that was not", "A: b\r\n\r\ncd\r\n", "A: b\r\n\r\nc\rd\r\n", nil},
		{"line ends at the end cut off", "A: b\r\n\r\nc\r\n\r\n", "A: b\r\n\r\nc\r\n", nil},
	} {
		got := Explain(fingerprintOf(c.source), fingerprintOf(c.target))
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.name, diff)
		}
	}
}

// Any mix of what servers do is explained, and an octet changed besides never.
func TestExplainOfAnyAlterations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source := "Subject: caf\xc3\xa9\r\n" + mailText().Draw(t, "mail")
		target := source
		do := rapid.SliceOfN(rapid.Bool(), 4, 4).Draw(t, "do")
		if do[0] || do[3] { // whoever spoils the header refuses NUL or has changed it
			target = strings.ReplaceAll(target, "\x00", "\x80")
		}
		if do[1] {
			target = strings.ReplaceAll(strings.ReplaceAll(target, "\r", ""), "\n", "\r\n")
		}
		if do[2] && !strings.HasSuffix(target, "\n") {
			target += "\r\n"
		}
		if do[3] {
			target = munge(target)
		}
		codes := Explain(fingerprintOf(source), fingerprintOf(target))
		if (target != source) != (len(codes) > 0) {
			t.Fatalf("%q to %q: %v", source, target, codes)
		}
		if slices.Contains(codes, AlteredHeader8Bit) != do[3] {
			t.Fatalf("header altered: %v, named: %v", do[3], codes)
		}
		at := rapid.IntRange(0, len(target)-1).Draw(t, "at")
		broken := target[:at] + "~" + target[at:]
		if got := Explain(fingerprintOf(source), fingerprintOf(broken)); got != nil {
			t.Fatalf("an octet added at %d is %v", at, got)
		}
	})
}

// munge is what Cyrus does to a header.
func munge(s string) string {
	b, line := []byte(s), 0
	for i, c := range b {
		switch {
		case c == '\n' && line == 0:
			return string(b)
		case c == '\n':
			line = 0
		case c == '\r':
		case c >= 0x80:
			b[i] = 'X'
			line++
		default:
			line++
		}
	}
	return string(b)
}

func TestFingerprinterKeepsNothingOfTheMail(t *testing.T) {
	f := NewFingerprinter()
	portion := []byte(strings.Repeat("a line of mail as it comes\r\n", 1000))
	allocs := testing.AllocsPerRun(100, func() { _, _ = f.Write(portion) })
	if allocs != 0 {
		t.Errorf("%v allocations a write", allocs)
	}
}

func BenchmarkFingerprint(b *testing.B) {
	head := "Subject: x\r\nFrom: a@acme.test\r\n\r\n"
	for _, c := range []struct{ name, mail string }{
		{"base64", head + strings.Repeat(strings.Repeat("QUJD", 19)+"\r\n", 1<<14)},
		{"text", head + strings.Repeat("a short line of text\r\n", 1<<16)},
		{"oneline", head + strings.Repeat("x", 1<<20)},
		{"header", strings.Repeat("Received: from somewhere by somewhere else\r\n", 1<<14)},
	} {
		for _, portion := range []int{4 << 10, 64 << 10} {
			b.Run(fmt.Sprintf("%s/%dk", c.name, portion>>10), func(b *testing.B) {
				f, mail := NewFingerprinter(), []byte(c.mail)
				b.SetBytes(int64(len(mail)))
				for b.Loop() {
					f.Reset()
					for p := mail; len(p) > 0; p = p[min(portion, len(p)):] {
						_, _ = f.Write(p[:min(portion, len(p))])
					}
					f.Sum()
				}
			})
		}
	}
}
