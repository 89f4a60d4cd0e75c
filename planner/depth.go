package planner

import "errors"

// Depth says how closely the world is looked at.
type Depth uint8

// The depths.
const (
	Recorded Depth = iota // servers' greetings and our own records; no sign-in
	Signed                // every mailbox is signed in to and counted on both sides
)

// ErrStopped ends a converging op that was asked to stop: what it did is done
// and recorded, the rest is left for the next run.
var ErrStopped = errors.New("stopped between two batches, as asked")
