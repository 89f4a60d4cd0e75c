package planner

import (
	"errors"
	"time"
)

// Depth says how closely the world is looked at.
type Depth uint8

// The depths.
const (
	Recorded Depth = iota // servers' greetings and our own records; no sign-in
	Recent                // as Signed, but a mailbox that opened within RecentFor, and that nothing was copied of since, is as it was then
	Signed                // every mailbox is signed in to and counted on both sides
)

// RecentFor is how long a look at a mailbox, or a pass over it, stands for how
// it is. Servers, directories and zones are looked at each time.
const RecentFor = 24 * time.Hour

// ErrStopped ends a converging op that was asked to stop: what it did is done
// and recorded, the rest is left for the next run.
var ErrStopped = errors.New("stopped between two batches, as asked")
