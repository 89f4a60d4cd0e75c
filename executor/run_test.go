package executor

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

const alice, bob, carol = "alice@acme.test", "bob@acme.test", "carol@acme.test"

func world(t *testing.T, messages int) (string, *diskWorld) {
	t.Helper()
	dir := t.TempDir()
	return dir, newDiskWorld(t, dir, testSpec(alice, bob, carol), messages)
}

func kinds(t *testing.T, s *State) []Kind {
	t.Helper()
	lines, err := ReadJournal(s)
	if err != nil {
		t.Fatal(err)
	}
	var list []Kind
	for _, l := range lines {
		list = append(list, l.Kind)
	}
	return list
}

func TestRunCopiesAndTellsInOrder(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir, w := world(t, 2)
	w.spec.Source.IMAP.Limits.Connections = 1
	r, p := newRun(t, dir, w)
	if err := r.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.complete(t, alice, bob, carol)
	step := []string{"step-started", "step-progress", "step-progress", "step-done"}
	want := append([]string{"lock-taken", "gate-checked", "observed", "plan-compared", "gate-checked"},
		slices.Concat(step, step, step, []string{"observed", "finished"})...)
	if diff := cmp.Diff(want, p.names()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	wantKinds := []Kind{KindStart, KindIntent, KindOutcome, KindIntent, KindOutcome, KindIntent, KindOutcome, KindEnd}
	if diff := cmp.Diff(wantKinds, kinds(t, r.State)); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
	end := find[Finished](p)[0]
	if end.Reason != ReasonDone || end.Done != 3 || end.Left != 0 || end.Tally.Copied != 6 {
		t.Errorf("finished %+v", end)
	}
	if _, err := os.Stat(lockPath(r.State.Dir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock is still there: %v", err)
	}
}

// New mail is carried by the next run although no record can show it.
func TestSecondRunCarriesNewMail(t *testing.T) {
	dir, w := world(t, 1)
	r, _ := newRun(t, dir, w)
	if err := r.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.add(t, "source", bob, "new")
	r, p := newRun(t, dir, w)
	if err := r.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.complete(t, alice, bob, carol)
	compared := find[PlanCompared](p)[0]
	if compared.Done != 3 || compared.Todo != 3 || compared.Beyond != 0 {
		t.Errorf("compared %+v", compared)
	}
	if n := find[Finished](p)[0].Tally.Copied; n != 1 {
		t.Errorf("the second run copied %d messages, want 1", n)
	}
}

// A mailbox that was looked into just now and lacks nothing gets no pass.
func TestFreshLookSavesThePass(t *testing.T) {
	dir, w := world(t, 1)
	r, _ := newRun(t, dir, w)
	if err := r.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.signed = true
	r, p := newRun(t, dir, w)
	if err := r.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w.dos[alice] != 1 || find[PlanCompared](p)[0].Todo != 0 {
		t.Errorf("%d passes, %+v", w.dos[alice], find[PlanCompared](p))
	}
}

func TestOneMailboxNeverStopsAnother(t *testing.T) {
	dir, w := world(t, 2)
	w.faults[alice] = []error{fault(planner.Credential, "login.refused")}
	r, p := newRun(t, dir, w)
	err := r.Do(t.Context())
	var inc *Incomplete
	if !errors.As(err, &inc) || inc.Reason != ReasonFailed || inc.Failed != 1 || inc.Left != 1 || ExitCode(err) != ExitIncomplete {
		t.Fatalf("got %#v", err)
	}
	w.complete(t, bob, carol)
	if w.dos[alice] != 1 {
		t.Errorf("a refused login was tried %d times", w.dos[alice])
	}
	failed := find[StepFailed](p)
	if len(failed) != 1 || failed[0].Fault.Code != "login.refused" || failed[0].Tally.Copied != 1 {
		t.Errorf("failed %+v", failed)
	}
	records, _ := r.State.Records()
	i := slices.IndexFunc(records, func(rec planner.Record) bool { return rec.Step.Subject() == alice })
	if rec := records[i]; rec.Failed == nil || rec.Outcome != 0 || rec.Intent == 0 || rec.Tally.Copied != 1 {
		t.Errorf("record %+v", rec)
	}
	r, _ = newRun(t, dir, w)
	if err := r.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.complete(t, alice, bob, carol)
}

func TestErrorsWithoutNameAndPanicsFailTheStepOnly(t *testing.T) {
	dir, w := world(t, 1)
	w.faults[alice] = []error{errors.New("odd")}
	w.panics = bob
	r, p := newRun(t, dir, w)
	if err := r.Do(t.Context()); ExitCode(err) != ExitIncomplete {
		t.Fatalf("got %v", err)
	}
	w.complete(t, carol)
	codes := map[string]string{}
	for _, f := range find[StepFailed](p) {
		codes[f.Step.Subject()] = f.Fault.Error()
	}
	want := map[string]string{alice: "step.error error=odd", bob: codes[bob]}
	if diff := cmp.Diff(want, codes); diff != "" {
		t.Error(diff)
	}
	if got := codes[bob]; !containsAll(got, "step.panic", "diskWorld).Do") || containsAll(got, "text of a mail") {
		t.Errorf("the panic tells %q", got)
	}
}

func TestPassingFaultsAreTriedAgain(t *testing.T) {
	gone, slow, told := fault(planner.Gone, "server.gone"), fault(planner.Throttled, "server.throttled"), fault(planner.Throttled, "server.throttled")
	told.Wait = 90 * time.Second
	full := fault(planner.Crowded, "server.crowded")
	long := fault(planner.Throttled, "server.throttled")
	long.Wait = time.Hour
	for name, c := range map[string]struct {
		faults []error
		waits  []time.Duration
		fails  bool
	}{
		"told, not told": {[]error{told, slow}, []time.Duration{90 * time.Second, 2 * time.Minute}, false},
		"without end":    {[]error{slow, slow, slow, slow, slow, slow}, []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute}, true},
		"too long":       {[]error{long}, nil, true},
		"gone":           {[]error{gone}, nil, true}, // the world made another connection, as often as that is of use
		"crowded, then refused": {[]error{full, full, fault(planner.Account, "login.account")},
			[]time.Duration{15 * time.Second, 30 * time.Second}, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			w := newDiskWorld(t, dir, testSpec(alice), 1)
			w.add(t, "target", alice, w.messages("source", alice)[0]) // so no try gets on
			w.faults[alice] = c.faults
			r, p := newRun(t, dir, w)
			var slept []time.Duration
			r.Sleep = func(_ context.Context, d time.Duration) error { slept = append(slept, d); return nil }
			err := r.Do(t.Context())
			if (err != nil) != c.fails {
				t.Fatalf("got %v", err)
			}
			if !slices.EqualFunc(c.waits, slept, func(want, got time.Duration) bool { return want <= got && got <= want*5/4 }) {
				t.Errorf("waits %v, want %v and up to a quarter more", slept, c.waits)
			}
			if got := len(find[StepWaits](p)); got != len(c.waits) {
				t.Errorf("%d events, want %d", got, len(c.waits))
			}
			if got := kinds(t, r.State); slices.Index(got[2:], KindIntent) >= 0 {
				t.Errorf("a try again is one turn, the journal says %v", got)
			}
		})
	}
}

