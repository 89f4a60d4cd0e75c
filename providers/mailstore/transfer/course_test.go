package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"go.uber.org/goleak"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// watched is a pass whose sleeps and progress are kept.
func (r *rig) watched(ctx context.Context) (sleeps []time.Duration, seen []planner.Progress, tally planner.Tally, err error) {
	l, _ := mustOpen(r.t, r.dir)
	defer l.Close()
	p := &Pass{Source: r.src, Target: r.dst, Ledger: l, Options: r.o, Stop: r.stop,
		Sleep: func(_ context.Context, d time.Duration) error {
			if d != calmPause {
				sleeps = append(sleeps, d)
			}
			return nil
		},
		Progress: func(p planner.Progress) { seen = append(seen, p) }}
	tally, err = p.Run(ctx)
	return sleeps, seen, tally, err
}

func TestBackoff(t *testing.T) {
	r := plainRig(t)
	r.src.deliver("INBOX", "a: 1\r\n\r\n")
	r.dst.step = func(op string) error {
		if op == "append" {
			return gone("always")
		}
		return nil
	}
	sleeps, _, _, err := r.watched(t.Context())
	want := []time.Duration{1, 2, 4, 8, 16, 32, 64}
	for i := range want {
		want[i] *= time.Second
	}
	if !isClass(err, planner.Gone) || !slices.Equal(sleeps, want) {
		t.Errorf("%v, %v", sleeps, err)
	}
}

// A server goes on storing what a connection brought before it died.
func TestWhatADeadConnectionStillBringsIsNotSentAgain(t *testing.T) {
	r := newRig(t)
	for i := range 5 {
		r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i))
	}
	appends := 0
	r.dst.step = func(op string) error {
		if op == "append" {
			if appends++; appends == 2 {
				return gone("cut")
			}
		}
		return nil
	}
	l, _ := mustOpen(t, r.dir)
	defer l.Close()
	pauses := 0
	late := func(_ context.Context, d time.Duration) error {
		if d == calmPause {
			if pauses++; pauses == 2 || pauses == 2+calmLooks-1 {
				r.dst.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", min(pauses-1, 2)))
			}
		}
		return nil
	}
	tally, err := (&Pass{Source: r.src, Target: r.dst, Ledger: l, Options: r.o, Stop: r.stop, Sleep: late}).Run(t.Context())
	if err != nil || tally.Copied != 3 || tally.Adopted != 2 {
		t.Errorf("%+v, %v", tally, err)
	}
	r.same()
}

// It stores folder after folder: one wait, for all of them.
func TestOneCalmForAllFolders(t *testing.T) {
	for _, c := range []struct {
		plain      bool
		late, body string // plain: only A was begun
	}{{false, "C", "a: 2\r\n\r\n"}, {true, "A", "a: 0\r\n\r\n"}} {
		r := newRig(t)
		r.dst.plain = c.plain
		for i := range 4 {
			r.src.deliver([]string{"A", "B", "C"}[i%3], fmt.Sprintf("a: %d\r\n\r\n", i))
		}
		l, _ := mustOpen(t, r.dir)
		appends, pauses := 0, 0
		r.dst.step = func(op string) error {
			if op == "append" {
				if appends++; appends == 1 {
					return gone("cut")
				}
			}
			return nil
		}
		sleep := func(_ context.Context, d time.Duration) error {
			if d == calmPause {
				if pauses++; pauses == 4 {
					r.dst.deliver(c.late, c.body)
				}
			}
			return nil
		}
		tally, err := (&Pass{Source: r.src, Target: r.dst, Ledger: l, Options: r.o, Stop: r.stop, Sleep: sleep}).Run(t.Context())
		l.Close()
		if err != nil || tally.Copied != 3 || tally.Adopted != 1 || pauses != 4+calmLooks {
			t.Errorf("plain %v: %+v, %v, %d pauses", c.plain, tally, err, pauses)
		}
		r.same()
	}
}

func TestProgressResetsBackoff(t *testing.T) {
	r := newRig(t)
	for i := range 30 {
		r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i))
	}
	n := 0
	r.dst.step = func(op string) error {
		if op != "append" {
			return nil
		}
		if n++; n%3 == 0 {
			return gone("cut")
		}
		return nil
	}
	sleeps, seen, tally, err := r.watched(t.Context())
	if err != nil || tally.Copied != 30 || len(sleeps) < 10 {
		t.Fatalf("%+v, %v, %v", tally, sleeps, err)
	}
	for _, d := range sleeps {
		if d != time.Second {
			t.Errorf("slept %v", d)
		}
	}
	if !slices.ContainsFunc(seen, func(p planner.Progress) bool { return p.Waiting != nil && p.Waiting.Code == "copy.gone" }) {
		t.Error("waiting was not shown")
	}
	if last := seen[len(seen)-1]; last.Waiting != nil || last.Done != 30 || last.Total != 30 || last.Bytes != last.BytesAll {
		t.Errorf("ended with %+v", last)
	}
	r.same()
}

