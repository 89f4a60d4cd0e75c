package wire

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"
)

// slowConn gives one part a read and counts the deadlines for reading.
type slowConn struct {
	net.Conn
	parts     []string
	deadlines int
}

func (s *slowConn) Read(p []byte) (int, error) {
	if len(s.parts) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.parts[0])
	s.parts = s.parts[1:]
	return n, nil
}

func (s *slowConn) Write(p []byte) (int, error)      { return len(p), nil }
func (s *slowConn) SetReadDeadline(time.Time) error  { s.deadlines++; return nil }
func (s *slowConn) SetWriteDeadline(time.Time) error { return nil }

func TestConditions(t *testing.T) {
	for s, want := range map[string]cond{
		"OK done":                              {"OK", "", "", "done"},
		"ok [appenduid 1 2] done":              {"OK", "APPENDUID", "1 2", "done"},
		"NO [TOOBIG]":                          {"NO", "TOOBIG", "", ""},
		"OK [PERMANENTFLAGS (a]b \\*)] Limit.": {"OK", "PERMANENTFLAGS", "(a]b \\*)", "Limit."},
		`OK [Error="M.E: (x] y" Service=Imap4] AUTHENTICATE completed.`: {"OK", "", "", `[Error="M.E: (x] y" Service=Imap4] AUTHENTICATE completed.`},
		"OK [PERMANENTFLAGS (a] x":                                      {"OK", "PERMANENTFLAGS", "(a", "x"},
		"OK [broken":                                                    {"OK", "", "", "[broken"},
		"NO [] empty":                                                   {"NO", "", "", "[] empty"},
		"OK Ready(163com[726cd87d])":                                    {"OK", "", "", "Ready(163com[726cd87d])"},
		"  BAD   two blanks":                                            {"BAD", "", "", "two blanks"},
		"":                                                              {},
		"NO [WEBALERT https://x?y=z] w":                                 {"NO", "WEBALERT", "https://x?y=z", "w"},
	} {
		if diff := cmp.Diff(want, parseCond(s), cmp.AllowUnexported(cond{})); diff != "" {
			t.Errorf("%q: %s", s, diff)
		}
	}
}

func TestReadable(t *testing.T) {
	for s, want := range map[string]string{
		"plain": "plain", "ü": "ü", "\xc8\xb1\xc9\xd9login": "缺少login", "a\x00\x1b[0m\tb": "a  [0m b", "\xff\xff": "\uFFFD",
		strings.Repeat("é", 600): strings.Repeat("é", 500) + "...",
	} {
		if got := readable(s); got != want {
			t.Errorf("%q gives %q", s, got)
		}
	}
}

func TestDates(t *testing.T) {
	z := zones{}
	for s, want := range map[string]string{
		"01-Feb-2024 10:20:30 +0800": "2024-02-01T10:20:30+08:00", " 1-Feb-2024 10:20:30 -0330": "2024-02-01T10:20:30-03:30",
		"1-FEB-2024  10:20:30 +0000 ": "2024-02-01T10:20:30Z", "31-Dec-1969 23:59:59 +0000": "1969-12-31T23:59:59Z",
		"29-Feb-2024 23:59:60 +1400": "2024-02-29T23:59:59+14:00",
	} {
		if got := z.parse([]byte(s)).Format(time.RFC3339); got != want {
			t.Errorf("%q gives %s", s, got)
		}
	}
	for _, s := range []string{"", "NIL", "30-Feb-2024 10:20:30 +0000", "00-Feb-2024 10:20:30 +0000", "01-Foo-2024 10:20:30 +0000", "01-Feb-24 10:20:30 +0000",
		"01-Feb-2024 24:20:30 +0000", "01-Feb-2024 10:60:30 +0000", "01-Feb-2024 10:20:30", "01-Feb-2024 10:20:30 GMT", "01-Feb-2024 10:20:30 +08000", "01-Feb-2024 10:20:30 +9900", "2024-02-01T10:20:30Z"} {
		if got := z.parse([]byte(s)); !got.IsZero() {
			t.Errorf("%q gives %v", s, got)
		}
	}
	moment := time.Date(2024, 2, 1, 10, 20, 30, 0, time.UTC)
	for _, tc := range []struct {
		t    time.Time
		want string
	}{
		{moment, `"01-Feb-2024 10:20:30 +0000"`},
		{moment.In(time.FixedZone("", 20700)), `"01-Feb-2024 16:05:30 +0545"`},
		{moment.In(time.FixedZone("", 20700+13)), `"01-Feb-2024 10:20:30 +0000"`},
		{moment.In(time.FixedZone("", 20*3600)), `"01-Feb-2024 10:20:30 +0000"`},
		{time.Unix(0, 0).UTC(), `"01-Jan-1970 00:00:00 +0000"`},
		{time.Unix(-1, 0), ""}, {time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), ""},
		{time.Unix(0, 0).In(time.FixedZone("", -3600)), ""}, // 1969 where it was written
	} {
		got := string(appendDate(nil, tc.t))
		if writable(tc.t) != (tc.want != "") || tc.want != "" && got != tc.want {
			t.Errorf("%v gives %s", tc.t, got)
		}
	}
}

func TestValidFlag(t *testing.T) {
	for f, want := range map[imap.Flag]bool{
		`\Seen`: true, `\sEEN`: true, "$Forwarded": true, "a[b": true, "&XfJT0ZAB-": true, "Todo:1": true,
		"": false, `\Recent`: false, `\*`: false, "a]b": false, "a b": false, "a\x7f": false, "ü": false, "a(": false, "{1}": false, `"a"`: false, "50%": false, "\r\n": false,
	} {
		if ValidFlag(f) != want {
			t.Errorf("%q: %v", f, !want)
		}
	}
}

// A server that lists without end, or makes up flags of any length, fills no
// memory.
func TestNothingListedIsEndless(t *testing.T) {
	p := listParse{out: &Listing{}, at: map[string]int{}, subscribed: map[string]bool{}, status: statuses{}}
	var err error
	n := 0
	for ; err == nil && n < 1<<20; n++ {
		err = p.take(resp{word: "LIST", line: &line{text: fmt.Appendf(nil, `() "/" f%d%s`, n, strings.Repeat("x", 1000))}})
	}
	var bad *Malformed
	if !errors.As(err, &bad) || n < 10_000 || n > 50_000 {
		t.Errorf("%d: %v", n, err)
	}
	st := statuses{}
	for n, err = 0, nil; err == nil && n < 1<<20; n++ {
		err = st.take(resp{word: "STATUS", line: &line{text: fmt.Appendf(nil, `f%d (MESSAGES 1)`, n)}})
	}
	if !errors.As(err, &bad) || n < 100_000 {
		t.Errorf("%d: %v", n, err)
	}
	long := "* 1 FETCH (UID 1 INTERNALDATE NIL FLAGS (\\Seen " + strings.Repeat("k", 60_000) + "))\r\n"
	out, err := readAll(strings.NewReader(long), false)
	if err != nil || len(out) != 1 || len(out[0].Flags) > 3000 || !out[0].Odd {
		t.Errorf("%d responses, %v", len(out), err)
	}
}
