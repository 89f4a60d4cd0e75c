package transfer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/planner"
)

// fakeNight is a pass in a time of its own: what is due comes while it sleeps.
type fakeNight struct {
	*rig
	now     time.Duration // since the connection died
	answers Answers
	due     func(was, now time.Duration)
	seen    []planner.Progress
}

func (n *fakeNight) sleep(ctx context.Context, d time.Duration) error {
	was := n.now
	n.now += d
	if n.due != nil {
		n.due(was, n.now)
	}
	return ctx.Err()
}

func (n *fakeNight) pass() planner.Tally {
	n.t.Helper()
	l, _ := mustOpen(n.t, n.dir)
	defer l.Close()
	o := n.o
	o.Answers = &n.answers
	tally, err := (&Pass{Source: n.src, Target: n.dst, Ledger: l, Options: o, Sleep: n.sleep, Progress: n.progress}).Run(n.t.Context())
	if err != nil {
		n.t.Fatal(err)
	}
	return tally
}

func (n *fakeNight) progress(p planner.Progress) { n.seen = append(n.seen, p) }

// waits gives the codes of what was waited for, each as often as it was begun.
func (n *fakeNight) waits() (codes []string) {
	var last *planner.Fault
	for _, p := range n.seen {
		if p.Waiting != last && p.Waiting != nil {
			codes = append(codes, p.Waiting.Code)
		}
		last = p.Waiting
	}
	if last != nil {
		n.t.Error("the last word of a pass is that it waits")
	}
	return codes
}

// While the target is given time to store what it was sent, a person is told
// for what, once.
func TestGivingTimeIsTold(t *testing.T) {
	n := cutNight(t, 100)
	n.at(2*time.Second, 0, 1)
	n.pass()
	if got := n.waits(); !slices.Equal(got, []string{"transfer.settles"}) {
		t.Errorf("after a lost connection: %v", got)
	}
	n = cutNight(t, 100)
	n.dst.deliver("INBOX", "a: new\r\n\r\nx") // it holds mail, and the ledger is lost
	n.dir = t.TempDir()
	n.pass()
	if got := n.waits(); !slices.Equal(got, []string{"transfer.settles-lost"}) {
		t.Errorf("without a ledger: %v", got)
	}
	n.seen = nil
	n.pass()
	if got := n.waits(); len(got) > 0 {
		t.Errorf("with nothing to wait for: %v", got)
	}
}

// cutNight is a mailbox whose process was killed when it had sent
// messages that the target has not stored; octets is about what a message has.
func cutNight(t *testing.T, octets int) *fakeNight {
	r := newRig(t)
	for i := range 5 {
		r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n%s", i, strings.Repeat("x", octets)))
	}
	r.dst.step = func(op string) error {
		if op == "append" {
			return errCrash
		}
		return nil
	}
	if _, err := r.try(); err == nil {
		t.Fatal("it was not killed")
	}
	r.dst.step = nil
	return &fakeNight{rig: r}
}

// at delivers to the target, as our own connection's rest does, at a moment.
func (n *fakeNight) at(moment time.Duration, messages ...int) {
	n.due = func(was, now time.Duration) {
		if was < moment && moment <= now {
			for _, i := range messages {
				n.dst.deliver("INBOX", n.src.folders["INBOX"].msgs[i].body)
			}
		}
	}
}

// A batch that is stored late is waited for: as long as answers took here
// before, or as what was sent may need.
func TestABatchStoredLateIsNotSentAgain(t *testing.T) {
	for name, c := range map[string]struct {
		octets            int
		took, late, quiet time.Duration
	}{
		"answers took long": {10, 6 * time.Second, 10 * time.Second, 12 * time.Second},
		"much was sent":     {3 << 20, 0, 7 * time.Second, 8 * time.Second}, // more than goes ahead
		"one of 12 MB":      {12 << 20, 0, 10 * time.Second, 12 * time.Second},
	} {
		n := cutNight(t, c.octets)
		n.answers.Took(c.took)
		n.at(c.late, 0, 1)
		if got := n.pass(); got.Adopted != 2 || got.Copied != 3 {
			t.Errorf("%s: %+v", name, got)
		}
		n.same()
		if d := n.now - c.late - c.quiet; d.Abs() > c.quiet/calmLooks {
			t.Errorf("%s: settled after %v", name, n.now)
		}
	}
}

// Mail of others neither restarts the quiet time, where it cannot be ours, nor
// is waited for without end.
func TestABusyInboxIsNotWaitedForWithoutEnd(t *testing.T) {
	for name, c := range map[string]struct {
		size        int
		least, most time.Duration
	}{
		"other sizes": {40 << 10, leastQuiet, leastQuiet},
		"our size":    {10, mostQuiets * leastQuiet, mostQuiets * leastQuiet},
	} {
		n := cutNight(t, 10)
		foreign := 0
		n.due = func(was, now time.Duration) {
			if was < time.Second && time.Second <= now {
				n.dst.deliver("INBOX", n.src.folders["INBOX"].msgs[0].body) // of ours, but before the rest
			}
			foreign++
			n.dst.deliver("INBOX", fmt.Sprintf("b: %d\r\n\r\n%s", foreign, strings.Repeat("y", c.size)))
		}
		got := n.pass()
		if got.Adopted != 1 || got.Copied != 4 {
			t.Errorf("%s: %+v", name, got)
		}
		if n.now < c.least || n.now > c.most+time.Second {
			t.Errorf("%s: settled after %v", name, n.now)
		}
		if has := len(n.dst.folders["INBOX"].msgs); has != 5+foreign {
			t.Errorf("%s: %d messages, %d are of others", name, has, foreign)
		}
	}
}

