package executor

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mxmove/mxmove/planner"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

// Whatever the needs and however turns end: a step starts once, only after all
// it needs are done, never if it is out, and none that could start is kept.
func TestWalkKeepsNeeds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		built, out := drawBuild(t)
		w := newWalk(built, out, map[planner.StepID]phase{})
		byID := map[planner.StepID]planner.Step{}
		for _, s := range built.Steps {
			byID[s.ID] = s
		}
		ended := map[planner.StepID]phase{}
		var open []planner.StepID
		for {
			s, ok := w.next(false)
			if ok {
				if out[s.ID] || !s.Work || slices.Contains(open, s.ID) || ended[s.ID] != 0 {
					t.Fatalf("%s must not start", s.ID)
				}
				for _, need := range s.Needs {
					if w.needed[need] && ended[need] != done {
						t.Fatalf("%s starts before %s is done", s.ID, need)
					}
				}
				open = append(open, s.ID)
			}
			if len(open) == 0 {
				break
			}
			if !ok || rapid.Bool().Draw(t, "end one") {
				i := rapid.IntRange(0, len(open)-1).Draw(t, "which")
				how := rapid.SampledFrom([]phase{done, done, failed, stopped}).Draw(t, "how")
				w.end(byID[open[i]], how)
				ended[open[i]] = how
				open = slices.Delete(open, i, i+1)
			}
		}
		for id, s := range byID {
			blocked := slices.ContainsFunc(s.Needs, func(n planner.StepID) bool { return w.needed[n] && ended[n] != done })
			if s.Work && !out[id] && ended[id] == 0 && !blocked {
				t.Fatalf("%s was never started", id)
			}
		}
	})
}

func drawBuild(t *rapid.T) (*planner.Plan, map[planner.StepID]bool) {
	p, out := &planner.Plan{}, map[planner.StepID]bool{}
	n := rapid.IntRange(0, 8).Draw(t, "steps")
	for i := range n {
		op := planner.CopyMailbox{Address: fmt.Sprintf("m%d@acme.test", i), In: planner.Copy}
		s := planner.Step{ID: planner.IDOf(op), Op: op, Work: rapid.IntRange(0, 3).Draw(t, "work") > 0}
		for _, before := range p.Steps {
			if rapid.IntRange(0, 3).Draw(t, "needs") == 0 {
				s.Needs = append(s.Needs, before.ID)
			}
		}
		p.Steps = append(p.Steps, s)
		p.Observed.Mailboxes = append(p.Observed.Mailboxes, seenNow(op.Address))
		if rapid.IntRange(0, 5).Draw(t, "out") == 0 {
			out[s.ID] = true
		}
	}
	p.Observed.At = epoch
	return p, out
}

func seenNow(address string) planner.Mailbox {
	seen := planner.Seen{At: epoch, How: "imap"}
	return planner.Mailbox{Address: address, Source: planner.Store{Seen: seen}, Target: planner.Store{Seen: seen}}
}

func TestLongestWaitingGoesFirst(t *testing.T) {
	p := &planner.Plan{}
	for i, ago := range []time.Duration{time.Hour, 0, 3 * time.Hour, 0} {
		op := planner.CopyMailbox{Address: fmt.Sprint(i), In: planner.Copy}
		id := planner.IDOf(op)
		p.Steps = append(p.Steps, planner.Step{ID: id, Op: op, Work: true})
		if ago > 0 {
			p.Observed.Records = append(p.Observed.Records, planner.Record{Step: id, Outcome: 1, OutcomeAt: epoch.Add(-ago)})
		}
	}
	var order []string
	w := newWalk(p, nil, map[planner.StepID]phase{})
	for s, ok := w.next(false); ok; s, ok = w.next(false) {
		order = append(order, s.Op.Subject())
	}
	if want := []string{"1", "3", "2", "0"}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
}

func TestDueTrustsOnlyAFreshLook(t *testing.T) {
	s := planner.Step{Op: planner.CopyMailbox{Address: alice}}
	for name, c := range map[string]struct {
		change func(*planner.Mailbox)
		due    bool
	}{
		"fresh":  {func(*planner.Mailbox) {}, false},
		"old":    {func(m *planner.Mailbox) { m.Source.Seen.At = epoch.Add(-6 * time.Minute) }, true},
		"ledger": {func(m *planner.Mailbox) { m.Target.Seen.How = "ledger" }, true},
		"failed": {func(m *planner.Mailbox) { m.Target.Seen.Err = &planner.Fault{} }, true},
		"other":  {func(m *planner.Mailbox) { m.Address = bob }, true},
		"before": {func(m *planner.Mailbox) { m.Address = "a" }, true},
	} {
		m := seenNow(alice)
		c.change(&m)
		if got := due(s, planner.Snapshot{At: epoch, Mailboxes: []planner.Mailbox{m}}, false); got != c.due {
			t.Errorf("%s: due %t", name, got)
		}
	}
}

// Two passes over one mailbox never run at once, whatever their phases; a pass
// of Drain is due only where mail goes to the target already.
func TestOnePassAMailbox(t *testing.T) {
	p := &planner.Plan{Spec: testSpec(alice)}
	for _, in := range []planner.Phase{planner.Copy, planner.Freeze, planner.Drain} {
		op := planner.CopyMailbox{Address: alice, In: in}
		p.Steps = append(p.Steps, planner.Step{ID: planner.IDOf(op), Op: op, Work: true})
	}
	w := newWalk(p, nil, map[planner.StepID]phase{})
	for range 3 {
		s, ok := w.next(false)
		if !ok {
			t.Fatal("no pass may start")
		}
		if other, two := w.next(false); two {
			t.Fatalf("%s beside %s", other.ID, s.ID)
		}
		w.end(s, done)
	}
	for tail, want := range map[bool]bool{false: false, true: true} {
		s := p.Steps[2]
		s.Work = false
		if got := due(s, planner.Snapshot{}, tail); got != want {
			t.Errorf("in the tail %v: due %v", tail, got)
		}
	}
}
