package executor

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// noting is a world that has something to say of every copy.
type noting struct {
	*diskWorld
	notes []config.Finding
}

func (w noting) Do(ctx context.Context, op planner.Op, stop <-chan struct{}, progress func(planner.Progress)) (planner.Tally, error) {
	for _, n := range w.notes {
		progress(planner.Progress{Note: &n})
	}
	return w.diskWorld.Do(ctx, op, stop, progress)
}

func TestNotesAreToldAndRecordedUnlessThePlanSaysThem(t *testing.T) {
	dir, w := world(t, 1)
	note := func(code string) config.Finding {
		return config.Finding{Msg: text.M(code, "mailbox", alice), Severity: config.Warning, Subject: alice}
	}
	r, p := newRun(t, dir, w)
	r.World = noting{w, []config.Finding{note("known"), note("new")}}
	r.Plan.Findings = append(r.Plan.Findings, note("known"))
	if err := r.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	told := find[StepNoted](p)
	if len(told) != 3 || told[0].Note.Code != "new" {
		t.Errorf("told %+v", told)
	}
	lines, err := ReadJournal(r.State)
	if err != nil {
		t.Fatal(err)
	}
	recorded := 0
	for _, l := range lines {
		if l.Kind == KindNote && l.Step != "" && l.Why[0].Code == "new" {
			recorded++
		}
	}
	if recorded != 3 {
		t.Errorf("%d notes are in the journal", recorded)
	}
}

// A step's progress is told once a second, but its begin, its end and its waits
// at once.
func TestProgressIsToldOnceASecond(t *testing.T) {
	now, told := epoch, []planner.Progress{}
	plan := &planner.Plan{}
	d := &driver{apply: &apply{journal: &journal{}, Run: &Run{Plan: plan, Self: Self{Now: func() time.Time { return now }}},
		status: newStatusWriter("", plan, now), report: &Report{}}}
	d.Readers = []Reader{func(_ time.Time, e Event) { told = append(told, e.(StepProgress).Progress) }}
	tell := d.progress("x")
	waits := &planner.Fault{Class: planner.Throttled}
	for _, p := range []planner.Progress{
		{Folder: "INBOX"}, {Folder: "Sent"}, {Folder: "Sent", Total: 9}, {Done: 1, Total: 9},
		{Done: 1, Total: 9, Waiting: waits}, {Done: 1, Total: 9, Waiting: waits}, {Done: 1, Total: 9}, {Done: 2, Total: 9}, {Done: 9, Total: 9},
	} {
		tell(p)
	}
	now = now.Add(time.Second)
	tell(planner.Progress{Done: 3, Total: 9})
	want := []planner.Progress{{Folder: "INBOX"}, {Done: 1, Total: 9, Waiting: waits}, {Done: 1, Total: 9}, {Done: 9, Total: 9}, {Done: 3, Total: 9}}
	if d := cmp.Diff(want, told); d != "" {
		t.Error(d)
	}
}