// The longest wait has a bound, whatever answers took.
func TestCalmIsBounded(t *testing.T) {
	n := cutNight(t, 10)
	n.answers.Took(time.Hour)
	n.answers.Took(time.Second)
	n.due = func(_, now time.Duration) { n.dst.deliver("INBOX", fmt.Sprintf("b: %v\r\n\r\n", now)) }
	n.pass()
	if n.now != MostCalm {
		t.Errorf("settled after %v", n.now)
	}
}

// A run whose state was lost may have been killed just now: what its batch
// still brings, into folders with mail and without, is waited for.
func TestALostLedgerWaitsForALateBatch(t *testing.T) {
	r := newRig(t)
	for i := range 4 {
		r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i))
		r.src.deliver("Later", fmt.Sprintf("l: %d\r\n\r\n", i))
	}
	r.dst.deliver("INBOX", "a: 0\r\n\r\n")
	r.dst.folder("Later")
	n := &fakeNight{rig: r}
	n.due = func(was, now time.Duration) {
		for i, at := range []time.Duration{2 * time.Second, 5 * time.Second, 7 * time.Second} {
			if was < at && at <= now {
				r.dst.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i+1))
				r.dst.deliver("Later", fmt.Sprintf("l: %d\r\n\r\n", i))
			}
		}
	}
	if got := n.pass(); got.Adopted != 7 || got.Copied != 1 {
		t.Errorf("%+v", got)
	}
	r.same()
}

// Where a run is known to be lost an empty target is waited for, too: the dead
// run made the folders, and nothing of its first batch may be stored yet.
func TestALostRunsFirstBatchIsWaitedFor(t *testing.T) {
	for _, lost := range []bool{true, false} {
		r := newRig(t)
		r.o.Lost = lost
		for i := range 4 {
			r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n%s", i, strings.Repeat("x", 2<<20)))
			r.src.deliver("Later", fmt.Sprintf("l: %d\r\n\r\n", i))
		}
		r.dst.folder("INBOX")
		r.dst.folder("Later")
		n := &fakeNight{rig: r}
		n.due = func(was, now time.Duration) {
			for i, at := range []time.Duration{7 * time.Second, 9 * time.Second} {
				if was < at && at <= now {
					r.dst.deliver("INBOX", r.src.folders["INBOX"].msgs[i].body)
					r.dst.deliver("Later", r.src.folders["Later"].msgs[i].body)
				}
			}
		}
		if got := n.pass(); lost && (got.Adopted != 4 || got.Copied != 4) || !lost && n.now > 0 {
			t.Errorf("lost %v: %+v after %v", lost, got, n.now)
		}
		r.same()
		was := n.now
		if got := n.pass(); got.Copied+got.Adopted > 0 || n.now > was {
			t.Errorf("lost %v, again: %+v after %v", lost, got, n.now)
		}
	}
}

// Where the target does not tell how large its folders are it is looked at
// twice; where nothing grows one quiet time is enough, for all folders; and
// nothing is waited for where the target or the source has no mail, or a
// ledger tells what was sent.
func TestALostLedgerCostsOneQuietTime(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*rig)
		want    time.Duration
	}{
		"mail":        {func(r *rig) { r.dst.deliver("A", "a: 0\r\n\r\n") }, leastQuiet},
		"not told":    {func(r *rig) { r.dst.noStatus = true; r.dst.deliver("A", "a: 0\r\n\r\n") }, leastQuiet},
		"empty":       {func(r *rig) { r.dst.folder("A") }, 0},
		"lost, empty": {func(r *rig) { r.o.Lost = true; r.dst.folder("A") }, leastQuiet},
		"other mail":  {func(r *rig) { r.dst.deliver("Elsewhere", "a: 0\r\n\r\n") }, 0},
		"no source":   {func(r *rig) { r.src.folders["A"].msgs = nil; r.dst.deliver("A", "b: 0\r\n\r\n") }, 0},
		"with ledger": {func(r *rig) { r.try(); r.src.deliver("A", "a: 9\r\n\r\n"); r.dst.deliver("A", "c: 0\r\n\r\n") }, 0},
	} {
		n := &fakeNight{rig: newRig(t)}
		n.src.deliver("A", "a: 0\r\n\r\n")
		c.prepare(n.rig)
		n.pass()
		if n.now != c.want {
			t.Errorf("%s: waited %v, not %v", name, n.now, c.want)
		}
	}
}

// A connection that ended with every message answered leaves nothing to wait
// for; one that ended with a message unanswered does.
func TestOnlyUnansweredMessagesAreWaitedFor(t *testing.T) {
	for op, want := range map[string]time.Duration{"stored": leastQuiet, "select": 0} {
		n := &fakeNight{rig: plainRig(t)}
		for i := range 3 {
			n.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i))
			n.src.deliver("A", fmt.Sprintf("a: %d\r\n\r\n", i+3))
		}
		appended := false
		n.dst.step = func(at string) error {
			appended = appended || at == "stored"
			if appended && at == op {
				n.dst.step = nil
				return gone("cut")
			}
			return nil
		}
		n.pass()
		if waited := n.now - time.Second; waited.Round(time.Millisecond) != want { // the second is again's
			t.Errorf("%s: waited %v, not %v", op, waited, want)
		}
		n.same()
	}
}
