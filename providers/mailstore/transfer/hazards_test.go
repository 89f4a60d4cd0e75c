package transfer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/planner"
)

// A pass that was cancelled with messages in its queue has not dealt with
// them: the next one must know.
func TestCancelledWithMessagesWaiting(t *testing.T) {
	for n := 1; n <= 40; n++ {
		r := newRig(t)
		for i := range 8 {
			r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i))
		}
		ctx, cancel := context.WithCancel(t.Context())
		steps := 0
		r.dst.step = func(string) error {
			if steps++; steps == n {
				cancel()
			}
			return nil
		}
		_, _, _, err := r.watched(ctx)
		r.dst.step = nil
		if _, again := r.try(); again != nil {
			t.Fatal(again)
		}
		cancel()
		if d := cmp.Diff(r.src.shape(), r.dst.shape()); d != "" {
			t.Fatalf("cancelled at step %d (%v): %s", n, err, d)
		}
	}
}

// Without UIDPLUS places are looked up while the next messages are fetched and
// matched; neither side may take what the other is about to take.
func TestPlacesAreLookedUpWhileMessagesAreMatched(t *testing.T) {
	r := newRig(t)
	r.dst.noUIDPlus = true
	for i := range 3*unsureLimit + 10 {
		r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i%7)) // all are duplicates
	}
	for range 20 {
		r.dst.deliver("INBOX", "a: 3\r\n\r\n") // and some are there
	}
	n := 0
	r.dst.step = func(op string) error { // mail comes in between
		if n++; op == "stored" && n%50 == 0 {
			r.dst.deliver("INBOX", "own: mail\r\n")
		}
		return nil
	}
	r.src.step = func(op string) error { // slower than the target
		if op == "fetched" {
			time.Sleep(20 * time.Microsecond)
		}
		return nil
	}
	if _, err := r.try(); err != nil {
		t.Fatal(err)
	}
	want, got := bodies(r.src), bodies(r.dst)
	delete(got, "INBOX own: mail\r\n")
	for k := range want {
		if got[k] < want[k] || got[k] > want[k]+20 {
			t.Errorf("%q: %d at the source, %d at the target", k, want[k], got[k])
		}
	}
}

// A folder whose UIDs begin anew under the same UIDVALIDITY holds other mail:
// restored from a backup, or deleted and made again.
func TestUIDsThatGoBack(t *testing.T) {
	r := newRig(t)
	for i := range 9 {
		r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i))
	}
	r.run(planner.Tally{Copied: 9})
	f := r.src.folders["INBOX"] // the source goes back to a backup, then new mail comes
	f.msgs, f.next, f.modSeq = f.msgs[:5], 6, f.modSeq+1
	for i := range 3 {
		r.src.deliver("INBOX", fmt.Sprintf("a: new %d\r\n\r\n", i))
	}
	r.run(planner.Tally{Copied: 3, Adopted: 5})
	r.run(planner.Tally{})
	if got := len(r.dst.folders["INBOX"].msgs); got != 12 {
		t.Errorf("%d messages", got)
	}
	g := r.dst.folders["INBOX"] // and so does the target
	g.msgs, g.next = g.msgs[:2], 3
	r.run(planner.Tally{Copied: 6, Adopted: 2})
	r.run(planner.Tally{})
	want := bodies(r.src)
	if d := cmp.Diff(want, bodies(r.dst)); d != "" {
		t.Error(d)
	}
}

// The same folder under another name, as after a rename or when a server's
// prefix changed, goes on where it was.
func TestSourceFoldersUnderOtherNames(t *testing.T) {
	r := newRig(t)
	for i := range 4 {
		r.src.deliver("Sent", fmt.Sprintf("a: %d\r\n\r\n", i/2)) // two of each
	}
	r.src.deliver("INBOX", "a: 0\r\n\r\n")
	r.run(planner.Tally{Copied: 5})
	sent := r.src.folders["Sent"]
	delete(r.src.folders, "Sent")
	sent.Name = "INBOX.Sent" // at the same path
	r.src.folders["INBOX.Sent"] = sent
	r.src.deliver("INBOX.Sent", "a: 1\r\n\r\n")
	r.run(planner.Tally{Copied: 1, Adopted: 4})
	r.run(planner.Tally{})
	if got := len(r.dst.folders["Sent"].msgs); got != 5 {
		t.Errorf("%d messages", got)
	}
}

