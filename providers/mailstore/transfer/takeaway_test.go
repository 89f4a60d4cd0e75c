package transfer

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/planner"
)

// tryTake is a run that takes away what was placed.
func (r *rig) tryTake(atMost int) (planner.Tally, error) {
	r.t.Helper()
	l, _, err := OpenLedger(r.dir, testKey)
	if err != nil {
		r.t.Fatal(err)
	}
	defer l.Close()
	p := &Pass{Source: r.src, Target: r.dst, Ledger: l, Options: r.o, Stop: r.stop, Sleep: noSleep}
	tally, err := p.TakeAway(r.t.Context(), atMost)
	r.notes = nil
	for _, n := range p.Notes() {
		r.notes = append(r.notes, n.Code+" "+n.Args["n"])
	}
	return tally, err
}

// take must remove n, leave the target with these bodies, and note this.
func (r *rig) take(n int, left []string, notes ...string) {
	r.t.Helper()
	tally, err := r.tryTake(1000)
	if err != nil || tally != (planner.Tally{Removed: n}) {
		r.t.Errorf("%+v, %v, want %d removed", tally, err, n)
	}
	if got := r.dst.bodies(); !slices.Equal(got, left) {
		r.t.Errorf("at the target: %q, want %q", got, left)
	}
	if !slices.Equal(r.notes, notes) {
		r.t.Errorf("notes %q, want %q", r.notes, notes)
	}
}

// bodies lists "FOLDER BODY" in order.
func (s *memStore) bodies() (all []string) {
	for path, f := range s.folders {
		for _, m := range f.msgs {
			all = append(all, path+" "+strings.TrimSpace(m.body))
		}
	}
	slices.Sort(all)
	return all
}

// What was placed goes, what the target had or got stays, and the source keeps
// all; a pass forward copies all anew.
func TestPlacedMailIsTakenAway(t *testing.T) {
	for _, plain := range []bool{true, false} {
		r := newRig(t)
		r.src.plain, r.dst.plain = plain, plain
		r.dst.deliver("INBOX", "own: 1\r\n\r\n")
		r.dst.deliver("INBOX", "a: 0\r\n\r\n") // adopted
		for i := range 450 {
			r.src.deliver([]string{"INBOX", "A"}[i%2], fmt.Sprintf("a: %d\r\n\r\n", i), imap.FlagSeen)
		}
		r.run(planner.Tally{Copied: 449, Adopted: 1})
		r.dst.deliver("INBOX", "new: 1\r\n\r\n")
		before := r.src.shape()
		r.take(449, []string{"INBOX a: 0", "INBOX new: 1", "INBOX own: 1"}, "copy.remove.adopted 1")
		r.take(0, []string{"INBOX a: 0", "INBOX new: 1", "INBOX own: 1"})
		if !slices.Equal(before, r.src.shape()) {
			t.Error("the source was changed")
		}
		r.run(planner.Tally{Copied: 449})
		if n := len(r.dst.bodies()); n != 452 {
			t.Errorf("%d messages after another pass forward", n)
		}
	}
}

// What is not proven to be at the source, or not as it was placed, stays.
func TestWhatIsNeverTakenAway(t *testing.T) {
	for name, c := range map[string]struct {
		change func(r *rig)
		n      int
		left   []string
		note   string
	}{
		"gone at the source":     {func(r *rig) { r.src.remove("INBOX", 2) }, 2, []string{"INBOX a: 1"}, "copy.remove.source 1"},
		"other at the source":    {func(r *rig) { r.src.folders["INBOX"].msgs[1].body = "z: 1\r\n\r\n" }, 2, []string{"INBOX a: 1"}, "copy.remove.source 1"},
		"not given":              {func(r *rig) { r.src.hides = func(uid uint32) bool { return uid == 2 } }, 2, []string{"INBOX a: 1"}, "copy.remove.source 1"},
		"other at the target":    {func(r *rig) { r.dst.folders["INBOX"].msgs[1].body = "z: 1\r\n\r\n" }, 2, []string{"INBOX z: 1"}, "copy.remove.content 1"},
		"flagged at the target":  {func(r *rig) { r.dst.setFlags("INBOX", 2, imap.FlagFlagged) }, 2, []string{"INBOX a: 1"}, "copy.remove.flags 1"},
		"deleted, not expunged":  {func(r *rig) { r.dst.setFlags("INBOX", 2, imap.FlagDeleted) }, 2, []string{"INBOX a: 1"}, "copy.remove.flags 1"},
		"filed elsewhere":        {func(r *rig) { r.dst.remove("INBOX", 2); r.dst.deliver("F", "a: 1\r\n\r\n") }, 2, []string{"F a: 1"}, ""},
		"marked by the server":   {func(r *rig) { r.dst.setFlags("INBOX", 2, "Scanned") }, 3, nil, ""},
		"the source counts anew": {func(r *rig) { r.src.folders["INBOX"].validity++ }, 0, []string{"INBOX a: 0", "INBOX a: 1", "INBOX a: 2"}, "copy.remove.nowhere 3"},
		"the target counts anew": {func(r *rig) { r.dst.folders["INBOX"].validity++ }, 0, []string{"INBOX a: 0", "INBOX a: 1", "INBOX a: 2"}, "copy.remove.nowhere 3"},
		"the target came back from a backup": {func(r *rig) { r.dst.folders["INBOX"].next = 2 }, 0,
			[]string{"INBOX a: 0", "INBOX a: 1", "INBOX a: 2"}, "copy.remove.nowhere 3"},
		"no such folder":         {func(r *rig) { delete(r.src.folders, "INBOX") }, 0, []string{"INBOX a: 0", "INBOX a: 1", "INBOX a: 2"}, "copy.remove.nowhere 3"},
		"no UIDPLUS":             {func(r *rig) { r.dst.noUIDPlus = true }, 0, []string{"INBOX a: 0", "INBOX a: 1", "INBOX a: 2"}, "copy.remove.uidplus 3"},
		"a target that does not": {func(r *rig) { r.dst.clings = true }, 0, []string{"INBOX a: 0", "INBOX a: 1", "INBOX a: 2"}, "copy.remove.content 3"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			for i := range 3 {
				r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i))
			}
			r.run(planner.Tally{Copied: 3})
			c.change(r)
			var notes []string
			if c.note != "" {
				notes = append(notes, c.note)
			}
			r.take(c.n, c.left, notes...)
			for _, m := range r.dst.folders["INBOX"].msgs {
				if name != "deleted, not expunged" && slices.Contains(m.flags, imap.FlagDeleted) {
					t.Errorf("%d is left with \\Deleted", m.uid)
				}
			}
		})
	}
}

