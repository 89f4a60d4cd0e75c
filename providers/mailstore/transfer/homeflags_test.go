package transfer

import (
	"fmt"
	"os"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/planner"
)

// homing is a rig whose target's flags go home.
type homing struct {
	*rig
	seen *FlagsSeen
}

func (h *homing) tryHome() (planner.Tally, error) {
	h.t.Helper()
	l, _, err := OpenLedger(h.dir, testKey)
	if err != nil {
		h.t.Fatal(err)
	}
	defer l.Close()
	return (&HomeFlags{Source: h.src, Target: h.dst, Ledger: l, Seen: h.seen, Stop: h.stop}).Run(h.t.Context())
}

func (h *homing) home(want int) {
	h.t.Helper()
	if got, err := h.tryHome(); err != nil || got != (planner.Tally{Flags: want}) {
		h.t.Errorf("%+v, %v, want %d", got, err, want)
	}
}

// shows requires the flags of a folder's messages at the source, by UID.
func (h *homing) shows(folder string, want ...string) {
	h.t.Helper()
	var got []string
	for _, m := range h.src.folders[folder].msgs {
		flags, _ := Sanitize(m.flags, nil)
		got = append(got, fmt.Sprint(m.uid, " ", flagKey(flags)))
	}
	if d := cmp.Diff(want, got); d != "" {
		h.t.Errorf("source (-want +got): %s", d)
	}
}

// newHoming has n messages of which the source flagged the first and the last.
func newHoming(t testing.TB, n int) *homing {
	h := &homing{newRig(t), &FlagsSeen{}}
	for i := range n {
		var flags []imap.Flag
		if i == 0 || i == n-1 {
			flags = []imap.Flag{imap.FlagFlagged, "later"}
		}
		h.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i), flags...)
	}
	h.run(planner.Tally{Copied: n})
	return h
}

// What people do at the target shows at the source: read, answered, a star
// taken away. Each side's own change of another flag stands; a deletion, and a
// keyword that the source does not know, stay at the target. Then a pass
// forward has nothing to do, and one that comes home neither.
func TestFlagsGoHome(t *testing.T) {
	for _, condstore := range []bool{true, false} {
		h := newHoming(t, 6)
		h.src.noCondstore, h.dst.noCondstore = !condstore, !condstore
		h.dst.setFlags("INBOX", 1, "later", imap.FlagSeen)                         // the star is gone
		h.dst.setFlags("INBOX", 2, imap.FlagSeen, imap.FlagAnswered, "$Forwarded") // read and answered
		h.src.setFlags("INBOX", 2, imap.FlagFlagged)                               // ... and flagged at the source
		h.dst.setFlags("INBOX", 3, imap.FlagDeleted, imap.FlagSeen)                // deleted, not expunged
		h.dst.setFlags("INBOX", 4, "NotScanned", "later")                          // the server's, and one that is used
		h.dst.setFlags("INBOX", 5, imap.FlagSeen)                                  // both
		h.src.setFlags("INBOX", 5, imap.FlagSeen)                                  //
		h.home(4)
		want := []string{`1 \Seen later`, `2 $Forwarded \Answered \Flagged \Seen`, `3 \Seen`, "4 later", `5 \Seen`, `6 \Flagged later`}
		h.shows("INBOX", want...)
		h.home(0)
		h.src.setFlags("INBOX", 3) // its owner marks it as unread at home: that stands
		h.home(0)
		h.run(planner.Tally{Flags: 2}) // 2, flagged, and 3, unread: what only the source changed
		h.home(0)
		want[2] = "3 "
		h.shows("INBOX", want...)
		h.dst.setFlags("INBOX", 6, imap.FlagFlagged, "later", imap.FlagAnswered)
		h.home(1)
		h.run(planner.Tally{})
	}
}

// A flag that the target does not keep for any message was not taken away by
// anybody.
func TestFlagsThatTheTargetLosesStay(t *testing.T) {
	h := newHoming(t, 4)
	for _, m := range h.dst.folders["INBOX"].msgs {
		h.dst.setFlags("INBOX", m.uid)
	}
	h.home(0)
	h.shows("INBOX", `1 \Flagged later`, "2 ", "3 ", `4 \Flagged later`)
}

// Messages that were at the target before tell what changed only of flags that
// both sides agreed on when they were found.
func TestFlagsOfAdoptedMailGoHome(t *testing.T) {
	h := &homing{newRig(t), &FlagsSeen{}}
	for i := range 3 {
		body := fmt.Sprintf("a: %d\r\n\r\n", i)
		h.src.deliver("INBOX", body, imap.FlagFlagged)
		h.dst.deliver("INBOX", body, [][]imap.Flag{{imap.FlagFlagged}, {imap.FlagSeen}, nil}[i]...)
	}
	h.run(planner.Tally{Adopted: 3})
	h.home(0)
	h.dst.setFlags("INBOX", 2, imap.FlagSeen, imap.FlagAnswered)
	h.home(1)
	h.dst.setFlags("INBOX", 2, imap.FlagAnswered, imap.FlagDraft)
	h.home(1)
	h.shows("INBOX", `1 \Flagged`, `2 \Answered \Draft \Flagged`, `3 \Flagged`)
}

