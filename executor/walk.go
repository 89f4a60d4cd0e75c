package executor

import (
	"slices"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// freshFor is how old a look into a mailbox may be to save it a pass.
const freshFor = 5 * time.Minute

// walk decides which step may run next, by one look at the world. It knows no
// clock, no I/O and no goroutine: everything it needs is given, so a resume,
// and another driver, is the same walk.
type walk struct {
	queue  []planner.Step           // that may get a turn, in order
	needed map[planner.StepID]bool  // had work when the world was looked at, or is due
	turn   map[planner.StepID]phase // of those that had or have their turn in this run
	fresh  map[planner.StepID]bool  // ended since the look: what they changed was not seen yet
	busy   map[string]bool          // mailboxes with a pass under way: two at once would double mail
	people func(planner.Op) bool    // carried out by a person
	first  int                      // of the queue, before it everything has its turn
	broken bool                     // a step of Cutover failed: no further one of it in this run
}

// phase of a step's turn.
type phase uint8

const (
	running   phase = iota + 1
	done            // it has its outcome
	failed          // with a fault
	stopped         // by an interrupt
	pending         // the world has not caught up
	postponed       // until the next look
)

// newWalk takes a fresh build, the steps that must not run, and the turns that
// steps had in this run. A converging step that has been carried out before
// yields to the others, the longest-waiting first.
func newWalk(built *planner.Plan, out map[planner.StepID]bool, turns map[planner.StepID]phase) *walk {
	w := &walk{needed: map[planner.StepID]bool{}, turn: turns, fresh: map[planner.StepID]bool{}, busy: map[string]bool{}, people: built.Observed.ByPerson}
	last := map[planner.StepID]time.Time{}
	for _, r := range built.Observed.Records {
		if r.Outcome > 0 {
			last[r.Step] = r.OutcomeAt
		}
	}
	tail := switched(built)
	for _, s := range built.Steps {
		if s.Work || !out[s.ID] && due(s, built.Observed, tail) {
			w.needed[s.ID] = true
			if !out[s.ID] {
				w.queue = append(w.queue, s)
			}
		}
		w.broken = w.broken || turns[s.ID] == failed && s.Op.Traits().Phase == planner.Cutover
	}
	slices.SortStableFunc(w.queue, func(a, b planner.Step) int {
		if x, y := yields(a, last), yields(b, last); x != y {
			return x - y
		} else if x == 0 {
			return 0
		}
		return last[a.ID].Compare(last[b.ID])
	})
	return w
}

// yields ranks what goes first: all that was never carried out, then the last
// passes, then the others.
func yields(s planner.Step, last map[planner.StepID]time.Time) int {
	t := s.Op.Traits()
	switch {
	case t.Repeat != planner.Converge || last[s.ID].IsZero():
		return 0
	case t.Phase == planner.Freeze:
		return 1
	}
	return 2
}

// due says whether a step gets a turn: it has work, or it copies a mailbox
// that nobody has looked into just now, so that only its own pass can tell
// what came since. Passes of Drain are due only in the tail, those of Freeze
// never without work.
func due(s planner.Step, seen planner.Snapshot, tail bool) bool {
	var in planner.Phase
	list, kept := seen.Mailboxes, false
	switch op := s.Op.(type) {
	case planner.CopyMailbox:
		in = op.In
	case planner.ArchiveMailbox:
		in, kept = op.In, true
		if op.From == "" {
			list = seen.Archived
		}
	default:
		return s.Work
	}
	if s.Work || in == planner.Freeze || in == planner.Drain && !tail {
		return s.Work
	}
	box, ok := slices.BinarySearchFunc(list, s.Op.Subject(), byAddress)
	if !ok {
		return true
	}
	m := list[box]
	return !looked(m.Source.Seen, seen.At) || !looked(m.Target.Seen, seen.At) && !(kept && m.Target.Seen.Known())
}

// switched reports whether a domain's mail goes to the target already.
func switched(built *planner.Plan) bool {
	if built.Direction == planner.Reverse { // its passes stand only where a domain was
		return true
	}
	drains := slices.ContainsFunc(built.Steps, func(s planner.Step) bool { return s.Op.Traits().Phase == planner.Drain })
	return drains && len(built.WayBack().Switched) > 0
}

func byAddress(m planner.Mailbox, address string) int {
	switch {
	case m.Address < address:
		return -1
	case m.Address > address:
		return 1
	}
	return 0
}

func looked(s planner.Seen, now time.Time) bool {
	return s.Known() && s.How == "imap" && now.Sub(s.At) <= freshFor
}

// next gives a step that may start now and begins its turn; false: none may,
// before another one ends or the world is looked at again. Steps that go alone
// are given only with alone, which asks that nothing else runs.
func (w *walk) next(alone bool) (planner.Step, bool) {
	for i := w.first; i < len(w.queue); i++ {
		s := w.queue[i]
		if w.turn[s.ID] != 0 {
			if i == w.first {
				w.first++
			}
			continue
		}
		if (w.people(s.Op) || goesAlone(s)) == alone && w.ready(s) {
			w.turn[s.ID] = running
			if passes(s) {
				w.busy[s.Op.Subject()] = true
			}
			return s, true
		}
	}
	return planner.Step{}, false
}

// goesAlone says that a step is carried out with nothing else under way, right
// after a look at the world, though no person does it: what cannot be undone,
// and what switches a domain.
func goesAlone(s planner.Step) bool {
	t := s.Op.Traits()
	return t.Risk == planner.Final || t.Phase == planner.Cutover && t.Risk > planner.Reversible
}

func (w *walk) ready(s planner.Step) bool {
	if w.broken && s.Op.Traits().Phase == planner.Cutover || passes(s) && w.busy[s.Op.Subject()] {
		return false
	}
	return !slices.ContainsFunc(s.Needs, func(id planner.StepID) bool {
		return w.needed[id] && (w.turn[id] != done || w.fresh[id])
	})
}

// passes reports a pass over a mailbox.
func passes(s planner.Step) bool {
	switch s.Op.(type) {
	case planner.CopyMailbox, planner.ArchiveMailbox, planner.RemovePlaced:
		return true
	}
	return false
}

// end of a turn. What waits for a pass may start at once; what waits for
// another kind of step waits for the next look, since that may show more to do.
func (w *walk) end(s planner.Step, how phase) {
	w.turn[s.ID] = how
	if passes(s) {
		delete(w.busy, s.Op.Subject())
	}
	t := s.Op.Traits()
	w.fresh[s.ID] = how == done && t.Repeat != planner.Converge
	w.broken = w.broken || how == failed && t.Phase == planner.Cutover
}

// count gives the number of turns that ended so.
func (w *walk) count(how phase) int {
	n := 0
	for _, p := range w.turn {
		if p == how {
			n++
		}
	}
	return n
}

// lacking names the side for which a row has no credential; "": none.
func lacking(spec *config.Spec, row config.Mailbox, left config.Departure) string {
	switch {
	case spec.Source.IMAP.Login.Kind == config.LoginPassword && row.SourcePassword.IsZero():
		return "source"
	case left.Mail == config.MailTo:
		row.TargetPassword = left.Heir.TargetPassword
	case left.Mail == config.MailArchive:
		return ""
	}
	if spec.Target.IMAP.Login.Kind == config.LoginPassword && row.TargetPassword.IsZero() {
		return "target"
	}
	return ""
}

// unfinished gives the number of steps that may run without an outcome in
// this run.
func (w *walk) unfinished() int {
	n := 0
	for _, s := range w.queue {
		if w.turn[s.ID] != done {
			n++
		}
	}
	return n
}
