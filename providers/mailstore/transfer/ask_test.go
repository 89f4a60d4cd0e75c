package transfer

import (
	"fmt"
	"testing"

	"github.com/mxmove/mxmove/planner"
)

// What the source refuses to read is named with its words, and costs a command
// or two; all the rest arrives, on the same connection.
func TestWhatTheSourceCannotRead(t *testing.T) {
	for _, plain := range []bool{true, false} {
		r := newRig(t)
		r.src.plain, r.dst.plain = plain, plain
		for i := range 50 {
			r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i))
		}
		r.src.unreadable = func(uid uint32) bool { return uid == 7 || uid == 30 }
		r.run(planner.Tally{Copied: 48, Missing: 2})
		if r.src.fetches > 6 || r.src.opens != 1 {
			t.Errorf("plain=%v: %d fetches, %d connections", plain, r.src.fetches, r.src.opens)
		}
		l, err := ReadLedger(r.dir, testKey)
		if err != nil {
			t.Fatal(err)
		}
		for i, d := range l.Deviations() {
			if want := []uint32{7, 30}[i]; d.UID != want || d.Kind != DevMissing || d.Code != "SERVERBUG" || d.Text == "" {
				t.Errorf("%+v", d)
			}
		}
		r.src.unreadable = nil // every pass asks again
		r.run(planner.Tally{Copied: 2})
		r.same()
	}
}

// A folder of which nothing can be read is not asked for message by message.
func TestASourceThatReadsNothing(t *testing.T) {
	r := plainRig(t)
	for i := range 400 {
		r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i))
	}
	r.src.unreadable = func(uint32) bool { return true }
	r.run(planner.Tally{Missing: 400})
	if r.src.fetches > 2*refusedAlone {
		t.Errorf("%d fetches", r.src.fetches)
	}
}

// One unreadable message does not hide a folder from a comparison.
func TestVerifyWithAnUnreadableMessage(t *testing.T) {
	r := newRig(t)
	for i := range 5 {
		r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i))
	}
	r.run(planner.Tally{Copied: 5})
	r.src.unreadable = func(uid uint32) bool { return uid == 3 }
	rep, err := Verify(t.Context(), VerifyInput{Source: r.src, Target: r.dst})
	if err != nil || rep.Counts.Proven != 4 || rep.Counts.Unread != 1 {
		t.Errorf("%+v, %v", rep.Counts, err)
	}
}

// What the target refuses to read is not taken for one of ours.
func TestATargetThatCannotReadItsOwn(t *testing.T) {
	r := newRig(t)
	r.dst.deliver("INBOX", "own: 1\r\n\r\n")
	r.dst.deliver("INBOX", "a: 1\r\n\r\n")
	r.src.deliver("INBOX", "a: 1\r\n\r\n")
	r.dst.unreadable = func(uid uint32) bool { return uid == 1 }
	r.run(planner.Tally{Adopted: 1})
}
