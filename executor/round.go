package executor

import (
	"context"
	"slices"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// rounds looks at the world, carries out what may be done by that look, and
// looks again, until a look gives nothing to do.
func (a *apply) rounds(ctx context.Context) error {
	for first := true; ; first = false {
		if err := a.look(ctx, !first); err != nil { // 3 observe, build, compare
			return err
		}
		if first {
			if err := a.tellCompared(); err != nil {
				return err
			}
		}
		if err := a.judge(ctx); err != nil { // 4 gates of the phases ahead
			return err
		}
		acted, err := a.drive(ctx) // 5 intent, act, outcome
		if err == nil && !acted {
			acted, err = a.alone(ctx) // 6 what goes alone comes right after 3 and 4
		}
		if err != nil || !acted {
			return err
		}
	}
}

// look observes, settles what the look tells of earlier acts, builds from the
// plan's spec, and finds what is not to be done.
func (a *apply) look(ctx context.Context, again bool) error {
	snap, err := a.World.Observe(ctx, planner.Recorded)
	if err != nil && ctx.Err() != nil {
		return a.incomplete(ReasonStopped)
	}
	if err != nil {
		return err
	}
	a.journal.known().into(&snap, a.State)
	if err := a.emit(Observed{At: snap.At, Mailboxes: len(snap.Mailboxes), Again: again}); err != nil {
		return err
	}
	if err := a.settle(&snap); err != nil {
		return err
	}
	a.built = a.Plan.Again(snap, a.Self.Now())
	a.undone, a.foreign = planner.Drift(a.built, a.Plan)
	a.left, a.stale = planner.LeftOut(a.built, a.Plan, a.undone...)
	a.setAside()
	return a.watches()
}

// settle journals what the world shows of acts whose end nobody saw, and of
// attested ones that did not happen.
func (a *apply) settle(snap *planner.Snapshot) error {
	steps := make(map[planner.StepID]planner.Step, len(a.Plan.Steps))
	for _, s := range a.Plan.Steps {
		steps[s.ID] = s
	}
	var news []Event
	for _, rec := range snap.Records {
		s, ok := steps[rec.Step]
		if !ok || rec.Intent <= rec.Outcome {
			continue
		}
		done, seen := planner.Shown(s.Op, *snap)
		if repeat := s.Op.Traits().Repeat; seen && done && (repeat == planner.Once || repeat == planner.OneShot) {
			news = append(news, StepSeen{Step: s.ID, Of: takenBack(s.Op)})
		}
	}
	for _, f := range snap.Facts {
		s, ok := steps[f.Step]
		if !ok || f.Finished == 0 || f.Void || s.Op.Traits().Repeat != planner.Once {
			continue
		}
		if done, seen := planner.Shown(s.Op, *snap); seen && !done {
			news = append(news, ActVoided{Step: s.ID, Who: f.Who})
		}
	}
	for _, e := range news {
		if err := a.emit(e); err != nil {
			return err
		}
	}
	if len(news) > 0 {
		a.journal.known().into(snap, a.State)
	}
	return nil
}

// judge decides which steps of the build must not run now, and why.
func (a *apply) judge(ctx context.Context) error {
	if reasons := refusing(a.built); len(reasons) > 0 {
		return a.closed("findings", reasons...)
	}
	if err := a.tellGate(gate{Name: "findings"}); err != nil {
		return err
	}
	out := map[planner.StepID]bool{}
	for id := range a.left {
		out[id] = true
	}
	for id := range a.aside {
		out[id] = true
	}
	a.hold(out)
	if err := a.tellHeld(); err != nil {
		return err
	}
	if err := a.judgeCutover(ctx, out); err != nil {
		return err
	}
	for _, s := range a.built.Steps {
		if s.Op.Traits().Phase > a.Through {
			out[s.ID] = true
		}
	}
	for id, how := range a.turns { // a new look, a new turn
		if how == postponed {
			delete(a.turns, id)
		}
	}
	a.walk = newWalk(a.built, out, a.turns)
	return nil
}

// hold finds the steps that wait for somebody.
func (a *apply) hold(out map[planner.StepID]bool) {
	a.held = map[planner.StepID]config.Finding{}
	for id, f := range holds(a.built, a.Plan.Spec) {
		if !out[id] {
			out[id], a.held[id] = true, f
		}
	}
	behind, edited := a.behindEdits()
	removal := a.built.Removal()
	for _, s := range a.built.Steps {
		if behind[s.ID] && s.Work && !out[s.ID] {
			out[s.ID], a.held[s.ID] = true, edited
		}
		if f, waits := behindUnannounced(s, a.built); waits && !out[s.ID] {
			out[s.ID], a.held[s.ID] = true, f
		}
		if _, drops := s.Op.(planner.DropMailbox); drops && !removal.Open && !out[s.ID] {
			out[s.ID], a.held[s.ID] = true, reason("gate.removed", "share", removal.String())
		}
		if out[s.ID] || !s.Work || !a.built.Observed.ByPerson(s.Op) {
			continue
		}
		if why, early := planner.Early(s.Op, a.built.Observed); early {
			out[s.ID], a.held[s.ID] = true, config.Finding{Msg: why, Severity: config.Blocks, Subject: s.Op.Subject()}
		} else if s.Doubt {
			out[s.ID], a.held[s.ID] = true, doubtful(s, a.built.Observed)
		} else if a.Ask == nil && !waitsFor(s, a.built) {
			out[s.ID], a.held[s.ID] = true, byPerson(s)
		}
	}
}

// behindUnannounced reports whether a step that no gate binds comes behind an
// act that nobody announced: the wait for its end, by which all else waits.
func behindUnannounced(s planner.Step, built *planner.Plan) (config.Finding, bool) {
	if !awaits(s) || s.Op.Traits().Gated() || s.Op.Traits().Phase != planner.Cutover {
		return config.Finding{}, false
	}
	i := slices.IndexFunc(built.Findings, func(f config.Finding) bool { return f.Code == codeUnannounced })
	if i < 0 {
		return config.Finding{}, false
	}
	return built.Findings[i], true
}

// waitsFor reports whether a step needs one that has work.
func waitsFor(s planner.Step, built *planner.Plan) bool {
	for _, id := range s.Needs {
		if need, ok := built.Step(id); ok && need.Work {
			return true
		}
	}
	return false
}

func (a *apply) tellHeld() error {
	for _, s := range a.built.Steps {
		f, held := a.held[s.ID]
		if !held || a.told["held "+string(s.ID)] == f.Code {
			continue
		}
		a.told["held "+string(s.ID)] = f.Code
		if f.Code == Instruction(s.Op).Code && a.built.Observed.ByPerson(s.Op) {
			if err := a.asks(s); err != nil {
				return err
			}
		}
		if err := a.emit(StepHeld{Step: s.ID, Reason: f}); err != nil {
			return err
		}
	}
	return nil
}

// judgeCutover holds Freeze and Cutover against their gates. What is closed
// keeps their steps out.
func (a *apply) judgeCutover(ctx context.Context, out map[planner.StepID]bool) error {
	a.shut, a.shutBy = nil, Standing{}
	ahead := false
	for _, s := range a.built.Steps {
		ahead = ahead || s.Op.Traits().Gated() && s.Work && !a.aside[s.ID]
	}
	if !ahead || a.Through < planner.Freeze {
		return nil
	}
	v, err := a.view(ctx)
	if err != nil {
		return err
	}
	gates := cutoverGates(v)
	for _, g := range gates {
		if err := a.tellGate(g); err != nil {
			return err
		}
		a.shuts(g)
	}
	if len(a.shut) == 0 {
		if err := a.tellApprovals(v.approvals); err != nil {
			return err
		}
	}
	if len(a.shut) == 0 && !a.attended {
		if err := a.starts(ctx); err != nil {
			return err
		}
	}
	if len(a.shut) > 0 {
		for _, s := range a.built.Steps {
			if s.Op.Traits().Gated() && s.Work {
				out[s.ID] = true
			}
		}
	}
	return nil
}

// tellGate tells of a gate once, and again when it changed.
func (a *apply) tellGate(g gate) error {
	state := "open"
	for _, f := range g.Reasons {
		state += " " + (&planner.Fault{Msg: f.Msg}).Error()
	}
	if a.told["gate "+g.Name] == state {
		return nil
	}
	a.told["gate "+g.Name] = state
	return a.emit(GateChecked{Gate: g.Name, Open: len(g.Reasons) == 0, Reasons: g.Reasons, GateFacts: g.Facts})
}

// mayStart is looked at again before each step of Freeze and Cutover: a look
// at the world may be old by then.
func (a *apply) mayStart(s planner.Step) bool {
	if !s.Op.Traits().Gated() {
		return true
	}
	now := a.Self.Now()
	c := a.Plan.Spec.Cutover
	if c == nil || a.Plan.Direction == planner.Forward && (now.Before(c.Opens) || now.After(c.Closes)) {
		return false
	}
	_, held := a.State.held()
	return !held
}

// sweep is how long apply rests between two passes over what waits.
const sweep = 5 * time.Minute
