package executor

import (
	"cmp"
	"context"
	"errors"
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

// Word is what a person says of acts.
type Word struct {
	What     Attested
	Evidence string // one for all of them; required but with AttestStarted
	Steps    []planner.StepID

	// Without Steps: all that wait for people now and can be undone, of one
	// kind; of kind "" only those that nothing but a word can show.
	Open bool
	Kind string

	// What cannot be undone was done, and nobody had said that it starts:
	// AttestFinished is taken of it only so, with the reason.
	Unannounced bool
	Because     string
}

// Attest puts a person's word on record, with the lock, when the world does
// not show otherwise, and gives the steps that it is of. What cannot be undone
// is begun only behind the same look and the same gates as in [Run.Do], by the
// run's plan. *Refused says why the word is not taken, with all that does not
// fit; nothing is on record then.
func (r *Run) Attest(ctx context.Context, w Word) ([]planner.StepID, error) {
	a, _, _, err := r.open()
	if err != nil {
		return nil, err
	}
	w.Evidence, w.Because = strings.TrimSpace(w.Evidence), strings.TrimSpace(w.Because)
	steps, err := a.attest(ctx, w)
	return steps, a.close(err)
}

func (a *apply) attest(ctx context.Context, w Word) ([]planner.StepID, error) {
	snap, err := Observe(ctx, a.World, a.State, planner.Recorded)
	if err != nil {
		return nil, err
	}
	t := &attesting{apply: a, Word: w, snap: snap, built: a.Plan.Again(snap, a.Self.Now())}
	if w.Open {
		t.Steps = t.waiting()
	}
	var events []Event
	var why []config.Finding
	for _, s := range t.steps(&why) {
		e, err := t.event(ctx, s)
		var refused *Refused
		switch {
		case errors.As(err, &refused):
			why = append(why, refused.Reasons...)
		case err != nil:
			return nil, err
		default:
			events = append(events, e)
		}
	}
	if len(why) > 0 {
		return nil, &Refused{Reasons: why}
	}
	for _, e := range events {
		if err := a.emit(e); err != nil {
			return nil, err
		}
	}
	return t.Steps, nil
}

// attesting judges a word by a look at the world.
type attesting struct {
	*apply
	Word
	snap  planner.Snapshot
	built *planner.Plan
}

// waiting are the steps of the plan that a run would instruct people in now,
// and that can be undone.
func (t *attesting) waiting() []planner.StepID {
	var ids []planner.StepID
	for _, s := range t.built.Steps {
		_, planned := t.Plan.Step(s.ID)
		final := s.Op.Traits().Risk == planner.Final
		if !planned || final || !s.Work || !t.snap.ByPerson(s.Op) || waitsFor(s, t.built) || t.Kind != "" && t.Kind != s.Op.Kind() {
			continue
		}
		_, early := planner.Early(s.Op, t.snap)
		_, shows := planner.Shown(s.Op, t.snap)
		if !early && (t.Kind != "" || !shows) {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// steps finds what the word is of, and says what is wrong with the word as
// a whole.
func (t *attesting) steps(why *[]config.Finding) []planner.Step {
	var found []planner.Step
	for _, id := range t.Steps {
		s, ok := t.Plan.Step(id)
		if !ok {
			s, ok = pressed(t.Plan, t.snap, id)
		}
		switch {
		case !ok:
			*why = append(*why, reason("attest.unknown", "step", string(id)))
		case len(t.Steps) > 1 && s.Op.Traits().Risk == planner.Final:
			*why = append(*why, reason("attest.alone", "step", string(id)))
		default:
			found = append(found, s)
		}
	}
	switch {
	case len(t.Steps) == 0:
		*why = append(*why, reason("attest.none", "kind", cmp.Or(t.Kind, "--all")))
	case t.Evidence == "" && t.What != AttestStarted:
		*why = append(*why, reason("attest.evidence", "step", string(t.Steps[0])))
	}
	return found
}

// pressed finds an act that cannot be undone and that no plan of now has any
// more, since the world shows it done.
func pressed(plan *planner.Plan, snap planner.Snapshot, id planner.StepID) (planner.Step, bool) {
	ops := planner.Acts(plan.Spec, snap)
	i := slices.IndexFunc(ops, func(op planner.Op) bool { return planner.IDOf(op) == id && op.Traits().Risk == planner.Final })
	if i < 0 {
		return planner.Step{}, false
	}
	return planner.Step{ID: id, Op: ops[i]}, true
}

// event is what goes on record of a step; *Refused: its word is not taken.
func (t *attesting) event(ctx context.Context, s planner.Step) (Event, error) {
	id := string(s.ID)
	if !t.snap.ByPerson(s.Op) && s.Op.Traits().Risk == planner.Reversible && !t.comparing(s) {
		return nil, refuse("attest.kind", "step", id)
	}
	done, seen := planner.Shown(s.Op, t.snap)
	fact, _ := t.snap.Fact(s.ID)
	switch t.What {
	case AttestStarted:
		return t.started(ctx, s, fact)
	case AttestFinished:
		return t.finished(s, fact, done, seen)
	}
	switch {
	case seen && done:
		return nil, refuse("attest.shown", "step", id)
	case fact.Started == 0 && t.snap.Recovered.IsZero():
		return nil, refuse("attest.nothing", "step", id)
	}
	return ActNever{Step: s.ID, Who: t.Self.Who, Evidence: t.Evidence}, nil
}

// comparing reports a comparison that waits for somebody to judge what was
// edited in the directories while a press ran.
func (t *attesting) comparing(s planner.Step) bool {
	c, ok := s.Op.(planner.Compare)
	if !ok || c.What != "members" {
		return false
	}
	w, err := t.State.WatchOf(t.built, t.Plan)
	return err == nil && !w.Pressed.IsZero() && len(w.Changes) > 0
}

func (t *attesting) started(ctx context.Context, s planner.Step, fact planner.Fact) (Event, error) {
	if !t.snap.ByPerson(s.Op) {
		return nil, refuse("attest.kind", "step", string(s.ID))
	}
	if why, early := planner.Early(s.Op, t.snap); early {
		return nil, &Refused{Reasons: []config.Finding{{Msg: why, Severity: config.Blocks}}}
	}
	if fact.Started > 0 && fact.Finished == 0 && !fact.Never && !again(t.Plan.Spec, s.ID, fact.Started) {
		return nil, &Refused{Reasons: []config.Finding{doubtful(s, t.snap)}}
	}
	if s.Op.Traits().Risk == planner.Final {
		if err := t.mayBegin(ctx, s.ID); err != nil {
			return nil, err
		}
	}
	return ActStarted{Step: s.ID, Who: t.Self.Who, Evidence: t.Evidence}, nil
}

func (t *attesting) finished(s planner.Step, fact planner.Fact, done, seen bool) (Event, error) {
	id := string(s.ID)
	if seen && !done {
		return nil, refuse("attest.not-shown", "step", id)
	}
	announced := fact.Started > 0 && !fact.Never
	switch final := s.Op.Traits().Risk == planner.Final; {
	case t.Unannounced && (!final || announced):
		return nil, refuse("attest.announced", "step", id)
	case t.Unannounced && t.Because == "":
		return nil, refuse("attest.because", "step", id)
	case final && !announced && !t.Unannounced && t.snap.Recovered.IsZero():
		return nil, refuse("attest.unannounced", "step", id)
	case final:
	default:
		if before, open := t.before(s.ID); open {
			return nil, refuse("attest.before", "step", id, "before", string(before))
		}
	}
	e := ActFinished{Step: s.ID, Who: t.Self.Who, Evidence: t.Evidence, Until: validUntil(s.Op, t.Self.Now()),
		Unannounced: t.Unannounced, Because: t.Because, Of: takenBack(s.Op)}
	if seen {
		e.Checked = CheckedByWorld
	}
	return e, nil
}

// before finds a person's act that a step comes behind, directly or through
// others, and that is not done, nor said to be by this word: what comes behind
// it cannot be done either.
func (t *attesting) before(id planner.StepID) (planner.StepID, bool) {
	behind, seen := []planner.StepID{id}, map[planner.StepID]bool{id: true}
	for len(behind) > 0 {
		s, _ := t.built.Step(behind[0])
		behind = behind[1:]
		for _, need := range s.Needs {
			n, ok := t.built.Step(need)
			if !ok || seen[need] {
				continue
			}
			seen[need] = true
			if n.Work && t.snap.ByPerson(n.Op) && !slices.Contains(t.Steps, need) {
				return need, true
			}
			behind = append(behind, need)
		}
	}
	return "", false
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
		return a.refused()
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
