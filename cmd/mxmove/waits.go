package main

import (
	"strconv"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

// waitsOf gives what people are waited for now: to say how an act ended, and
// what may be done before the freeze or is due behind the point of no return.
func waitsOf(plan *planner.Plan) []render.Waiting {
	var list []render.Waiting
	of := map[string]int{} // by the texts' code
	over := !plan.WayBack().Open
	for _, s := range plan.Steps {
		if !s.Work || !plan.Observed.ByPerson(s.Op) || !s.Doubt && held(plan, s) {
			continue
		}
		in := s.Op.Traits().Phase
		words := executor.Instruction(s.Op)
		switch early, is := planner.Early(s.Op, plan.Observed); {
		case s.Doubt:
			words = inDoubt(plan, s)
		case is:
			words = early
		case in >= planner.Freeze && !over:
			continue
		}
		if i, told := of[words.Code]; told {
			list[i].More++
			continue
		}
		of[words.Code] = len(list)
		list = append(list, render.Waiting{Step: s.ID, Words: words})
	}
	return list
}

// held reports whether a step needs one that is still to be done.
func held(plan *planner.Plan, s planner.Step) bool {
	for _, id := range s.Needs {
		if need, ok := plan.Step(id); ok && need.Work {
			return true
		}
	}
	return false
}

// inDoubt says that nobody knows how an act ended.
func inDoubt(plan *planner.Plan, s planner.Step) text.Msg {
	f, _ := plan.Observed.Fact(s.ID)
	if f.Started == 0 {
		return text.M("act.in-doubt", "step", string(s.ID))
	}
	return text.M("act.open", "step", string(s.ID), "who", f.Who, "started", strconv.Itoa(f.Started))
}

// passOf is how often the mailbox that was gone over most was.
func passOf(state *executor.State) (int, error) {
	lines, err := executor.ReadJournal(state)
	if err != nil {
		return 0, err
	}
	most, n := 0, map[string]int{}
	for _, l := range lines {
		if l.Kind == executor.KindOutcome && l.Step.Kind() == (planner.CopyMailbox{}).Kind() {
			n[l.Step.Subject()]++
			most = max(most, n[l.Step.Subject()])
		}
	}
	return most, nil
}
