package transfer

import (
	"context"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// ErrStopped is planner.ErrStopped: Stop was closed and the pass ended after
// what was in flight. All that was done is in the ledger.
var ErrStopped = planner.ErrStopped

// Options are the settings of a pass.
type Options struct {
	MapOptions // what the ledger knows goes before Pinned

	At         time.Time // when the pass begins: the first one puts on record what the target held then; zero: none does
	Since      time.Time // messages with an older INTERNALDATE are left out; zero: all are carried
	Fail       bool      // a refused message ends the pass with a Fault of class Message; else it is kept in Quarantine
	Repair     bool      // a refused message is altered as little as lets the target take it, at last wrapped, before it is kept
	Quarantine string    // directory for refused messages of this mailbox, made when needed
	Removed    float64   // at most this share of a mailbox's messages, in percent, is removed in a pass since the source deleted it; 0: nothing is
	Lost       bool      // the ledger of a run that may have died a moment ago is lost
	Answers    *Answers  // how long the target takes, shared by all passes of the process that have it; nil: it is learnt anew
	Budget     *Budget   // memory for message bodies, shared by all passes of the process; nil: its own 8 MB
}

// Pass carries to the target what it lacks of one mailbox: folders, messages,
// flags, subscriptions. It removes nothing but what Options.Removed allows. It can be interrupted at
// any moment and begun again; nothing is lost and nothing doubled by that.
type Pass struct {
	Source, Target Session
	Ledger         *Ledger
	Options        Options
	Progress       func(planner.Progress)                     // may be nil; called from one goroutine at a time
	Stop           <-chan struct{}                            // closed: end after what is in flight
	Sleep          func(context.Context, time.Duration) error // waits before another try; nil: a timer

	notes          []config.Finding
	source, target []Folder // as listed at the beginning
	carried        []Folder // of source
}

// Notes are what the last Run found that a person should know, without being
// a failure: views not copied, folders renamed, a ledger begun anew.
func (p *Pass) Notes() []config.Finding { return p.notes }

// Seen is what both sides listed when the last Run began, and which of the
// source's folders it carries.
func (p *Pass) Seen() (source, target, carried []Folder) { return p.source, p.target, p.carried }
