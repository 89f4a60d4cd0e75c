package manual_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/manual"
)

type inner struct {
	can []string
	did []string
	err error
}

func (w *inner) Observe(context.Context, planner.Depth) (planner.Snapshot, error) {
	return planner.Snapshot{Lineage: "1", Can: w.can}, w.err
}

func (w *inner) Do(_ context.Context, op planner.Op, _ <-chan struct{}, _ func(planner.Progress)) (planner.Tally, error) {
	w.did = append(w.did, op.Kind())
	return planner.Tally{Copied: 1}, nil
}

// The kinds are those, and only those, of which an op says that a person does it.
func TestKindsAreThoseOfPeople(t *testing.T) {
	people := manual.Kinds()
	for _, op := range []planner.Op{planner.Task{Name: "bind-domain"}, planner.WizardCopy{}, planner.FinishWizard{}, planner.MergeTenants{},
		planner.UpgradeTenant{}, planner.MoveCustomers{}, planner.CopyMailbox{}, planner.SetTTL{}, planner.SetRecords{}, planner.PutMember{},
		planner.HoldDirectory{}, planner.Wait{}, planner.Compare{}, planner.Notify{}, planner.PutTags{}, planner.Canary{}} {
		if got := slices.Contains(people, op.Kind()); got != op.Traits().Person {
			t.Errorf("%s: %v", op.Kind(), got)
		}
	}
	for _, k := range people {
		if !slices.Contains(planner.Kinds(), k) {
			t.Errorf("no op is of the kind %s", k)
		}
	}
}

func TestPeopleCanMore(t *testing.T) {
	for name, can := range map[string][]string{"told": {"set-ttl", "copy-mailbox", "task"}, "not told": nil} {
		snap, err := manual.New(&inner{can: can}).Observe(t.Context(), planner.Recorded)
		if err != nil || snap.Lineage != "1" {
			t.Fatal(snap, err)
		}
		want := slices.Compact(slices.Sorted(slices.Values(append(manual.Kinds(), append(can, "copy-mailbox")...))))
		if !slices.Equal(snap.Can, want) {
			t.Errorf("%s: %v, want %v", name, snap.Can, want)
		}
	}
	if _, err := manual.New(&inner{err: context.Canceled}).Observe(t.Context(), planner.Recorded); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestNobodyDoesPeoplesActs(t *testing.T) {
	in := &inner{}
	w := manual.New(in)
	_, err := w.Do(t.Context(), planner.MergeTenants{Into: "wwB"}, nil, nil)
	var f *planner.Fault
	if !errors.As(err, &f) || f.Code != "manual.person" || len(in.did) > 0 {
		t.Errorf("got %v, %v done", err, in.did)
	}
	for _, lang := range []text.Lang{text.English, text.Chinese} {
		for _, part := range []string{".what", ".why", ".do"} {
			if !text.Load(lang).Has(f.Code + part) {
				t.Errorf("%s: no %s%s", lang, f.Code, part)
			}
		}
	}
	if tally, err := w.Do(t.Context(), planner.CopyMailbox{}, nil, nil); err != nil || tally.Copied != 1 {
		t.Errorf("got %+v, %v", tally, err)
	}
}
