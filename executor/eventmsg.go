package executor

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

func (LockTaken) name() string     { return "lock-taken" }
func (ClockBack) name() string     { return "clock-back" }
func (ApprovalUsed) name() string  { return "approval-used" }
func (LockTakenOver) name() string { return "lock-taken-over" }
func (JournalCut) name() string    { return "journal-cut" }
func (SpecChanged) name() string   { return "spec-changed" }
func (Observed) name() string      { return "observed" }
func (PlanCompared) name() string  { return "plan-compared" }
func (LeftOut) name() string       { return "left-out" }
func (GateChecked) name() string   { return "gate-checked" }
func (StepHeld) name() string      { return "step-held" }
func (StepStarted) name() string   { return "step-started" }
func (StepProgress) name() string  { return "step-progress" }
func (StepNoted) name() string     { return "step-noted" }
func (StepWaits) name() string     { return "step-waits" }
func (StepDone) name() string      { return "step-done" }
func (StepFailed) name() string    { return "step-failed" }
func (StepStopped) name() string   { return "step-stopped" }
func (StepSeen) name() string      { return "step-seen" }
func (StepPending) name() string   { return "step-pending" }
func (Resting) name() string       { return "resting" }
func (FinalAhead) name() string    { return "final-ahead" }
func (ActAsked) name() string      { return "act-asked" }
func (ActStarted) name() string    { return "act-started" }
func (ActFinished) name() string   { return "act-finished" }
func (ActNever) name() string      { return "act-never" }
func (ActVoided) name() string     { return "act-voided" }
func (Stopping) name() string      { return "stopping" }
func (RunRefused) name() string    { return "run-refused" }
func (Finished) name() string      { return "finished" }

// Msg names who took the lock.
func (e LockTaken) Msg() text.Msg {
	return text.M("event.lock-taken", "who", e.Holder.Who, "pid", itoa(e.Holder.PID), "plan", e.Plan,
		"planned_by", cmp.Or(strings.Join(e.PlannedBy, ", "), "-"))
}

// Msg shows both moments.
func (e ClockBack) Msg() text.Msg {
	return text.M(codeClockBack, "now", clock(e.Now), "last", clock(e.Last), "line", itoa(e.Line))
}

// Msg names who approved, when and with which key.
func (e ApprovalUsed) Msg() text.Msg {
	return text.M("event.approval-used", "name", e.Name, "key", e.Key, "plan", e.Plan, "at", clock(e.At))
}

// Msg names the run that died.
func (e LockTakenOver) Msg() text.Msg {
	return text.M("event.lock-taken-over", "who", e.From.Who, "pid", itoa(e.From.PID),
		"command", e.From.Command, "since", clock(e.From.Since))
}

// Msg says how much was cut off.
func (e JournalCut) Msg() text.Msg { return text.M("event.journal-cut", "bytes", itoa(e.Bytes)) }

// Msg counts the rows that differ.
func (e SpecChanged) Msg() text.Msg {
	code := "event.spec-changed"
	if e.Settings {
		code = "event.spec-changed.settings"
	}
	return text.M(code, "added", itoa(len(e.Added)), "removed", itoa(len(e.Removed)), "changed", itoa(len(e.Changed)))
}

// Msg counts the mailboxes.
func (e Observed) Msg() text.Msg { return text.M("event.observed", "mailboxes", itoa(e.Mailboxes)) }

// Msg counts the steps.
func (e PlanCompared) Msg() text.Msg {
	return text.M("event.plan-compared", "plan", e.Plan, "approved", itoa(e.Approved), "done", itoa(e.Done),
		"todo", itoa(e.Todo), "beyond", itoa(e.Beyond))
}

// Msg names the step, and the one beyond the plan that it needs.
func (e LeftOut) Msg() text.Msg {
	switch {
	case e.Undone && e.Step == e.Because:
		return text.M("event.left-out.undone", "step", string(e.Step))
	case e.Undone:
		return text.M("event.left-out.needs-undone", "step", string(e.Step), "because", string(e.Because))
	case e.Step == e.Because:
		return text.M("event.left-out", "step", string(e.Step))
	}
	return text.M("event.left-out.needs", "step", string(e.Step), "because", string(e.Because))
}

// Msg says whether the gate is open.
func (e GateChecked) Msg() text.Msg {
	if e.Open {
		return text.M("event.gate-open." + e.Gate)
	}
	return text.M("event.gate-closed."+e.Gate, "reasons", itoa(len(e.Reasons)))
}

// Msg names the step's subject; Reason says what to do.
func (e StepHeld) Msg() text.Msg { return stepMsg("event.step-held", e.Step) }

// Msg counts the steps.
func (e StepStarted) Msg() text.Msg {
	return stepMsg("event.step-started", e.Step, "n", itoa(e.N), "of", itoa(e.Of))
}

