package executor

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

func TestRowsWithoutPasswordWait(t *testing.T) {
	dir, w := world(t, 1)
	w.spec.Roster.Mailboxes[1].TargetPassword = config.Secret{}
	r, p := newRun(t, dir, w)
	err := r.Do(t.Context())
	var inc *Incomplete
	if !errors.As(err, &inc) || inc.Reason != ReasonWaitingPerson || inc.Waiting != 1 || inc.Left != 1 {
		t.Fatalf("got %#v", err)
	}
	w.complete(t, alice, carol)
	if w.dos[bob] != 0 {
		t.Error("bob was tried without a password")
	}
	if held := find[StepHeld](p); len(held) != 1 || held[0].Reason.Code != "apply.credential.target" {
		t.Errorf("held %+v", held)
	}
	w.faults[alice] = []error{fault(planner.Unreachable, "server.unreachable")}
	r, _ = newRun(t, dir, w)
	if err := r.Do(t.Context()); !errors.As(err, &inc) || inc.Reason != ReasonFailed {
		t.Errorf("a failure beside one that waits gives %v", err)
	}
}

func TestStepsBeyondThePlanAreLeftOut(t *testing.T) {
	dir, w := world(t, 1)
	r, p := newRun(t, dir, w)
	approved := *w.spec
	approved.Roster.Mailboxes = w.spec.Roster.Mailboxes[:2]
	plan := planner.Build(&approved, r.Plan.Observed, w.now())
	plan.Spec = w.spec // as if the build had come to need more
	plan.Stamp("test")
	r.Plan = plan
	if err := r.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.complete(t, alice, bob)
	if w.dos[carol] != 0 {
		t.Error("a step beyond the plan was carried out")
	}
	if out := find[LeftOut](p); len(out) != 1 || out[0].Step.Subject() != carol || out[0].Because != out[0].Step {
		t.Errorf("left out %+v", out)
	}
	if !slices.Contains(kinds(t, r.State), KindLeftOut) {
		t.Error("it is not in the journal")
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		break_ func(*Run, *diskWorld)
		code   string
	}{
		"another lineage": {func(r *Run, _ *diskWorld) { r.Plan.Lineage = "00" }, "plan.lineage"},
		"format":          {func(r *Run, _ *diskWorld) { r.Plan.Format++ }, "plan.format"},
		"age":             {func(r *Run, _ *diskWorld) { r.Plan.Observed.At = epoch.Add(-8 * 24 * time.Hour) }, "plan.age"},
		"finding": {func(_ *Run, w *diskWorld) {
			w.seen = func(s *planner.Snapshot) {
				s.Findings = []config.Finding{{Msg: text.M("server.gone"), Severity: config.Blocks, Subject: "new.test"}}
			}
		}, "server.gone"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, w := world(t, 1)
			r, p := newRun(t, dir, w)
			c.break_(r, w)
			err := r.Do(t.Context())
			var refused *Refused
			if !errors.As(err, &refused) || refused.Reasons[0].Code != c.code || ExitCode(err) != ExitRefused {
				t.Fatalf("got %v, want %s", err, c.code)
			}
			if len(w.dos) != 0 || len(find[StepStarted](p)) != 0 {
				t.Error("something was done")
			}
			if got := kinds(t, r.State); !slices.Equal(got, []Kind{KindStart, KindRefused, KindEnd}) {
				t.Errorf("journal %v", got)
			}
		})
	}
}

// What blocks one mailbox holds its step and no other.
func TestFindingAboutAMailboxHoldsIt(t *testing.T) {
	dir, w := world(t, 1)
	r, p := newRun(t, dir, w)
	w.seen = func(s *planner.Snapshot) {
		s.Findings = []config.Finding{{Msg: text.M("x"), Severity: config.Blocks, Subject: bob}}
	}
	var inc *Incomplete
	if err := r.Do(t.Context()); !errors.As(err, &inc) || inc.Reason != ReasonWaitingPerson {
		t.Fatalf("got %v", err)
	}
	w.complete(t, alice, carol)
	if w.dos[bob] != 0 || find[StepHeld](p)[0].Reason.Code != "x" {
		t.Error("bob was not held")
	}
}

func TestMailBehindAPassIsSaid(t *testing.T) {
	dir, w := world(t, 1)
	r, _ := newRun(t, dir, w)
	w.seen = func(s *planner.Snapshot) { s.Mailboxes[0].Behind.Messages = 2 }
	var inc *Incomplete
	if err := r.Do(t.Context()); !errors.As(err, &inc) || inc.Reason != ReasonWaitingTail || inc.Left != 1 {
		t.Fatalf("got %v", err)
	}
}

func TestSpecChangesAreShownAndWait(t *testing.T) {
	dir, w := world(t, 1)
	r, p := newRun(t, dir, w)
	now := *w.spec
	dave := row("dave@acme.test")
	carolNow := row(carol)
	carolNow.TargetLogin = "other"
	now.Roster.Mailboxes = []config.Mailbox{row(alice), carolNow, dave}
	now.Source.IMAP.Limits.Connections = 7
	r.AtHand = &now
	if err := r.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []SpecChanged{{Added: []string{dave.Address}, Removed: []string{bob}, Changed: []string{carol}, Settings: true}}
	if diff := cmp.Diff(want, find[SpecChanged](p)); diff != "" {
		t.Error(diff)
	}
	w.complete(t, alice, bob, carol)
	if _, changed := specChanged(w.spec, w.spec); changed {
		t.Error("equal specs differ")
	}
}
