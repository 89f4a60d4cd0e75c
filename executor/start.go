package executor

import (
	"context"
	"slices"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// starts closes Freeze and Cutover until somebody starts them.
func (a *apply) starts(ctx context.Context) error {
	g, err := a.start(ctx)
	if err != nil {
		return err
	}
	a.shuts(g)
	return a.tellGate(g)
}

// start asks once a run whether the freeze may begin, unless the spec starts
// it unattended or somebody started this plan's before.
func (a *apply) start(ctx context.Context) (gate, error) {
	g := gate{Name: "start"}
	since, ours := a.frozen()
	code, q := "gate.attended", Question{Kind: AskStart, Plan: a.Plan.ID, Since: since}
	switch {
	case a.goesBack():
		code, q = "gate.attended-back", Question{Kind: AskBack, Plan: a.Plan.ID}
	case !since.IsZero():
		code = "gate.attended-frozen"
	}
	there := a.Ask != nil && (!a.Wait || a.goesBack())
	switch {
	case a.Plan.Spec.Cutover.Start == "unattended", there && ours:
		a.attended = true
		return g, nil
	case !there:
		g.Reasons = []config.Finding{reason(code, "at", clock(a.here(since)))}
		return g, nil
	}
	answer, err := a.Ask(ctx, q)
	switch {
	case err != nil:
	case answer.Yes:
		a.attended = true
	case since.IsZero():
		g.Reasons = []config.Finding{reason("gate.declined")}
	default:
		g.Reasons = []config.Finding{reason("gate.declined-frozen", "at", clock(a.here(since)))}
	}
	return g, err
}

// frozen gives since when a freeze stands, and whether it is of this plan:
// then a person has started it by the plan's number.
func (a *apply) frozen() (since time.Time, ours bool) {
	a.journal.mu.Lock()
	defer a.journal.mu.Unlock()
	for _, rec := range a.built.Observed.Records {
		if rec.Step.Kind() != (planner.HoldDirectory{}).Kind() || !rec.Open || a.goesBack() {
			continue
		}
		since = rec.IntentAt
		run := slices.IndexFunc(a.journal.lines, func(l Line) bool { return l.N == rec.Intent })
		for ; run >= 0 && a.journal.lines[run].Kind != KindStart; run-- {
		}
		ours = run >= 0 && a.journal.lines[run].Msg != nil && a.journal.lines[run].Msg.Args["plan"] == a.Plan.ID
	}
	return since, ours
}

// shuts adds the reasons of a gate to those that close Freeze and Cutover.
func (a *apply) shuts(g gate) {
	for _, f := range g.Reasons {
		a.shut = append(a.shut, f)
		a.shutBy.Gates = append(a.shutBy.Gates, g.Name)
	}
	if g.Name == "window" {
		a.shutBy.Window = g.Facts
	}
}

// standing is where the run stands; nil: no gate stops it.
func (a *apply) standing() *Standing {
	if len(a.shut) == 0 {
		return nil
	}
	s := a.shutBy
	s.At, s.Before = a.Self.Now(), a.before
	return &s
}

func (a *apply) refused() *Refused { return &Refused{Reasons: a.shut, Standing: a.standing()} }

// here brings a moment into the zone of this machine's clock, which is the one
// that people are told times in.
func (a *apply) here(t time.Time) time.Time { return t.In(a.Self.Now().Location()) }

// place is a step's in the plan, from 1; 0: it is not there.
func (a *apply) place(id planner.StepID) int {
	if a.places == nil {
		a.places = map[planner.StepID]int{}
		for i, s := range a.Plan.Steps {
			a.places[s.ID] = i + 1
		}
	}
	return a.places[id]
}

func (a *apply) finalsNow() []FinalNow {
	var list []FinalNow
	for _, f := range a.built.Finals() {
		list = append(list, FinalNow{Step: f.Step, Bounds: f.Bounds})
	}
	return list
}