// Msg says how far the step is.
func (e StepProgress) Msg() text.Msg {
	return stepMsg("event.step-progress", e.Step, "done", itoa(e.Progress.Done), "total", itoa(e.Progress.Total))
}

// Msg names the step.
func (e StepNoted) Msg() text.Msg { return stepMsg("event.step-noted", e.Step) }

// Msg says until when.
func (e StepWaits) Msg() text.Msg {
	return stepMsg("event.step-waits", e.Step, "try", itoa(e.Try), "until", clock(e.Until))
}

// Msg says what was done.
func (e StepDone) Msg() text.Msg {
	if e.Step.Kind() != (planner.CopyMailbox{}).Kind() {
		return stepMsg("event.step-done.act", e.Step, "took", e.Took.Round(time.Second).String())
	}
	return stepMsg("event.step-done", e.Step, append(tallyArgs(e.Tally), "took", e.Took.Round(time.Second).String())...)
}

// Msg names the step's subject; the Fault says why and what to do.
func (e StepFailed) Msg() text.Msg {
	return stepMsg("event.step-failed", e.Step, tallyArgs(e.Tally)...)
}

// Msg says whether anything is in doubt.
func (e StepStopped) Msg() text.Msg {
	code := "event.step-stopped"
	if e.Unknown {
		code = "event.step-unknown"
	}
	return stepMsg(code, e.Step, tallyArgs(e.Tally)...)
}

// Msg names the step's subject.
func (e StepSeen) Msg() text.Msg { return stepMsg("event.step-seen", e.Step) }

// Msg says until when; the Fault says for what.
func (e StepPending) Msg() text.Msg {
	return stepMsg("event.step-pending", e.Step, "until", clock(e.Until))
}

// Msg says until when.
func (e Resting) Msg() text.Msg { return text.M("event.resting", "until", clock(e.Until)) }

// Msg says when the world was looked at.
func (e FinalAhead) Msg() text.Msg {
	var bounds []string
	for _, b := range e.Bounds {
		bounds = append(bounds, b.Name+" "+strconv.FormatInt(b.Measured, 10)+"/"+strconv.FormatInt(b.AtMost, 10))
	}
	return stepMsg(codeFinalAhead, e.Step, "seen", clock(e.Seen), "bounds", cmp.Or(strings.Join(bounds, ", "), "-"),
		"kept", itoa(e.Kept.Messages))
}

// Msg names the step.
func (e ActAsked) Msg() text.Msg { return stepMsg("event.act-asked", e.Step) }

// Msg says who begins.
func (e ActStarted) Msg() text.Msg { return stepMsg("event.act-started", e.Step, "who", e.Who) }

// Msg says who did it, and what shows it.
func (e ActFinished) Msg() text.Msg {
	if e.Unannounced {
		return stepMsg("event.act-finished.unannounced", e.Step, "who", e.Who, "evidence", e.Evidence, "because", e.Because)
	}
	return stepMsg("event.act-finished", e.Step, "who", e.Who, "evidence", e.Evidence)
}

// Msg says who says so.
func (e ActNever) Msg() text.Msg {
	return stepMsg("event.act-never", e.Step, "who", e.Who, "evidence", e.Evidence)
}

// Msg says whose word it was.
func (e ActVoided) Msg() text.Msg { return stepMsg("event.act-voided", e.Step, "who", e.Who) }

// Msg counts the steps under way.
func (e Stopping) Msg() text.Msg { return text.M("event.stopping", "running", itoa(e.Running)) }

// Msg counts the reasons.
func (e RunRefused) Msg() text.Msg {
	return text.M("event.run-refused", "reasons", itoa(len(e.Reasons)))
}

// Msg sums up the run.
func (e Finished) Msg() text.Msg {
	code := "event.finished." + string(e.Reason)
	if e.Reason == ReasonDone && e.Tally.Refused > 0 {
		code += ".refused"
	}
	if e.Past {
		code = "event.finished.past"
	}
	return text.M(code, append(tallyArgs(e.Tally), "done", itoa(e.Done), "failed", itoa(e.Failed),
		"waiting", itoa(e.Waiting), "left", itoa(e.Left), "left_out", itoa(e.LeftOut))...)
}

func stepMsg(code string, id planner.StepID, pairs ...string) text.Msg {
	return text.M(code, append([]string{"subject", id.Subject(), "kind", id.Kind()}, pairs...)...)
}

func tallyArgs(t planner.Tally) []string {
	return []string{"copied", itoa(t.Copied), "size", planner.Bytes(t.Bytes), "bytes", strconv.FormatInt(t.Bytes, 10),
		"adopted", itoa(t.Adopted), "flags", itoa(t.Flags), "refused", itoa(t.Refused)}
}
