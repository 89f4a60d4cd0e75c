package transfer

import (
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/planner"
)

// What the target held before the first pass stays on record: later passes,
// compaction and a restart do not change it, and it says nothing of a time
// before it was written, of other folders, or of another UIDVALIDITY.
func TestWhatTheTargetHeldBefore(t *testing.T) {
	r := newRig(t)
	first := time.Unix(1700000000, 0)
	for range 3 {
		r.dst.deliver("INBOX", "own: 1\r\n\r\n")
	}
	for i := range 2 * beforeFolders {
		r.dst.folder(fmt.Sprint("F", i))
	}
	r.dst.folder(strings.Repeat("x", beforeName+1))
	r.src.deliver("INBOX", "a: 1\r\n\r\n")
	r.o.At = first
	r.run(planner.Tally{Copied: 1})
	r.dst.deliver("New", "own: 2\r\n\r\n")
	r.src.deliver("INBOX", "a: 2\r\n\r\n")
	r.o.At = first.Add(time.Hour)
	r.run(planner.Tally{Copied: 1})
	check := func() {
		t.Helper()
		l, err := ReadLedger(r.dir, testKey)
		if err != nil {
			t.Fatal(err)
		}
		v := r.dst.folders["INBOX"].validity
		for _, c := range []struct {
			folder   string
			validity uint32
			until    time.Time
			want     uint32
		}{
			{"INBOX", v, first.Add(time.Second), 4}, {"INBOX", v, first, 0}, {"INBOX", v + 1, first.Add(time.Second), 0},
			{"New", r.dst.folders["New"].validity, first.Add(2 * time.Hour), 0},
			{"F7", r.dst.folders["F7"].validity, first.Add(time.Hour), 1},
			{strings.Repeat("x", beforeName+1), r.dst.folders[strings.Repeat("x", beforeName+1)].validity, first.Add(time.Hour), 0},
		} {
			if got := l.Before(c.folder, c.validity, c.until); got != c.want {
				t.Errorf("%s %d until %v: %d, want %d", c.folder, c.validity, c.until, got, c.want)
			}
		}
	}
	check()
	pl := &place{r.dir, func(o *os.File) disk { return o }, os.Rename, syncDir}
	l, _, err := pl.open(testKey, false)
	if err != nil {
		t.Fatal(err)
	}
	f := l.file.(*os.File)
	if err := pl.compact(f.Name(), testKey, l.st, f, l.end); err != nil {
		t.Fatal(err)
	}
	check()
}

// A pass that is told no time, and one over a target that tells no UIDNEXT,
// claim nothing of what was there.
func TestNothingIsClaimedUnseen(t *testing.T) {
	for _, at := range []time.Time{{}, time.Unix(1700000000, 0)} {
		r := newRig(t)
		r.o.At, r.dst.noNext = at, true
		r.dst.deliver("INBOX", "own: 1\r\n\r\n")
		r.run(planner.Tally{})
		l, err := ReadLedger(r.dir, testKey)
		if err != nil {
			t.Fatal(err)
		}
		if n := l.Before("INBOX", r.dst.folders["INBOX"].validity, time.Now()); n != 0 {
			t.Errorf("UIDs below %d", n)
		}
		if at.IsZero() != (l.st.beforeAt == 0) {
			t.Errorf("%v: looked at %d", at, l.st.beforeAt)
		}
	}
}

func printOf(octets string) Fingerprint {
	p := NewFingerprinter()
	p.Write([]byte(octets))
	return p.Sum()
}

// Messages are known by their octets, and as servers alter them.
func TestKnown(t *testing.T) {
	var k Known
	if k.Holds(printOf("a: 1\r\n\r\n")) {
		t.Error("the zero value knows something")
	}
	k.Add(printOf("a: 1\r\n\r\nx\x00y"))
	k.addExact(sha256.Sum256([]byte("b: 1\r\n\r\n\x00")))
	for octets, want := range map[string]bool{
		"a: 1\r\n\r\nx\x00y": true, "a: 1\r\n\r\nx\x80y": true, "a: 1\r\n\r\nx\x80y\r\n": true, "a: 1\r\n\r\nxzy": false,
		"b: 1\r\n\r\n\x00": true, "b: 1\r\n\r\n\x80": false, // of octets alone nobody can tell
	} {
		if k.Holds(printOf(octets)) != want {
			t.Errorf("%q: %v", octets, !want)
		}
	}
}

// What was copied is known from the file, also from one whose end is damaged;
// what is not yet written is known from the ledger that is open.
func TestCopiedIsKnown(t *testing.T) {
	r := newRig(t)
	for i := range 200 {
		r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i))
	}
	r.run(planner.Tally{Copied: 200})
	r.src.remove("INBOX", 1)
	k, err := Copied(r.dir, testKey)
	if err != nil || !k.Holds(printOf("a: 0\r\n\r\n")) || !k.Holds(printOf("a: 199\r\n\r\n")) || k.Holds(printOf("a: 200\r\n\r\n")) {
		t.Fatal(k, err)
	}
	l, _, err := OpenLedger(r.dir, testKey)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.placed(l.st.folderOf["INBOX"], 300, 300, "", 0, sha256.Sum256([]byte("a: 200\r\n\r\n"))); err != nil {
		t.Fatal(err)
	}
	var open Known
	if err := open.Learn(l); err != nil || !open.Holds(printOf("a: 200\r\n\r\n")) {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	path := r.dir + "/" + ledgerName(testKey.Address)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)*3/4] ^= 0xff
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	k, err = Copied(r.dir, testKey)
	if err != nil || !k.Holds(printOf("a: 0\r\n\r\n")) || k.Holds(printOf("a: 200\r\n\r\n")) {
		t.Error(err)
	}
	other := testKey
	other.Lineage = "another"
	if k, err = Copied(r.dir, other); err != nil || k.Holds(printOf("a: 0\r\n\r\n")) {
		t.Error(err)
	}
}