// Where UIDs mean other messages than before nothing is written; a message
// that left the source, and a folder that it lost, are passed over.
func TestFlagsOfOtherMailDoNotGoHome(t *testing.T) {
	for name, change := range map[string]func(h *homing){
		"target anew":      func(h *homing) { h.dst.folders["INBOX"].validity++ },
		"source anew":      func(h *homing) { h.src.folders["INBOX"].validity++ },
		"target restored":  func(h *homing) { h.dst.folders["INBOX"].next = 3 },
		"deleted at home":  func(h *homing) { h.src.remove("INBOX", 2) },
		"no folder there":  func(h *homing) { delete(h.dst.folders, "INBOX") },
		"no folder here":   func(h *homing) { delete(h.src.folders, "INBOX") },
		"deleted at there": func(h *homing) { h.dst.remove("INBOX", 2) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHoming(t, 4)
			h.dst.setFlags("INBOX", 2, imap.FlagSeen)
			change(h)
			h.home(0)
			for path, f := range h.src.folders {
				for _, m := range f.msgs {
					if contains(m.flags, imap.FlagSeen) {
						t.Errorf("%s %d was written", path, m.uid)
					}
				}
			}
		})
	}
}

// What the source cannot keep is left out and not asked for again and again as
// if it were news; nothing of it is undone at the target.
func TestFlagsThatTheSourceDoesNotKeep(t *testing.T) {
	h := newHoming(t, 3)
	h.src.permanent = []imap.Flag{imap.FlagSeen, imap.FlagFlagged}
	h.dst.setFlags("INBOX", 2, "later", imap.FlagSeen)
	h.home(1)
	h.home(0)
	h.shows("INBOX", `1 \Flagged later`, `2 \Seen`, `3 \Flagged later`)
	h.run(planner.Tally{})
	if got := flagKey(h.dst.folders["INBOX"].msgs[1].flags); got != `later \Seen` {
		t.Error(got)
	}
}

// In one process a folder that did not change since is only listed.
func TestFlagsAreReadOnce(t *testing.T) {
	h := newHoming(t, 3)
	h.dst.setFlags("INBOX", 2, imap.FlagSeen)
	h.home(1)
	scans := 0
	h.dst.step = func(op string) error {
		if op == "scan" {
			scans++
		}
		return nil
	}
	h.home(0)
	if scans > 0 {
		t.Errorf("%d scans", scans)
	}
	h.dst.setFlags("INBOX", 2, imap.FlagSeen, imap.FlagAnswered)
	h.home(1)
	if scans == 0 {
		t.Error("a change was not looked for")
	}
}

// Broken off at any step, also by a full disk, the next run ends with the same.
func TestFlagsGoHomeBrokenAnywhere(t *testing.T) {
	for n := 1; ; n++ {
		h := newHoming(t, 4)
		h.dst.setFlags("INBOX", 1, "later", imap.FlagSeen)
		h.dst.setFlags("INBOX", 2, imap.FlagAnswered)
		left := n
		fail := func(string) error {
			if left--; left == 0 {
				return errCrash
			}
			return nil
		}
		h.src.step, h.dst.step = fail, fail
		_, err := h.tryHome()
		h.src.step, h.dst.step = nil, nil
		if _, again := h.tryHome(); again != nil {
			t.Fatalf("step %d: %v", n, again)
		}
		h.shows("INBOX", `1 \Seen later`, `2 \Answered`, "3 ", `4 \Flagged later`)
		h.run(planner.Tally{})
		if err == nil {
			if n < 6 {
				t.Errorf("only %d steps", n)
			}
			break
		}
	}
	h := newHoming(t, 3)
	h.dst.setFlags("INBOX", 2, imap.FlagSeen)
	l, _, err := openLedger(h.dir, testKey, func(f *os.File) disk { return &fullDisk{f} })
	if err != nil {
		t.Fatal(err)
	}
	_, err = (&HomeFlags{Source: h.src, Target: h.dst, Ledger: l, Seen: h.seen}).Run(t.Context())
	if !isClass(err, planner.Internal) {
		t.Error(err)
	}
	h.home(0) // the source has it; now it is on record
	h.run(planner.Tally{})
}

// fullDisk takes nothing more.
type fullDisk struct{ *os.File }

func (fullDisk) Write([]byte) (int, error) { return 0, os.ErrPermission }
