package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
)

// places are steps by their places in the plan: 218, 218-226.
var places = regexp.MustCompile(`^([0-9]{1,6})(?:-([0-9]{1,6}))?$`)

// meant gives the steps that are meant: one whose name is all arguments, or
// else one or more by each argument. All that is wrong is told at once. Places
// are those of a plan file: a plan that is made now has others.
func meant(plan *planner.Plan, args []string, file bool) ([]planner.Step, error) {
	if one := byName(plan, strings.Join(args, " ")); len(one) == 1 {
		return one, nil
	}
	var steps []planner.Step
	var why []config.Finding
	wrong := func(code string, pairs ...string) {
		why = append(why, config.Finding{Msg: text.M(code, pairs...), Severity: config.Blocks})
	}
	if len(args) == 0 {
		wrong("cmd.attest.which")
	}
	for _, arg := range args {
		if p := places.FindStringSubmatch(arg); p != nil {
			steps = append(steps, placed(plan, arg, p, file, wrong)...)
			continue
		}
		switch found := byName(plan, arg); len(found) {
		case 0:
			wrong("attest.unknown", "step", arg)
		case 1:
			steps = append(steps, found[0])
		default:
			wrong("attest.many", "step", arg, "steps", listed(found))
		}
	}
	if len(why) > 0 {
		return nil, &executor.Refused{Reasons: why}
	}
	return unique(steps), nil
}

// placed gives the steps at the places that an argument names.
func placed(plan *planner.Plan, arg string, p []string, file bool, wrong func(code string, pairs ...string)) []planner.Step {
	first, _ := strconv.Atoi(p[1])
	last, err := strconv.Atoi(p[2])
	if err != nil {
		last = first
	}
	switch {
	case !file:
		wrong("cmd.attest.place-file", "places", arg)
		return nil
	case first < 1 || last < first || last > len(plan.Steps):
		wrong("cmd.attest.places", "places", arg, "n", strconv.Itoa(len(plan.Steps)))
		return nil
	}
	steps := plan.Steps[first-1 : last]
	for i, s := range steps {
		switch {
		case s.Op.Traits().Risk == planner.Final:
			wrong("cmd.attest.final-place", "n", strconv.Itoa(first+i), "step", string(s.ID))
		case !plan.Observed.ByPerson(s.Op):
			wrong("cmd.attest.not-person", "n", strconv.Itoa(first+i), "step", string(s.ID))
		}
	}
	return steps
}

// byName gives the steps with a name: an ID, a kind and subject, the beginning
// of either, or a hash. What cannot be undone has a name also after the world
// shows it done.
func byName(plan *planner.Plan, name string) []planner.Step {
	steps := slices.Clone(plan.Steps)
	for _, op := range planner.Acts(plan.Spec, plan.Observed) {
		if op.Traits().Risk == planner.Final {
			steps = append(steps, planner.Step{ID: planner.IDOf(op), Op: op})
		}
	}
	var found []planner.Step
	for _, s := range unique(steps) {
		if string(s.ID) == name {
			return []planner.Step{s}
		}
		if name != "" && (strings.HasPrefix(string(s.ID), name) || strings.TrimPrefix(name, "@") == s.ID.Hash()) {
			found = append(found, s)
		}
	}
	return found
}

func unique(steps []planner.Step) []planner.Step {
	seen := map[planner.StepID]bool{}
	return slices.DeleteFunc(slices.Clone(steps), func(s planner.Step) bool {
		twice := seen[s.ID]
		seen[s.ID] = true
		return twice
	})
}

// listed names the first of many.
func listed(steps []planner.Step) string {
	const few = 8
	var names []string
	for _, s := range steps[:min(few, len(steps))] {
		names = append(names, string(s.ID))
	}
	if more := len(steps) - len(names); more > 0 {
		names = append(names, "+"+strconv.Itoa(more))
	}
	return strings.Join(names, ", ")
}
