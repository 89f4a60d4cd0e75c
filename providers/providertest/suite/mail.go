package suite

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
)

// letter makes the n-th message. Bodies differ in size and hold what copies
// tend to spoil: octets above 127, lone dots, trailing blanks, long lines.
func letter(n int, flags ...string) *Message {
	id := fmt.Sprintf("suite-%d@example.test", n)
	var b strings.Builder
	fmt.Fprintf(&b, "Message-ID: <%s>\r\nFrom: a@example.test\r\nSubject: letter %d\r\n", id, n)
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n")
	b.WriteString("你好，世界\r\n.\r\n..\r\n trailing blanks  \t\r\n")
	b.WriteString(strings.Repeat("x", n%900) + "\r\n")
	if n%7 == 0 {
		b.WriteString("no line end after this")
	}
	zone := time.FixedZone("", (n%25-12)*3600)
	return &Message{ID: id, Body: []byte(b.String()), Flags: flags,
		Date: time.Date(2010+n%15, time.Month(1+n%12), 1+n%28, n%24, n%60, n%60, 0, zone)}
}

// fill puts letters from to to-1 into a folder of the source.
func (b *bench) fill(address, folder string, from, to int) {
	b.t.Helper()
	for n := from; n < to; n++ {
		b.Put(Source, address, folder, letter(n))
	}
}

// line is a message in a form that can be compared.
type line struct {
	Body, Flags string
	Date        int64
}

func lines(messages []Message) []line {
	out := make([]line, len(messages))
	for i, m := range messages {
		flags := slices.Clone(m.Flags)
		for j := range flags {
			flags[j] = strings.ToLower(flags[j]) // RFC 9051 section 2.3.2: case-insensitive
		}
		slices.Sort(flags)
		out[i] = line{string(m.Body), strings.Join(flags, " "), m.Date.Unix()}
	}
	slices.SortFunc(out, func(a, b line) int {
		return strings.Compare(a.Body+a.Flags+fmt.Sprint(a.Date), b.Body+b.Flags+fmt.Sprint(b.Date))
	})
	return out
}

// same requires that the target has every folder of the source with equal
// messages, each once, and nothing else.
func (b *bench) same(address string) {
	b.t.Helper()
	want, got := b.Dump(Source, address), b.Dump(Target, address)
	for _, folder := range slices.Sorted(maps.Keys(want)) {
		messages, ok := got[folder]
		if !ok {
			b.t.Errorf("%s: the target has no folder %q", address, folder)
		}
		b.equal(address, folder, want[folder], messages)
	}
	for _, folder := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[folder]; !ok && len(got[folder]) > 0 {
			b.t.Errorf("%s: %d messages in folder %q, which the source does not have", address, len(got[folder]), folder)
		}
	}
}

func (b *bench) equal(address, folder string, want, got []Message) {
	b.t.Helper()
	if len(want) != len(got) {
		b.t.Errorf("%s, folder %q: %d messages, want %d", address, folder, len(got), len(want))
	} else if diff := cmp.Diff(lines(want), lines(got)); diff != "" {
		b.t.Errorf("%s, folder %q (-source +target):\n%s", address, folder, diff)
	}
}

// find gives the one message with this ID.
func (b *bench) find(side Side, address, folder, id string) Message {
	b.t.Helper()
	var found []Message
	for _, m := range b.Dump(side, address)[folder] {
		if strings.Contains(string(m.Body), "<"+id+">") {
			found = append(found, m)
		}
	}
	if len(found) != 1 {
		b.t.Fatalf("%s, folder %q: %d messages with the ID %s, want 1", address, folder, len(found), id)
	}
	return found[0]
}
