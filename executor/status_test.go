package executor

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

func statusPlan(addresses ...string) *planner.Plan {
	p := &planner.Plan{ID: "7c1e-44b8"}
	for _, a := range addresses {
		op := planner.CopyMailbox{Address: a}
		p.Steps = append(p.Steps, planner.Step{ID: planner.IDOf(op), Op: op})
	}
	return p
}

func idOf(address string) planner.StepID { return planner.IDOf(planner.CopyMailbox{Address: address}) }

func TestStatusFollowsTheEvents(t *testing.T) {
	s := state(t)
	w := newStatusWriter(s.status(), statusPlan(alice, bob, carol), epoch)
	at := epoch
	tell := func(e Event) { at = at.Add(10 * time.Second); w.event(at, e) }
	tell(PlanCompared{Todo: 2})
	tell(StepHeld{Step: idOf(carol), Reason: config.Finding{Msg: text.M("apply.credential.source")}})
	tell(StepStarted{Step: idOf(alice)})
	began := at
	tell(StepStarted{Step: idOf(bob)})
	tell(StepProgress{Step: idOf(alice), Progress: planner.Progress{Done: 1, Total: 9, Bytes: 1000}})
	tell(StepProgress{Step: idOf(alice), Progress: planner.Progress{Done: 2, Total: 9, Bytes: 3000}})
	tell(StepWaits{Step: idOf(bob), Fault: fault(planner.Throttled, "server.throttled"), Until: at})
	got, err := ReadStatus(s)
	if err != nil {
		t.Fatal(err)
	}
	throttled := text.M("server.throttled", "server", "old.test")
	missing := text.M("apply.credential.source")
	want := []MailboxStatus{
		{Address: alice, Step: idOf(alice), State: planner.Copying, Since: began, Progress: &planner.Progress{Done: 2, Total: 9, Bytes: 3000}},
		{Address: bob, Step: idOf(bob), State: planner.WaitServer, Since: at, Reason: &throttled, Until: at.Add(-10 * time.Second)},
		{Address: carol, Step: idOf(carol), State: planner.WaitPerson, Since: epoch.Add(20 * time.Second), Reason: &missing},
	}
	if diff := cmp.Diff(want, got.Mailboxes); diff != "" {
		t.Error(diff)
	}
	if got.Running != 2 || got.Todo != 2 || got.Bytes != 3000 || got.Rate != 100 || got.Ended != nil {
		t.Errorf("%+v", got)
	}
	tell(StepDone{Step: idOf(alice), Tally: planner.Tally{Copied: 9, Bytes: 5000, Refused: 1}})
	tell(StepFailed{Step: idOf(bob), Fault: fault(planner.Full, "target.full")})
	tell(Finished{Reason: ReasonFailed, Done: 1, Failed: 1})
	got, _ = ReadStatus(s)
	if m := got.Mailboxes; m[0].State != planner.Partial || m[0].Progress != nil || m[1].State != planner.Failed || m[1].Reason.Code != "target.full" {
		t.Errorf("%+v", m)
	}
	if got.Running != 0 || got.Done != 1 || got.Failed != 1 || got.Bytes != 5000 || got.Ended == nil {
		t.Errorf("%+v", got)
	}
}

// The progress of a step that is tried again begins at nought; bytes never
// count twice and never fall below what the tally says.
func TestStatusWaitingInsideAPass(t *testing.T) {
	s := state(t)
	w := newStatusWriter(s.status(), statusPlan(alice), epoch)
	w.event(epoch, StepStarted{Step: idOf(alice)})
	w.event(epoch, StepProgress{Step: idOf(alice), Progress: planner.Progress{Bytes: 10, Waiting: fault(planner.Throttled, "server.throttled")}})
	if m := w.status.Mailboxes[0]; m.State != planner.WaitServer || m.Reason == nil {
		t.Errorf("%+v", m)
	}
	w.event(epoch, StepProgress{Step: idOf(alice), Progress: planner.Progress{Bytes: 4}})
	w.event(epoch, StepStopped{Step: idOf(alice), Tally: planner.Tally{Bytes: 14}})
	if w.status.Bytes != 14 || w.status.Mailboxes[0].State != planner.NotStarted {
		t.Errorf("%+v", w.status)
	}
	w.event(epoch, StepStarted{Step: idOf("nobody@acme.test")}) // beyond the plan: no row
}

func TestStatusIsWrittenOnceASecond(t *testing.T) {
	s := state(t)
	w := newStatusWriter(s.status(), statusPlan(alice), epoch)
	writes := 0
	for ms := range 3000 {
		os.Remove(s.status())
		w.event(epoch.Add(time.Duration(ms)*time.Millisecond), StepProgress{Step: idOf(alice)})
		if _, err := os.Stat(s.status()); err == nil {
			writes++
		}
	}
	if writes != 3 {
		t.Errorf("%d writes in 3 s", writes)
	}
	os.Remove(s.status())
	w.flush(epoch.Add(time.Hour), false) // the last event is still to be written
	if _, err := os.Stat(s.status()); err != nil {
		t.Error(err)
	}
	os.Remove(s.status())
	w.flush(epoch.Add(2*time.Hour), false)
	if _, err := os.Stat(s.status()); err == nil {
		t.Error("written although nothing changed")
	}
}

func TestReadStatusWithoutAndWithDamage(t *testing.T) {
	s := state(t)
	if st, err := ReadStatus(s); st != nil || err != nil {
		t.Errorf("%v %v", st, err)
	}
	os.WriteFile(s.status(), []byte("{"), 0o600)
	if _, err := ReadStatus(s); code(err) != "state.read" {
		t.Errorf("got %v", err)
	}
}

// Nothing that a run stores or tells holds a secret's value or its file.
func TestRunLeavesAStatusAndNoSecret(t *testing.T) {
	dir, w := world(t, 1)
	w.spec.Roster.Mailboxes[0].SourcePassword = config.SecretRef("env:HUNTER2")
	r, p := newRun(t, dir, w)
	ticks := make(chan time.Time, 1)
	ticks <- epoch
	r.Ticks = ticks
	if err := r.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	st, err := ReadStatus(r.State)
	if err != nil || st.Ended == nil || st.Ended.Reason != ReasonDone || st.Done != 3 || len(st.Mailboxes) != 3 {
		t.Errorf("%+v %v", st, err)
	}
	all, _ := json.Marshal(p.events)
	filepath.WalkDir(r.State.Dir, func(path string, d os.DirEntry, _ error) error {
		if b, err := os.ReadFile(path); err == nil {
			all = append(all, b...)
		}
		return nil
	})
	if contains(string(all), "HUNTER2") {
		t.Error("a secret's name is stored")
	}
	if !contains(string(all), alice) {
		t.Error("nothing was looked at")
	}
}
