package executor

import (
	"encoding/json"
	"io"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// Event is something that happened in a run. The set is closed: the types of
// this package whose comment begins with their event's name.
type Event interface {
	Msg() text.Msg // one line for people
	name() string  // as in the JSON lines
}

// Reader takes the events of a run, one at a time, in order. It must not
// block for long: the run waits for it.
type Reader func(at time.Time, e Event)

// LockTaken (lock-taken): the run begins.
type LockTaken struct {
	Holder    Holder   `json:"holder"`
	Mirror    string   `json:"mirror,omitempty"` // directory that gets a copy of the journal
	Plan      string   `json:"plan"`
	PlannedBy []string `json:"planned_by,omitempty"`
	Tool      string   `json:"tool,omitempty"`
}

// ClockBack (clock-back): this machine shows a moment before one that is on
// record. One of the two is wrong.
type ClockBack struct {
	Now  time.Time `json:"now"`
	Last time.Time `json:"last"` // the latest of the journal
	Line int       `json:"line"` // that has it
}

// ApprovalUsed (approval-used): the gate of approvals opens, among others for
// this one.
type ApprovalUsed struct {
	Name string    `json:"name"`
	Key  string    `json:"key"` // fingerprint, as ssh-keygen writes it
	Plan string    `json:"plan"`
	At   time.Time `json:"at"`
}

// LockTakenOver (lock-taken-over): a run before died on this host without
// letting go; its lock was removed.
type LockTakenOver struct {
	From Holder `json:"from"`
}

// JournalCut (journal-cut): the last line was torn when a run died.
type JournalCut struct {
	Bytes int `json:"bytes"`
}

// SpecChanged (spec-changed): the files at hand are not the plan's spec. The
// run uses the plan's; the rest waits for the next plan.
type SpecChanged struct {
	Added    []string `json:"added,omitempty"`   // addresses of rows
	Removed  []string `json:"removed,omitempty"` // the same
	Changed  []string `json:"changed,omitempty"` // the same
	Settings bool     `json:"settings"`          // anything else differs
}

// Observed (observed): the world was looked at.
type Observed struct {
	At        time.Time `json:"at"`
	Mailboxes int       `json:"mailboxes"`
	Again     bool      `json:"again,omitempty"` // after the walk
}

// PlanCompared (plan-compared): the plan and a fresh build, in steps.
type PlanCompared struct {
	Plan     string `json:"plan"`
	Approved int    `json:"approved"`        // in the plan
	Done     int    `json:"done"`            // have an outcome from runs before
	Todo     int    `json:"todo"`            // get a turn in this run
	Aside    int    `json:"aside,omitempty"` // not chosen for this run
	Beyond   int    `json:"beyond"`          // not in the plan

	Finals []FinalNow `json:"finals,omitempty"` // what they would destroy now
}

// FinalNow is a final step, with what was found and what is acknowledged.
type FinalNow struct {
	Step   planner.StepID  `json:"step"`
	Bounds []planner.Bound `json:"bounds,omitempty"`
}

// LeftOut (left-out): a step is not carried out since it, or one that it
// needs, is not in the plan.
type LeftOut struct {
	Step    planner.StepID `json:"step"`
	Because planner.StepID `json:"because"`
	Undone  bool           `json:"undone,omitempty"` // Because was carried out, and is not in effect any more
}

// GateChecked (gate-checked): a gate is open, or closed for reasons.
type GateChecked struct {
	Gate    string           `json:"gate"` // plan, findings, and those of Freeze and Cutover
	Open    bool             `json:"open"`
	Reasons []config.Finding `json:"reasons,omitempty"`
	GateFacts
}

// StepHeld (step-held): a step gets no turn until somebody acts.
type StepHeld struct {
	Step   planner.StepID `json:"step"`
	Reason config.Finding `json:"reason"`
}

// StepStarted (step-started): the intent is on record, the act begins.
type StepStarted struct {
	Step  planner.StepID  `json:"step"`
	N     int             `json:"n"`               // this is the n-th to start
	Of    int             `json:"of"`              // of so many, as far as known
	Place int             `json:"place"`           // in the plan, from 1; 0: not there
	Held  []DirectoryHeld `json:"held,omitempty"`  // of a freeze: the directories as they are
	Raise *Preimage       `json:"raise,omitempty"` // of a Temporary
	Undo  *planner.Undo   `json:"undo,omitempty"`  // what will take the step back
}

// DirectoryHeld is a tenant's directory at the freeze.
type DirectoryHeld struct {
	Corp    string `json:"corp"`
	Members int    `json:"members"`
	Hash    string `json:"hash"` // of all that an administrator may edit, 8 digits
}

// StepProgress (step-progress): at most one a second and step.
type StepProgress struct {
	Step     planner.StepID   `json:"step"`
	Progress planner.Progress `json:"progress"`
}

// StepNoted (step-noted): what a person should know of a step, which goes on.
type StepNoted struct {
	Step planner.StepID `json:"step"`
	Note config.Finding `json:"note"`
}

// StepWaits (step-waits): a server asks to wait; the step goes on after it,
// and others meanwhile.
type StepWaits struct {
	Step  planner.StepID `json:"step"`
	Fault *planner.Fault `json:"fault"`
	Try   int            `json:"try"` // the one that failed, from 1
	Until time.Time      `json:"until"`
}

// StepDone (step-done): the outcome is on record.
type StepDone struct {
	Step  planner.StepID `json:"step"`
	Tally planner.Tally  `json:"tally"` // of this turn
	Took  time.Duration  `json:"took"`
	Of    planner.StepID `json:"of,omitempty"` // of a Restore or an Undo: what it takes back
}

// StepSeen (step-seen): the world shows as done what was begun and whose end
// nobody saw.
type StepSeen struct {
	Step planner.StepID `json:"step"`
	Of   planner.StepID `json:"of,omitempty"` // of an Undo: what it takes back
}

// StepPending (step-pending): the world has not caught up; a later run, or a
// later pass of this one, looks again.
type StepPending struct {
	Step  planner.StepID `json:"step"`
	Fault *planner.Fault `json:"fault"`
	Until time.Time      `json:"until"`
}

// Resting (resting): the run waits before its next pass.
type Resting struct {
	Until  time.Time `json:"until"`
	Reason Reason    `json:"reason"`
}

// FinalAhead (final-ahead): the next act cannot be undone; the world was
// looked at and all gates were judged just now.
type FinalAhead struct {
	Step   planner.StepID  `json:"step"`
	Seen   time.Time       `json:"seen"`
	Bounds []planner.Bound `json:"bounds,omitempty"` // what was found, and what is acknowledged
	Kept   planner.Radius  `json:"kept,omitzero"`    // in archives, of what it erases
}

// ActAsked (act-asked): a person is told to do what will have to be taken back
// on the way back, or takes it back. What shows it done is its outcome.
type ActAsked struct {
	Step planner.StepID `json:"step"`
	Undo *planner.Undo  `json:"undo,omitempty"`
}

// ActStarted (act-started): a person is about to do it.
type ActStarted struct {
	Step     planner.StepID `json:"step"`
	Who      string         `json:"who"`
	Evidence string         `json:"evidence,omitempty"`
}

// ActFinished (act-finished): a person has done it.
type ActFinished struct {
	Step     planner.StepID `json:"step"`
	Who      string         `json:"who"`
	Evidence string         `json:"evidence"`
	Checked  string         `json:"checked,omitempty"` // by which post-check
	Until    time.Time      `json:"until,omitzero"`    // attested anew after that

	Of planner.StepID `json:"of,omitempty"` // of an Undo: what it takes back

	// Of what cannot be undone: nobody had said that it starts, and why not.
	Unannounced bool   `json:"unannounced,omitempty"`
	Because     string `json:"because,omitempty"`
}

// ActNever (act-never): it did not happen.
type ActNever struct {
	Step     planner.StepID `json:"step"`
	Who      string         `json:"who"`
	Evidence string         `json:"evidence"`
}

// ActVoided (act-voided): the world shows that what was attested is not so.
type ActVoided struct {
	Step planner.StepID `json:"step"`
	Who  string         `json:"who"`
}

// StepFailed (step-failed): the turn ended with a fault; others go on.
type StepFailed struct {
	Step  planner.StepID `json:"step"`
	Tally planner.Tally  `json:"tally"`
	Fault *planner.Fault `json:"fault"`
}

// StepStopped (step-stopped): interrupted between two batches, or, if
// Unknown, in the middle of an act.
type StepStopped struct {
	Step    planner.StepID `json:"step"`
	Tally   planner.Tally  `json:"tally"`
	Unknown bool           `json:"unknown,omitempty"`
}

// Stopping (stopping): no step starts any more, Running ones end.
type Stopping struct {
	Running int `json:"running"`
}

// RunRefused (run-refused): nothing was written to a server.
type RunRefused struct {
	Reasons  []config.Finding `json:"reasons"`
	Standing *Standing        `json:"standing,omitempty"`
}

// Finished (finished): the last event of a run that began.
type Finished struct {
	Reason  Reason        `json:"reason"`
	Done    int           `json:"done"`
	Failed  int           `json:"failed"`
	Waiting int           `json:"waiting"`
	Left    int           `json:"left"`
	LeftOut int           `json:"left_out"`
	Past    bool          `json:"past,omitempty"` // there is no way back
	Tally   planner.Tally `json:"tally"`          // of this run
	Report  string        `json:"report,omitempty"`
}

// JSONLines writes each event as a line: time, event, code and args of the
// text, data. Errors of w are w's owner's to notice.
func JSONLines(w io.Writer) Reader {
	return func(at time.Time, e Event) {
		if b, err := encodeEvent(at, e); err == nil {
			w.Write(b)
		}
	}
}

func encodeEvent(at time.Time, e Event) ([]byte, error) {
	b, err := json.Marshal(struct {
		Time  time.Time `json:"time"`
		Event string    `json:"event"`
		text.Msg
		Data Event `json:"data"`
	}{at.UTC(), e.name(), e.Msg(), e})
	return append(b, '\n'), err
}
