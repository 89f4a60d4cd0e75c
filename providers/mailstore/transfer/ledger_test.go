package transfer

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

func mustOpen(t testing.TB, dir string) (*Ledger, []string) {
	t.Helper()
	l, notes, err := OpenLedger(dir, testKey)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, n := range notes {
		codes = append(codes, n.Code)
	}
	return l, codes
}

// fillLedger records a copy of n messages in every kind of record.
func fillLedger(t testing.TB, l *Ledger, n uint32) *folderState {
	t.Helper()
	f, err := l.bind("INBOX", 7, targetRecord{name: "INBOX", path: []string{"INBOX"}, uidValidity: 9}, anew{})
	if err != nil {
		t.Fatal(err)
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(l.put(intentRecord{folder: f.id, next: 5, spans: spansOf([]uint32{1, 2, 3, 9})}))
	check(l.foreign(f.target, 3, `\Seen`, fingerprintOf("x: \xff\r\n\r\n\x00")))
	for i := range n {
		check(l.placed(f, 2*i+1, 10+i, []string{"", `\Seen`}[i%2], i%8, sha256.Sum256([]byte{byte(i)})))
	}
	check(l.put(problemRecord{folder: f.id, uid: 2, Problem: Problem{Code: "TOOBIG", Text: "big", File: "x.eml"}}))
	check(l.put(problemRecord{folder: f.id, uid: 4, Problem: Problem{Missing: true}}, problemRecord{folder: f.id, uid: 4, over: true}))
	check(l.flagged(f, []uint32{3, 1}, `\Draft $k`))
	check(l.put(lookedRecord{0, 12}, markRecord{f.id, mark{next: 30, messages: 4, modSeq: 1 << 40, since: 5, pending: 1, skipped: 2, subscribed: 1}}))
	check(l.Sync())
	return f
}

// dump is all of a ledger's state that decides anything.
func dump(st *state) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q\n", st.flagSets)
	for _, t := range st.targets {
		fmt.Fprintf(&b, "target %+v\n", *t)
	}
	for _, f := range st.folders {
		fmt.Fprintf(&b, "folder %d %q %d to %d\nrows %v\nproblems %v\nintents %v\nmark %v %v\n",
			f.id, f.name, f.uidValidity, f.target.id, f.rows, f.problems, f.intents, f.marked, f.mark)
	}
	return b.String()
}

func TestLedgerIsReadAsWritten(t *testing.T) {
	dir := t.TempDir()
	l, _ := mustOpen(t, dir)
	fillLedger(t, l, 250)
	want := dump(l.st)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	again, notes := mustOpen(t, dir)
	defer again.Close()
	if d := cmp.Diff(want, dump(again.st)); d != "" || len(notes) > 0 {
		t.Errorf("%s %v", d, notes)
	}
	reader, err := ReadLedger(dir, testKey)
	if err != nil || dump(reader.st) != want || reader.Placed() != 250 {
		t.Errorf("reader: %v", err)
	}
	if err := reader.Sync(); err == nil {
		err = reader.put(lookedRecord{0, 1})
		if err == nil {
			t.Error("a reader wrote")
		}
	}
}

func TestLedgerCutAtEveryOctet(t *testing.T) {
	dir := t.TempDir()
	l, _ := mustOpen(t, dir)
	fillLedger(t, l, 30)
	l.Close()
	path := filepath.Join(dir, ledgerName(testKey.Address))
	whole, _ := os.ReadFile(path)
	states := map[string]bool{}
	for n := range len(whole) + 1 {
		if err := os.WriteFile(path, append(whole[:n:n], make([]byte, n%3*100)...), 0o600); err != nil {
			t.Fatal(err)
		}
		l, notes := mustOpen(t, dir)
		if len(notes) > 0 {
			t.Fatalf("cut at %d: %v", n, notes)
		}
		states[dump(l.st)] = true
		if _, err := l.bind("after", 1, targetRecord{name: "after", uidValidity: 1}, anew{}); err != nil {
			t.Fatal(err)
		}
		l.Close()
		if again, err := ReadLedger(dir, testKey); err != nil || again.st.folderOf["after"] == nil {
			t.Fatalf("cut at %d: what was written then is not read", n)
		}
	}
	if len(states) < 10 {
		t.Errorf("%d states", len(states))
	}
}

