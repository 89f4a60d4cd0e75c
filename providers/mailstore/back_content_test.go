package mailstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/memory/imapd"
	"github.com/mxmove/mxmove/providers/providertest/suite"
)

var longAgo = time.Date(2015, 3, 4, 5, 6, 7, 0, time.UTC)

// wayBack is a mailbox that was copied and switched, in this process.
type wayBack struct {
	*inProcess
	source, target *imapd.User
	notes          []config.Finding
}

func newWayBack(t *testing.T) *wayBack {
	h := newInProcess(t)
	return &wayBack{inProcess: h, source: h.user(suite.Source, alice), target: h.user(suite.Target, alice)}
}

// letter is a message that no other is like.
func letter(name string) []byte {
	return fmt.Appendf(nil, "Message-ID: <%s@x>\r\nSubject: %s\r\n\r\n%s\r\n", name, name, strings.Repeat(name+" ", 20))
}

// put stores a message of longAgo, in a folder that is made if need be.
func (w *wayBack) put(u *imapd.User, folder, name string, flags ...imap.Flag) uint32 {
	return w.file(u, folder, letter(name), longAgo.Add(time.Duration(len(name))*time.Minute), flags...)
}

func (w *wayBack) file(u *imapd.User, folder string, body []byte, at time.Time, flags ...imap.Flag) uint32 {
	if u.Messages(folder) == nil {
		u.Create("", folder)
	}
	return u.Add(imapd.Message{Body: body, Date: at, Flags: flags}, folder)
}

// move files a message elsewhere, as MOVE does.
func (w *wayBack) move(u *imapd.User, from, name, to string) {
	w.t.Helper()
	for _, m := range u.Messages(from) {
		if messageID(m.Body) == name+"@x" {
			u.Remove(m.UID, from)
			w.file(u, to, m.Body, m.Date, m.Flags...)
			return
		}
	}
	w.t.Fatalf("no %s in %s", name, from)
}

func (w *wayBack) forward() planner.Tally {
	w.t.Helper()
	return runCopy(w.t, hasty(w.spec, w.state), w.spec, alice)
}

// try is a pass of the way back, with the switch an hour from now on record, so
// that what is on record of the target is from before it.
func (w *wayBack) try() (planner.Tally, error) {
	w.notes = nil
	return hasty(w.spec, w.state).Do(context.Background(), backOp(w.spec, alice, time.Now()), nil, func(p planner.Progress) {
		if p.Note != nil {
			w.notes = append(w.notes, *p.Note)
		}
	})
}

func (w *wayBack) back(copied, adopted int) {
	w.t.Helper()
	got, err := w.try()
	if err != nil || got.Copied != copied || got.Adopted != adopted || got.Removed > 0 {
		w.t.Errorf("%+v, %v", got, err)
	}
}

// holds requires what the source has, as "FOLDER NAME", in order.
func (w *wayBack) holds(want ...string) {
	w.t.Helper()
	var got []string
	for folder, messages := range w.Dump(suite.Source, alice) {
		for _, m := range messages {
			got = append(got, folder+" "+strings.TrimSuffix(m.ID, "@x"))
		}
	}
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		w.t.Errorf("source (-want +got): %s", d)
	}
}

// Old mail that a person puts into the target comes back with its date; what
// was there before the first copy does not, and is counted.
func TestImportedMailIsCarriedBack(t *testing.T) {
	w := newWayBack(t)
	w.put(w.source, "INBOX", "a")
	w.put(w.target, "INBOX", "own")
	w.put(w.target, "Own", "own2")
	w.forward()
	w.put(w.target, "INBOX", "imported", `\Flagged`)
	w.put(w.target, "Own", "imported2")
	w.put(w.target, "New", "imported3")
	w.file(w.target, "INBOX", letter("arrived"), time.Now())
	w.back(4, 0)
	w.holds("INBOX a", "INBOX arrived", "INBOX imported", "New imported3", "Own imported2")
	for _, m := range w.source.Messages("INBOX") {
		if messageID(m.Body) == "imported@x" && (m.Date.Year() != 2015 || !slices.Equal(m.Flags, []imap.Flag{`\Flagged`})) {
			t.Errorf("%v %v", m.Date, m.Flags)
		}
	}
	if len(w.notes) != 1 || w.notes[0].Code != "copy.back.before" || w.notes[0].Args["n"] != "2" || w.notes[0].Args["folders"] != "2" {
		t.Errorf("%+v", w.notes)
	}
	w.back(0, 0)
}

// Where records were lost and rebuilt since the switch they do not say what was
// at the target before: all that the source lacks is carried, none twice.
func TestWayBackWithRecordsOfAfterTheSwitch(t *testing.T) {
	w := newWayBack(t)
	w.put(w.source, "INBOX", "a")
	w.put(w.target, "INBOX", "own")
	w.forward()
	w.put(w.target, "INBOX", "imported")
	if err := os.RemoveAll(filepath.Join(w.state, "ledger")); err != nil {
		t.Fatal(err)
	}
	w.forward() // by adoption
	op := backOp(w.spec, alice, time.Now().Add(-2*planner.ArrivedSlack))
	for want := 2; want >= 0; want -= 2 {
		got, err := hasty(w.spec, w.state).Do(t.Context(), op, nil, func(planner.Progress) {})
		if err != nil || got.Copied != want {
			t.Errorf("%+v, %v", got, err)
		}
	}
	w.holds("INBOX a", "INBOX imported", "INBOX own")
}

