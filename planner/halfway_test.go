package planner_test

import (
	"slices"
	"testing"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// mxStep is the change of a domain's MX in a plan.
func mxStep(t *testing.T, p *planner.Plan) (planner.Step, planner.SetRecords) {
	t.Helper()
	for _, s := range p.Steps {
		if o, ok := s.Op.(planner.SetRecords); ok && o.New.Type == "MX" {
			return s, o
		}
	}
	t.Fatalf("no MX changes in %d steps", len(p.Steps))
	return planner.Step{}, planner.SetRecords{}
}

// A vendor, or a person, changes an MX record by record. A run that died
// between two of them goes on with the step that was approved, and the way back
// leads to what was before the first, not to what stood between.
func TestAnMXHalfChangedIsTheSameStep(t *testing.T) {
	for _, kind := range []string{config.ZoneManual, config.ZoneDNSPod, config.ZoneAliDNS, config.ZoneCloudflare} {
		t.Run(kind, func(t *testing.T) { halfChanged(t, kind, kind != config.ZoneCloudflare) })
	}
}

// halfChanged tries a kind of zone; mixed: records change one by one.
func halfChanged(t *testing.T, kind string, mixed bool) {
	s := newSite(shape{route: "imap", rows: 1, domains: 1, ttl: 300}, "")
	s.spec.Cutover.Zones[0].Kind = kind
	seen := s.observe()
	put := func(seen planner.Snapshot, values ...string) planner.Snapshot {
		seen.Zones = slices.Clone(seen.Zones)
		seen.Zones[0].Sets = slices.Clone(seen.Zones[0].Sets)
		for i, set := range seen.Zones[0].Sets {
			if set.Type == "MX" {
				seen.Zones[0].Sets[i].Values = values
			}
		}
		return seen
	}
	was := []string{"10 a.old.test", "20 b.old.test"}
	seen = put(seen, was...)
	approved := planner.Build(s.spec, seen, s.now)
	step, op := mxStep(t, approved)
	half := []string{op.New.Values[0], "20 b.old.test"}
	undo := planner.UndoOf(op, seen)
	begun := planner.Record{Step: step.ID, Intent: 7, IntentAt: s.now, Undo: undo}
	failed, done := begun, begun
	failed.Outcome, failed.Failed = 3, &planner.Fault{}
	done.Outcome = 8
	backing := planner.Record{Step: planner.IDOf(*undo), Intent: 9}
	for name, c := range map[string]struct {
		record planner.Record
		values []string
		same   bool
	}{
		"died":                    {begun, half, mixed},
		"failed":                  {failed, half, mixed},
		"as written by a person":  {begun, []string{half[0] + ".", "20  B.OLD.test"}, mixed},
		"one was taken away":      {begun, was[1:], false},
		"one added":               {begun, append([]string{op.New.Values[0]}, was...), mixed},
		"nothing was begun":       {planner.Record{}, half, false},
		"it was done, and undone": {done, half, false},
		"going back died":         {done, half, mixed},
		"somebody else's":         {begun, []string{op.New.Values[0], "30 c.test"}, false},
		"empty":                   {begun, nil, false},
	} {
		now := put(seen, c.values...)
		if c.record.Step != "" {
			now.Records = []planner.Record{c.record}
		}
		if name == "going back died" {
			now.Records = append(now.Records, backing)
		}
		built := planner.Build(s.spec, now, s.now)
		again, change := mxStep(t, built)
		if (again.ID == step.ID) != c.same || !again.Work {
			t.Errorf("%s: %s, want the approved %s: %v", name, again.ID, step.ID, c.same)
		}
		if _, stale := planner.LeftOut(built, approved); (stale == "") != c.same {
			t.Errorf("%s: stale by %q", name, stale)
		}
		if back := planner.UndoOf(change, now); c.same && !slices.Equal(back.Op.(planner.SetRecords).New.Values, was) {
			t.Errorf("%s: the way back leads to %v", name, back.Op)
		}
	}
}
