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
type World struct{ inner Inner }

// New adds people to a world.
func New(inner Inner) *World { return &World{inner} }

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
	return snap, err
}

// Do refuses people's acts and has the inner world do all others.
func (w *World) Do(ctx context.Context, op planner.Op, stop <-chan struct{}, progress func(planner.Progress)) (planner.Tally, error) {
	if op.Traits().Person {
		return planner.Tally{}, &planner.Fault{Msg: text.M("manual.person", "kind", op.Kind(), "subject", op.Subject()), Class: planner.Internal}
	}
	return w.inner.Do(ctx, op, stop, progress)
}
