package transfer

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/planner"
)

// followed is a rig with n copied messages in INBOX and two in A, and a pass
// that may remove half of a mailbox.
func followed(t testing.TB, n int) *rig {
	r := newRig(t)
	for i := range n {
		r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i), imap.FlagSeen)
	}
	r.src.deliver("A", "b: 1\r\n\r\n")
	r.src.deliver("A", "b: 2\r\n\r\n")
	r.o.Removed = 50
	r.run(planner.Tally{Copied: n + 2})
	return r
}

func (r *rig) noted(code string) {
	r.t.Helper()
	if !slices.Contains(r.notes, code) {
		r.t.Errorf("no %s in %v", code, r.notes)
	}
}

func (r *rig) kept() (why []string) {
	l, err := ReadLedger(r.dir, testKey)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, d := range l.Deviations() {
		if d.Kind == DevKept {
			why = append(why, fmt.Sprintf("%s %d %s", d.Folder, d.UID, strings.TrimPrefix(d.Text, "report.kept.")))
		}
	}
	return why
}

func TestDeletionsAreFollowed(t *testing.T) {
	for _, plain := range []bool{true, false} {
		for _, condstore := range []bool{true, false} {
			r := followed(t, 6)
			r.src.plain, r.dst.plain, r.src.noCondstore = plain, plain, !condstore
			r.src.remove("INBOX", 2)
			r.src.remove("INBOX", 6)
			r.src.setFlags("INBOX", 3, imap.FlagDeleted) // is a flag like others
			r.run(planner.Tally{Flags: 1, Removed: 2})
			r.same()
			r.run(planner.Tally{})
			r.src.deliver("INBOX", "a: new\r\n\r\n")
			r.run(planner.Tally{Copied: 1})
			r.same()
		}
	}
}

func TestDeletionsAreKeptByDefault(t *testing.T) {
	r := followed(t, 6)
	r.o.Removed = 0
	r.src.remove("INBOX", 2)
	r.run(planner.Tally{})
	if n := len(r.dst.folders["INBOX"].msgs); n != 6 {
		t.Errorf("%d messages", n)
	}
}

// A message that moved is never in neither place.
func TestAMoveIsCopiedBeforeItIsRemoved(t *testing.T) {
	r := followed(t, 6)
	r.src.remove("INBOX", 2)
	r.src.deliver("A", "a: 1\r\n\r\n", imap.FlagSeen)
	r.run(planner.Tally{Copied: 1, Removed: 1})
	r.same()
	// it moves after its new folder was carried: the next pass sees to it
	done := false
	r.src.step = func(op string) error {
		if op == "scan" && !done && r.src.folders["INBOX"].msgs[0].uid == 1 {
			done = true
			r.src.folders["INBOX"].msgs = r.src.folders["INBOX"].msgs[1:]
			r.src.folders["INBOX"].modSeq++
			r.src.folder("A").add("a: 0\r\n\r\n", r.src.folders["A"].msgs[0].date, []imap.Flag{imap.FlagSeen})
		}
		return nil
	}
	r.src.remove("INBOX", 4)
	r.dst.step = func(op string) error {
		if op == "expunge" && !strings.Contains(fmt.Sprint(r.dst.shape()), `A "a: 0`) && strings.Contains(fmt.Sprint(r.src.shape()), `A "a: 0`) {
			t.Error("removed before it was copied")
		}
		return nil
	}
	for range 3 {
		if _, err := r.try(); err != nil {
			t.Fatal(err)
		}
	}
	r.same()
}

// What is not certainly deleted, or not ours, stays.
func TestWhatIsNeverRemoved(t *testing.T) {
	month := 30 * 24 * time.Hour
	for name, c := range map[string]struct {
		do    func(r *rig)
		gone  []uint32 // of INBOX at the target
		kept  string
		notes string
	}{
		"beyond the limit": {do: func(r *rig) { r.o.Removed = 10; r.src.remove("INBOX", 2); r.src.remove("INBOX", 3) }, notes: "copy.follow.limit"},
		"no UIDPLUS":       {do: func(r *rig) { r.dst.noUIDPlus = true; r.src.remove("INBOX", 2) }, notes: "copy.follow.uidplus"},
		"UIDVALIDITY":      {do: func(r *rig) { r.src.folders["INBOX"].validity++; r.src.remove("INBOX", 2) }},
		"the target's UIDVALIDITY": {do: func(r *rig) {
			r.dst.folders["INBOX"].validity++
			r.src.remove("INBOX", 2)
		}},
		"a folder that vanished": {do: func(r *rig) { delete(r.src.folders, "A") }},
		"all of it":              {do: func(r *rig) { r.src.folders["INBOX"].msgs, r.src.folders["A"].msgs = nil, nil; r.o.Removed = 100 }, notes: "copy.follow.window"},
		"touched": {do: func(r *rig) {
			r.dst.setFlags("INBOX", 2, imap.FlagSeen, imap.FlagFlagged)
			r.src.remove("INBOX", 2)
			r.src.remove("INBOX", 3)
		}, gone: []uint32{3}, kept: "[INBOX 2 touched]"},
		"a view of all": {do: func(r *rig) {
			r.src.folder("All").Use = imap.MailboxAttrAll
			r.src.remove("INBOX", 2)
		}, notes: "copy.follow.view"},
		"a window": {do: func(r *rig) {
			for i, m := range r.dst.folders["INBOX"].msgs {
				m.date = m.date.Add(time.Duration(i-20) * month)
			}
			r.src.remove("INBOX", 1)
			r.src.remove("INBOX", 2)
		}, notes: "copy.follow.window"},
		"a refused folder": {do: func(r *rig) {
			r.src.deliver("New", "c: 1\r\n\r\n")
			r.dst.refuseName = func(path []string) bool { return path[0] == "New" }
			r.src.remove("INBOX", 2)
		}},
		"a missing message": {do: func(r *rig) {
			r.src.deliver("A", "b: 3\r\n\r\n")
			r.src.hides = func(uid uint32) bool { return uid == 3 }
			r.src.remove("INBOX", 2)
		}},
		"a target that does not": {do: func(r *rig) { r.dst.clings = true; r.src.remove("INBOX", 2) }, kept: "[INBOX 2 refused]"},
	} {
		t.Run(name, func(t *testing.T) {
			r := followed(t, 6)
			before := r.dst.shape()
			c.do(r)
			r.try()
			if c.notes != "" {
				r.noted(c.notes)
			}
			for range 2 {
				r.try()
			}
			has := map[uint32]bool{}
			for _, m := range r.dst.folders["INBOX"].msgs {
				has[m.uid] = true
				if slices.Contains(m.flags, imap.FlagDeleted) {
					t.Errorf("%d is left with \\Deleted", m.uid)
				}
			}
			for uid := uint32(1); uid <= 6; uid++ {
				if has[uid] == slices.Contains(c.gone, uid) {
					t.Errorf("%d is there: %v; before: %v", uid, has[uid], before)
				}
			}
			if got := r.kept(); c.kept != "" && fmt.Sprint(got) != c.kept {
				t.Errorf("kept: %v", got)
			}
		})
	}
}

