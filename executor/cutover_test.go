package executor

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// ready is a site in its window, all that comes before done.
func ready(t *testing.T, route string) (*site, *planner.Plan) {
	t.Helper()
	s := newSite(t, route)
	p := s.plan(t)
	var inc *Incomplete
	if _, err := s.apply(t, p); !errors.As(err, &inc) || inc.Reason != ReasonWaitingWindow {
		t.Fatalf("before the window: %v", err)
	}
	s.now = opens.Add(time.Minute)
	return s, p
}

func codes(found []config.Finding) []string {
	var list []string
	for _, f := range found {
		list = append(list, f.Code)
	}
	return list
}

// reasons gives why a run was refused or Freeze and Cutover were closed.
func reasons(err error) []string {
	var refused *Refused
	var inc *Incomplete
	switch {
	case errors.As(err, &refused):
		return codes(refused.Reasons)
	case errors.As(err, &inc):
		return codes(inc.Reasons)
	}
	return nil
}

// Gates are judged by what is given to them alone.
func TestEachGate(t *testing.T) {
	s, p := ready(t, "merge")
	base := gateView{plan: p, built: s.plan(t), now: s.now}
	if g := cutoverGates(base); !open(g) {
		t.Fatalf("%+v", g)
	}
	for name, c := range map[string]struct {
		change func(*gateView)
		gate   string
		codes  []string
	}{
		"early":     {func(v *gateView) { v.now = opens.Add(-1) }, "window", []string{"gate.early"}},
		"over":      {func(v *gateView) { v.now = closes.Add(1) }, "window", []string{"gate.over"}},
		"late":      {func(v *gateView) { v.now = closes.Add(-time.Second) }, "window", []string{"gate.late"}},
		"stale":     {func(v *gateView) { v.stale = "x y @1" }, "same", []string{"gate.stale"}},
		"foreign":   {func(v *gateView) { v.foreign = "x y @1" }, "same", []string{"gate.foreign"}},
		"undone":    {func(v *gateView) { v.undone, v.stale = []planner.StepID{"x y @1"}, "x y @1" }, "same", []string{"gate.undone"}},
		"settings":  {func(v *gateView) { v.settings = true }, "same", []string{"gate.settings"}},
		"hold":      {func(v *gateView) { v.held = true }, "hold", []string{"gate.hold"}},
		"mirror":    {func(v *gateView) { v.mirror = errors.New("gone") }, "mirror", []string{"gate.mirror"}},
		"lineage":   {func(v *gateView) { v.loose = true }, "lineage", []string{"gate.lineage"}},
		"directory": {func(v *gateView) { v.directory = []string{"+ wwB/x"} }, "directory", []string{"MERGE-07"}},
		"approvals": {func(v *gateView) { v.plan = withCutover(p, func(c *config.Cutover) { c.Approvals = 1 }) }, "approvals", []string{"gate.approvals"}},
		"approval that does not count": {func(v *gateView) {
			v.plan = withCutover(p, func(c *config.Cutover) { c.Approvals = 1 })
			v.approvals = []Approval{{Name: "a", Why: text.M("approval.expired")}}
		}, "approvals", []string{"gate.approvals"}},
		"approval that counts": {func(v *gateView) {
			v.plan = withCutover(p, func(c *config.Cutover) { c.Approvals = 1 })
			v.approvals = []Approval{{Name: "a"}}
		}, "approvals", nil},
		"quarantined": {func(v *gateView) {
			v.built = rebuilt(v.built, func(b *planner.Plan) { b.Observed.Mailboxes = []planner.Mailbox{{Quarantined: 1}} })
		}, "guards", []string{"gate.quarantined"}},
		"removed": {func(v *gateView) {
			v.built = rebuilt(v.built, func(b *planner.Plan) {
				b.Steps = append(slices.Clone(b.Steps), planner.Step{Op: planner.DropMailbox{Address: "x@acme.test"}})
			})
		}, "guards", []string{"gate.removed"}},
		"finding": {func(v *gateView) {
			v.built = rebuilt(v.built, func(b *planner.Plan) {
				b.Findings = []config.Finding{{Msg: text.M("MERGE-11"), Severity: config.Blocks}}
			})
		}, "rules", []string{"MERGE-11"}},
		"outgrown": {func(v *gateView) {
			v.built = rebuilt(v.built, func(b *planner.Plan) {
				b.Findings = []config.Finding{{Msg: text.M("plan.outgrown"), Severity: config.Blocks}}
			})
		}, "acknowledgements", []string{"plan.outgrown"}},
	} {
		v := base
		c.change(&v)
		for _, g := range cutoverGates(v) {
			want := []string(nil)
			if g.Name == c.gate {
				want = c.codes
			}
			if got := codes(g.Reasons); !slices.Equal(got, want) {
				t.Errorf("%s: gate %s says %v, want %v", name, g.Name, got, want)
			}
		}
	}
}

func withCutover(p *planner.Plan, change func(*config.Cutover)) *planner.Plan {
	q, spec, c := *p, *p.Spec, *p.Spec.Cutover
	change(&c)
	spec.Cutover, q.Spec = &c, &spec
	return &q
}

func rebuilt(p *planner.Plan, change func(*planner.Plan)) *planner.Plan {
	q := *p
	change(&q)
	return &q
}

