package executor

import (
	"context"
	"testing"

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