// What people moved, copied or deleted at the target is neither doubled nor
// brought back: copies of ours, of what the source has besides, and of what was
// carried before.
func TestMovedMailIsNotDoubled(t *testing.T) {
	w := newWayBack(t)
	for _, name := range []string{"a", "bb", "ccc"} {
		w.put(w.source, "INBOX", name)
	}
	w.forward()
	w.put(w.source, "Late", "late")
	w.put(w.source, "INBOX", "latest")
	w.move(w.target, "INBOX", "a", "Filed")
	w.target.Remove(2, "INBOX")                        // bb, deleted
	w.put(w.target, "Filed", "ccc")                    // copied
	w.put(w.target, "Filed", "late")                   // dragged from the source by hand
	w.file(w.target, "INBOX", letter("late"), longAgo) // ... and with another date
	w.put(w.target, "INBOX", "latest")                 // and into the folder where it belongs
	w.file(w.target, "INBOX", letter("new"), time.Now())
	w.back(1, 1)
	want := []string{"INBOX a", "INBOX bb", "INBOX ccc", "INBOX latest", "INBOX new", "Late late"}
	w.holds(want...)
	w.move(w.target, "INBOX", "new", "Filed")
	w.back(0, 0)
	w.holds(want...)
	w.move(w.target, "Filed", "new", "INBOX")
	w.back(0, 0)
	w.holds(want...)
}

// A copy of ours that the target altered when it stored it is known by its
// content wherever its owner files it.
func TestAlteredCopyThatWasMoved(t *testing.T) {
	w := newWayBack(t)
	raw := bytes.Replace(letter("nul"), []byte("nul nul"), []byte("nul\x00nul"), 1)
	w.file(w.source, "INBOX", raw, longAgo)
	w.file(w.source, "INBOX", letter("b"), longAgo)
	w.forward()
	w.target.Remove(1, "INBOX")
	w.file(w.target, "Filed", bytes.ReplaceAll(raw, []byte{0}, []byte{0x80}), longAgo)
	w.back(0, 0)
	w.holds("INBOX b", "INBOX nul")
}

// A repaired copy that its owner files elsewhere is still ours.
func TestRepairedCopyThatWasMoved(t *testing.T) {
	w := newWayBack(t)
	w.spec.History.Refused = "repair"
	w.file(w.source, "INBOX", []byte("Message-ID: <bad@x>\nSubject: b\n\nbare line feeds\n"), longAgo)
	w.put(w.source, "INBOX", "good")
	w.servers[suite.Target].Fail(imapd.Fault{Command: "APPEND", Act: imapd.Refuse, Text: "Message contains bare newlines"})
	w.servers[suite.Target].Fail(imapd.Fault{Command: "APPEND", After: 1, Act: imapd.Refuse, Text: "Message contains bare newlines", Times: 2})
	if got := w.forward(); got.Repaired+got.Wrapped == 0 {
		t.Fatalf("nothing was repaired: %+v", got)
	}
	for _, m := range w.target.Messages("INBOX") {
		w.target.Remove(m.UID, "INBOX")
		w.file(w.target, "Filed", m.Body, m.Date)
	}
	w.back(0, 0)
	w.holds("INBOX bad", "INBOX good")
	w.back(0, 0)
}

// Broken off at any command of either side, the way back ends with each mail
// once.
func TestWayBackBrokenAnywhere(t *testing.T) {
	for _, fault := range []struct {
		side    suite.Side
		command string
	}{
		{suite.Source, "APPEND"}, {suite.Source, "EXAMINE"}, {suite.Source, "SELECT"}, {suite.Source, "UID FETCH"}, {suite.Source, "CREATE"},
		{suite.Target, "UID FETCH"}, {suite.Target, "EXAMINE"},
	} {
		for n := range 4 {
			w := newWayBack(t)
			w.put(w.source, "INBOX", "a")
			w.forward()
			w.put(w.source, "Late", "late")
			w.move(w.target, "INBOX", "a", "Filed")
			w.put(w.target, "Filed", "late")
			w.put(w.target, "Filed", "old")
			w.put(w.target, "INBOX", "x")
			w.put(w.target, "INBOX", "xx")
			act := []imapd.Act{imapd.DropBefore, imapd.DropAfter}[n%2]
			w.servers[fault.side].Fail(imapd.Fault{Login: alice, Command: fault.command, After: n / 2, Act: act})
			var gone *planner.Fault
			if _, err := w.try(); err != nil && !errors.As(err, &gone) {
				t.Fatal(err)
			}
			w.servers[fault.side].Mend()
			if _, err := w.try(); err != nil {
				t.Fatal(err)
			}
			w.holds("Filed old", "INBOX a", "INBOX x", "INBOX xx", "Late late")
			if t.Failed() {
				t.Fatalf("%s %d of side %v", fault.command, n, fault.side)
			}
		}
	}
}
