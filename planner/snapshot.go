package planner

import (
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
)

// Snapshot is everything that Build may know of the world.
type Snapshot struct {
	Format    int              `json:"format"`
	At        time.Time        `json:"at"`
	Recovered time.Time        `json:"recovered,omitzero"` // the state directory was rebuilt from the world
	Lineage   string           `json:"lineage"`
	Can       []string         `json:"can,omitempty"`    // kinds of op that this world carries out, ordered; none told: copy-mailbox
	People    []string         `json:"people,omitempty"` // kinds that people carry out here though an API could, ordered: KIND, or KIND FOR such as "wait merged"
	Source    Side             `json:"source"`
	Target    Side             `json:"target"`
	Mailboxes []Mailbox        `json:"mailboxes"`           // ordered by address
	Archived  []Mailbox        `json:"archived,omitempty"`  // the target's mailboxes that a final step erases, as kept so far: Source is the mailbox, Target the archive; ordered by address
	Zones     []Zone           `json:"zones,omitempty"`     // ordered by name
	Customers *Customers       `json:"customers,omitempty"` // nil: never looked
	Sights    []Sight          `json:"sights,omitempty"`    // acts that the world shows, ordered by step
	Facts     []Fact           `json:"facts,omitempty"`     // attested, ordered by step
	Records   []Record         `json:"records"`             // what the journal knows, ordered by step
	Findings  []config.Finding `json:"findings,omitempty"`
}

// Seen says when and how something was observed: imap, ledger, api, dns, sheet,
// attested, assumed. Zero: never.
type Seen struct {
	At  time.Time `json:"at,omitzero"`
	How string    `json:"how,omitempty"`
	Err *Fault    `json:"err,omitempty"` // why it could not be observed
}

// Side is a server as it presents itself.
type Side struct {
	Seen        Seen     `json:"seen"`
	Endpoint    Endpoint `json:"endpoint"`               // without a login
	Caps        []string `json:"caps,omitempty"`         // as told after sign-in, or in the greeting where nobody signed in
	AppendLimit int64    `json:"append_limit,omitempty"` // octets; 0: none told
	Tenant      *Tenant  `json:"tenant,omitempty"`
}

// Mailbox is one row as it is on both sides.
type Mailbox struct {
	Address     string    `json:"address"`
	Source      Store     `json:"source"`
	Target      Store     `json:"target"`
	Behind      Gap       `json:"behind"` // what the target lacks
	State       State     `json:"state"`
	Reason      *text.Msg `json:"reason,omitempty"`
	Quarantined int       `json:"quarantined,omitempty"`
	Altered     int       `json:"altered,omitempty"`  // messages that the target took only repaired or wrapped
	ReadBack    time.Time `json:"read_back,omitzero"` // of an archive: when all of it was read after its last pass
	PerHour     float64   `json:"per_hour,omitempty"` // of an archive: messages that came between its last two passes
}

// Store is a mailbox on one side.
type Store struct {
	Seen     Seen      `json:"seen"`
	Login    string    `json:"login"`
	Folders  int       `json:"folders"`
	Messages int       `json:"messages"`
	Bytes    int64     `json:"bytes"`           // 0 with Messages > 0: the server does not tell
	Quota    int64     `json:"quota,omitempty"` // octets; 0: none told
	Oldest   time.Time `json:"oldest,omitzero"`
	Mark     string    `json:"mark,omitempty"` // hash of the folders' (name, UIDVALIDITY, UIDNEXT, MODSEQ, MESSAGES)
}

// Gap is what one side lacks.
type Gap struct {
	Messages int   `json:"messages"`
	Bytes    int64 `json:"bytes"` // estimate
}

// Record is what the journal knows of a step: numbers of its last intent and
// outcome (0: none), and of a Temporary the open pre-image.
type Record struct {
	Step      StepID    `json:"step"`
	Intent    int       `json:"intent"`
	Outcome   int       `json:"outcome"`
	IntentAt  time.Time `json:"intent_at,omitzero"`
	OutcomeAt time.Time `json:"outcome_at,omitzero"`
	Failed    *Fault    `json:"failed,omitempty"` // the last intent ended so
	Tally     Tally     `json:"tally"`            // sum over all outcomes
	Empty     int       `json:"empty,omitempty"`  // of a pass: how many carried no mail, to the last, counted up to 2
	Open      bool      `json:"open,omitempty"`   // not restored yet
	Before    string    `json:"before,omitempty"` // what the first intent found
	After     string    `json:"after,omitempty"`  // what was written
	Undo      *Undo     `json:"undo,omitempty"`   // what takes the step back; nil: nothing does
}
