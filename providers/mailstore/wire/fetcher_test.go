package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// got is what a FETCH response gave.
type got struct {
	UID    uint32
	Flags  string
	Date   string
	ModSeq uint64
	Size   int64
	Body   string // "-": none
	Odd    bool
}

const fullNeed = hasUID | hasFlags | hasDate

// readAll reads responses to the end of src. bodies says whether they are asked for.
func readAll(src io.Reader, bodies bool) (out []got, err error) {
	c := &Conn{doing: "test"}
	c.tag.Store(1000)
	c.fetch.init("")
	c.r = newReader(src, c.lost)
	c.fetch.each = func(m *Message) error {
		g := got{UID: m.UID, Flags: fmt.Sprint(m.Flags), ModSeq: m.ModSeq, Size: m.Size, Body: "-", Odd: m.Odd}
		if !m.Date.IsZero() {
			g.Date = m.Date.Format(time.RFC3339)
		}
		if m.Body != nil {
			b, err := io.ReadAll(m.Body)
			if err != nil {
				return err
			}
			if int64(len(b)) != m.BodySize {
				return fmt.Errorf("body has %d octets, not %d", len(b), m.BodySize)
			}
			g.Body = string(b)
		}
		out = append(out, g)
		return nil
	}
	if bodies {
		c.fetch.asked, c.fetch.need = func(uint32) bool { return true }, fullNeed
	}
	for {
		if _, err := c.next(); errors.Is(err, io.EOF) {
			return out, nil
		} else if cb, ok := err.(callback); ok {
			return out, cb.error
		} else if err != nil {
			return out, err
		}
	}
}

// readBoth reads as a whole and an octet at a time and wants the same.
func readBoth(t *testing.T, raw string, bodies bool) ([]got, error) {
	t.Helper()
	out, err := readAll(strings.NewReader(raw), bodies)
	slow, serr := readAll(iotest.OneByteReader(strings.NewReader(raw)), bodies)
	if diff := cmp.Diff(out, slow); diff != "" || fmt.Sprint(err) != fmt.Sprint(serr) {
		t.Errorf("an octet a read differs: %s\n%v\n%v", diff, err, serr)
	}
	return out, err
}

