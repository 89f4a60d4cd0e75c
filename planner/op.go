// Package planner decides what is to be done: it compares a spec with a
// snapshot of the world and gives a plan. It is pure: no clock, no I/O.
package planner

import "time"

// Phase orders a migration. Final steps end their phase.
type Phase uint8

// The phases, in order.
const (
	Prepare Phase = iota
	Provision
	Copy
	Freeze
	Cutover
	Drain
	Retire
)

// Risk says what it takes to undo a step.
type Risk uint8

// The risks, in order.
const (
	Reversible Risk = iota
	Costly          // can be undone, at a price that Undo states
	Final           // cannot be undone; Undo states what is lost
)

// Repeat says how often a step may be carried out.
type Repeat uint8

// The kinds of repetition.
const (
	Once      Repeat = iota // undone since, or done without our record: refused
	Converge                // may recur; stops within seconds
	Temporary               // exists only while a pending step needs it
	OneShot                 // the world offers it once
)

// Gates says whether a step waits for the gates of Freeze and Cutover.
type Gates uint8

// Who waits for them.
const (
	GatedByPhase Gates = iota // in Freeze and Cutover
	AlwaysGated
	NeverGated
)

// Traits are what every op must declare.
type Traits struct {
	Phase  Phase
	Risk   Risk
	Repeat Repeat
	Gates  Gates
	Person bool     // somebody does it by hand: attested, post-checked
	Undo   string   // catalogue code
	Rules  []string // rule codes
}

// Gated reports whether the gates of Freeze and Cutover bind the step.
func (t Traits) Gated() bool {
	return t.Gates == AlwaysGated || t.Gates == GatedByPhase && (t.Phase == Freeze || t.Phase == Cutover)
}

// Op is the work of one step. The set is closed: ops are declared in this
// package only. Identity never holds a TTL, a count, a size, a time or an id
// that a server assigned, so new mail never makes a new step.
type Op interface {
	Kind() string       // copy-mailbox
	Subject() string    // alice@acme.test
	Identity() []string // what it does, beyond kind and subject
	Traits() Traits
	op()
}

// Endpoint is a mailbox's address on one side as a URL:
// imap://LOGIN@HOST:PORT, LOGIN percent-encoded.
type Endpoint string

// CopyMailbox carries a mailbox's messages, flags, folders and subscriptions
// to the target; each run carries what is new. Copy, Reversible, Converge.
type CopyMailbox struct {
	Address string   `json:"address"`
	From    Endpoint `json:"from"`
	To      Endpoint `json:"to"`
	Folder  string   `json:"folder,omitempty"` // at the target, below which everything goes; "": as it was
	Wave    string   `json:"wave,omitempty"`   // orders copying, never part of the identity
	In      Phase    `json:"in"`

	// Arrived is set on the way back, where From is the target: what was there
	// before the first copy and is older is not carried. Never part of the identity.
	Arrived time.Time `json:"arrived,omitzero"`
}

// Kind is copy-mailbox.
func (CopyMailbox) Kind() string { return "copy-mailbox" }

// Subject is the address.
func (c CopyMailbox) Subject() string { return c.Address }

// Identity is both ends and the phase.
func (c CopyMailbox) Identity() []string {
	id := []string{string(c.From), string(c.To), c.In.String()}
	if c.Folder != "" {
		id = append(id, "below", c.Folder)
	}
	return id
}

// Traits of a copy: it only adds to the target, but for what it placed there
// itself where history.deletions is "follow", and may recur.
func (c CopyMailbox) Traits() Traits {
	return Traits{Phase: c.In, Risk: Reversible, Repeat: Converge, Undo: "undo.copy-mailbox", Rules: copyRules}
}

// copyRules are not made anew for each of a plan's copies whenever it is asked.
var copyRules = []string{"HISTORY-08", "HISTORY-10"}

func (CopyMailbox) op() {}

// StepID is KIND SUBJECT @HASH, the hash over the op's identity.
type StepID string

// Step is an op in a plan.
type Step struct {
	ID       StepID        `json:"id"`
	Op       Op            `json:"-"` // encoded with its kind: see codec.go
	Needs    []StepID      `json:"needs,omitempty"`
	Work     bool          `json:"work"`            // has something to do now
	Doubt    bool          `json:"doubt,omitempty"` // recovered without record, needs an attestation
	Estimate time.Duration `json:"estimate"`        // never part of the ID
	Proof    *Proof        `json:"proof,omitempty"` // of a person's act; nil: no person does it
}
