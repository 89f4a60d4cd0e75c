package planner

import (
	"time"

	"github.com/mxmove/mxmove/config"
)

// Format is the version of the plan file. A reader refuses a higher one.
const Format = 1

// Plan is a ceiling, not a script: apply observes again, builds again from
// Spec, and carries out what both have.
type Plan struct {
	Format int    `json:"format"`
	ID     string `json:"id"` // short hash of all the rest
	Tool   string `json:"tool"`
	// PlannedBy are the names of who made the plan (of the version control, of
	// the machine), whose approval does not count.
	PlannedBy []string         `json:"planned_by,omitempty"`
	Lineage   string           `json:"lineage"`
	Direction Direction        `json:"direction,omitempty"`
	Digest    string           `json:"digest"` // of the spec's meaning
	Spec      *config.Spec     `json:"spec"`
	Observed  Snapshot         `json:"observed"`
	Steps     []Step           `json:"steps"` // in the order of carrying out
	Findings  []config.Finding `json:"findings,omitempty"`
}

// Direction says where a plan leads.
type Direction string

// The directions.
const (
	Forward Direction = ""
	Reverse Direction = "reverse" // to what was before: see BuildReverse
)

// ValidFor is how long a plan without a cutover may be applied.
const ValidFor = 7 * 24 * time.Hour
