package executor

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/mxmove/mxmove/planner"
)

// inFlight starts a run of which three passes are between two messages.
func inFlight(t *testing.T, ctx context.Context, change func(*Run)) (*diskWorld, *Run, *tape, string, chan error, chan struct{}) {
	t.Helper()
	dir, w := world(t, 2)
	w.begun = make(chan string, 9)
	gate := make(chan struct{})
	w.gate[alice], w.gate[bob], w.gate[carol] = gate, gate, gate
	r, p := newRun(t, dir, w)
	change(r)
	ended := make(chan error, 1)
	go func() { ended <- r.Do(ctx) }()
	for range 3 {
		<-w.begun
	}
	return w, r, p, dir, ended, gate
}

func goOn(t *testing.T, dir string, w *diskWorld) {
	t.Helper()
	w.gate = map[string]chan struct{}{}
	r, _ := newRun(t, dir, w)
	if err := r.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.complete(t, alice, bob, carol)
}

// The first interrupt: what is in flight ends between two batches, and that
// is on record.
func TestFirstInterruptStopsBetweenBatches(t *testing.T) {
	defer goleak.VerifyNone(t)
	stop := make(chan struct{})
	w, r, p, dir, ended, gate := inFlight(t, t.Context(), func(r *Run) { r.Stop = stop })
	close(stop)
	for len(find[Stopping](p)) == 0 {
		time.Sleep(time.Millisecond)
	}
	close(gate)
	err := <-ended
	var inc *Incomplete
	if !errors.As(err, &inc) || inc.Reason != ReasonStopped || inc.Left != 3 || ExitCode(err) != ExitIncomplete {
		t.Fatalf("got %v", err)
	}
	if got := find[Stopping](p); len(got) != 1 || got[0].Running != 3 {
		t.Errorf("stopping %+v", got)
	}
	for _, s := range find[StepStopped](p) {
		if s.Unknown {
			t.Errorf("%s is said to be unknown", s.Step)
		}
	}
	want := []Kind{KindStart, KindIntent, KindIntent, KindIntent, KindStopped, KindStopped, KindStopped, KindEnd}
	if got := kinds(t, r.State); !slices.Equal(got, want) {
		t.Errorf("journal %v", got)
	}
	goOn(t, dir, w)
}

// The second interrupt: the context ends, outcomes are journaled as unknown,
// and the records show an intent without an outcome.
func TestSecondInterruptLeavesUnknown(t *testing.T) {
	defer goleak.VerifyNone(t)
	ctx, cancel := context.WithCancel(t.Context())
	w, r, p, dir, ended, _ := inFlight(t, ctx, func(*Run) {})
	cancel()
	err := <-ended
	var inc *Incomplete
	if !errors.As(err, &inc) || inc.Reason != ReasonStopped {
		t.Fatalf("got %v", err)
	}
	if got := find[Finished](p); len(got) != 1 || got[0].Reason != ReasonStopped {
		t.Errorf("finished %+v", got)
	}
	if got := kinds(t, r.State); !slices.Contains(got, KindUnknown) {
		t.Errorf("journal %v", got)
	}
	records, _ := r.State.Records()
	for _, rec := range records {
		if rec.Intent == 0 || rec.Outcome != 0 || rec.Failed != nil {
			t.Errorf("record %+v", rec)
		}
	}
	goOn(t, dir, w)
}

func TestStoppedBeforeItBeganDoesNothing(t *testing.T) {
	stop := make(chan struct{})
	close(stop)
	dir, w := world(t, 1)
	r, _ := newRun(t, dir, w)
	r.Stop = stop
	var inc *Incomplete
	if err := r.Do(t.Context()); !errors.As(err, &inc) || inc.Left != 3 || len(w.dos) != 0 {
		t.Errorf("got %v, did %v", err, w.dos)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, _ = newRun(t, dir, w)
	if err := r.Do(ctx); !errors.As(err, &inc) || inc.Reason != ReasonStopped || len(w.dos) != 0 {
		t.Errorf("got %v, did %v", err, w.dos)
	}
	goOn(t, dir, w)
}

// An interrupt ends the wait before another try.
func TestInterruptEndsAWait(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir := t.TempDir()
	w := newDiskWorld(t, dir, testSpec(alice), 1)
	w.faults[alice] = []error{fault(planner.Crowded, "server.crowded")}
	r, _ := newRun(t, dir, w)
	stop := make(chan struct{})
	r.Stop = stop
	r.Sleep = func(ctx context.Context, _ time.Duration) error {
		close(stop)
		<-ctx.Done()
		return ctx.Err()
	}
	var inc *Incomplete
	if err := r.Do(t.Context()); !errors.As(err, &inc) || inc.Reason != ReasonStopped {
		t.Errorf("got %v", err)
	}
}

// When the lock is lost, nothing more is written: the journal is another's.
func TestLostLockEndsTheRun(t *testing.T) {
	defer goleak.VerifyNone(t)
	beats := make(chan time.Time)
	w, r, _, dir, ended, _ := inFlight(t, t.Context(), func(r *Run) { r.Self.Beats = beats })
	leave(t, r.State, Holder{ID: "another", Host: "nas"})
	before := kinds(t, r.State)
	if err := os.Remove(r.State.status()); err != nil {
		t.Fatal(err)
	}
	beats <- epoch
	err := <-ended
	var f *planner.Fault
	if !errors.As(err, &f) || f.Code != "lock.lost" || ExitCode(err) != ExitError {
		t.Fatalf("got %v", err)
	}
	if got := kinds(t, r.State); !slices.Equal(got, before) {
		t.Errorf("the journal went on: %v", got[len(before):])
	}
	if st, err := ReadStatus(r.State); st != nil || err != nil {
		t.Errorf("the status file was written: %v %v", st, err)
	}
	unlocks(t, r.State, r.Self, true, true)
	goOn(t, dir, w)
}