// What went is no reason to leave out what comes: a message of a folder that
// is gone explains another's only while it is there.
func TestAFolderThatIsGoneExplainsWhatIsThere(t *testing.T) {
	r := newRig(t)
	r.o.Map = map[string]string{"Old": "X", "New": "X", "Other": "X"}
	r.src.deliver("Old", "a: 1\r\n\r\n")
	r.src.deliver("Old", "a: 2\r\n\r\n")
	r.run(planner.Tally{Copied: 2})
	delete(r.src.folders, "Old")
	r.dst.remove("X", 1)
	for _, f := range []string{"New", "Other"} {
		r.src.deliver(f, "a: 1\r\n\r\n")
		r.src.deliver(f, "a: 2\r\n\r\n")
	}
	r.run(planner.Tally{Copied: 3, Adopted: 1})
	if d := cmp.Diff(map[string]int{"X a: 1\r\n\r\n": 2, "X a: 2\r\n\r\n": 2}, bodies(r.dst)); d != "" {
		t.Error(d)
	}
}

// A source that lists a message several times has it once.
func TestListedTwice(t *testing.T) {
	r := newRig(t)
	for i := range windowMessages + 50 {
		r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i))
	}
	f := r.src.folders["INBOX"]
	f.msgs = append(f.msgs, f.msgs[:100]...)
	if tally, err := r.try(); err != nil || tally.Copied != windowMessages+50 {
		t.Errorf("%+v, %v", tally, err)
	}
}

// What changed at the source together with its UIDVALIDITY reaches the target.
func TestFlagsWhenTheSourceCountsAnew(t *testing.T) {
	r := newRig(t)
	r.src.deliver("INBOX", "a: 1\r\n\r\n", imap.FlagFlagged)
	r.src.deliver("INBOX", "a: 2\r\n\r\n")
	r.run(planner.Tally{Copied: 2})
	r.dst.setFlags("INBOX", 2, imap.FlagAnswered)
	f := r.src.folders["INBOX"]
	f.validity++
	r.src.setFlags("INBOX", 1, imap.FlagSeen)
	r.src.setFlags("INBOX", 2, imap.FlagSeen)
	r.run(planner.Tally{Adopted: 2, Flags: 2})
	for i, want := range [][]imap.Flag{{imap.FlagSeen}, {imap.FlagAnswered, imap.FlagSeen}} {
		if d := cmp.Diff(want, r.dst.folders["INBOX"].msgs[i].flags); d != "" {
			t.Errorf("message %d: %s", i+1, d)
		}
	}
}

// A target that takes nothing is not a mailbox full of bad messages.
func TestATargetThatRefusesEverything(t *testing.T) {
	for _, bad := range []bool{false, true} {
		r := newRig(t)
		for i := range 200 {
			r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i), "$key")
			r.src.deliver("Z", fmt.Sprintf("a: %d\r\n\r\n", i))
		}
		takes := 0
		r.dst.refuse = func(*Item, string) *Refusal {
			if takes--; takes >= 0 {
				return nil
			}
			return &Refusal{Text: "Mailbox is on fire", Bad: bad}
		}
		for _, takes = range []int{0, 77} {
			r.dst.appends = 0
			tally, err := r.try()
			var f *planner.Fault
			if !errors.As(err, &f) || !strings.Contains(f.Error(), "on fire") || tally.Refused != 0 {
				t.Errorf("bad %v: %+v, %v", bad, tally, err)
			}
			if r.dst.appends > 700 {
				t.Errorf("bad %v: %d messages sent", bad, r.dst.appends)
			}
		}
		r.dst.refuse = nil
		if _, err := r.try(); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(bodies(r.src), bodies(r.dst)); d != "" {
			t.Errorf("lost or doubled: %s", d)
		}
	}
}

// ... and messages that are bad by what the target says of them are kept,
// however many.
func TestManyBadMessages(t *testing.T) {
	r := newRig(t)
	for i := range 150 {
		r.src.deliver("INBOX", fmt.Sprintf("bad %d\r\n\r\n", i))
	}
	r.src.deliver("INBOX", "ok: 1\r\n\r\n")
	r.dst.refuse = func(_ *Item, body string) *Refusal {
		if strings.HasPrefix(body, "bad") {
			return &Refusal{Text: "Message contains invalid header", Class: planner.Message}
		}
		return nil
	}
	r.run(planner.Tally{Copied: 1, Refused: 150})
	for i := range 30 {
		r.src.deliver("INBOX", fmt.Sprintf("bad again %d\r\n\r\n", i))
	}
	r.run(planner.Tally{Refused: 30})
}

