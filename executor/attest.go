package executor

import (
	"context"
	"slices"
	"strings"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// Attested says what a person says of an act.
type Attested string

// What can be said.
const (
	AttestStarted  Attested = "started"  // it is about to be done
	AttestFinished Attested = "finished" // it was done
	AttestNever    Attested = "never"    // it did not happen
)

// Attest puts a person's word of a step on record, with the lock, when the
// world does not show otherwise. What cannot be undone is begun only behind
// the same look and the same gates as in [Run.Do], by the run's plan. *Refused
// says why the word is not taken; nothing is on record then.
func (r *Run) Attest(ctx context.Context, id planner.StepID, what Attested, evidence string) error {
	a, _, _, err := r.open()
	if err != nil {
		return err
	}
	return a.close(a.attest(ctx, id, what, strings.TrimSpace(evidence)))
}

func (a *apply) attest(ctx context.Context, id planner.StepID, what Attested, evidence string) error {
	snap, err := Observe(ctx, a.World, a.State, planner.Recorded)
	if err != nil {
		return err
	}
	s, known := a.Plan.Step(id)
	if !known {
		return refuse("attest.unknown", "step", string(id))
	}
	t := s.Op.Traits()
	if !snap.ByPerson(s.Op) && t.Risk == planner.Reversible {
		return refuse("attest.kind", "step", string(id))
	}
	if evidence == "" && what != AttestStarted {
		return refuse("attest.evidence", "step", string(id))
	}
	done, seen := planner.Shown(s.Op, snap)
	fact, _ := snap.Fact(id)
	switch what {
	case AttestStarted:
		return a.attestStarted(ctx, s, snap, evidence)
	case AttestFinished:
		if seen && !done {
			return refuse("attest.not-shown", "step", string(id))
		}
		e := ActFinished{Step: id, Who: a.Self.Who, Evidence: evidence, Until: validUntil(s.Op, a.Self.Now())}
		if seen {
			e.Checked = CheckedByWorld
		}
		return a.emit(e)
	}
	switch {
	case seen && done:
		return refuse("attest.shown", "step", string(id))
	case fact.Started == 0 && snap.Recovered.IsZero():
		return refuse("attest.nothing", "step", string(id))
	}
	return a.emit(ActNever{Step: id, Who: a.Self.Who, Evidence: evidence})
}

func (a *apply) attestStarted(ctx context.Context, s planner.Step, snap planner.Snapshot, evidence string) error {
	if !snap.ByPerson(s.Op) {
		return refuse("attest.kind", "step", string(s.ID))
	}
	if why, early := planner.Early(s.Op, snap); early {
		return &Refused{Reasons: []config.Finding{{Msg: why, Severity: config.Blocks}}}
	}
	if fact, _ := snap.Fact(s.ID); fact.Started > 0 && fact.Finished == 0 && !fact.Never && !again(a.Plan.Spec, s.ID, fact.Started) {
		return &Refused{Reasons: []config.Finding{doubtful(s, snap)}}
	}
	if s.Op.Traits().Risk == planner.Final {
		if err := a.mayBegin(ctx, s.ID); err != nil {
			return err
		}
	}
	return a.emit(ActStarted{Step: s.ID, Who: a.Self.Who, Evidence: evidence})
}

func again(spec *config.Spec, id planner.StepID, number int) bool {
	return slices.ContainsFunc(spec.Again, func(g config.Again) bool { return g.Step == string(id) && g.Outcome == number })
}

// mayBegin looks and judges as a run does right before the act. Who says that
// it starts is there, so nobody is asked.
func (a *apply) mayBegin(ctx context.Context, id planner.StepID) error {
	a.attended = true
	a.Ask = func(context.Context, Question) (Answer, error) { return Answer{}, nil }
	if err := a.check(); err != nil {
		return err
	}
	if err := a.look(ctx, false); err != nil {
		return err
	}
	if err := a.judge(ctx); err != nil {
		return err
	}
	if len(a.shut) > 0 {
		return &Refused{Reasons: a.shut}
	}
	for s, ok := a.walk.next(true); ok; s, ok = a.walk.next(true) {
		if s.ID == id {
			return a.ahead(id)
		}
	}
	if f, held := a.held[id]; held {
		return &Refused{Reasons: []config.Finding{f}}
	}
	return refuse("attest.not-ready", "step", string(id))
}
