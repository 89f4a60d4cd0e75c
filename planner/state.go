package planner

import "github.com/mxmove/mxmove/config/text"

// State of a mailbox, in the words of the vendor's console (HISTORY-11). Plans,
// status, reports, --only and JSON know these and no others.
type State string

// The states.
const (
	NotStarted State = "not-started" // 未启动迁移: nothing copied yet
	Copying    State = "copying"     // 迁移中: a pass runs, or did not end
	InStep     State = "in-step"     // 迁移完成: the last pass ended with nothing left
	Partial    State = "partial"     // 不完整: in step but for messages that are named
	WaitServer State = "wait-server" // 等待服务器: told to wait
	WaitPerson State = "wait-person" // 等待密码: a credential is missing
	Failed     State = "failed"      // 迁移异常: the last pass failed
)

// States gives all states in the order of showing: trouble first.
func States() []State {
	return []State{Failed, Partial, WaitPerson, WaitServer, Copying, NotStarted, InStep}
}

// Calm reports whether nobody needs to be told of a mailbox in this state,
// unless there is a reason.
func (s State) Calm() bool { return s == InStep || s == NotStarted }

// Word is the code of the state's name for people.
func (s State) Word() string { return "render.state." + string(s) }

// After is the state of a mailbox whose pass ended: with a fault, or without.
func After(tally Tally, f *Fault) State {
	switch {
	case f != nil && f.Code == "credential.missing":
		return WaitPerson
	case f != nil && (f.Class == Throttled || f.Class == Crowded):
		return WaitServer
	case f != nil:
		return Failed
	case tally.Refused+tally.Missing > 0:
		return Partial
	}
	return InStep
}

// Standing is the state of a mailbox by what was observed of it and what the
// journal knows of its step, and why it is so. A pass that failed or never
// ended is told even where the mailbox's own records look whole.
func Standing(m Mailbox, r Record) (State, *text.Msg) {
	state, why := m.State, m.Reason
	if state == "" {
		state = NotStarted
	}
	for _, seen := range []Seen{m.Source.Seen, m.Target.Seen} {
		if why == nil && seen.Err != nil {
			why = &seen.Err.Msg
		}
	}
	switch {
	case r.Failed != nil && state != WaitPerson && state != Copying:
		return After(Tally{}, r.Failed), &r.Failed.Msg
	case r.Intent > r.Outcome && (state == InStep || state == Partial):
		return Copying, why
	}
	return state, why
}