// A message at which the target drops the connection each time does not stop
// the others.
func TestAMessageThatTheTargetDiesAt(t *testing.T) {
	r := newRig(t)
	for i := range 6 {
		r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i))
	}
	r.src.folders["INBOX"].msgs[2].body = "poison: x\r\n\r\n"
	r.dst.poison = func(body string) bool { return strings.HasPrefix(body, "poison") }
	r.run(planner.Tally{Copied: 5, Missing: 1})
	r.src.deliver("INBOX", "a: 7\r\n\r\n")
	r.src.deliver("Z", "a: 8\r\n\r\n")
	r.run(planner.Tally{Copied: 2, Missing: 1})
	r.dst.poison = nil
	r.run(planner.Tally{Copied: 1})
	r.same()
}

// A folder that cannot be subscribed to is copied all the same.
func TestARefusedSubscription(t *testing.T) {
	r := newRig(t)
	r.src.deliver("A", "a: 1\r\n\r\n")
	r.src.folders["A"].Subscribed = true
	r.dst.step = func(op string) error {
		if op == "subscribe" {
			return &planner.Fault{Class: planner.FolderOnly}
		}
		return nil
	}
	if tally, err := r.try(); err != nil || tally.Copied != 1 || len(r.notes) != 1 {
		t.Errorf("%+v, %v, %v", tally, err, r.notes)
	}
}

// A source that makes up other keywords for every message fills no memory.
func TestEndlessKeywords(t *testing.T) {
	r := newRig(t)
	for i := range 1500 {
		var flags []imap.Flag
		for j := range 55 {
			flags = append(flags, imap.Flag(fmt.Sprintf("k%d-%d-%s", i, j, strings.Repeat("x", 130))))
		}
		r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i), append(flags, imap.FlagSeen)...)
	}
	tally, err := r.try()
	if err != nil || tally.Copied != 1500 || tally.Keywords == 0 {
		t.Fatalf("%+v, %v", tally, err)
	}
	l, _ := mustOpen(t, r.dir)
	if octets := l.st.octets; octets > flagSetsLimit+setsLimit {
		t.Errorf("%d octets of flags", octets)
	}
	l.Close()
	for _, m := range r.dst.folders["INBOX"].msgs {
		if m.flags[len(m.flags)-1] != imap.FlagSeen && m.flags[0] != imap.FlagSeen {
			t.Fatalf("flags %v", m.flags)
		}
	}
	r.run(planner.Tally{})
	r.src.noCondstore = true
	r.run(planner.Tally{})
}

// Keywords that differ by case only are one; a change is written once.
func TestKeywordsByCase(t *testing.T) {
	r := newRig(t)
	r.src.deliver("INBOX", "a: 1\r\n\r\n", "$Forwarded", "$forwarded", `\seen`, `\Recent`)
	r.run(planner.Tally{Copied: 1})
	r.src.setFlags("INBOX", 1, "$FORWARDED", imap.FlagSeen)
	r.run(planner.Tally{})
	r.src.setFlags("INBOX", 1, "$FORWARDED", "New", imap.FlagSeen)
	r.run(planner.Tally{Flags: 1})
	if got := r.dst.folders["INBOX"].msgs[0].flags; len(got) != 3 {
		t.Errorf("flags %v", got)
	}
}

// Of a flag that the source does not change, what a person did stands,
// whatever else of the message changes.
func TestAPersonsFlagsStand(t *testing.T) {
	r := newRig(t)
	r.src.deliver("INBOX", "a: 1\r\n\r\n", imap.FlagFlagged)
	r.run(planner.Tally{Copied: 1})
	r.dst.setFlags("INBOX", 1) // a person takes away what we wrote
	r.src.setFlags("INBOX", 1, imap.FlagFlagged, imap.FlagSeen)
	r.run(planner.Tally{Flags: 1})
	if d := cmp.Diff([]imap.Flag{imap.FlagSeen}, r.dst.folders["INBOX"].msgs[0].flags); d != "" {
		t.Error(d)
	}
	r.dst.setFlags("INBOX", 1) // ... and reads it, and does not
	r.src.setFlags("INBOX", 1, imap.FlagFlagged, imap.FlagSeen, imap.FlagAnswered)
	r.run(planner.Tally{Flags: 1})
	r.src.setFlags("INBOX", 1, imap.FlagSeen)
	r.run(planner.Tally{Flags: 1})
	if got := r.dst.folders["INBOX"].msgs[0].flags; len(got) != 0 {
		t.Errorf("flags %v", got)
	}
}
