package executor

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// Report is what a run leaves for people: the file reports/TIME.json.
type Report struct {
	Format  int              `json:"format"` // 1
	Tool    string           `json:"tool,omitempty"`
	Plan    string           `json:"plan"`
	Lineage string           `json:"lineage"`
	Who     string           `json:"who"`
	Command string           `json:"command"`
	Started time.Time        `json:"started"`
	Ended   time.Time        `json:"ended"`
	Reason  Reason           `json:"reason"`
	Left    int              `json:"left"`  // steps that still have work
	Tally   planner.Tally    `json:"tally"` // of this run
	Done    []StepReport     `json:"done,omitempty"`
	Failed  []StepReport     `json:"failed,omitempty"`
	Stopped []StepReport     `json:"stopped,omitempty"`
	Held    []StepReport     `json:"held,omitempty"`
	LeftOut []StepReport     `json:"left_out,omitempty"`
	Notes   []StepReport     `json:"notes,omitempty"`
	Refused []config.Finding `json:"refused,omitempty"`
	Changed *SpecChanged     `json:"changed,omitempty"` // the files at hand against the plan's spec
	Journal JournalHead      `json:"journal"`
}

// StepReport is what became of a step in a run.
type StepReport struct {
	Step    planner.StepID  `json:"step"`
	Tally   planner.Tally   `json:"tally"`
	Took    time.Duration   `json:"took,omitempty"`
	Unknown bool            `json:"unknown,omitempty"` // stopped: how far it came is not known
	Because planner.StepID  `json:"because,omitempty"` // left out: the step beyond the plan
	Fault   *planner.Fault  `json:"fault,omitempty"`
	Reason  *config.Finding `json:"reason,omitempty"` // held; of a note: what it says
}

// JournalHead names the journal's last line when the report was written, so
// that the two prove each other.
type JournalHead struct {
	Line int    `json:"line"`
	Hash string `json:"hash"`
}

func newReport(r *Run, h Holder) *Report {
	return &Report{Format: 1, Tool: r.Tool, Plan: r.Plan.ID, Lineage: r.State.Lineage,
		Who: h.Who, Command: h.Command, Started: h.Since}
}

// event notes what the report is about.
func (r *Report) event(e Event) {
	switch e := e.(type) {
	case SpecChanged:
		r.Changed = &e
	case LeftOut:
		r.LeftOut = append(r.LeftOut, StepReport{Step: e.Step, Because: e.Because})
	case StepHeld:
		r.Held = append(r.Held, StepReport{Step: e.Step, Reason: &e.Reason})
	case StepNoted:
		r.Notes = append(r.Notes, StepReport{Step: e.Step, Reason: &e.Note})
	case StepDone:
		r.Tally = sum(r.Tally, e.Tally)
		r.Done = append(r.Done, StepReport{Step: e.Step, Tally: e.Tally, Took: e.Took})
	case StepFailed:
		r.Tally = sum(r.Tally, e.Tally)
		r.Failed = append(r.Failed, StepReport{Step: e.Step, Tally: e.Tally, Fault: e.Fault})
	case StepStopped:
		r.Tally = sum(r.Tally, e.Tally)
		r.Stopped = append(r.Stopped, StepReport{Step: e.Step, Tally: e.Tally, Unknown: e.Unknown})
	case RunRefused:
		r.Refused = e.Reasons
	}
}

// write stores the report and gives its path.
func (r *Report) write(s *State, j *journal, now time.Time, end Finished) (string, error) {
	r.Ended, r.Reason, r.Left = now.UTC(), end.Reason, end.Left
	r.Journal.Line, r.Journal.Hash = j.head()
	path, err := freeName(s.Reports(), r.Ended)
	if err != nil {
		return "", err
	}
	b, err := json.MarshalIndent(r, "", " ")
	if err == nil {
		err = WriteFile(path, append(b, '\n'), 0o600)
	}
	if err != nil {
		return "", stateFault("state.write", path, err)
	}
	return path, nil
}

// freeName gives a name of the second that no report has; the lock keeps
// others from taking it.
func freeName(dir string, at time.Time) (string, error) {
	stem := filepath.Join(dir, at.Format("20060102T150405Z"))
	path := stem + ".json"
	for n := 2; ; n++ {
		_, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return path, nil
		}
		if err != nil {
			return "", stateFault("state.read", path, err)
		}
		path = stem + "-" + itoa(n) + ".json"
	}
}