// A plan that closed gates keep from Freeze writes nothing, and says why.
func TestClosedGatesWriteNothing(t *testing.T) {
	s, p := ready(t, "merge")
	other := *s.spec
	other.Acknowledged = nil
	s.atHand = &other
	lines := len(s.lines(t))
	tp, err := s.apply(t, p)
	if ExitCode(err) != ExitRefused || !slices.Equal(reasons(err), []string{"gate.settings"}) {
		t.Fatalf("got %v", err)
	}
	if got := s.lines(t)[lines:]; len(got) != 4 || got[2].Kind != KindRefused { // start, note of the change, refused, end
		t.Errorf("journal %+v", got)
	}
	if len(find[StepStarted](tp)) > 0 {
		t.Error("something was done")
	}
}

// In Cutover the first failure stops it for this run; all is put back when
// the window is over, and the rest needs a new plan.
func TestFirstFailureStopsCutover(t *testing.T) {
	s, p := ready(t, "imap")
	s.world.FailKind("probe-mx", 1, false)
	tp, err := s.apply(t, p)
	var inc *Incomplete
	if !errors.As(err, &inc) || inc.Reason != ReasonFailed || inc.Failed != 1 || ExitCode(err) != ExitIncomplete {
		t.Fatalf("got %v", err)
	}
	for _, e := range find[StepStarted](tp) {
		if e.Step.Kind() == "set-records" {
			t.Errorf("%s after a failure in Cutover", e.Step)
		}
	}
	if ttl := s.world.Set("acme.test", "acme.test MX").TTL; ttl != 300 {
		t.Errorf("TTL is %d before the window is over", ttl)
	}
	s.now = closes.Add(time.Minute)
	if _, err := s.apply(t, p); !slices.Contains(reasons(err), "gate.over") {
		t.Fatalf("got %v", err)
	}
	if ttl := s.world.Set("acme.test", "acme.test MX").TTL; ttl != 3600 {
		t.Errorf("TTL is %d after the window", ttl)
	}
}

// A press that was begun and not ended is asked for, never instructed again,
// and counts as past the point of no return.
func TestOpenActIsNeverInstructedAgain(t *testing.T) {
	s, p := ready(t, "merge")
	s.world.Blind("merge-tenants", true)
	s.answer = func(q Question) Answer { return Answer{Yes: q.Kind != AskEnded} } // the terminal closes
	for range 2 {
		s.asked = nil
		_, err := s.apply(t, p)
		if ExitCode(err) != ExitPast {
			t.Fatalf("got %v", err)
		}
	}
	for _, q := range s.asked {
		if q.Kind != AskStart {
			t.Errorf("asked %s again", q.Kind)
		}
	}
	var press planner.StepID
	for _, st := range p.Steps {
		if st.Op.Kind() == "merge-tenants" {
			press = st.ID
		}
	}
	if err := s.attest(p, press, AttestStarted, ""); !slices.Equal(reasons(err), []string{"act.open"}) {
		t.Errorf("started again: %v", err)
	}
	known, _ := s.state(t).Known()
	spec := *s.spec
	for _, f := range known.Facts {
		if f.Step == press {
			spec.Again = []config.Again{{Step: string(press), Outcome: f.Started, Because: "nothing happened"}}
		}
	}
	s.spec = &spec
	s.answer = s.everybodyDoes
	if err := s.through(t, s.plan(t)); err != nil {
		t.Fatalf("with an again block: %v", err)
	}
	if tally := s.world.Tally(); tally.Presses != 1 || tally.Twice != 0 {
		t.Errorf("tally %+v", tally)
	}
}

// What was attested and is not so is void, on record.
func TestFailedPostCheckVoidsAnAttestation(t *testing.T) {
	s := newSite(t, "merge")
	s.world.Blind("task", true)
	s.answer = nil
	p := s.plan(t)
	for _, st := range p.Steps {
		if st.Op.Kind() == "task" {
			if err := s.attest(p, st.ID, AttestFinished, "said so"); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.world.Blind("task", false)
	tp, err := s.apply(t, p)
	if n := len(find[ActVoided](tp)); n != 3 {
		t.Errorf("%d were voided (%v)", n, err)
	}
	s.world.Blind("task", true)
	if tp, _ := s.apply(t, p); len(find[StepHeld](tp)) != 3 {
		t.Errorf("a void word counts again: %+v", find[StepHeld](tp))
	}
}

// A word that the world contradicts at once leaves the step to be done, and
// the run says that it waits for somebody.
func TestAWordThatIsNotSoIsNoEnd(t *testing.T) {
	s := newSite(t, "merge")
	s.answer = func(q Question) Answer { return Answer{Yes: true, Evidence: "trust me"} } // nobody does anything
	p := s.plan(t)
	tp, err := s.apply(t, p)
	var inc *Incomplete
	if !errors.As(err, &inc) || inc.Reason != ReasonWaitingPerson || inc.Waiting != 3 {
		t.Fatalf("got %#v", err)
	}
	if said, void := len(find[ActFinished](tp)), len(find[ActVoided](tp)); said != 3 || void != 3 {
		t.Errorf("said %d times, void %d", said, void)
	}
}
