package executor

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// check is the gate of the plan itself: format, lineage, age.
func (a *apply) check() error {
	var theirs *planner.Refused
	switch err := planner.Check(a.Plan, a.State.Lineage, a.Self.Now(), planner.Format); {
	case errors.As(err, &theirs):
		return a.closed("plan", config.Finding{Msg: theirs.Msg, Severity: config.Blocks})
	case err != nil:
		return err
	}
	return a.tellGate(gate{Name: "plan"})
}

// closed is a gate that stops the run: nothing more is begun.
func (a *apply) closed(name string, reasons ...config.Finding) error {
	g := gate{Name: name, Reasons: reasons}
	if err := a.tellGate(g); err != nil {
		return err
	}
	a.shut, a.shutBy = nil, Standing{}
	a.shuts(g)
	if a.began == 0 {
		return a.refused()
	}
	return a.waits(ReasonWaitingPerson, a.leftOver())
}

func (a *apply) tellCompared() error {
	approved, before, todo := map[planner.StepID]bool{}, 0, 0
	for _, s := range a.Plan.Steps {
		approved[s.ID] = true
	}
	for _, r := range a.built.Observed.Records {
		if approved[r.Step] && r.Outcome > 0 {
			before++
		}
	}
	tail := switched(a.built)
	for _, s := range a.built.Steps {
		if _, out := a.left[s.ID]; !out && !a.aside[s.ID] && s.Op.Traits().Phase <= a.Through && due(s, a.built.Observed, tail) {
			todo++
		}
	}
	a.before = before
	err := a.emit(PlanCompared{Plan: a.Plan.ID, Approved: len(a.Plan.Steps), Done: before,
		Todo: todo, Aside: len(a.aside), Beyond: len(planner.Beyond(a.built, a.Plan)), Finals: a.finalsNow()})
	for _, s := range a.built.Steps {
		if because, out := a.left[s.ID]; out && err == nil {
			err = a.emit(LeftOut{Step: s.ID, Because: because, Undone: slices.Contains(a.undone, because)})
		}
	}
	return err
}

// setAside leaves out the steps of those that were not chosen.
func (a *apply) setAside() {
	a.aside = map[planner.StepID]bool{}
	for _, s := range a.built.Steps {
		if _, out := a.left[s.ID]; a.Only != nil && !a.Only[s.Op.Subject()] && !out {
			a.aside[s.ID] = true
		}
	}
}

// refusing is what blocks the whole run: what the world says of itself, and
// without a cutover whatever is not about one step. What is about one holds
// only that; with a cutover the rest closes Freeze and Cutover.
func refusing(built *planner.Plan) []config.Finding {
	own := map[string]bool{}
	for _, f := range built.Observed.Findings {
		own[(&planner.Fault{Msg: f.Msg}).Error()+f.Subject] = true
	}
	return slices.DeleteFunc(blocking(built), func(f config.Finding) bool {
		return aboutStep(built, f) || built.Spec.Cutover != nil && !own[(&planner.Fault{Msg: f.Msg}).Error()+f.Subject]
	})
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
	bySubject, shut := map[string]config.Finding{}, map[string]config.Finding{}
	var byKind []config.Finding // plan.cannot
	left := spec.Roster.Departures()
	for _, row := range spec.Roster.Mailboxes {
		if side := lacking(spec, row, left[row.Address]); side != "" {
			shut[row.Address] = config.Finding{Msg: text.M("apply.credential."+side, "address", row.Address),
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
		_, copies := s.Op.(planner.CopyMailbox)
		if s.Op.Traits().Gated() && !copies {
			continue // their gates tell
		}
		if f, ok := shut[s.Op.Subject()]; ok && (copies || s.Op.Traits().Repeat == planner.Converge) {
			held[s.ID] = f
		}
		if f, ok := bySubject[s.Op.Subject()]; ok && (copies || s.Op.Traits().Phase < planner.Freeze) {
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

// sameSettings reports whether two specs have the same gated settings.
func sameSettings(a, b *config.Spec) bool {
	x, errX := json.Marshal(planner.Settings(a))
	y, errY := json.Marshal(planner.Settings(b))
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
