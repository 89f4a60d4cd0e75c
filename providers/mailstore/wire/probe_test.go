package wire

import (
	"slices"
	"testing"
	"time"
)

const opened = "C: w1 EXAMINE \"INBOX\"\nS: * 3 EXISTS\nS: * OK [UIDVALIDITY 1] ok\nS: * OK [UIDNEXT 9] ok\nS: w1 OK\n"

func TestFirst(t *testing.T) {
	for said, want := range map[string]time.Time{
		`* 1 FETCH (UID 4 INTERNALDATE "02-Jan-2026 03:04:05 +0800")`:                            time.Date(2026, 1, 1, 19, 4, 5, 0, time.UTC),
		"* 3 FETCH (FLAGS ())\nS: * 1 FETCH (INTERNALDATE \"02-Jan-2026 03:04:05 +0000\" UID 4)": time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		`* 1 FETCH (UID 4 INTERNALDATE NIL)`:                                                     {},
		`* OK nothing`:                                                                           {},
	} {
		c := talk(t, "IMAP4rev1", opened+"C: w2 FETCH 1 (UID INTERNALDATE)\nS: "+said+"\nS: w2 OK")
		if _, err := c.Examine(t.Context(), "INBOX"); err != nil {
			t.Fatal(err)
		}
		if got, err := c.First(t.Context()); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v %v", said, got, err)
		}
	}
	c := talk(t, "IMAP4rev1", opened+"C: w2 FETCH 1 (UID INTERNALDATE)\nS: w2 NO not today")
	c.Examine(t.Context(), "INBOX")
	if got, err := c.First(t.Context()); err != nil || !got.IsZero() {
		t.Errorf("refused: %v %v", got, err)
	}
}

// What SEARCH names is not believed, and its refusal is no error.
func TestLarger(t *testing.T) {
	for script, want := range map[string][]int64{
		"C: w2 UID SEARCH LARGER 100\nS: * SEARCH\nS: w2 OK\n":                   nil,
		"C: w2 UID SEARCH LARGER 100\nS: w2 BAD invalid command or parameters\n": nil,
		"C: w2 UID SEARCH LARGER 100\nS: * SEARCH 7 2 3 7 x\nS: w2 OK\n" +
			"C: w3 UID FETCH 2:3,7 (UID RFC822.SIZE)\nS: * 1 FETCH (UID 2 RFC822.SIZE 100)\nS: * 2 FETCH (UID 3 RFC822.SIZE 101)\n" +
			"S: * 3 FETCH (RFC822.SIZE 9000 UID 7)\nS: w3 OK\n": {101, 9000},
	} {
		c := talk(t, "IMAP4rev1", opened+script)
		if _, err := c.Examine(t.Context(), "INBOX"); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Larger(t.Context(), 100); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v %v", script, got, err)
		}
	}
}

func TestDelete(t *testing.T) {
	c := talk(t, "IMAP4rev1", "C: w1 DELETE \"a \\\"b\"\nS: w1 OK\nC: w2 DELETE \"c\"\nS: w2 NO not yours")
	if err := c.Delete(t.Context(), `a "b`); err != nil {
		t.Error(err)
	}
	if err := c.Delete(t.Context(), "c"); err == nil {
		t.Error("a refusal is no error")
	}
	if err := c.Delete(t.Context(), "x\r\ny"); err != ErrName {
		t.Errorf("%v", err)
	}
}
