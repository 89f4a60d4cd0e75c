package transfer

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// anyMessage has any value in each field that a file keeps.
func anyMessage(sets *flagSets) *rapid.Generator[message] {
	return rapid.Custom(func(t *rapid.T) message {
		var m message
		copy(m.print.Exact[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "exact"))
		copy(m.print.Canonical[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "canonical"))
		m.print.Size, m.print.Length, m.print.High = rapid.Int64().Draw(t, "size"), rapid.Int64().Draw(t, "length"), rapid.Uint64().Draw(t, "high")
		for i, b := range rapid.SliceOfN(rapid.Bool(), 8, 8).Draw(t, "bits") {
			*[]*bool{&m.print.HasNUL, &m.print.Header8Bit, &m.print.BareCR, &m.print.BareLF, &m.print.NoFinalNewline, &m.read, &m.doubled, &m.gone}[i] = b
		}
		m.date, m.uid = rapid.Int64().Draw(t, "date"), rapid.Uint32().Draw(t, "uid")
		m.box, m.why = rapid.Int32().Draw(t, "box"), rapid.Int32().Draw(t, "why")
		key := rapid.SampledFrom([]string{"", `\seen`, `\seen $x`}).Draw(t, "flags")
		m.flags = sets.of(key, strings.Fields(key))
		return m
	})
}

var sameMessage = cmp.AllowUnexported(message{}, flagSet{})

// A shelf is a list, however little of it is in memory.
func TestShelfIsAList(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		sets := &flagSets{}
		s := &shelf{scratch: scratch{dir, rapid.IntRange(1, 5).Draw(t, "page")}, sets: sets}
		defer s.close()
		var list []message
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				m := anyMessage(sets).Draw(t, "m")
				list = append(list, m)
				if err := s.add(m); err != nil {
					t.Fatal(err)
				}
			},
			"change": func(t *rapid.T) {
				if len(list) == 0 {
					return
				}
				i := rapid.IntRange(0, len(list)-1).Draw(t, "i")
				m, err := s.at(i)
				if err != nil {
					t.Fatal(err)
				}
				list[i] = anyMessage(sets).Draw(t, "m")
				*m = list[i]
				s.changed()
			},
		})
		var got []message
		if err := s.each(func(m *message) error { got = append(got, *m); return nil }); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(list, got, sameMessage); d != "" {
			t.Fatal(d)
		}
	})
	requireNoFiles(t, dir)
}

func requireNoFiles(t *testing.T, dir string) {
	t.Helper()
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%d files are left, such as %s", len(left), left[0].Name())
	}
}

// In whatever order a listing comes, UIDs are found, each once.
func TestShelfSortedAndSearched(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sets := &flagSets{}
		s := &shelf{scratch: scratch{page: rapid.IntRange(1, 4).Draw(t, "page")}, sets: sets}
		uids := rapid.SliceOf(rapid.Uint32Range(1, 30)).Draw(t, "uids")
		for _, uid := range uids {
			if err := s.add(message{uid: uid, flags: sets.of("", nil)}); err != nil {
				t.Fatal(err)
			}
		}
		s, err := s.sorted()
		if err != nil {
			t.Fatal(err)
		}
		defer s.close()
		slices.Sort(uids)
		uids = slices.Compact(uids)
		if s.n != len(uids) {
			t.Fatalf("%d of %d", s.n, len(uids))
		}
		for _, uid := range rapid.SliceOfN(rapid.Uint32Range(0, 31), 0, 40).Draw(t, "asked") {
			want, there := slices.BinarySearch(uids, uid)
			at, found, err := s.search(uid)
			if err != nil || found != there || found && at != want {
				t.Fatalf("%d: at %d, %v, %v; it is at %d, %v", uid, at, found, err, want, there)
			}
		}
	})
}

// Bins give back each message once, those of one content together.
func TestBins(t *testing.T) {
	dir := t.TempDir()
	sets := &flagSets{}
	b := newBins(scratch{dir: dir}, sets, 100_000)
	const n = 30_000
	for i := range n {
		if err := b.add(message{uid: uint32(i), print: fingerprintOf(fmt.Sprint(i % (n / 3))), flags: sets.of("", nil)}); err != nil {
			t.Fatal(err)
		}
	}
	of, seen := map[[32]byte]int{}, 0
	var all []message
	for bin := range binCount {
		var err error
		if all, _, err = b.load(bin, all); err != nil {
			t.Fatal(err)
		}
		for _, m := range all {
			if before, ok := of[m.print.Canonical]; ok && before != bin {
				t.Fatal("one content in two bins")
			}
			of[m.print.Canonical] = bin
			if m.print != fingerprintOf(fmt.Sprint(m.uid%(n/3))) {
				t.Fatalf("message %d came back as another", m.uid)
			}
			seen++
		}
	}
	if seen != n || len(of) != n/3 {
		t.Errorf("%d messages of %d contents", seen, len(of))
	}
	b.close()
	requireNoFiles(t, dir)
}

// What a process that died has left is removed, and nothing else.
func TestScratchIsSwept(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"verify-1.tmp", "verify-2.tmp", "mine.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	vRun(t, VerifyInput{Source: vBoxes(vFolder("A")), Target: vBoxes(vFolder("A")), Scratch: dir})
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || left[0].Name() != "mine.txt" {
		t.Errorf("%v %v", left, err)
	}
}

// A full disk ends the comparison with an error, never with a result.
func TestVerifyWithoutSpace(t *testing.T) {
	var mail []vMail
	for i := range uint32(10) {
		mail = append(mail, vMessage(i+1, fmt.Sprint(i)))
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Verify(t.Context(), VerifyInput{Source: vBoxes(vFolder("A", mail...)), Target: vBoxes(vFolder("A", mail...)), Scratch: file, page: 2})
	if err == nil || !r.Unfinished || r.Result != "verify.result.unread" {
		t.Errorf("%v %+v", err, r)
	}
}