func TestFetchResponses(t *testing.T) {
	const date, rfc = `INTERNALDATE "01-Feb-2024 10:20:30 +0800"`, "2024-02-01T10:20:30+08:00"
	full := got{UID: 7, Flags: `[\Seen k]`, Date: rfc, Body: "abc"}
	odd := full
	odd.Odd = true
	empty := odd
	empty.Body = ""
	for _, tc := range []struct {
		name, raw string
		want      []got
	}{
		{"as asked", "* 1 FETCH (UID 7 FLAGS (\\Seen k) " + date + " BODY[] {3}\r\nabc)\r\n", []got{full}},
		{"body first", "* 1 FETCH (BODY[] {3}\r\nabc UID 7 " + date + " FLAGS (\\Seen k))\r\n", []got{full}},
		{"body in the middle", "* 1 FETCH (UID 7 BODY[] {3}\r\nabc " + date + " FLAGS (\\Seen k))\r\n", []got{full}},
		{"lower case", "* 1 fetch (uid 7 flags (\\Seen k) internaldate \"1-feb-2024 10:20:30 +0800\" body[] {3}\r\nabc)\r\n", []got{full}},
		{"RFC822, BINARY, literals of all kinds", "* 1 FETCH (UID 7 FLAGS (\\Seen k) " + date + " RFC822 {3+}\r\nabc)\r\n" +
			"* 1 FETCH (UID 7 FLAGS (\\Seen k) " + date + " BINARY[] ~{3}\r\nabc)\r\n", []got{full, full}},
		{"LF alone", "* 1 FETCH (UID 7 FLAGS (\\Seen k) " + date + " BODY[] {3}\nabc)\n", []got{full}},
		{"no star, two blanks", "1 FETCH (UID 7 FLAGS (\\Seen k) " + date + " BODY[] {3}\r\nabc)\r\n*  1  FETCH  (UID  7  FLAGS  (\\Seen  k)  " + date + "  BODY[]  {3}\r\nabc )\r\n", []got{full, full}},
		{"quoted body", "* 1 FETCH (UID 7 FLAGS (\\Seen k) " + date + " BODY[] \"abc\")\r\n", []got{odd}},
		{"quoted body with escapes", `* 1 FETCH (UID 7 FLAGS (\Seen k) ` + date + ` BODY[] "a\"b\\c\d")` + "\r\n", []got{{UID: 7, Flags: `[\Seen k]`, Date: rfc, Body: `a"b\c\d`, Odd: true}}},
		{"empty and NIL body", "* 1 FETCH (UID 7 FLAGS (\\Seen k) " + date + " BODY[] \"\")\r\n* 1 FETCH (BODY[] NIL UID 7 FLAGS (\\Seen k) " + date + ")\r\n", []got{empty, empty}},
		{"empty literal", "* 1 FETCH (UID 7 FLAGS (\\Seen k) " + date + " BODY[] {0}\r\n)\r\n", []got{{UID: 7, Flags: `[\Seen k]`, Date: rfc}}},
		{"unknown attributes", "* 1 FETCH (X-GM-LABELS (\\Inbox \"a b\" {2}\r\n)( NIL) X {1}\r\n) UID 7 EMAILID (M1) ENVELOPE (\"x)\" NIL ((\"A\" NIL \"a\\\"\" \"h\") (\"B\" NIL \"b\" \"h\"))) FLAGS (\\Seen k) SAVEDATE NIL " + date + " BODY[] {3}\r\nabc X-Y 5)\r\n", []got{full}},
		{"other bodies", "* 1 FETCH (UID 7 FLAGS (\\Seen k) BODY[HEADER.FIELDS (\"X]Y\")] {4}\r\nX: y BODY[]<0> {2}\r\nzz BODY (\"TEXT\" \"PLAIN\" (\"CHARSET\" NIL)) " + date + " BODY[] {3}\r\nabc BODY[] {1}\r\nz)\r\n", []got{full}},
		{"inner list", "* 1 FETCH (UID 7 (FLAGS (\\Seen k)) " + date + " BODY[] {3}\r\nabc)\r\n", []got{odd}},
		{"flags of Gmail", "* 1 FETCH (UID 7 FLAGS (OIB-[Google Mail]/Alle a]b NIL) " + date + " BODY[] {3}\r\nabc)\r\n", []got{{UID: 7, Flags: `[OIB-[Google Mail]/Alle a]b NIL]`, Date: rfc, Body: "abc"}}},
		{"no flags", "* 1 FETCH (UID 7 FLAGS NIL " + date + " BODY[] {3}\r\nabc)\r\n", []got{{UID: 7, Flags: `[]`, Date: rfc, Body: "abc", Odd: true}}},
		{"no date", "* 1 FETCH (UID 7 FLAGS () INTERNALDATE NIL BODY[] {3}\r\nabc)\r\n* 1 FETCH (UID 7 FLAGS () INTERNALDATE \"31-Feb-2024 10:20:30 +0800\" BODY[] {3}\r\nabc)\r\n* 1 FETCH (UID 7 FLAGS () INTERNALDATE {26}\r\n01-Feb-2024 10:20:30 +0800 BODY[] {3}\r\nabc)\r\n",
			[]got{{UID: 7, Flags: "[]", Body: "abc"}, {UID: 7, Flags: "[]", Body: "abc"}, {UID: 7, Flags: "[]", Date: rfc, Body: "abc"}}},
		{"news in between", "* 4 EXPUNGE\r\n* 9 EXISTS\r\n* VANISHED (EARLIER) 1:3\r\n* 99 NOOP\r\n* NOOP\r\n* 3 FETCH (FLAGS (\\Seen))\r\n* 3 FETCH (UID 3 FLAGS (\\Seen) MODSEQ (5))\r\n\r\n* OK still here {5}\r\n* 1 FETCH (UID 7 FLAGS (\\Seen k) " + date + " BODY[] {3}\r\nabc)\r\n2 BAD \xc8\xb1\xc9\xd9login\r\n", []got{full}},
		{"no UID, or two", "* 1 FETCH (FLAGS () " + date + " BODY[] {3}\r\nabc)\r\n* 1 FETCH (BODY[] {3}\r\nabc UID 7 UID 8 FLAGS () " + date + ")\r\n* 1 FETCH (UID 0 FLAGS () " + date + " BODY[] {3}\r\nabc)\r\n", nil},
		{"resynchronises at the line's end", "* 1 FETCH (UID 6 ENVELOPE (\"x\" (NIL FLAGS ()\r\n* 1 FETCH (UID 5 FLAGS (\\Seen\r\n* 1 FETCH (UID 6 X \"abc\r\n* 1 FETCH (UID 7 FLAGS (\\Seen k) " + date + " BODY[] {3}\r\nabc)\r\n", []got{full}},
		{"no closing parenthesis", "* 1 FETCH (UID 7 FLAGS (\\Seen k) " + date + " BODY[] {3}\r\nabc\r\n", []got{full}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, err := readBoth(t, tc.raw, true)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, out); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestScanResponses(t *testing.T) {
	raw := "* 1 FETCH (UID 7 FLAGS (\\Seen) INTERNALDATE \"01-Feb-2024 10:20:30 -0330\" RFC822.SIZE 9.3736e+06 MODSEQ (12))\r\n" +
		"* 2 FETCH (MODSEQ (-5) UID 8 RFC822.SIZE \"12\")\r\n" +
		"* 3 FETCH (MODSEQ 9 UID 9 RFC822.SIZE -1 FLAGS ())\r\n" +
		"* 4 FETCH (MODSEQ ( 18446744073709551615 ) UID 4294967295 RFC822.SIZE 99999999999)\r\n" +
		"* 5 FETCH (UID 4294967296 FLAGS ())\r\n"
	out, err := readBoth(t, raw, false)
	if err != nil {
		t.Fatal(err)
	}
	want := []got{
		{UID: 7, Flags: `[\Seen]`, Date: "2024-02-01T10:20:30-03:30", Size: 9373600, ModSeq: 12, Body: "-", Odd: true},
		{UID: 8, Flags: `[]`, Size: 12, Body: "-", Odd: true},
		{UID: 9, Flags: `[]`, ModSeq: 9, Body: "-", Odd: true},
		{UID: 4294967295, Flags: `[]`, ModSeq: 18446744073709551615, Size: 99999999999, Body: "-"},
	}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Error(diff)
	}
}

// TestLengthLied: a body is whole only if what follows is what must follow.
func TestLengthLied(t *testing.T) {
	head := "* 1 FETCH (UID 7 FLAGS () INTERNALDATE NIL BODY[] {3}\r\n"
	for _, after := range []string{"d)\r\n", "\")\r\n", ")x\r\n", " 5)\r\n", "\rx\r\n", "* 2 FETCH (UID 8)\r\n"} {
		out, err := readBoth(t, head+"abc"+after, true)
		if !errors.Is(err, ErrLength) || len(out) != 0 {
			t.Errorf("%q: %v %v", after, out, err)
		}
		first := "* 1 FETCH (BODY[] {3}\r\nabc" + after
		if out, err := readBoth(t, first, true); !errors.Is(err, ErrLength) || len(out) != 0 {
			t.Errorf("%q spooled: %v %v", after, out, err)
		}
	}
	for cut := range len(head + "abc)") {
		if out, err := readBoth(t, (head + "abc)")[:cut], true); len(out) != 0 {
			t.Errorf("cut at %d: %v %v", cut, out, err)
		}
	}
}

func TestBigBodies(t *testing.T) {
	text := strings.Repeat("0123456789abcdef", 20<<10) // 320 KiB
	lit := fmt.Sprintf("{%d}\r\n%s", len(text), text)
	raw := "* 1 FETCH (UID 7 FLAGS () INTERNALDATE NIL BODY[] " + lit + ")\r\n" +
		"* 1 FETCH (BODY[] " + lit + " UID 8 FLAGS () INTERNALDATE NIL)\r\n" +
		"* 1 FETCH (UID 9 FLAGS () INTERNALDATE NIL BODY[] \"" + text + "\")\r\n" +
		"* 1 FETCH (UID 10 FLAGS () INTERNALDATE NIL X " + lit + " BODY[] {1}\r\nx)\r\n" +
		"* 1 FETCH (UID 11 FLAGS () INTERNALDATE NIL BODY[] \"" + strings.Repeat(text, 60) + "\")\r\n" +
		"* 1 FETCH (UID 12 FLAGS (" + strings.Repeat("k ", 5000) + ") INTERNALDATE NIL BODY[] {1}\r\nx)\r\n"
	out, err := readAll(strings.NewReader(raw), true)
	if err != nil {
		t.Fatal(err)
	}
	var uids []uint32
	for _, g := range out {
		uids = append(uids, g.UID)
		if g.UID < 10 && g.Body != text || g.UID >= 10 && g.Body != "x" {
			t.Errorf("UID %d: body of %d octets", g.UID, len(g.Body))
		}
	}
	if diff := cmp.Diff([]uint32{7, 8, 9, 10, 12}, uids); diff != "" {
		t.Error(diff)
	}
}

func TestSpoolLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	s := spool{dir: dir}
	for range 3 {
		if _, err := s.Write(bytes.Repeat([]byte("x"), spoolMemory/2+1)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := s.open()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil || len(b) != 3*(spoolMemory/2+1) || s.size != int64(len(b)) {
		t.Errorf("%d octets, %v", len(b), err)
	}
	s.drop()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestBodyAfterCallback(t *testing.T) {
	var kept io.Reader
	c := &Conn{}
	c.fetch.init("")
	c.r = newReader(strings.NewReader("* 1 FETCH (UID 7 FLAGS () INTERNALDATE NIL BODY[] {3}\r\nabc)\r\n* 2 EXISTS\r\n"), func(err error) error { return err })
	c.fetch.each = func(m *Message) error { kept = m.Body; return nil }
	c.fetch.asked, c.fetch.need = func(uint32) bool { return true }, fullNeed
	if _, err := c.next(); err != nil {
		t.Fatal(err)
	}
	if _, err := kept.Read(make([]byte, 1)); err != ErrClosed {
		t.Errorf("a body that is over reads: %v", err)
	}
	if r, err := c.next(); err != nil || r.word != "EXISTS" || r.num != 2 {
		t.Errorf("the unread body was not skipped: %v %v", r, err)
	}
}

// TestRecorded reads what real servers said: nothing is lost, an octet a read
// gives the same.
func TestRecorded(t *testing.T) {
	files := map[string]struct{ messages, odd int }{
		"domino-fetch-extra-parens": {29, 29}, "zoho-fetch-negative-modseq-values": {74, 30},
		"gmail-fetch-nil": {1, 0}, "gmail-fetch-quoted-string": {1, 0}, "gmail-expunge-during-fetch": {5, 0},
		"gmail-add-labels": {21, 0}, "gmail-fetch-objectid": {4, 0}, "gmail-fetch-invalid-headers": {6, 0},
		"yandex-getbodypart-missing-content": {1, 0}, "dovecot-getstream": {1, 0}, "dovecot-getstream2": {1, 0},
		"dovecot-fetch1": {7, 0}, "dovecot-select-unittests-messages-qresync": {7, 0}, "dovecot-fetch-partial-vanished": {3, 0},
	}
	for name, want := range files {
		out, err := readBoth(t, recorded(t, name), false)
		odd := 0
		for _, g := range out {
			if g.Odd {
				odd++
			}
		}
		if err != nil || len(out) != want.messages || odd != want.odd {
			t.Errorf("%s: %d messages, %d odd, %v", name, len(out), odd, err)
		}
	}
}

// recorded is a transcript as it was on the wire.
func recorded(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "transcripts", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(b), "\n", "\r\n")
}