// A copy that the target altered, or that was repaired for it, is known.
func TestAlteredMailIsTakenAway(t *testing.T) {
	r := newRig(t)
	r.o.Repair = true
	r.dst.alter = func(body string) string { return strings.ReplaceAll(body, "\x00", "\x80") }
	r.dst.refuse = func(_ *Item, body string) *Refusal {
		if strings.Contains(strings.ReplaceAll(body, "\r\n", ""), "\n") {
			return &Refusal{Text: "Message contains bare newlines"}
		}
		return nil
	}
	r.src.deliver("INBOX", "a: 1\r\n\r\nx\x00y\r\n")
	r.src.deliver("INBOX", "From: a@x.test\r\nb: 1\r\n\r\nbare\nbare\r\n")
	r.run(planner.Tally{Copied: 2, Repaired: 1})
	r.take(2, nil)
}

// More than the bound is not begun.
func TestTakingAwayIsBounded(t *testing.T) {
	r := newRig(t)
	for i := range 3 {
		r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i))
	}
	r.run(planner.Tally{Copied: 3})
	if _, err := r.tryTake(2); !isClass(err, planner.Internal) || len(r.dst.bodies()) != 3 {
		t.Errorf("%v, %v", err, r.dst.bodies())
	}
	if tally, err := r.tryTake(3); err != nil || tally.Removed != 3 {
		t.Errorf("%+v, %v", tally, err)
	}
}

// Broken off at any step, the next run removes the rest, and a pass forward
// instead takes back what was begun: then each message is at the target once,
// none with \Deleted.
func TestTakingAwayBrokenAnywhere(t *testing.T) {
	for name, err := range map[string]error{"crash": errCrash, "gone": gone("test")} {
		kinds := map[string]bool{}
		for i := range 4 {
			plain, finish := i&1 == 0, i&2 == 0
			for n := 1; ; n++ {
				r := newRig(t)
				r.src.plain, r.dst.plain = plain, plain
				for i := range 4 {
					r.src.deliver([]string{"INBOX", "A"}[i%2], fmt.Sprintf("a: %d\r\n\r\n", i))
				}
				r.run(planner.Tally{Copied: 4})
				r.dst.deliver("INBOX", "own: 1\r\n\r\n", imap.FlagDeleted)
				met := r.brokenBy(n, err, func(p *Pass) error { _, err := p.TakeAway(t.Context(), 10); return err })
				kinds[met] = true
				if finish {
					r.take2(name, n, met)
				} else {
					for range 2 { // the first finds out what is gone
						if _, err := r.try(); err != nil {
							t.Fatalf("%s, step %d (%s): %v", name, n, met, err)
						}
					}
				}
				r.dst.remove("INBOX", 3) // its own, if it is there
				want := map[bool]int{true: 0, false: 4}[finish]
				if got := r.dst.bodies(); len(got) != want {
					t.Fatalf("%s, step %d (%s): %q", name, n, met, got)
				}
				for _, f := range r.dst.folders {
					for _, m := range f.msgs {
						if slices.Contains(m.flags, imap.FlagDeleted) {
							t.Fatalf("%s, step %d (%s): left with \\Deleted", name, n, met)
						}
					}
				}
				if met == "" {
					break
				}
			}
		}
		if !kinds["target expunge"] || err == errCrash && !kinds["ledger sync"] {
			t.Errorf("only these were tried: %v", kinds)
		}
	}
}

func (r *rig) take2(name string, n int, met string) {
	r.t.Helper()
	if _, err := r.tryTake(10); err != nil {
		r.t.Fatalf("%s, step %d (%s): %v", name, n, met, err)
	}
}
