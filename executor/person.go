package executor

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// QuestionKind says what a person at the terminal is asked.
type QuestionKind string

// The questions.
const (
	AskStart   QuestionKind = "start"   // may the freeze begin?
	AskBack    QuestionKind = "back"    // may the way back begin?
	AskStarted QuestionKind = "started" // is somebody about to do the act? Only then is it instructed
	AskEnded   QuestionKind = "ended"   // was it done, and what shows it?
)

// Question is put to the person at the terminal.
type Question struct {
	Kind  QuestionKind
	Plan  string       // AskStart, AskBack: its ID
	Since time.Time    // AskStart: the freeze of an earlier plan stands since; zero: none does
	Step  planner.Step // the others
}

// Answer of a person. Neither Yes nor Never: nobody knows, or not now.
type Answer struct {
	Yes      bool
	Never    bool   // AskEnded: it did not happen, and will not
	Evidence string // AskEnded: required with Yes and Never
}

// Instruction gives the texts of a person's act, with its values: CODE.what,
// CODE.why and CODE.do.
func Instruction(op planner.Op) text.Msg {
	if t, ok := op.(planner.Task); ok {
		m := text.M("task."+t.Name, "on", t.On)
		for k, v := range t.Args {
			m.Args[k] = v
		}
		return m
	}
	if code, pairs := apiAct(op); code != "" {
		return text.M(code, pairs...)
	}
	pairs := []string{"subject", op.Subject()}
	switch o := op.(type) {
	case planner.MergeTenants:
		pairs = append(pairs, "from", o.From, "into", o.Into, "creator", o.Creator)
	case planner.UpgradeTenant:
		if o.Into == "" {
			return text.M("act.upgrade-tenant-new", "from", o.From, "company", o.Company, "administrator", o.Administrator, "accounts", itoa(o.Accounts))
		}
		pairs = append(pairs, "from", o.From, "into", o.Into, "company", o.Company, "administrator", o.Administrator, "accounts", itoa(o.Accounts))
	case planner.MoveCustomers:
		pairs = append(pairs, "from", o.From, "into", o.Into, "accounts", itoa(len(o.Accounts)), "relations", itoa(o.Relations))
	case planner.FinishWizard:
		pairs = append(pairs, "corp", o.Corp, "abandons", itoa(len(o.Abandons)))
	case planner.CanaryArrival:
		pairs = append(pairs, "from", o.From, "to", o.To, "message", cmp.Or(o.Message, "-"))
	case planner.WizardCopy:
		pairs = append(pairs, "corp", o.Corp, "mailboxes", itoa(len(o.Addresses)))
	}
	return text.M("act."+op.Kind(), pairs...)
}

// byPerson says that a step waits for the person who does it.
func byPerson(s planner.Step) config.Finding {
	return config.Finding{Msg: Instruction(s.Op), Severity: config.Blocks, Subject: s.Op.Subject()}
}

// doubtful says that nobody knows how an act ended.
func doubtful(s planner.Step, snap planner.Snapshot) config.Finding {
	f, _ := snap.Fact(s.ID)
	if f.Started == 0 {
		return reason("act.in-doubt", "step", string(s.ID))
	}
	return reason("act.open", "step", string(s.ID), "who", f.Who, "started", itoa(f.Started))
}

// alone carries out a step that goes alone, if one may start.
func (a *apply) alone(ctx context.Context) (acted bool, err error) {
	select {
	case <-a.Stop:
		return false, a.incomplete(ReasonStopped)
	default:
	}
	s, ok := a.walk.next(true)
	if !ok {
		return false, nil
	}
	if !a.mayStart(s) {
		a.walk.end(s, postponed)
		return true, nil // the next look says why
	}
	if a.built.Observed.ByPerson(s.Op) {
		how, err := a.act(ctx, s)
		a.walk.end(s, how)
		return true, err
	}
	given := false
	return a.driven(ctx, func() (planner.Step, bool) {
		first := !given
		given = true
		return s, first
	}, 1)
}

// act has a person do a step: what cannot be undone is on record as begun
// before it is instructed.
func (a *apply) act(ctx context.Context, s planner.Step) (phase, error) {
	final := s.Op.Traits().Risk == planner.Final
	if final {
		if err := a.ahead(s.ID); err != nil {
			return stopped, err
		}
		if started, err := a.begins(ctx, s); err != nil || !started {
			return pending, err
		}
	}
	if err := a.asks(s); err != nil {
		return stopped, err
	}
	answer, err := a.Ask(ctx, Question{Kind: AskEnded, Step: s})
	if err != nil {
		return stopped, err
	}
	evidence := strings.TrimSpace(answer.Evidence)
	switch {
	case evidence == "":
	case answer.Yes:
		return done, a.emit(ActFinished{Step: s.ID, Who: a.Self.Who, Evidence: evidence, Until: validUntil(s.Op, a.Self.Now()), Of: takenBack(s.Op)})
	case answer.Never:
		return pending, a.emit(ActNever{Step: s.ID, Who: a.Self.Who, Evidence: evidence})
	}
	return pending, nil
}

// asks puts on record, once, what will take back what a person is told to do:
// the world does not show afterwards what was there.
func (a *apply) asks(s planner.Step) error {
	_, back := s.Op.(planner.Undo)
	undo := planner.UndoOf(s.Op, a.built.Observed)
	if rec, _ := a.built.Observed.Record(s.ID); undo == nil && !back || rec.Intent > rec.Outcome {
		return nil
	}
	return a.emit(ActAsked{Step: s.ID, Undo: undo})
}

// ahead puts on record what a final act was seen to destroy right before it,
// and what was acknowledged.
func (a *apply) ahead(id planner.StepID) error {
	e := FinalAhead{Step: id, Seen: a.here(a.built.Observed.At)}
	for _, f := range a.built.Finals() {
		if f.Step == id {
			e.Bounds, e.Kept = f.Bounds, f.Kept
		}
	}
	return a.emit(e)
}

func (a *apply) begins(ctx context.Context, s planner.Step) (bool, error) {
	answer, err := a.Ask(ctx, Question{Kind: AskStarted, Step: s})
	if err != nil || !answer.Yes {
		return false, err
	}
	if !a.mayStart(s) { // the window may have closed over the question
		return false, nil
	}
	a.began++
	if err := a.emit(ActStarted{Step: s.ID, Who: a.Self.Who}); err != nil {
		return false, err
	}
	if err := a.journal.mirrored(); err != nil { // nobody was told to press yet
		return false, a.emit(ActNever{Step: s.ID, Who: a.Self.Who, Evidence: err.Error()})
	}
	return true, nil
}

// validUntil is when what a person prepared must be looked at again.
func validUntil(op planner.Op, now time.Time) time.Time {
	if d := planner.ValidOf(op); d > 0 {
		return now.Add(d).UTC()
	}
	return time.Time{}
}