func TestAdoptedMailIsNotRemoved(t *testing.T) {
	r := newRig(t)
	r.o.Removed = 100
	r.dst.deliver("INBOX", "a: 1\r\n\r\n")
	for i := range 4 {
		r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i))
	}
	r.run(planner.Tally{Copied: 3, Adopted: 1})
	r.src.remove("INBOX", 2)
	r.run(planner.Tally{})
	if got := fmt.Sprint(r.kept()); got != "[INBOX 2 adopted]" || len(r.dst.folders["INBOX"].msgs) != 4 {
		t.Error(got)
	}
	opens := r.src.opens
	r.run(planner.Tally{})
	if r.src.opens != opens {
		t.Error("what stays is looked for in every pass")
	}
}

// A removal that is broken off anywhere is finished by the next pass, or taken
// back where that may not remove; nothing else is touched.
func TestRemovalBrokenAtEveryStep(t *testing.T) {
	for name, err := range map[string]error{"crash": errCrash, "gone": gone("test")} {
		kinds := map[string]bool{} // of all four: the sides work at once, so which comes as the nth is chance
		for i := range 4 {
			plain, finish := i&1 == 0, i&2 == 0
			for n := 1; ; n++ {
				r := followed(t, 6)
				r.dst.deliver("INBOX", "own: 1\r\n\r\n", imap.FlagDeleted)
				r.src.plain, r.dst.plain = plain, plain
				r.src.remove("INBOX", 3)
				r.src.remove("A", 2)
				met := r.broken(n, err)
				kinds[met] = true
				if !finish {
					r.o.Removed = 0
				}
				if _, err := r.try(); err != nil {
					t.Fatalf("%s, step %d (%s): %v", name, n, met, err)
				}
				r.dst.remove("INBOX", 7) // which must be there
				if n := len(r.dst.folders["INBOX"].msgs) + len(r.dst.folders["A"].msgs); n < 6 || finish && n != 6 || n > 8 {
					t.Fatalf("%s, step %d (%s): %d messages", name, n, met, n)
				}
				for _, m := range r.dst.folders["INBOX"].msgs {
					if slices.Contains(m.flags, imap.FlagDeleted) {
						t.Fatalf("%s, step %d (%s): left with \\Deleted", name, n, met)
					}
				}
				if finish {
					r.same()
				}
				if met == "" {
					break
				}
			}
		}
		if !kinds["target expunge"] || err == errCrash && (!kinds["target expunged"] || !kinds["ledger sync"]) {
			t.Errorf("only these were tried: %v", kinds)
		}
	}
}

// Records of removals outlive a compaction and a restart.
func TestRemovalsOnRecord(t *testing.T) {
	r := followed(t, 6)
	l, _, err := OpenLedger(r.dir, testKey)
	if err != nil {
		t.Fatal(err)
	}
	f := l.st.folderOf["INBOX"]
	recs := append(removalsOf(f, removed, []uint32{1, 2, 5}), removalsOf(f, removing, []uint32{3})...)
	if err := l.put(append(recs, removalsOf(f, keptFirst+byte(KeptTouched)-1, []uint32{4, 6})...)...); err != nil {
		t.Fatal(err)
	}
	l.Close()
	for range 2 {
		l, err := ReadLedger(r.dir, testKey)
		if err != nil {
			t.Fatal(err)
		}
		f := l.st.folderOf["INBOX"]
		if len(f.rows) != 3 || !f.removing[3] || f.kept[4] != KeptTouched || f.kept[6] != KeptTouched || !f.shrunk(100) {
			t.Fatalf("%+v", f)
		}
		again, _, err := (&place{r.dir, func(o *os.File) disk { return o }, os.Rename, syncDir}).open(testKey, false)
		if err != nil {
			t.Fatal(err)
		}
		path := again.file.(*os.File).Name()
		if err := (&place{r.dir, func(o *os.File) disk { return o }, os.Rename, syncDir}).compact(path, testKey, again.st, again.file.(*os.File), again.end); err != nil {
			t.Fatal(err)
		}
	}
}
