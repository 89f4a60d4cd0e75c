package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	netmail "net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheSameSeedMakesTheSameMail(t *testing.T) {
	hashes := func(user string, seed uint64) string {
		h := sha256.New()
		w := newWriter(user, seed)
		for range 50 {
			fmt.Fprintf(h, "%+v\n", w.next("INBOX", w.size(tiny())).key())
		}
		return fmt.Sprintf("%x", h.Sum(nil))
	}
	first, again := hashes("a", 1), hashes("a", 1)
	if first != again {
		t.Error("two times the same differ")
	}
	if first == hashes("a", 2) || first == hashes("b", 1) {
		t.Error("another seed or user has the same mail")
	}
	w := newWriter("a0001@speed.test", 1)
	var pinned bytes.Buffer
	for range 3 {
		m := w.next("INBOX", 700)
		k := m.key()
		fmt.Fprintf(&pinned, "%x %s %d\n", k.hash[:6], k.flags, k.date)
	}
	const want = "6cfc18f88eef  1457878718\n3addbe9542fd \\Seen 1534218880\nc55709fb76a7 \\Seen 1604563096\n"
	if got := pinned.String(); got != want {
		t.Errorf("the mail of seed 1 has changed:\n%s", got)
	}
}

func TestMessagesAreMail(t *testing.T) {
	w := newWriter("a@speed.test", 3)
	seen := map[[32]byte]bool{}
	for _, size := range []int{minSize, 1000, 100_000, blockLines * (lineSize + 2) * 2, 1 << 20} {
		m := w.next("INBOX", size)
		if len(m.raw) < size || len(m.raw) > size+lineSize+2+600 {
			t.Errorf("%d octets instead of %d", len(m.raw), size)
		}
		parsed, err := netmail.ReadMessage(bytes.NewReader(m.raw))
		if err != nil {
			t.Fatal(err)
		}
		if date, err := parsed.Header.Date(); err != nil || !date.Equal(m.date) {
			t.Errorf("%v, %v", date, err)
		}
		if bytes.Contains(bytes.ReplaceAll(m.raw, []byte("\r\n"), nil), []byte("\n")) || !bytes.HasSuffix(m.raw, []byte("\r\n")) {
			t.Error("line ends")
		}
		for line := range strings.Lines(string(m.raw)) {
			if len(line) > 998 {
				t.Errorf("a line of %d", len(line))
			}
		}
		seen[m.key().hash] = true
	}
	if len(seen) != 5 {
		t.Error("two messages are the same")
	}
}

func TestSizesAreAsInRealMailboxes(t *testing.T) {
	p := population{median: 12 << 10, sigma: 1.75}
	w := newWriter("a", 1)
	var sizes []int
	sum := 0
	for range 20_000 {
		n := w.size(p)
		sizes, sum = append(sizes, n), sum+n
	}
	slices.Sort(sizes)
	if median := sizes[10_000]; median < 11<<10 || median > 13<<10 {
		t.Errorf("median %d", median)
	}
	if mean := sum / 20_000; mean < 45_000 || mean > 65_000 {
		t.Errorf("mean %d", mean)
	}
	if sizes[0] < minSize || sizes[19_999] > maxSize {
		t.Errorf("from %d to %d", sizes[0], sizes[19_999])
	}
}

func TestMaildirs(t *testing.T) {
	dir := t.TempDir()
	p := population{name: "t", mailboxes: 1, messages: 16, folders: eight, median: 1000, sigma: 1}
	holds, err := fill(t.Context(), dir, p, 1)
	if err != nil {
		t.Fatal(err)
	}
	user := p.users()[0]
	if holds[user].total() != 16 {
		t.Errorf("%d messages", holds[user].total())
	}
	found := map[string]int{}
	files, err := filepath.Glob(filepath.Join(dir, user, "Maildir", "cur", "*"))
	if err != nil {
		t.Fatal(err)
	}
	below, err := filepath.Glob(filepath.Join(dir, user, "Maildir", ".*", "cur", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(files, below...) {
		found[filepath.Base(filepath.Dir(filepath.Dir(name)))]++
		checkFile(t, name)
	}
	want := map[string]int{"Maildir": 2, ".Sent": 2, ".Drafts": 2, ".Trash": 2, ".Junk": 2, ".Archive": 2, ".Archive.2023": 2, ".Archive.2024": 2}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
	again, err := fill(t.Context(), t.TempDir(), p, 1)
	if err != nil || !maps.Equal(again[user], holds[user]) {
		t.Errorf("filled again it differs: %v", err)
	}
}

// checkFile compares the sizes in a file's name with the file.
func checkFile(t *testing.T, name string) {
	t.Helper()
	var id string
	var size, virtual int
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	plain := strings.NewReplacer(",", " ", "=", " ", ":", " ").Replace(filepath.Base(name))
	if _, err := fmt.Sscanf(plain, "%s S %d W %d", &id, &size, &virtual); err != nil {
		t.Fatalf("%s: %v", plain, err)
	}
	if size != len(content) || virtual != len(content)+bytes.Count(content, []byte("\n")) || bytes.Contains(content, []byte("\r")) {
		t.Errorf("%s has %d octets", plain, len(content))
	}
}
