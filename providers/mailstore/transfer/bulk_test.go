package transfer

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/mxmove/mxmove/planner"
)

// A new mailbox is read once and stored in batches; the next pass over it only
// lists.
func TestBulkCarriesAllFoldersInBatches(t *testing.T) {
	r := newRig(t)
	for i := range 40 {
		r.src.deliver(fmt.Sprintf("F%d", i%4), fmt.Sprintf("a: %d\r\n\r\n", i), imap.FlagSeen)
	}
	r.run(planner.Tally{Copied: 40})
	r.same()
	if r.dst.batches != 4*4 { // ten messages of each folder in threes
		t.Errorf("%d batches", r.dst.batches)
	}
	r.src.deliver("F1", "a: new\r\n\r\n")
	r.src.setFlags("F2", 1)
	r.run(planner.Tally{Copied: 1, Flags: 1})
	r.same()
	r.run(planner.Tally{})
}

// What bulk cannot vouch for, carry looks at: nothing is lost by what a source
// leaves out, changes or hides meanwhile.
func TestBulkLeavesWhatItDoesNotUnderstand(t *testing.T) {
	for name, odd := range map[string]func(r *rig){
		"hidden":        func(r *rig) { r.src.hides = func(uid uint32) bool { return uid == 2 } },
		"bodiless":      func(r *rig) { r.src.hides, r.src.bodiless = func(uid uint32) bool { return uid == 2 }, true },
		"not listed":    func(r *rig) { r.src.folders["INBOX"].msgs[1].uid = 9 },
		"earlier shown": func(r *rig) { r.src.folders["INBOX"].msgs[0].uid = 0 },
	} {
		for _, first := range []bool{true, false} {
			r := newRig(t)
			if !first {
				r.src.deliver("INBOX", "a: old\r\n\r\n")
				r.run(planner.Tally{Copied: 1})
			}
			for i := range 4 {
				r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i))
			}
			odd(r)
			r.try()
			r.src.hides = nil
			for i, m := range r.src.folders["INBOX"].msgs {
				m.uid = max(m.uid, uint32(i+1))
			}
			if _, err := r.try(); err != nil {
				t.Fatal(name, err)
			}
			r.src.folders["INBOX"].validity++ // all is looked at again
			if _, err := r.try(); err != nil {
				t.Fatal(name, err)
			}
			got, want := bodies(r.dst), bodies(r.src)
			for what, n := range want {
				if got[what] != n {
					t.Errorf("%s, first %v: %q %d times, not %d", name, first, what, got[what], n)
				}
			}
		}
	}
}

// A batch that is refused is sent again message by message, and only what is
// refused alone is kept aside.
func TestARefusedBatchIsTakenApart(t *testing.T) {
	for _, bad := range []bool{false, true} {
		r := newRig(t)
		for i := range 10 {
			r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i))
		}
		r.dst.refuse = func(_ *Item, body string) *Refusal {
			if strings.HasPrefix(body, "a: 4") {
				return &Refusal{Text: "contains a virus", Class: planner.Message, Bad: bad}
			}
			return nil
		}
		r.run(planner.Tally{Copied: 9, Refused: 1})
		r.run(planner.Tally{})
	}
}

// Where each message costs a round trip, several connections share the work.
func TestBulkWidens(t *testing.T) {
	defer goleak.VerifyNone(t)
	r := newRig(t)
	r.dst.waits = true
	for i := range 200 {
		r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i))
	}
	r.run(planner.Tally{Copied: 200})
	if r.dst.widened < 3 {
		t.Errorf("%d further connections", r.dst.widened)
	}
	got, want := bodies(r.dst), bodies(r.src)
	for what, n := range want {
		if got[what] != n {
			t.Errorf("%q %d times", what, got[what])
		}
	}
	r.run(planner.Tally{})
}

// One of several connections that breaks ends the try, not the pass; and at
// whatever step of theirs or of the ledger all comes to an end, the next pass
// goes on from there.
func TestBulkWidenedBreaksAtEveryStep(t *testing.T) {
	defer goleak.VerifyNone(t)
	for name, fault := range map[string]error{"gone": gone("test"), "crash": errCrash} {
		kinds := map[string]bool{}
		for n, met := 1, "?"; met != ""; n++ {
			r := newRig(t)
			r.dst.waits = true
			for i := range 30 {
				r.src.deliver([]string{"INBOX", "A"}[i/20], fmt.Sprintf("a: %d\r\n\r\n", i/2), imap.FlagSeen) // each twice
			}
			met = r.broken(n, fault)
			kinds[met] = true
			if _, err := r.try(); err != nil {
				t.Fatalf("%s at step %d, %s: %v", name, n, met, err)
			}
			if d := cmp.Diff(bodies(r.src), bodies(r.dst)); d != "" {
				t.Errorf("%s at step %d, %s: lost or doubled (-source +target): %s", name, n, met, d)
			}
			r.run(planner.Tally{})
		}
		t.Logf("%s: %v", name, slices.Sorted(maps.Keys(kinds)))
		// which of several connections comes to a step first is chance, and so is
		// which side of a fetch the nth step is
		if !kinds["target append"] || !kinds["target stored"] || !kinds["source fetch"] && !kinds["source fetched"] {
			t.Errorf("%s: only these were tried: %v", name, kinds)
		}
	}
}

// Stop ends after the batch in flight.
func TestBulkStops(t *testing.T) {
	r := newRig(t)
	for i := range 50 {
		r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i))
	}
	r.stop = make(chan struct{})
	n := 0
	r.dst.step = func(op string) error {
		if op == "stored" {
			if n++; n == 5 {
				close(r.stop)
			}
		}
		return nil
	}
	tally, err := r.try()
	if err == nil || tally.Copied < 15 || tally.Copied > 21 {
		t.Fatalf("%+v, %v", tally, err)
	}
	r.stop, r.dst.step = nil, nil
	r.run(planner.Tally{Copied: 50 - tally.Copied})
	r.same()
}
