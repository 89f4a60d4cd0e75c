package main

import (
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

// crowd is from how many steps of a kind and phase on one line tells of all
// that went well. Passes over mailboxes are told each: each has numbers.
const crowd = 9

// group is what came of such steps.
type group struct {
	kind      string
	phase     planner.Phase
	all, done int
	told      int              // of done
	steps     []planner.StepID // those that were done
	sum       planner.Tally
}

// grouped finds the groups of a plan, in its order, and whose group a step is.
func grouped(plan *planner.Plan) (list []*group, of map[planner.StepID]*group) {
	of = map[planner.StepID]*group{}
	byName := map[string]*group{}
	for _, s := range plan.Steps {
		kind := s.Op.Kind()
		if !s.Work || kind == (planner.CopyMailbox{}).Kind() {
			continue
		}
		phase := s.Op.Traits().Phase
		name := kind + " " + phase.String()
		g := byName[name]
		if g == nil {
			g = &group{kind: kind, phase: phase}
			byName[name], list = g, append(list, g)
		}
		g.all++
		of[s.ID] = g
	}
	for id, g := range of {
		if g.all < crowd {
			delete(of, id)
		}
	}
	return list, of
}

// add counts a step in, and gives the group's line with the last.
func (p *progress) add(g *group, e executor.StepDone) []entry {
	g.done++
	g.steps = append(g.steps, e.Step)
	g.sum.Copied += e.Tally.Copied
	g.sum.Bytes += e.Tally.Bytes
	if g.done < g.all {
		return nil
	}
	return append(p.partly(g.phase-1), p.untold(g)...)
}

// untold is the line of a group with steps that no line told of yet.
func (p *progress) untold(g *group) []entry {
	if g.told == g.done {
		return nil
	}
	g.told = g.done
	code, args := "cmd.progress.group", []string{"kind", g.kind, "phase", p.cat.T("render.phase." + g.phase.String()), "done", render.Count(g.done), "all", render.Count(g.all)}
	switch {
	case g.kind != (planner.ArchiveMailbox{}).Kind():
	case g.sum.Copied == 0:
		code = "cmd.progress.group-same"
	default:
		code, args = "cmd.progress.group-archived", append(args, "n", render.Count(g.sum.Copied), "size", planner.Bytes(g.sum.Bytes))
	}
	return []entry{{label: p.span(g.steps), words: p.cat.T(code, args...)}}
}

// before gives the groups' lines that must stand before an event's.
func (p *progress) before(e executor.Event) []entry {
	switch e.(type) {
	case executor.FinalAhead, executor.Finished:
	default:
		return nil
	}
	return p.partly(planner.Retire)
}

// partly tells of the groups up to a phase of which not all is done.
func (p *progress) partly(last planner.Phase) []entry {
	var lines []entry
	for _, g := range p.groups {
		if g.all >= crowd && g.phase <= last {
			lines = append(lines, p.untold(g)...)
		}
	}
	return lines
}
