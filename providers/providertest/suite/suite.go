// Package suite holds what every world must do, whatever it is made of. A
// provider's test gives it a [Harness] over its own mail services and calls
// [Run].
package suite

import (
	"context"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// World is what the executor needs of the outside; see executor.World.
type World interface {
	Observe(ctx context.Context, depth planner.Depth) (planner.Snapshot, error)
	Do(ctx context.Context, op planner.Op, stop <-chan struct{}, progress func(planner.Progress)) (planner.Tally, error)
}

// Side is one end of the migration.
type Side int

// The sides.
const (
	Source Side = iota
	Target
)

// Message is a message as it lies in a folder.
type Message struct {
	ID    string    // Message-ID without angle brackets; it stands in Body
	Body  []byte    // the whole message, lines ended by CR LF
	Flags []string  // system flags with their backslash, keywords; without \Recent
	Date  time.Time // INTERNALDATE, to the second
}

// Harness is a world under test, new and empty for each case. Its methods
// fail the test by themselves; they are called from one goroutine, but
// possibly while the world works.
//
// Folders are paths with "/" between levels, whatever the server uses; INBOX
// is there from the beginning. Folders that a server makes by itself may be
// there too as long as they are empty.
type Harness interface {
	// Spec has two rows or more, whose mailboxes are empty on both sides, and
	// a history block without since, skip and map.
	Spec() *config.Spec
	// World gives the world over the harness's services and state directory:
	// each call as after a restart. What the last call gave is not used again.
	World() World
	// Put stores a message in a folder and makes the folder if need be; with
	// a nil message it only makes the folder.
	Put(side Side, address, folder string, m *Message)
	// SetFlags replaces the flags of the message with this ID.
	SetFlags(side Side, address, folder, id string, flags []string)
	// BreakPassword makes sign-ins to the source of this row fail, or work
	// again, by changing the password at the service or in the credentials.
	BreakPassword(address string, broken bool)
	// SignIns is the number of sign-ins (also refused ones) that the world
	// under test has made so far on both sides, as the services count them.
	SignIns() int
	// Dump gives all folders of a mailbox with their messages, in the order
	// of their UIDs. It does not count as the world's sign-in and changes
	// nothing, not even \Seen.
	Dump(side Side, address string) map[string][]Message
}

// Run runs every case on a harness of its own.
func Run(t *testing.T, fresh func(t *testing.T) Harness) {
	cases := []struct {
		name string
		run  func(*testing.T, *bench)
	}{
		{"copies everything", copiesEverything},
		{"second run copies nothing", secondRunCopiesNothing},
		{"exact duplicates stay duplicates", duplicatesStay},
		{"new mail is carried", newMailIsCarried},
		{"changed flags are carried", changedFlagsAreCarried},
		{"changes at the target are not undone", targetChangesStay},
		{"mail of the target stays", targetMailStays},
		{"unknown address is a fault", unknownAddressIsAFault},
		{"wrong password stops one mailbox only", wrongPasswordStopsOneOnly},
		{"stop before the start", stopBeforeStart},
		{"stop under way, then resume", stopThenResume},
		{"cancel under way, then resume", cancelThenResume},
		{"observing recorded never signs in", recordedNeverSignsIn},
		{"observing signed counts", signedCounts},
		{"observing writes nothing", observingWritesNothing},
		{"plans converge", plansConverge},
		{"the way back goes by content", backGoesByContent},
		{"flags come home", flagsComeHome},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(t, newBench(t, fresh(t))) })
	}
}

// patience bounds a single call of a world.
const patience = 2 * time.Minute

// bench is a case at work.
type bench struct {
	Harness
	t     *testing.T
	world World
	first string // address of a row
	other string // of another
}

func newBench(t *testing.T, h Harness) *bench {
	t.Helper()
	rows := h.Spec().Roster.Mailboxes
	if len(rows) < 2 {
		t.Fatalf("the harness has %d rows, the suite needs two", len(rows))
	}
	return &bench{h, t, h.World(), rows[0].Address, rows[1].Address}
}

// op is the step's op that a plan has for the address.
func (b *bench) op(address string) planner.Op {
	b.t.Helper()
	p := planner.Build(b.Spec(), planner.Snapshot{At: time.Unix(1e9, 0)}, time.Unix(1e9, 0))
	for _, s := range p.Steps {
		if s.Op.Subject() == address {
			return s.Op
		}
	}
	b.t.Fatalf("no step for %s", address)
	return nil
}

// copy carries out a mailbox's step to its end.
func (b *bench) copy(address string) planner.Tally {
	b.t.Helper()
	tally, err := b.do(b.t.Context(), address, make(chan struct{}), func(planner.Progress) {})
	if err != nil {
		b.t.Fatalf("copying %s: %v", address, err)
	}
	return tally
}

func (b *bench) do(ctx context.Context, address string, stop <-chan struct{}, progress func(planner.Progress)) (planner.Tally, error) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return b.world.Do(ctx, b.op(address), stop, progress)
}

func (b *bench) observe(depth planner.Depth) planner.Snapshot {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	s, err := b.world.Observe(ctx, depth)
	if err != nil {
		b.t.Fatalf("observing: %v", err)
	}
	return s
}

// restart takes a new world over the same services and records.
func (b *bench) restart() { b.world = b.World() }