func TestLedgerFlippedOctets(t *testing.T) {
	dir := t.TempDir()
	l, _ := mustOpen(t, dir)
	fillLedger(t, l, 30)
	l.Close()
	path := filepath.Join(dir, ledgerName(testKey.Address))
	whole, _ := os.ReadFile(path)
	starts := []int64{}
	for f := newFrames(strings.NewReader(string(whole)), 0, int64(len(whole))); ; {
		starts = append(starts, f.at)
		if _, err := f.next(); err != nil {
			break
		}
	}
	last := starts[len(starts)-2]
	for at := range whole {
		for _, mask := range []byte{1, 0x80, 0xff} {
			b := append([]byte{}, whole...)
			b[at] ^= mask
			st, end, err := replay(strings.NewReader(string(b)), int64(len(b)), testKey)
			switch {
			case int64(at) >= last && (err != nil || end != last):
				t.Fatalf("octet %d of the last record: end %d, %v", at, end, err)
			case int64(at) < last && !errors.Is(err, errDamaged):
				t.Fatalf("octet %d: %v", at, err)
			}
			_ = dump(st)
		}
	}
}

func TestLedgerSetAside(t *testing.T) {
	for _, c := range []struct {
		name, note string
		spoil      func(path string, b []byte)
		key        Key
	}{
		{"damaged", "ledger.damaged", func(p string, b []byte) { b[len(b)/2] ^= 4; os.WriteFile(p, b, 0o600) }, testKey},
		{"zeros", "ledger.damaged", func(p string, b []byte) { clear(b[300:400]); os.WriteFile(p, b, 0o600) }, testKey},
		{"other", "ledger.other", func(string, []byte) {}, Key{"L", "a@x.test", "imap://a@s", "imap://a@other"}},
	} {
		dir := t.TempDir()
		l, _ := mustOpen(t, dir)
		fillLedger(t, l, 30)
		l.Close()
		path := filepath.Join(dir, ledgerName("a@x.test"))
		b, _ := os.ReadFile(path)
		c.spoil(path, b)
		for n := 1; n <= 2; n++ {
			if n == 2 {
				os.WriteFile(path, b, 0o600)
			}
			l, notes, err := OpenLedger(dir, c.key)
			if err != nil || len(notes) != 1 || notes[0].Code != c.note || l.Started() {
				t.Fatalf("%s: %v, %v", c.name, notes, err)
			}
			l.Close()
			kept := fmt.Sprintf("%s.%s-%d", path, strings.TrimPrefix(c.note, "ledger."), n)
			if k, _ := os.ReadFile(kept); string(k) != string(b) || notes[0].Args["file"] != kept {
				t.Errorf("%s: not kept as %s", c.name, kept)
			}
		}
	}
}

func TestNewerLedgerIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, ledgerName("a@x.test"))
	b := frame(nil, 0, append([]byte{kindHeader, ledgerFormat + 1}, "whatever"...))
	os.WriteFile(path, b, 0o600)
	_, _, err := OpenLedger(dir, testKey)
	var f *planner.Fault
	if !errors.As(err, &f) || f.Code != "ledger.newer" {
		t.Fatal(err)
	}
	if now, _ := os.ReadFile(path); string(now) != string(b) {
		t.Error("changed")
	}
}

