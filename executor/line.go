package executor

import (
	"time"

	"github.com/mxmove/mxmove/config"
)

// lineOf gives the journal's line of an event; false: it has none.
func lineOf(at time.Time, e Event) (Line, bool) {
	msg := e.Msg()
	l := Line{At: at.UTC(), Msg: &msg}
	switch e := e.(type) {
	case LockTaken:
		l.Kind = KindStart
	case LockTakenOver, JournalCut, SpecChanged, ClockBack, ApprovalUsed:
		l.Kind = KindNote
	case FinalAhead:
		l.Kind, l.Step = KindNote, e.Step
	case StepNoted:
		l.Kind, l.Step, l.Why = KindNote, e.Step, []config.Finding{e.Note}
	case LeftOut:
		l.Kind, l.Step = KindLeftOut, e.Step
	case StepStarted:
		l.Kind, l.Step, l.Raise, l.Undo = KindIntent, e.Step, e.Raise, e.Undo
	case StepSeen:
		l.Kind, l.Step, l.Of, l.Seen = KindOutcome, e.Step, e.Of, true
	case StepDone:
		l.Kind, l.Step, l.Of, l.Tally = KindOutcome, e.Step, e.Of, &e.Tally
	case StepFailed:
		l.Kind, l.Step, l.Tally, l.Fault = KindFailed, e.Step, &e.Tally, e.Fault
	case StepPending:
		l.Kind, l.Step = KindStopped, e.Step
	case StepStopped:
		l.Kind, l.Step, l.Tally = KindStopped, e.Step, &e.Tally
		if e.Unknown {
			l.Kind = KindUnknown
		}
	case RunRefused:
		l.Kind, l.Why = KindRefused, e.Reasons
	case Finished:
		l.Kind = KindEnd
	default:
		return actLine(l, e)
	}
	return l, true
}

// actLine is lineOf of what is said of people's acts.
func actLine(l Line, e Event) (Line, bool) {
	switch e := e.(type) {
	case ActAsked:
		l.Kind, l.Step, l.Undo = KindActAsked, e.Step, e.Undo
	case ActStarted:
		l.Kind, l.Step, l.Act = KindActStarted, e.Step, &Act{Who: e.Who, Evidence: e.Evidence}
	case ActFinished:
		l.Kind, l.Step, l.Of = KindActFinished, e.Step, e.Of
		l.Act = &Act{Who: e.Who, Evidence: e.Evidence, Checked: e.Checked, Until: e.Until, Because: e.Because}
	case ActNever:
		l.Kind, l.Step, l.Act = KindActNever, e.Step, &Act{Who: e.Who, Evidence: e.Evidence}
	case ActVoided:
		l.Kind, l.Step = KindActVoid, e.Step
	default:
		return Line{}, false
	}
	return l, true
}
