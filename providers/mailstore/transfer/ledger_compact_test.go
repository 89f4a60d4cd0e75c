package transfer

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mxmove/mxmove/planner"
)

// meaning is dump without the foreign messages that a row explains: a
// compacted ledger has no record of them.
func meaning(st *state) string {
	for _, t := range st.targets {
		taken := map[uint32]bool{}
		for _, f := range st.folders {
			for _, r := range f.rows {
				taken[r.dst] = taken[r.dst] || f.target == t
			}
		}
		t.foreign = slices.DeleteFunc(slices.Clone(t.foreign), func(u uint32) bool {
			was := taken[u]
			taken[u] = true
			return was
		})
		if len(t.foreign) == 0 {
			t.foreign = nil
		}
	}
	return dump(st)
}

// contents are the hashes and fingerprints that the file holds of what still
// counts.
func contents(t testing.TB, l *Ledger) map[string]string {
	all := map[string]string{}
	err := l.each(func(rec record) error {
		switch r := rec.(type) {
		case placedRecord:
			f := l.st.folders[r.folder]
			for i, w := range r.rows {
				if at, ok := f.find(w.src); ok && f.rows[at].dst == w.dst {
					all[fmt.Sprint(f.id, w.src)] = fmt.Sprintf("%x", r.hashes[i])
				}
			}
		case foreignRecord:
			if slices.Contains(l.st.targets[r.target].foreign, r.uid) {
				all[fmt.Sprint("foreign", r.target, r.uid)] = fmt.Sprint(r.print)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// churn records n rounds of changes in a ledger, most of which supersede
// one another.
func churn(t testing.TB, l *Ledger, n uint32) {
	f := fillLedger(t, l, 300)
	for i := range n {
		next := max(i, 20) * 300
		spans := []span{{next, 1}}
		err := l.put(intentRecord{folder: f.id, next: next, spans: spans}, lookedRecord{f.target.id, next},
			markRecord{f.id, mark{next: next, messages: i, modSeq: uint64(i) << 20}})
		if err == nil {
			err = l.flagged(f, []uint32{1, 5, 11}, fmt.Sprintf("$k%d", i%3))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := l.put(intentRecord{folder: f.id, next: 800, spans: []span{{900, 3}, {910, 2}}}); err != nil {
		t.Fatal(err)
	}
}

// wasted gives the file of a ledger that is worth to be compacted.
func wasted(t testing.TB, dir string) (content []byte, state string, held map[string]string) {
	l, _ := mustOpen(t, dir)
	churn(t, l, 2500)
	state, held = meaning(l.st), contents(t, l)
	if !l.st.wasteful(l.end) {
		t.Fatalf("%d octets, %d live", l.end, l.st.live())
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(dir, ledgerName(testKey.Address)))
	if err != nil {
		t.Fatal(err)
	}
	return content, state, held
}

func TestCompactedLedgerSaysTheSame(t *testing.T) {
	dir := t.TempDir()
	before, state, held := wasted(t, dir)
	l, notes := mustOpen(t, dir)
	defer l.Close()
	if d := cmp.Diff(state, meaning(l.st)); d != "" || len(notes) > 0 {
		t.Error(notes, d)
	}
	if d := cmp.Diff(held, contents(t, l)); d != "" {
		t.Error(d)
	}
	if l.end*4 > int64(len(before)) || l.st.wasteful(l.end) {
		t.Errorf("%d octets of %d are left", l.end, len(before))
	}
	fillLedger(t, l, 310) // it goes on being written
	if again, err := ReadLedger(dir, testKey); err != nil || meaning(again.st) != meaning(l.st) {
		t.Errorf("what was written then is not read: %v", err)
	}
}

// A process is killed at each step of a compaction; nothing that was not
// synced is sure to be there.
func TestCompactionKilledAtEveryStep(t *testing.T) {
	dir := t.TempDir()
	content, state, held := wasted(t, dir)
	path := filepath.Join(dir, ledgerName(testKey.Address))
	met := map[string]bool{}
	for n := 1; ; n++ {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		f := &fault{at: n, err: errCrash, stuck: true, mu: make(chan struct{}, 1)}
		killed(t, dir, f)
		if f.met == "" {
			break
		}
		met[f.met] = true
		l, notes := mustOpen(t, dir)
		if d := cmp.Diff(state, meaning(l.st)); d != "" || len(notes) > 0 {
			t.Fatalf("step %d, %s: %v %s", n, f.met, notes, d)
		}
		if d := cmp.Diff(held, contents(t, l)); d != "" || l.end >= int64(len(content)) {
			t.Fatalf("step %d, %s: %d octets, %s", n, f.met, l.end, d)
		}
		l.Close()
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			t.Fatalf("step %d, %s: left behind: %v", n, f.met, left)
		}
	}
	for _, op := range []string{"ledger write", "ledger sync", "ledger synced", "rename", "renamed", "directory sync"} {
		if !met[op] {
			t.Errorf("%s was not met", op)
		}
	}
}

// killed opens the ledger and dies at the fault: what has no name or was not
// synced by then may be lost.
func killed(t *testing.T, dir string, f *fault) {
	var files []*fragile
	p := &place{dir: dir,
		wrap: func(o *os.File) disk {
			info, _ := o.Stat()
			files = append(files, &fragile{File: o, synced: info.Size(), size: info.Size(), at: f.step})
			return files[len(files)-1]
		},
		rename: func(from, to string) error {
			if err := f.step("rename"); err != nil {
				return err
			}
			if new := files[len(files)-1]; new.synced != new.size {
				t.Error("renamed before it was synced")
			}
			if err := os.Rename(from, to); err != nil {
				return err
			}
			return f.step("renamed")
		},
		syncDir: func(string) error { return f.step("directory sync") },
	}
	path := filepath.Join(dir, ledgerName(testKey.Address))
	half, _ := os.ReadFile(path + ".new")
	l, _, err := p.open(testKey, true)
	if l != nil {
		l.file.Close()
	}
	if err == nil && f.met != "" && f.met != "directory sync" && f.met != "renamed" && len(half) > 0 {
		t.Errorf("%s: opened", f.met)
	}
	if f.met != "" { // the dead process could not tidy up
		if err := os.WriteFile(path+".new", []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Where there is no room for the new file, the old one does.
func TestCompactionWithoutRoom(t *testing.T) {
	dir := t.TempDir()
	content, state, _ := wasted(t, dir)
	p := &place{dir: dir, rename: os.Rename, syncDir: syncDir, wrap: func(o *os.File) disk {
		if strings.HasSuffix(o.Name(), ".new") {
			none := 0
			return full{o, &none, false}
		}
		return o
	}}
	l, notes, err := p.open(testKey, true)
	if err != nil || len(notes) > 0 || meaning(l.st) != state || l.end != int64(len(content)) {
		t.Fatal(err, notes)
	}
	if err := l.put(lookedRecord{0, 900_000}); err != nil {
		t.Error(err)
	}
	l.Close()
}

// Whatever is recorded, compaction changes nothing of it, and no compacted
// ledger is worth to be compacted.
func TestCompactionOfAnything(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		l, _ := mustOpen(t, dir)
		var folders []*folderState
		for range rapid.IntRange(1, 60).Draw(rt, "records") {
			anything(rt, l, &folders)
		}
		state, held := meaning(l.st), contents(t, l)
		if err := l.Close(); err != nil {
			rt.Fatal(err)
		}
		path := filepath.Join(dir, ledgerName(testKey.Address))
		p := &place{dir, func(f *os.File) disk { return f }, os.Rename, syncDir}
		f, err := os.Open(path)
		if err != nil {
			rt.Fatal(err)
		}
		if err := p.compact(path, testKey, l.st, f, l.end); err != nil {
			rt.Fatal(err)
		}
		again, notes := mustOpen(t, dir)
		defer again.Close()
		if d := cmp.Diff(state, meaning(again.st)); d != "" || len(notes) > 0 {
			rt.Fatal(notes, d)
		}
		if d := cmp.Diff(held, contents(t, again)); d != "" {
			rt.Fatal(d)
		}
		if again.end > 2*again.st.live() {
			rt.Fatalf("%d octets became %d, reckoned %d", l.end, again.end, again.st.live())
		}
	})
}

func anything(rt *rapid.T, l *Ledger, folders *[]*folderState) {
	uid := rapid.Uint32Range(1, 40)
	flags := rapid.SampledFrom([]string{"", `\Seen`, "$a $b"}).Draw(rt, "flags")
	kind := rapid.IntRange(0, 7).Draw(rt, "kind")
	if len(*folders) == 0 || kind == 0 {
		name := rapid.SampledFrom([]string{"INBOX", "A", "&ZeVnLIqe-"})
		n := rapid.Uint32Range(1, 2)
		f, err := l.bind(name.Draw(rt, "from"), n.Draw(rt, "validity"),
			targetRecord{name: name.Draw(rt, "to"), path: []string{"x"}, uidValidity: n.Draw(rt, "target's")}, anew{})
		if err != nil {
			rt.Fatal(err)
		}
		*folders = append(*folders, f)
		return
	}
	f := rapid.SampledFrom(*folders).Draw(rt, "folder")
	var err error
	switch src, dst := uid.Draw(rt, "uid"), uid.Draw(rt, "dst"); kind {
	case 1, 2:
		if at, ok := f.find(src); ok && f.rows[at].dst != 0 {
			return // found before
		}
		err = l.placed(f, src, dst*rapid.Uint32Range(0, 1).Draw(rt, "known"), flags, dst%8, sha256.Sum256([]byte{byte(src)}))
	case 3:
		err = l.foreign(f.target, dst, flags, fingerprintOf(fmt.Sprint("x: ", dst, "\r\n\r\n")))
	case 4:
		err = l.flagged(f, []uint32{src, dst}, flags)
	case 5:
		err = l.put(problemRecord{folder: f.id, uid: src, over: dst%3 == 0, Problem: Problem{Missing: dst%2 == 0, Text: "no"}})
	case 6:
		err = l.put(lookedRecord{f.target.id, dst}, markRecord{f.id, mark{next: src, pending: dst}})
	case 7:
		err = l.put(intentRecord{folder: f.id, next: dst, spans: spansOf([]uint32{src, src + 1, src + 7})})
	}
	if err != nil {
		rt.Fatal(err)
	}
}

// After damage the folders are rebuilt from what is at the target: nothing is
// doubled, and a note says so.
func TestDamagedLedgerIsRebuiltByAdoption(t *testing.T) {
	r := mixed(t, true, true)
	r.run(planner.Tally{Copied: 8})
	path := filepath.Join(r.dir, ledgerName(testKey.Address))
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/3] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	l, notes := mustOpen(t, r.dir)
	l.Close()
	if !slices.Equal(notes, []string{"ledger.damaged"}) {
		t.Error(notes)
	}
	if kept, err := os.ReadFile(path + ".damaged-1"); err != nil || string(kept) != string(b) {
		t.Errorf("not kept: %v", err)
	}
	r.run(planner.Tally{Adopted: 8})
	r.final("damaged")
}

// What a message costs: stated in the README, so that ten million are
// affordable (0.4 GB on disk, 0.15 GB in memory while their pass runs).
func TestWhatAMessageCosts(t *testing.T) {
	const n = 100_000
	for scattered, most := range map[bool]float64{false: 33, true: 40} {
		dir := t.TempDir()
		if per := float64(fillMany(t, dir, n, scattered)) / n; per > most {
			t.Errorf("scattered %v: %.1f octets a message in the file", scattered, per)
		}
		l, err := ReadLedger(dir, testKey)
		if err != nil || l.Placed() != n {
			t.Fatal(err)
		}
		if room := cap(l.st.folderOf["INBOX"].rows); room > 3*n/2 {
			t.Errorf("room for %d", room)
		}
	}
}
