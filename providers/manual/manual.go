// Package manual is the part of a world that people carry out: acts without a
// public API. It never does them. A run instructs a person, keeps their word
// with its evidence, and holds it against what the world shows.
package manual

import (
	"context"
	"slices"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// Inner is the world that carries out all else.
type Inner interface {
	Observe(ctx context.Context, depth planner.Depth) (planner.Snapshot, error)
	Do(ctx context.Context, op planner.Op, stop <-chan struct{}, progress func(planner.Progress)) (planner.Tally, error)
}

// World adds what people do to another world.
type World struct {
	inner  Inner
	sheets *Sheets // nil: tenants are seen by others, or there are none
}

// New adds people to a world.
func New(inner Inner) *World { return &World{inner: inner} }

// NewTenants adds people to a world in which they also do what the tenants'
// APIs could, and in which sheets show the tenants.
func NewTenants(inner Inner, sheets Sheets) *World { return &World{inner, &sheets} }

// byHand are the kinds that people carry out where no API does; see
// [planner.Snapshot.People].
func byHand() []string {
	return []string{planner.Compare{}.Kind(), planner.Inventory{}.Kind(), planner.Notify{}.Kind(), planner.PutGroup{}.Kind(), planner.PutMember{}.Kind(),
		planner.PutShared{}.Kind(), planner.PutTags{}.Kind(), planner.SetEnabled{}.Kind(), planner.SetSeat{}.Kind(),
		planner.Task{}.Kind() + " client-access", planner.Wait{}.Kind() + " activation", planner.Wait{}.Kind() + " merged"}
}

// Kinds are those of the acts that people carry out.
func Kinds() []string {
	var kinds []string
	for _, op := range []planner.Op{planner.Task{}, planner.WizardCopy{}, planner.FinishWizard{},
		planner.MergeTenants{}, planner.UpgradeTenant{}, planner.MoveCustomers{}} {
		kinds = append(kinds, op.Kind())
	}
	slices.Sort(kinds)
	return kinds
}

// Observe is the inner world's look; people's acts can be carried out, too.
func (w *World) Observe(ctx context.Context, depth planner.Depth) (planner.Snapshot, error) {
	snap, err := w.inner.Observe(ctx, depth)
	if len(snap.Can) == 0 { // a world that tells nothing copies
		snap.Can = []string{planner.CopyMailbox{}.Kind()}
	}
	snap.Can = slices.Compact(slices.Sorted(slices.Values(slices.Concat(snap.Can, Kinds()))))
	if w.sheets != nil && err == nil {
		snap.People = byHand()
		snap.Findings = slices.Clone(snap.Findings)
		w.sheets.observe(&snap)
	}
	return snap, err
}

// Do refuses people's acts and has the inner world do all others.
func (w *World) Do(ctx context.Context, op planner.Op, stop <-chan struct{}, progress func(planner.Progress)) (planner.Tally, error) {
	if op.Traits().Person || w.sheets != nil && (planner.Snapshot{People: byHand()}).ByPerson(op) {
		return planner.Tally{}, &planner.Fault{Msg: text.M("manual.person", "kind", op.Kind(), "subject", op.Subject()), Class: planner.Internal}
	}
	return w.inner.Do(ctx, op, stop, progress)
}
