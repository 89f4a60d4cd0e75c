package executor

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// The exit codes of mxmove, the same for every command. Changes is
// plan --detailed-exitcode's.
const (
	ExitDone       = 0 // done, or nothing to do
	ExitError      = 1
	ExitChanges    = 2 // changes pending
	ExitRefused    = 3 // refused, nothing written in this run
	ExitIncomplete = 4 // incomplete, safe to run again
	ExitPast       = 5 // failed or interrupted past the point of no return
)

// Refused says that a gate is closed: this run has written nothing to a
// server. Each reason has the three texts of a finding.
type Refused struct {
	Reasons  []config.Finding
	Standing *Standing // of a run that looked at the world; nil: of none
}

// Standing is where a run stands that a gate stops.
type Standing struct {
	Gates  []string  `json:"gates"`           // the gate of each reason
	At     time.Time `json:"at"`              // when they were judged
	Before int       `json:"before"`          // steps of the plan that were done before; they stay done
	Window GateFacts `json:"window,omitzero"` // of the cutover; zero: the plan has none
}

// Error gives the reasons' codes and values, for logs and tests; people see
// the catalogue's text.
func (r *Refused) Error() string {
	codes := make([]string, len(r.Reasons))
	for i, f := range r.Reasons {
		codes[i] = (&planner.Fault{Msg: f.Msg}).Error()
	}
	return "refused: " + strings.Join(codes, "; ")
}

func refuse(code string, pairs ...string) *Refused {
	return &Refused{Reasons: []config.Finding{{Msg: text.M(code, pairs...), Severity: config.Blocks}}}
}

// Reason says why a run ended.
type Reason string

// The reasons.
const (
	ReasonDone          Reason = "done"           // nothing is left
	ReasonRefused       Reason = "refused"        // a gate is closed
	ReasonFailed        Reason = "failed"         // a step failed, or could not start since another did
	ReasonWaitingWindow Reason = "waiting_window" // the window is not open yet
	ReasonWaitingPerson Reason = "waiting_person" // what is left waits for somebody
	ReasonWaitingTail   Reason = "waiting_tail"   // mail was seen behind a pass that ended, or the tail is not over
	ReasonStopped       Reason = "stopped"        // interrupted; run again to go on
	ReasonError         Reason = "error"          // ours or the state directory's
)

// Incomplete says that a run ended with work left. It is safe to run again.
type Incomplete struct {
	Reason   Reason
	Failed   int              // steps that failed in this run
	Waiting  int              // steps held until somebody acts
	Left     int              // steps with work at the end, the above included
	Reasons  []config.Finding // gates of Freeze and Cutover that are closed
	Standing *Standing        // with Reasons
	Back     bool             // of a way back
}

// Error gives the reason, for logs and tests.
func (i *Incomplete) Error() string { return "incomplete: " + string(i.Reason) }

// Msg is what people are told, what and what to do in one.
func (i *Incomplete) Msg() text.Msg {
	why, opens := string(i.Reason), "-"
	if i.Standing != nil && !i.Standing.Window.Opens.IsZero() {
		opens = clock(i.Standing.Window.Opens)
	}
	switch {
	case len(i.Reasons) == 0 || i.Reason != ReasonWaitingPerson && i.Reason != ReasonWaitingWindow:
	case !i.Early():
		why = "closed"
	case i.Reason == ReasonWaitingPerson:
		why = "early"
	}
	command := "apply"
	if i.Back {
		command = "rollback"
	}
	return text.M("apply.incomplete."+why, "command", command, "failed", itoa(i.Failed), "waiting", itoa(i.Waiting), "left", itoa(i.Left), "opens", opens)
}

// Early reports that time alone opens the gates that are closed.
func (i *Incomplete) Early() bool {
	return !slices.ContainsFunc(i.Reasons, func(f config.Finding) bool { return f.Code != codeEarly })
}

// PastReturn says that something went wrong, or that nobody says how a
// person's act ended, where there is no way back.
type PastReturn struct{ Err error }

// Error gives the error that it is about.
func (p *PastReturn) Error() string { return "past the point of no return: " + p.Err.Error() }

// Unwrap gives the error that it is about.
func (p *PastReturn) Unwrap() error { return p.Err }

// ExitCode is the process's exit code for an error of this package.
func ExitCode(err error) int {
	var refused *Refused
	var incomplete *Incomplete
	switch {
	case err == nil:
		return ExitDone
	case errors.As(err, new(*PastReturn)):
		return ExitPast
	case errors.As(err, &refused):
		return ExitRefused
	case errors.As(err, &incomplete):
		return ExitIncomplete
	}
	return ExitError
}

// stateFault tells of a file of the state directory. The path is the person's
// own; the operating system's words are kept.
func stateFault(code, path string, err error) *planner.Fault {
	var perr *fs.PathError
	if errors.As(err, &perr) {
		err = perr.Err
	}
	return &planner.Fault{Msg: text.M(code, "path", path, "why", err.Error()), Class: planner.Internal}
}
