package wire

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// repeat gives the same octets n times.
type repeat struct {
	text string
	n, i int
}

func (r *repeat) Read(p []byte) (int, error) {
	if r.n == 0 {
		return 0, io.EOF
	}
	k := copy(p, r.text[r.i:])
	if r.i += k; r.i == len(r.text) {
		r.i, r.n = 0, r.n-1
	}
	return k, nil
}

// responses are as a server sends them.
func responses() map[string]string {
	const head = `* 17 FETCH (UID 4711 FLAGS (\Seen $Forwarded k2) INTERNALDATE "01-Feb-2024 10:20:30 +0800"`
	lit := func(n int) string { return fmt.Sprintf(" BODY[] {%d}\r\n%s)\r\n", n, strings.Repeat("x", n)) }
	return map[string]string{
		"scan":      head + " RFC822.SIZE 123456 MODSEQ (123456789))\r\n",
		"1KiB":      head + lit(1<<10),
		"12KiB":     head + lit(12<<10),
		"256KiB":    head + lit(256<<10),
		"envelope":  head + ` ENVELOPE ("Thu" "s" (("A" NIL "a" "h")) NIL NIL NIL NIL NIL NIL "<x@y>"))` + "\r\n",
		"bodyFirst": fmt.Sprintf("* 17 FETCH (BODY[] {1024}\r\n%s UID 4711 FLAGS () INTERNALDATE NIL)\r\n", strings.Repeat("x", 1024)),
	}
}

func reading(raw string, n int) (*Conn, *int) {
	c := &Conn{}
	c.fetch.init("")
	c.r = newReader(&repeat{text: raw, n: n}, c.lost)
	count := 0
	c.fetch.each = func(m *Message) error {
		count++
		if m.Body == nil {
			return nil
		}
		_, err := m.Body.(io.WriterTo).WriteTo(io.Discard)
		return err
	}
	return c, &count
}

func bodiesWanted(c *Conn, raw string) {
	if strings.Contains(raw, "BODY[]") {
		c.fetch.asked, c.fetch.need = func(uint32) bool { return true }, fullNeed
	}
}

// TestNoAllocations: reading costs no memory a message.
func TestNoAllocations(t *testing.T) {
	for name, raw := range responses() {
		c, count := reading(raw, 300)
		bodiesWanted(c, raw)
		if _, err := c.next(); err != nil { // new flags, the zone
			t.Fatal(name, err)
		}
		got := testing.AllocsPerRun(100, func() {
			if _, err := c.next(); err != nil {
				t.Fatal(name, err)
			}
		})
		most := 0.0
		if name == "bodyFirst" {
			most = 1 // the reader over what was spooled
		}
		if got > most || *count < 100 {
			t.Errorf("%s: %v allocations a message, %d messages", name, got, *count)
		}
	}
}

func BenchmarkFetch(b *testing.B) {
	for name, raw := range responses() {
		b.Run(name, func(b *testing.B) {
			c, _ := reading(raw, b.N)
			bodiesWanted(c, raw)
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				c.r.src.(*repeat).n = max(c.r.src.(*repeat).n, 2)
				if _, err := c.next(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
