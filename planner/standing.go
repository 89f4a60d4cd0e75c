package planner

import "github.com/mxmove/mxmove/config/text"

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
		return failedState(r.Failed), &r.Failed.Msg
	case r.Intent > r.Outcome && (state == InStep || state == Partial):
		return Copying, why
	}
	return state, why
}

func failedState(f *Fault) State {
	if f.Class == Throttled || f.Class == Crowded {
		return WaitServer
	}
	return Failed
}
