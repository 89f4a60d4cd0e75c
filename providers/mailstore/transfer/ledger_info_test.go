package transfer

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/planner"
)

func TestInspectCounts(t *testing.T) {
	dir := t.TempDir()
	if i, err := Inspect(dir, testKey); err != nil || i.Check != LedgerNone || i.Size != 0 {
		t.Fatalf("%+v, %v", i, err)
	}
	l, _ := mustOpen(t, dir)
	f := fillLedger(t, l, 40)
	if err := l.put(intentRecord{folder: f.id, next: 99, spans: []span{{500, 7}}}, problemRecord{folder: f.id, uid: 600, Problem: Problem{Missing: true}}); err != nil {
		t.Fatal(err)
	}
	l.Close()
	i, err := Inspect(dir, testKey)
	if err != nil || i.Check != LedgerWhole || i.Size == 0 || i.Written.IsZero() {
		t.Fatalf("%+v, %v", i, err)
	}
	want := []LedgerFolder{{From: "INBOX", To: []string{"INBOX"}, Validity: 7, There: 9, Placed: 40, Runs: 40,
		Adopted: 20, Keywords: 20, Dates: 20, Refused: 1, Missing: 1, Intents: 7, Finished: true,
		Messages: 4, UIDNext: 30, ModSeq: 1 << 40, Skipped: 2, Pending: 1, Looked: 12}}
	if d := cmp.Diff(want, i.Folders); d != "" {
		t.Error(d)
	}
	if placed, refused, missing, intents := i.Messages(); placed != 40 || refused != 1 || missing != 1 || intents != 7 {
		t.Error(placed, refused, missing, intents)
	}
	if b, _ := json.Marshal(i); strings.Contains(string(b), "big") {
		t.Error("it tells what the target said")
	}
}

func TestInspectSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	l, _ := mustOpen(t, dir)
	fillLedger(t, l, 40)
	l.Close()
	path := filepath.Join(dir, ledgerName(testKey.Address))
	whole, _ := os.ReadFile(path)
	check := func(b []byte, k Key, want LedgerCheck) {
		t.Helper()
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		i, err := Inspect(dir, k)
		if err != nil || i.Check != want || (i.At > 0) != (want == LedgerTorn || want == LedgerDamaged) {
			t.Errorf("%+v, %v, want %s", i, err, want)
		}
		if now, _ := os.ReadFile(path); string(now) != string(b) {
			t.Error("it was changed")
		}
	}
	check(whole, testKey, LedgerWhole)
	check(whole[:len(whole)-3], testKey, LedgerTorn)
	check(append([]byte{}, append(whole[:len(whole):len(whole)], 0, 0, 0)...), testKey, LedgerTorn)
	bad := append([]byte{}, whole...)
	bad[len(bad)/2] ^= 1
	check(bad, testKey, LedgerDamaged)
	other := testKey
	other.Lineage = "another"
	check(whole, other, LedgerOther)
}

// What is to be tried again is missing until then, and its folder is looked
// at; nothing else changes.
func TestRetryMarksWhatWasRefused(t *testing.T) {
	dir := t.TempDir()
	l, _ := mustOpen(t, dir)
	f := fillLedger(t, l, 10)
	if err := l.put(intentRecord{folder: f.id, next: 50, spans: []span{{70, 2}}}, problemRecord{folder: f.id, uid: 40, Problem: Problem{Missing: true}}); err != nil {
		t.Fatal(err)
	}
	before := *f
	if refused, missing, err := l.Retry(); refused != 1 || missing != 1 || err != nil {
		t.Fatal(refused, missing, err)
	}
	if f.problems[2] != (Problem{Missing: true, Code: "TOOBIG", Text: "big", File: "x.eml"}) {
		t.Errorf("%+v", f.problems)
	}
	if f.mark.pending != before.mark.pending+1 || !cmp.Equal(f.intents, before.intents, cmp.AllowUnexported(intent{}, span{})) {
		t.Errorf("%+v, intents %v, were %v", f.mark, f.intents, before.intents)
	}
	if refused, missing, err := l.Retry(); refused != 0 || missing != 2 || err != nil {
		t.Error(refused, missing, err)
	}
	want := dump(l.st)
	l.Close()
	if again, _ := ReadLedger(dir, testKey); dump(again.st) != want {
		t.Error("it did not last")
	}
}

// A pass tries again what was marked, sends what is taken now, and names the
// rest with the reason of now.
func TestPassAfterRetry(t *testing.T) {
	r := newRig(t)
	for _, body := range []string{"a: 1\r\n\r\n", "big: 1\r\n\r\n", "bad: 1\r\n\r\n", "gone: 1\r\n\r\n"} {
		r.src.deliver("INBOX", body)
	}
	no := map[string]string{"big": "TOOBIG", "bad": "LIMIT", "gon": "TOOBIG"}
	r.dst.refuse = func(_ *Item, body string) *Refusal {
		if code := no[body[:3]]; code != "" {
			return &Refusal{Code: code, Text: code}
		}
		return nil
	}
	r.run(planner.Tally{Copied: 1, Refused: 3})
	r.run(planner.Tally{})
	l, _ := mustOpen(t, r.dir)
	if n, _, err := l.Retry(); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	if l.InStep(nil) && len(l.Named()) != 3 {
		t.Error("they are not named any more")
	}
	l.Close()
	delete(no, "big")
	r.src.remove("INBOX", 4)
	no["bad"] = "TOOBIG"
	r.run(planner.Tally{Copied: 1, Refused: 1})
	l, _ = mustOpen(t, r.dir)
	defer l.Close()
	if named := l.Named(); len(named) != 1 || named[0].UID != 3 || named[0].Missing || named[0].Code != "TOOBIG" {
		t.Errorf("%+v", named)
	}
	if got := len(r.dst.folders["INBOX"].msgs); got != 2 {
		t.Errorf("%d at the target", got)
	}
}
