package zone

import (
	"context"
	"slices"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// Inner is the world whose domains these are; see executor.World.
type Inner interface {
	Observe(ctx context.Context, depth planner.Depth) (planner.Snapshot, error)
	Do(ctx context.Context, op planner.Op, stop <-chan struct{}, progress func(planner.Progress)) (planner.Tally, error)
}

// World adds the domains of a cutover to another world.
type World struct {
	inner Inner
	zones *Zones
}

// New adds domains to a world.
func New(inner Inner, zones *Zones) *World { return &World{inner, zones} }

// Observe looks at the inner world and at every domain, side by side.
func (w *World) Observe(ctx context.Context, depth planner.Depth) (planner.Snapshot, error) {
	var zones []planner.Zone
	var found []config.Finding
	done := make(chan struct{})
	go func() {
		defer close(done)
		zones, found = w.zones.Observe(ctx)
	}()
	s, err := w.inner.Observe(ctx, depth)
	<-done
	if err != nil {
		return s, err
	}
	s.Zones = append(slices.Clone(s.Zones), zones...)
	s.Findings = append(slices.Clone(s.Findings), found...)
	s.Can = slices.Compact(slices.Sorted(slices.Values(slices.Concat(s.Can, w.zones.Can()))))
	return s, ctx.Err()
}

// Do carries out what is about records, and gives the rest to the inner world.
func (w *World) Do(ctx context.Context, op planner.Op, stop <-chan struct{}, progress func(planner.Progress)) (planner.Tally, error) {
	wait, waits := op.(planner.Wait)
	if _, records := goalOf(op, never); records || waits && (wait.For == "authoritative" || wait.For == "caches") {
		return planner.Tally{}, w.zones.Do(ctx, op, stop, progress)
	}
	return w.inner.Do(ctx, op, stop, progress)
}
