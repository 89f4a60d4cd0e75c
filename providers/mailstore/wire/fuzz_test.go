package wire

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func seeds(f *testing.F) {
	f.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "transcripts", "*.txt"))
	if err != nil || len(files) == 0 {
		f.Fatal("no transcripts", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(strings.ReplaceAll(string(b), "\n", "\r\n"))
	}
}

// FuzzFetch: whatever comes, reading ends, and how the octets arrive makes no
// difference.
func FuzzFetch(f *testing.F) {
	seeds(f)
	f.Add("* 1 FETCH (UID 7 FLAGS (\\Seen k) INTERNALDATE \"01-Feb-2024 10:20:30 +0800\" BODY[] {3}\r\nabc X NIL)\r\n")
	f.Add("* 1 FETCH (BODY[] {3}\r\nabc UID 7 RFC822 \"a\\\"\" MODSEQ (-5) (FLAGS NIL INTERNALDATE NIL\r\n* 2 EXISTS\r\nw1 OK\r\n")
	f.Fuzz(func(t *testing.T, raw string) {
		for _, bodies := range []bool{true, false} {
			out, err := readAll(strings.NewReader(raw), bodies)
			slow, serr := readAll(iotest.OneByteReader(strings.NewReader(raw)), bodies)
			if diff := cmp.Diff(out, slow); diff != "" || fmt.Sprint(err) != fmt.Sprint(serr) {
				t.Errorf("%s\n%v\n%v", diff, err, serr)
			}
			for _, g := range out {
				if g.UID == 0 {
					t.Error("a message without UID was given")
				}
			}
		}
	})
}

// FuzzList: LIST, STATUS, NAMESPACE and SELECT lines.
func FuzzList(f *testing.F) {
	seeds(f)
	f.Add("* LIST (\\HasNoChildren) \"/\" a b\tc (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n* STATUS a b (MESSAGES -1 (UIDNEXT) 3\r\n")
	f.Add("* CAPABILITY ((\"\" \"/\")) NIL NIL\r\n* OK [PERMANENTFLAGS (a]b \\*)] x\r\n* NAMESPACE ((\"a\" \"/\" X ({2}\r\n)(\r\n")
	f.Fuzz(func(t *testing.T, raw string) {
		a, b := listAll(strings.NewReader(raw)), listAll(iotest.OneByteReader(strings.NewReader(raw)))
		if diff := cmp.Diff(a, b); diff != "" {
			t.Error(diff)
		}
		for i, m := range a.Mailboxes {
			for _, other := range a.Mailboxes[:i] {
				if key(other.Name) == key(m.Name) {
					t.Errorf("%q twice", m.Name)
				}
			}
		}
	})
}

// FuzzDecodeName: the text is valid UTF-8, and what was encoded comes back.
func FuzzDecodeName(f *testing.F) {
	for _, s := range []string{"INBOX", "&UXZO1mWHTvZZOQ-/&VFhd5XuAU4Y-", "R&-D", "R&D", "&AGEAYg-", "&bad", "&2D3eAA-", "&2D0-", "\xc4\xe3\xba\xc3", "垃圾", "&-&-", "&AC8-", "a&U,B-b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text := DecodeName(s)
		if !utf8.ValidString(text) {
			t.Errorf("%q gives %q", s, text)
		}
		if name := EncodeName(text); DecodeName(name) != text {
			t.Errorf("%q is encoded as %q, which is %q", text, name, DecodeName(name))
		} else if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%q is encoded as %q", text, name)
		}
		SplitName(s, '/')
	})
}