// A ledger that cannot be read is no empty one: plan would take all for not
// copied, and the way back would carry what it has to leave.
func TestALedgerThatCannotBeReadIsAnError(t *testing.T) {
	for name, c := range map[string]struct {
		code  string
		spoil func(path string) error
	}{
		"a directory": {"ledger.failed", func(path string) error { return os.Mkdir(path, 0o700) }},
		"newer": {"ledger.newer", func(path string) error {
			return os.WriteFile(path, frame(nil, 0, append([]byte{kindHeader, ledgerFormat + 1}, "whatever"...)), 0o600)
		}},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, ledgerName("a@x.test"))
		if err := c.spoil(path); err != nil {
			t.Fatal(err)
		}
		_, read := ReadLedger(dir, testKey)
		_, copied := Copied(dir, testKey)
		_, inspected := Inspect(dir, testKey)
		_, _, opened := OpenLedger(dir, testKey)
		for by, err := range map[string]error{"ReadLedger": read, "Copied": copied, "Inspect": inspected, "OpenLedger": opened} {
			var f *planner.Fault
			if !errors.As(err, &f) || f.Code != c.code || f.Args["file"] != path || strings.Contains(f.Args["reason"], path) {
				t.Errorf("%s, %s: %v", name, by, err)
			}
		}
	}
	dir := t.TempDir()
	for by, err := range map[string]error{"none": nil, "other key": os.WriteFile(filepath.Join(dir, ledgerName("a@x.test")), encodeHeader(Key{Address: "a@x.test", Lineage: "other"}), 0o600)} {
		if l, e := ReadLedger(dir, testKey); err != nil || e != nil || l.Started() {
			t.Errorf("%s: %v %v", by, err, e)
		}
	}
}

func TestAReaderSeesWholeRecordsWhileAPassWrites(t *testing.T) {
	dir := t.TempDir()
	l, _ := mustOpen(t, dir)
	done := make(chan struct{})
	go func() {
		defer close(done)
		fillLedger(t, l, 20000)
	}()
	for n := -1; ; {
		r, err := ReadLedger(dir, testKey)
		if err != nil || r.Placed() < n {
			t.Fatalf("%d after %d, %v", r.Placed(), n, err)
		}
		n = r.Placed()
		select {
		case <-done:
			l.Close()
			if r, _ := ReadLedger(dir, testKey); r.Placed() != 20000 {
				t.Errorf("%d in the end", r.Placed())
			}
			return
		default:
		}
	}
}

func TestLedgerNames(t *testing.T) {
	seen := map[string]string{}
	for _, a := range []string{"a@x.test", "A@x.test", "../../etc/passwd", ".hidden@x", "a b@x", "张三@例子.测试", "a%20b@x",
		strings.Repeat("l", 300) + "@x", strings.Repeat("l", 301) + "@x", "con", "a:b@x", "a\x00b"} {
		n := ledgerName(a)
		if seen[n] != "" || filepath.Base(n) != n || n[0] == '.' || len(n) > 200 {
			t.Errorf("%q gives %q (%q)", a, n, seen[n])
		}
		seen[n] = a
	}
}

func TestEveryFaultHasItsTexts(t *testing.T) {
	for _, lang := range []text.Lang{text.English, text.Chinese} {
		c := text.Load(lang)
		for _, code := range []string{"ledger.damaged", "ledger.other", "ledger.newer", "ledger.failed",
			"copy.gone", "copy.folder", "copy.folders", "copy.refused", "copy.unsubscribed"} {
			for _, part := range []string{".what", ".why", ".do"} {
				if !c.Has(code + part) {
					t.Errorf("%s: no %s", lang, code+part)
				}
			}
		}
	}
}

func TestRunsOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := placedRecord{folder: rapid.Uint32().Draw(t, "folder")}
		for range rapid.IntRange(0, 50).Draw(t, "n") {
			w := row{rapid.Uint32().Draw(t, "src"), rapid.Uint32Range(0, 3).Draw(t, "dst"), rapid.Uint32Range(0, 20).Draw(t, "flags")}
			for range rapid.IntRange(1, 5).Draw(t, "run") {
				r.rows = append(r.rows, w)
				r.hashes = append(r.hashes, sha256.Sum256([]byte{byte(len(r.rows))}))
				w.src, w.dst = w.src+1, w.dst+1
			}
		}
		got, err := decodeRecord(r.encode(nil))
		if err != nil {
			t.Fatal(err)
		}
		if g := got.(placedRecord); fmt.Sprint(g.rows) != fmt.Sprint(r.rows) || fmt.Sprint(g.hashes) != fmt.Sprint(r.hashes) {
			t.Fatalf("%v became %v", r.rows, g.rows)
		}
	})
}