// A pass that gets on between its faults may be tried without end.
func TestTriesCountOnlyWithoutProgress(t *testing.T) {
	dir := t.TempDir()
	w := newDiskWorld(t, dir, testSpec(alice), 12)
	for range 12 {
		w.faults[alice] = append(w.faults[alice], fault(planner.Throttled, "server.throttled"))
	}
	r, _ := newRun(t, dir, w)
	if err := r.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.complete(t, alice)
}

// A step that was told to wait lets others go on in its place, though the
// servers allow one connection only; it goes on when its wait is over.
func TestATurnThatWaitsHoldsUpNobody(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir := t.TempDir()
	spec := testSpec(alice, bob, carol)
	spec.Source.IMAP.Limits.Connections = 1
	w := newDiskWorld(t, dir, spec, 2)
	w.faults[alice] = []error{fault(planner.Throttled, "server.throttled")}
	r, p := newRun(t, dir, w)
	over := make(chan struct{})
	r.Sleep = func(context.Context, time.Duration) error { <-over; return nil }
	done := 0
	r.Readers = append(r.Readers, func(_ time.Time, e Event) {
		if _, ok := e.(StepDone); ok {
			if done++; done == 2 {
				close(over)
			}
		}
	})
	if err := r.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.complete(t, alice, bob, carol)
	var order []planner.StepID
	for _, e := range find[StepDone](p) {
		order = append(order, e.Step)
	}
	if len(order) != 3 || order[2].Subject() != alice {
		t.Errorf("done in the order %v", order)
	}
	if w.most != 1 || w.dos[alice] != 2 {
		t.Errorf("%d at once, alice had %d acts", w.most, w.dos[alice])
	}
}

