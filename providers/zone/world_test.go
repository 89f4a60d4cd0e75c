package zone

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// inside is a world that only tells what it is asked to do.
type inside struct{ did []string }

func (i *inside) Observe(context.Context, planner.Depth) (planner.Snapshot, error) {
	return planner.Snapshot{Can: []string{"copy-mailbox"}, Zones: nil}, nil
}

func (i *inside) Do(_ context.Context, op planner.Op, _ <-chan struct{}, _ func(planner.Progress)) (planner.Tally, error) {
	i.did = append(i.did, op.Kind())
	return planner.Tally{Copied: 1}, nil
}

func TestWorldRoutes(t *testing.T) {
	w := newWorld(t).start()
	in := &inside{}
	all := New(in, &Zones{Observer: &w.obs, Aims: []Aim{w.aim}, Sleep: func(context.Context, time.Duration) error { return nil }})
	s, err := all.Observe(t.Context(), planner.Recorded)
	if err != nil || len(s.Zones) != 1 || !s.Zones[0].Seen.Known() || !slices.Equal(s.Can, []string{"copy-mailbox", "set-records", "set-ttl", "wait"}) || len(s.Findings) > 0 {
		t.Fatalf("%v %+v", err, s)
	}
	do := func(op planner.Op) string {
		_, err := all.Do(t.Context(), op, nil, func(planner.Progress) {})
		return code(err)
	}
	for _, op := range []planner.Op{planner.CopyMailbox{}, planner.Wait{For: "merged", On: "x"}, planner.Restore{Op: planner.SetOption{}}} {
		if got := do(op); got != "<nil>" {
			t.Errorf("%s: %s", op.Kind(), got)
		}
	}
	if !slices.Equal(in.did, []string{"copy-mailbox", "wait", "restore"}) {
		t.Errorf("inside: %v", in.did)
	}
	if got := do(planner.Wait{For: "authoritative", On: "acme.test"}); got != "zone.behind" {
		t.Error(got)
	}
	if got := do(planner.SetTTL{Set: planner.RRset{Zone: "other.test", Name: "other.test", Type: "MX"}}); got != "zone.no-zone" {
		t.Error(got)
	}
}

// A zone that nobody can see warns: copying goes on, and no step switches it.
func TestAnUnseenZoneDoesNotHoldCopying(t *testing.T) {
	w := newWorld(t)
	w.silence(ns1At)
	w.silence(ns2At)
	zones, found := (&Zones{Observer: &w.obs, Aims: []Aim{w.aim}}).Observe(t.Context())
	if len(zones) != 1 || zones[0].Seen.Known() || len(found) != 1 || found[0].Severity != config.Warning {
		t.Errorf("%+v %+v", zones, found)
	}
}

// Old senders are missed only until the tail is over, which the journal tells.
func TestOldSendersAreMissedUntilTheTailIsOver(t *testing.T) {
	for _, there := range []bool{true, false} { // the domain went back, or never switched
		w := newWorld(t)
		if there {
			w.switched(0)
		}
		w.start()
		w.aim.SPF.Remove, w.aim.Tail = []string{"include:gone.test"}, time.Hour
		z := &Zones{Observer: &w.obs, Aims: []Aim{w.aim}}
		for name, c := range map[string]struct {
			ago  time.Duration
			want bool
		}{"in the tail": {30 * time.Minute, true}, "after the tail": {2 * time.Hour, !there}} {
			z.Past = func() map[string]Past { return map[string]Past{"acme.test": {Switched: now.Add(-c.ago)}} }
			_, found := z.Observe(t.Context())
			missed := slices.ContainsFunc(found, func(f config.Finding) bool {
				return f.Code == "DNS-19" && strings.Contains(f.Args["list"], "gone.test")
			})
			if missed != c.want {
				t.Errorf("MX at the target %v, %s: missed %v", there, name, missed)
			}
		}
	}
}