func FuzzLedger(f *testing.F) {
	dir := f.TempDir()
	l, _ := mustOpen(f, dir)
	fillLedger(f, l, 5)
	l.Close()
	b, _ := os.ReadFile(filepath.Join(dir, ledgerName(testKey.Address)))
	f.Add(b, uint16(0), []byte{0})
	f.Add(b, uint16(200), []byte{kindIntent, 0, 0, 255, 255, 255, 255, 15})
	f.Fuzz(func(t *testing.T, b []byte, at uint16, payload []byte) {
		if len(payload) > 0 && len(payload) <= maxPayload { // a record that passes its sum
			b = frame(b[:min(int(at), len(b)):min(int(at), len(b))], int64(min(int(at), len(b))), payload)
		}
		st, end, err := replay(strings.NewReader(string(b)), int64(len(b)), testKey)
		if err == nil && (st == nil || end > int64(len(b))) {
			t.Fatal("no state")
		}
		if err == nil { // what was read is read again when the tail is cut off
			again, e, err := replay(strings.NewReader(string(b[:end])), end, testKey)
			if err != nil || e != end || dump(again) != dump(st) {
				t.Fatalf("%v: %d is not %d", err, e, end)
			}
		}
	})
}

const million = 1_000_000

// fillMany records n messages as passes of 500 place them, and gives the
// file's size.
func fillMany(b testing.TB, dir string, n uint32, scattered bool) int64 {
	l, _ := mustOpen(b, dir)
	f, err := l.bind("INBOX", 1, targetRecord{name: "INBOX", uidValidity: 1}, anew{})
	if err != nil {
		b.Fatal(err)
	}
	for i := range n {
		src := i + 1
		if scattered {
			src = 3*i + i%2
		}
		if i%500 == 0 {
			l.put(intentRecord{folder: f.id, next: i, spans: []span{{src, 500}}})
		}
		if err := l.placed(f, src, i+1, []string{"", `\Seen`}[i/40%2], 0, [32]byte{byte(i), byte(i >> 8)}); err != nil {
			b.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	info, _ := os.Stat(filepath.Join(dir, ledgerName(testKey.Address)))
	return info.Size()
}

func BenchmarkLedger(b *testing.B) {
	for _, scattered := range []bool{false, true} {
		name := map[bool]string{false: "runs", true: "scattered"}[scattered]
		b.Run("write/"+name, func(b *testing.B) {
			for b.Loop() {
				b.ReportMetric(float64(fillMany(b, b.TempDir(), million, scattered))/million, "B/message")
			}
		})
		b.Run("open/"+name, func(b *testing.B) {
			dir := b.TempDir()
			fillMany(b, dir, million, scattered)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			var l *Ledger
			for b.Loop() {
				l, _ = ReadLedger(dir, testKey)
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/million, "heapB/message")
			if l.Placed() != million {
				b.Fatal("not all were read")
			}
		})
	}
}

// Ten million messages in one mailbox: what their ledger costs.
func BenchmarkTenMillion(b *testing.B) {
	for _, scattered := range []bool{false, true} {
		b.Run(map[bool]string{false: "runs", true: "scattered"}[scattered], func(b *testing.B) {
			dir := b.TempDir()
			size := fillMany(b, dir, 10*million, scattered)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			var l *Ledger
			for b.Loop() {
				l, _ = mustOpen(b, dir)
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(size)/(10*million), "B/message")
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(10*million), "heapB/message")
			if l.Placed() != 10*million {
				b.Fatal("not all were read")
			}
		})
	}
}