// What a server asks to wait is not waited with both connections held: the
// pass ends, and the next one goes on where it ended.
func TestAHintEndsThePass(t *testing.T) {
	r := plainRig(t)
	for i := range 5 {
		r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i))
	}
	n := 0
	r.dst.step = func(op string) error {
		if op == "append" {
			if n++; n == 3 {
				return &planner.Fault{Msg: text.M("server.throttled"), Class: planner.Throttled, Wait: 7 * time.Second}
			}
		}
		return nil
	}
	sleeps, _, tally, err := r.watched(t.Context())
	var f *planner.Fault
	if !errors.As(err, &f) || f.Wait != 7*time.Second || tally.Copied != 2 || len(sleeps) != 0 {
		t.Fatalf("%+v, %v, %v", tally, sleeps, err)
	}
	if _, _, tally, err = r.watched(t.Context()); err != nil || tally.Copied+tally.Adopted != 3 {
		t.Errorf("then %+v, %v", tally, err)
	}
	r.same()
}

func TestATargetThatExcusesItselfIsAskedAgain(t *testing.T) {
	for _, times := range []int{1, 3, 4, 100} {
		r := plainRig(t)
		for i := range 4 {
			r.src.deliver("INBOX", fmt.Sprintf("a: %d\r\n\r\n", i))
		}
		n := 0
		r.dst.refuse = func(it *Item, _ string) *Refusal {
			if it.UID != 2 {
				return nil
			}
			if n++; n <= times {
				return &Refusal{Code: "SERVERBUG", Text: "Internal error occurred"}
			}
			return nil
		}
		want := planner.Tally{Copied: 4}
		if times > maxIll {
			want = planner.Tally{Copied: 3, Refused: 1}
		}
		r.run(want)
	}
}

func TestCancelEndsAtOnce(t *testing.T) {
	defer goleak.VerifyNone(t)
	for _, op := range []string{"append", "stored", "list", "select"} {
		r := newRig(t)
		for range 2000 {
			r.src.deliver("INBOX", "a: x\r\n\r\n")
		}
		r.src.deliver("INBOX", strings.Repeat("x", 2*spoolLimit))
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		r.dst.step = func(o string) error {
			if n++; o == op && n > 10 || o == op && op != "append" && op != "stored" {
				cancel()
			}
			return nil
		}
		_, _, tally, err := r.watched(ctx)
		if !errors.Is(err, context.Canceled) || tally.Copied > 20 {
			t.Errorf("%s: %+v, %v", op, tally, err)
		}
		r.dst.step = nil
		if _, err := r.try(); err != nil {
			t.Fatal(err)
		}
		r.same()
	}
}

func TestStoppedWhileWaiting(t *testing.T) {
	r := newRig(t)
	r.stop = make(chan struct{})
	r.src.step = func(string) error { close(r.stop); r.src.step = nil; return gone("once") }
	if _, err := r.try(); !errors.Is(err, ErrStopped) {
		t.Error(err)
	}
}

func TestFoldersAreMadeAsTheyAre(t *testing.T) {
	r := newRig(t)
	r.src.folder("Deep/er/est").Subscribed = true
	r.src.folder("Sent Messages").Use = imap.MailboxAttrSent
	r.src.folder("Empty")
	r.src.folder("Labels").Use = imap.MailboxAttrAll
	r.src.deliver("Labels", "a: 1\r\n\r\n")
	r.src.deliver("INBOX", "a: 1\r\n\r\n")
	r.run(planner.Tally{Copied: 1, Skipped: 1})
	for _, want := range []string{"Deep", "Deep/er", "Deep/er/est", "Empty"} {
		if r.dst.folders[want] == nil {
			t.Errorf("no %s", want)
		}
	}
	if !r.dst.folders["Deep/er/est"].Subscribed || r.dst.folders["Empty"].Subscribed || r.dst.folders["Labels"] != nil {
		t.Error("subscriptions or views")
	}
	if !slices.Contains(r.notes, "map.view") {
		t.Errorf("notes %v", r.notes)
	}
	sent := slices.ContainsFunc(r.dst.shape(), func(s string) bool { return strings.HasPrefix(s, "Sent") })
	if !sent {
		t.Errorf("%q", r.dst.shape())
	}
	r.dst.folders["Deep/er/est"].Subscribed = false // a person did
	r.run(planner.Tally{Skipped: 1})
	if r.dst.folders["Deep/er/est"].Subscribed {
		t.Error("subscribed again")
	}
}

func TestSeveralFoldersIntoOne(t *testing.T) {
	r := newRig(t)
	r.o.Map = map[string]string{"Old": "INBOX"}
	for range 3 {
		r.src.deliver("Old", "a: same\r\n\r\n")
		r.src.deliver("INBOX", "a: same\r\n\r\n")
	}
	for n := 1; n < 60; n += 3 {
		r.broken(n, errCrash)
	}
	if _, err := r.try(); err != nil {
		t.Fatal(err)
	}
	if n := len(r.dst.folders["INBOX"].msgs); n != 6 {
		t.Errorf("%d messages", n)
	}
}

func TestBudgetIsSharedAndNeverStarves(t *testing.T) {
	b := NewBudget(100)
	var most, held int64
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			s := &share{of: b}
			for range 200 {
				if err := s.take(t.Context(), 60); err != nil {
					t.Error(err)
				}
				mu.Lock()
				held += 60
				most = max(most, held)
				mu.Unlock()
				mu.Lock()
				held -= 60
				mu.Unlock()
				s.give(60)
			}
		})
	}
	wg.Wait()
	if b.free != 100 || most > 300 {
		t.Errorf("free %d, at most %d", b.free, most)
	}
	s := &share{of: b}
	s.take(t.Context(), 80)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errCrash)
	if err := s.take(ctx, 80); err != errCrash {
		t.Error(err)
	}
}
