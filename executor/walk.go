package executor

import (
	"slices"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// freshFor is how old a look into a mailbox may be to save it a pass.
const freshFor = 5 * time.Minute

// walk decides which step may run next. It knows no clock, no I/O and no
// goroutine: everything it needs is given, so a resume, and another driver,
// is the same walk.
type walk struct {
	queue []planner.Step           // that get a turn in this run, in order
	wants map[planner.StepID]bool  // all of the queue, and those that are held or left out
	turn  map[planner.StepID]phase // of those that had or have their turn
	first int                      // of the queue, before it everything has its turn
}

// phase of a step's turn.
type phase uint8

const (
	running phase = iota + 1
	done
	failed
	stopped
)

// newWalk takes a fresh build, the steps left out of it and those held for
// somebody. A converging step that has been carried out before yields to the
// others, the longest-waiting first.
func newWalk(built *planner.Plan, out map[planner.StepID]bool) *walk {
	w := &walk{wants: map[planner.StepID]bool{}, turn: map[planner.StepID]phase{}}
	last := map[planner.StepID]time.Time{}
	for _, r := range built.Observed.Records {
		if r.Outcome > 0 {
			last[r.Step] = r.OutcomeAt
		}
	}
	for _, s := range built.Steps {
		if out[s.ID] || due(s, built.Observed) {
			w.wants[s.ID] = true
		}
		if !out[s.ID] && w.wants[s.ID] {
			w.queue = append(w.queue, s)
		}
	}
	slices.SortStableFunc(w.queue, func(a, b planner.Step) int { return last[a.ID].Compare(last[b.ID]) })
	return w
}

// due says whether a step gets a turn: it has work, or it converges and
// nobody has looked into its mailbox just now, so that only its own pass can
// tell what came since.
func due(s planner.Step, seen planner.Snapshot) bool {
	if s.Work || s.Op.Traits().Repeat != planner.Converge {
		return s.Work
	}
	box, _ := slices.BinarySearchFunc(seen.Mailboxes, s.Op.Subject(), byAddress)
	if box == len(seen.Mailboxes) {
		return true
	}
	m := seen.Mailboxes[box]
	return m.Address != s.Op.Subject() || !looked(m.Source.Seen, seen.At) || !looked(m.Target.Seen, seen.At)
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
// before another one ends.
func (w *walk) next() (planner.Step, bool) {
	for i := w.first; i < len(w.queue); i++ {
		s := w.queue[i]
		if w.turn[s.ID] != 0 {
			if i == w.first {
				w.first++
			}
			continue
		}
		if w.ready(s) {
			w.turn[s.ID] = running
			return s, true
		}
	}
	return planner.Step{}, false
}

func (w *walk) ready(s planner.Step) bool {
	return !slices.ContainsFunc(s.Needs, func(id planner.StepID) bool { return w.wants[id] && w.turn[id] != done })
}

func (w *walk) end(id planner.StepID, how phase) { w.turn[id] = how }

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

// leftOver gives what a build after the walk still has to do: what has work
// and had no outcome in this run, and mail seen behind a pass that ended. What
// was set aside is not this run's.
func (w *walk) leftOver(built *planner.Plan, left map[planner.StepID]planner.StepID, aside map[planner.StepID]bool) (ids []planner.StepID, behind int) {
	for _, s := range built.Steps {
		if _, out := left[s.ID]; out || aside[s.ID] || !s.Work {
			continue
		}
		if w.turn[s.ID] != done {
			ids = append(ids, s.ID)
			continue
		}
		if m, _ := built.Observed.Mailbox(s.Op.Subject()); m.Behind != (planner.Gap{}) {
			ids, behind = append(ids, s.ID), behind+1
		}
	}
	return ids, behind
}

// lacking names the side for which a row has no credential; "": none.
func lacking(spec *config.Spec, row config.Mailbox) string {
	switch {
	case spec.Source.IMAP.Login.Kind == config.LoginPassword && row.SourcePassword.IsZero():
		return "source"
	case spec.Target.IMAP.Login.Kind == config.LoginPassword && row.TargetPassword.IsZero():
		return "target"
	}
	return ""
}

// unfinished gives the number of due steps without an outcome in this run.
func (w *walk) unfinished() int { return len(w.queue) - w.count(done) }