// An interrupt also ends turns that wait, and those whose wait is over.
func TestInterruptEndsAllThatWait(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir := t.TempDir()
	w := newDiskWorld(t, dir, testSpec(alice, bob, carol), 2)
	for _, a := range []string{alice, bob, carol} {
		w.faults[a] = []error{fault(planner.Throttled, "server.throttled")}
	}
	r, p := newRun(t, dir, w)
	stop := make(chan struct{})
	r.Stop = stop
	var waits atomic.Int32
	r.Sleep = func(ctx context.Context, _ time.Duration) error {
		if waits.Add(1) == 3 {
			close(stop)
		}
		<-ctx.Done()
		return ctx.Err()
	}
	var inc *Incomplete
	if err := r.Do(t.Context()); !errors.As(err, &inc) || inc.Reason != ReasonStopped {
		t.Errorf("got %v", err)
	}
	if got := find[StepStopped](p); len(got) != 3 || got[0].Unknown {
		t.Errorf("%+v", got)
	}
	w.faults = map[string][]error{}
	goOn(t, dir, w)
}

func TestConcurrencyIsTheSmallerLimit(t *testing.T) {
	spec := testSpec(alice)
	for _, c := range [][3]int{{3, 5, 3}, {5, 2, 2}, {0, 4, 1}} {
		spec.Source.IMAP.Limits.Connections, spec.Target.IMAP.Limits.Connections = c[0], c[1]
		if got := concurrency(&planner.Plan{Spec: spec}); got != c[2] {
			t.Errorf("%v: %d at once", c, got)
		}
	}
	dir, w := world(t, 1)
	w.spec.Target.IMAP.Limits.Connections = 2
	w.begun = make(chan string)
	hold := make(chan struct{})
	w.gate[alice], w.gate[bob], w.gate[carol] = hold, hold, hold
	r, _ := newRun(t, dir, w)
	ended := make(chan error)
	go func() { ended <- r.Do(context.Background()) }()
	<-w.begun
	<-w.begun
	close(hold)
	<-w.begun
	if err := <-ended; err != nil || w.most > 2 {
		t.Errorf("%d at once: %v", w.most, err)
	}
}

func TestReportSaysWhatHappened(t *testing.T) {
	dir, w := world(t, 2)
	w.faults[alice] = []error{fault(planner.Credential, "login.refused")}
	w.spec.Roster.Mailboxes[1].SourcePassword = config.Secret{}
	r, p := newRun(t, dir, w)
	r.Do(t.Context())
	b, err := os.ReadFile(find[Finished](p)[0].Report)
	if err != nil {
		t.Fatal(err)
	}
	var rep Report
	if err := json.Unmarshal(b, &rep); err != nil {
		t.Fatal(err)
	}
	lines, _ := ReadJournal(r.State)
	head := lines[len(lines)-2] // before the end
	if rep.Journal != (JournalHead{head.N, head.Hash}) {
		t.Errorf("journal head %+v, want line %d", rep.Journal, head.N)
	}
	if len(rep.Done) != 1 || len(rep.Failed) != 1 || len(rep.Held) != 1 || rep.Reason != ReasonFailed || rep.Left != 2 ||
		rep.Tally.Copied != 3 || rep.Failed[0].Fault.Code != "login.refused" || rep.Held[0].Reason.Subject != bob {
		t.Errorf("report %s", b)
	}
}

func TestReportsOfOneSecondHaveNames(t *testing.T) {
	dir := t.TempDir()
	seen := map[string]bool{}
	for range 3 {
		path, err := freeName(dir, epoch)
		if err != nil || seen[path] {
			t.Fatalf("%s %v", path, err)
		}
		seen[path] = true
		os.WriteFile(path, nil, 0o600)
	}
}

func containsAll(s string, parts ...string) bool {
	return !slices.ContainsFunc(parts, func(p string) bool { return !contains(s, p) })
}
