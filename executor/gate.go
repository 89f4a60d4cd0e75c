package executor

import (
	"context"
	"errors"
	"reflect"
	"slices"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// check is the gate of the plan itself: format, lineage, age, and phases that
// this version carries out.
func (a *apply) check() error {
	var theirs *planner.Refused
	switch err := planner.Check(a.Plan, a.State.Lineage, a.Self.Now(), planner.Format); {
	case errors.As(err, &theirs):
		return a.closed("plan", config.Finding{Msg: theirs.Msg, Severity: config.Blocks})
	case err != nil:
		return err
	}
	if err := a.opened("plan"); err != nil {
		return err
	}
	i := slices.IndexFunc(a.Plan.Steps, func(s planner.Step) bool { return s.Op.Traits().Phase > planner.Copy })
	if i >= 0 {
		s := a.Plan.Steps[i]
		return a.closed("phases", refuse("apply.phase", "step", string(s.ID), "phase", s.Op.Traits().Phase.String()).Reasons...)
	}
	return a.opened("phases")
}

func (a *apply) opened(gate string) error { return a.emit(GateChecked{Gate: gate, Open: true}) }

func (a *apply) closed(gate string, reasons ...config.Finding) error {
	if err := a.emit(GateChecked{Gate: gate, Reasons: reasons}); err != nil {
		return err
	}
	return &Refused{Reasons: reasons}
}

// compare looks at the world, builds from the plan's spec, and leaves out
// what is beyond the plan.
func (a *apply) compare(ctx context.Context) error {
	if e, ok := specChanged(a.Plan.Spec, a.AtHand); ok {
		if err := a.emit(e); err != nil {
			return err
		}
	}
	if err := a.build(ctx, false); err != nil {
		return err
	}
	out := map[planner.StepID]bool{}
	for id := range a.left {
		out[id] = true
	}
	a.setAside(out)
	waits := holds(a.built, a.Plan.Spec)
	a.held = map[planner.StepID]bool{}
	for id := range waits {
		if !out[id] {
			out[id], a.held[id] = true, true
		}
	}
	a.walk = newWalk(a.built, out)
	if err := a.tellCompared(); err != nil {
		return err
	}
	for _, s := range a.built.Steps {
		if a.held[s.ID] {
			if err := a.emit(StepHeld{Step: s.ID, Reason: waits[s.ID]}); err != nil {
				return err
			}
		}
	}
	return nil
}

// setAside leaves out the steps of those that were not chosen.
func (a *apply) setAside(out map[planner.StepID]bool) {
	a.aside = map[planner.StepID]bool{}
	for _, s := range a.built.Steps {
		if a.Only != nil && !a.Only[s.Op.Subject()] && !out[s.ID] {
			out[s.ID], a.aside[s.ID] = true, true
		}
	}
}

// build observes and builds, and tells so.
func (a *apply) build(ctx context.Context, again bool) error {
	snap, err := Observe(ctx, a.World, a.State, planner.Recorded)
	if err != nil && ctx.Err() != nil {
		return a.incomplete(ReasonStopped, a.walk.unfinished()+len(a.held))
	}
	if err != nil {
		return err
	}
	if err := a.emit(Observed{At: snap.At, Mailboxes: len(snap.Mailboxes), Again: again}); err != nil {
		return err
	}
	a.built = planner.Build(a.Plan.Spec, snap, a.Self.Now())
	a.left, _ = planner.LeftOut(a.built, a.Plan)
	return nil
}

func (a *apply) tellCompared() error {
	approved, before := map[planner.StepID]bool{}, 0
	for _, s := range a.Plan.Steps {
		approved[s.ID] = true
	}
	for _, r := range a.built.Observed.Records {
		if approved[r.Step] && r.Outcome > 0 {
			before++
		}
	}
	err := a.emit(PlanCompared{Plan: a.Plan.ID, Approved: len(a.Plan.Steps), Done: before,
		Todo: len(a.walk.queue), Aside: len(a.aside), Beyond: len(planner.Beyond(a.built, a.Plan))})
	for _, s := range a.built.Steps {
		if because, out := a.left[s.ID]; out && err == nil {
			err = a.emit(LeftOut{Step: s.ID, Because: because})
		}
	}
	return err
}

// gates refuses when something blocks that is not about one mailbox. What is
// about one holds only its steps.
func (a *apply) gates() error {
	reasons := slices.DeleteFunc(blocking(a.built), func(f config.Finding) bool { return aboutStep(a.built, f) })
	if len(reasons) > 0 {
		return a.closed("findings", reasons...)
	}
	return a.opened("findings")
}

func blocking(p *planner.Plan) []config.Finding {
	return slices.DeleteFunc(slices.Clone(p.Findings), func(f config.Finding) bool {
		return f.Severity != config.Blocks && f.Severity != config.Error
	})
}

func aboutStep(p *planner.Plan, f config.Finding) bool {
	return f.Severity == config.Blocks &&
		slices.ContainsFunc(p.Steps, func(s planner.Step) bool { return planner.Concerns(f, s) })
}

// holds gives the steps that get no turn until somebody acts: a finding
// blocks their mailbox, or its row has no credential.
func holds(built *planner.Plan, spec *config.Spec) map[planner.StepID]config.Finding {
	bySubject := map[string]config.Finding{}
	var byKind []config.Finding // plan.cannot
	for _, row := range spec.Roster.Mailboxes {
		if side := lacking(spec, row); side != "" {
			bySubject[row.Address] = config.Finding{Msg: text.M("apply.credential."+side, "address", row.Address),
				Severity: config.Blocks, Subject: row.Address, At: row.At, Hidden: true}
		}
	}
	for _, f := range blocking(built) {
		if f.Code == "plan.cannot" {
			byKind = append(byKind, f)
		} else {
			bySubject[f.Subject] = f
		}
	}
	held := map[planner.StepID]config.Finding{}
	for _, s := range built.Steps {
		if f, ok := bySubject[s.Op.Subject()]; ok {
			held[s.ID] = f
		}
		for _, f := range byKind {
			if planner.Concerns(f, s) {
				held[s.ID] = f
			}
		}
	}
	return held
}

// specChanged compares the plan's spec with the files at hand; false: equal,
// or not known.
func specChanged(approved, atHand *config.Spec) (SpecChanged, bool) {
	if atHand == nil {
		return SpecChanged{}, false
	}
	was, is := rows(approved), rows(atHand)
	var e SpecChanged
	for address, row := range was {
		switch now, ok := is[address]; {
		case !ok:
			e.Removed = append(e.Removed, address)
		case now != row:
			e.Changed = append(e.Changed, address)
		}
	}
	for address := range is {
		if _, ok := was[address]; !ok {
			e.Added = append(e.Added, address)
		}
	}
	for _, list := range [][]string{e.Added, e.Removed, e.Changed} {
		slices.Sort(list)
	}
	e.Settings = planner.Digest(withoutRows(approved)) != planner.Digest(withoutRows(atHand))
	return e, !reflect.DeepEqual(e, SpecChanged{})
}

func rows(spec *config.Spec) map[string]config.Mailbox {
	m := make(map[string]config.Mailbox, len(spec.Roster.Mailboxes))
	for _, row := range spec.Roster.Mailboxes {
		row.At = config.Pos{}
		m[row.Address] = row
	}
	return m
}

func withoutRows(spec *config.Spec) *config.Spec {
	bare := *spec
	bare.Roster.Mailboxes = nil
	return &bare
}
