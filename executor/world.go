// Package executor carries out a plan: under a lock, journaled, resumable.
package executor

import (
	"context"

	"github.com/mxmove/mxmove/planner"
)

// World is what the executor needs of the outside. Implementations are safe
// for concurrent use.
type World interface {
	// Observe gives the snapshot but for its Lineage and Records, which are
	// the journal's. What cannot be seen is said in Seen.Err; an error means
	// that nothing could be said at all. It never writes to a server.
	Observe(ctx context.Context, depth planner.Depth) (planner.Snapshot, error)

	// Do carries out an op and reports progress from time to time. It is
	// idempotent: what is in effect already is success. After stop is closed
	// a converging op ends after the batch in flight, within seconds, with
	// planner.ErrStopped; when ctx ends it ends at once. Failures are
	// *planner.Fault. The tally holds what was done also when an error is
	// returned.
	Do(ctx context.Context, op planner.Op, stop <-chan struct{}, progress func(planner.Progress)) (planner.Tally, error)
}

// Observe looks at the world and adds what the journal knows.
func Observe(ctx context.Context, world World, state *State, depth planner.Depth) (planner.Snapshot, error) {
	snap, err := world.Observe(ctx, depth)
	if err != nil {
		return planner.Snapshot{}, err
	}
	known, err := state.Known()
	known.into(&snap, state)
	return snap, err
}

// into adds what the journal knows to a snapshot.
func (k Known) into(snap *planner.Snapshot, state *State) {
	snap.Lineage, snap.Records, snap.Facts, snap.Recovered = state.Lineage, k.Records, k.Facts, k.Recovered
}
