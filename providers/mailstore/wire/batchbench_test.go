package wire

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
)

func TestUIDsOf(t *testing.T) {
	for _, tc := range []struct {
		set  string
		n    int
		want []uint32
	}{
		{"5", 1, []uint32{5}}, {"5:7", 3, []uint32{5, 6, 7}}, {"7:5,9", 4, []uint32{5, 6, 7, 9}}, {"4294967295", 1, []uint32{4294967295}},
		{"4294967294:4294967295", 2, []uint32{4294967294, 4294967295}},
		{"5", 2, nil}, {"5:7", 2, nil}, {"5:6,7", 2, nil}, {"7,5", 2, nil}, {"5,5", 2, nil}, {"*", 1, nil}, {"5:*", 2, nil}, {"0", 1, nil},
		{"", 0, nil}, {"1:4294967295", 3, nil}, {"4294967296", 1, nil}, {"1,,2", 2, nil}, {"1,2,", 2, nil},
	} {
		if got := uidsOf(tc.set, tc.n); !slices.Equal(got, tc.want) {
			t.Errorf("%s for %d: %v", tc.set, tc.n, got)
		}
	}
}

// TestAppendNoAllocations: writing costs no memory a message.
func TestAppendNoAllocations(t *testing.T) {
	a, out := writing(t)
	text := bytes.Repeat([]byte("x"), 3000)
	m := &Outgoing{Flags: []imap.Flag{imap.FlagSeen, imap.FlagFlagged}, Size: 3000}
	m.Date = time.Date(2024, 2, 1, 10, 20, 30, 0, time.UTC)
	r := bytes.NewReader(text)
	m.Body = r
	one := func() {
		r.Reset(text)
		if err := a.message(0, m); err != nil {
			t.Fatal(err)
		}
		a.acknowledge()
	}
	one()
	if got := testing.AllocsPerRun(200, one); got > 0.2 || out.n < 200*3000 {
		t.Errorf("%v allocations a message, %d octets", got, out.n)
	}
}

// counter takes octets.
type counter struct {
	net.Conn
	n int
}

func (c *counter) Write(p []byte) (int, error) { c.n += len(p); return len(p), nil }

// writing is the writing half of an Append; acknowledge is the other.
func writing(t testing.TB) (*appending, *counter) {
	t.Helper()
	out := &counter{}
	c := &Conn{opt: Options{BatchMessages: 100}.withDefaults(), g: &guard{Conn: out}, w: bufio.NewWriterSize(out, readBuffer)}
	c.caps = imap.CapSet{imap.CapLiteralPlus: {}, imap.CapMultiAppend: {}}
	a, err := c.newAppending("box", func(a Appended) error { return a.Err })
	if err != nil {
		t.Fatal(err)
	}
	return a, out
}

func (a *appending) acknowledge() {
	for len(a.queue) > 0 && !a.queue[0].in.complete.IsZero() {
		if err := a.report(a.queue[0]); err != nil {
			panic(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1 << 10, 12 << 10, 256 << 10} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			a, _ := writing(b)
			text := bytes.Repeat([]byte("x"), size)
			r := bytes.NewReader(text)
			m := &Outgoing{Flags: []imap.Flag{imap.FlagSeen}, Size: int64(size), Body: r}
			m.Date = time.Date(2024, 2, 1, 10, 20, 30, 0, time.UTC)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				r.Reset(text)
				if err := a.message(0, m); err != nil {
					b.Fatal(err)
				}
				a.acknowledge()
			}
		})
	}
}
