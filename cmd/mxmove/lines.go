package main

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

// lines are what stays on the screen of an event; none for most.
func (p *progress) lines(at time.Time, e executor.Event) []entry {
	switch e := e.(type) {
	case executor.StepStarted:
		if len(e.Held) > 0 {
			p.frozen = e.Held
		}
		return nil
	case executor.Observed, executor.RunRefused, executor.GateChecked, executor.ApprovalUsed:
		return nil
	case executor.StepHeld:
		p.held = append(p.held, e)
		return nil
	case executor.LockTaken:
		return []entry{p.lock(e)}
	case executor.PlanCompared:
		return p.fresh(e)
	case executor.Resting:
		return []entry{p.resting(e)}
	case executor.FinalAhead:
		return p.final(e)
	case executor.ActStarted:
		return []entry{p.begun(at, e)}
	case executor.Finished:
		line := entry{words: p.cat.Text(counted(e.Msg()))}
		if e.Report != "" {
			line.under = []string{p.cat.T("cmd.progress.report", "file", e.Report)}
		}
		return []entry{line}
	}
	return p.ofStep(e)
}

// ofStep are the lines about one step.
func (p *progress) ofStep(e executor.Event) []entry {
	said := p.cat.Text(counted(e.Msg()))
	switch e := e.(type) {
	case executor.StepProgress:
		return p.pauses(e)
	case executor.StepDone:
		if g := p.group[e.Step]; g != nil {
			return p.add(g, e)
		}
		if words := p.done(e); words != "" {
			return []entry{{label: p.number(e.Step), words: words}}
		}
		p.idle = append(p.idle, e.Step)
		return nil
	case executor.StepPending:
		words := p.cat.T("cmd.progress.pending", "kind", e.Step.Kind(), "subject", e.Step.Subject(), "until", p.moment(e.Until))
		return []entry{{label: p.number(e.Step), words: words, under: p.texts(e.Fault.Msg, "what")}}
	case executor.StepFailed:
		return []entry{{label: p.number(e.Step), words: said, under: p.texts(e.Fault.Msg, "what", "why", "do")}}
	case executor.StepNoted:
		return []entry{{label: p.number(e.Step), words: said, under: p.texts(e.Note.Msg, "what", "do")}}
	case executor.StepWaits:
		return []entry{{label: p.number(e.Step), words: p.waits(e), under: p.texts(e.Fault.Msg, "what", "why")}}
	case executor.StepSeen:
		return []entry{{label: p.number(e.Step), words: said}}
	case executor.StepStopped:
		return []entry{{label: p.number(e.Step), words: said}}
	case executor.ActFinished:
		return []entry{{label: p.number(e.Step), words: said}}
	}
	return []entry{{words: said}}
}

// counted writes numbers as people read them.
func counted(m text.Msg) text.Msg {
	args := text.Args{}
	for k, v := range m.Args {
		if n, err := strconv.Atoi(v); err == nil && k != "pid" && k != "line" {
			v = render.Count(n)
		}
		args[k] = v
	}
	return text.Msg{Code: m.Code, Args: args}
}

func (p *progress) lock(e executor.LockTaken) entry {
	words := p.cat.T("cmd.progress.lock", "who", e.Holder.Who, "pid", strconv.Itoa(e.Holder.PID), "plan", e.Plan)
	if len(e.PlannedBy) > 0 {
		words += p.cat.T("cmd.progress.planned-by", "names", strings.Join(e.PlannedBy, p.cat.T("cmd.comma")))
	}
	if e.Mirror != "" {
		words += p.cat.T("cmd.progress.mirror", "dir", e.Mirror)
	}
	return entry{label: p.cat.T("cmd.progress.label.lock"), words: words}
}

// fresh is what the look at the world gave. It stands again only where a later
// look finds other steps beyond the plan.
func (p *progress) fresh(e executor.PlanCompared) []entry {
	if e.Beyond == p.beyond {
		return nil
	}
	p.beyond = e.Beyond
	words := p.cat.T("cmd.progress.fresh", "approved", render.Count(e.Approved), "done", render.Count(e.Done), "todo", render.Count(e.Todo), "beyond", render.Count(e.Beyond))
	if e.Aside > 0 {
		words += p.cat.T("cmd.progress.aside", "n", render.Count(e.Aside))
	}
	for _, f := range e.Finals {
		if len(f.Bounds) > 0 {
			words += p.cat.T("cmd.progress.final-now", "name", p.names[f.Step], "bounds", p.bounds(f.Bounds))
		}
	}
	return []entry{{label: p.cat.T("cmd.progress.label.fresh"), words: words}}
}

// bounds are what was found, of what is acknowledged.
func (p *progress) bounds(bounds []planner.Bound) string {
	var parts []string
	for _, b := range bounds {
		parts = append(parts, p.cat.T("cmd.progress.bound."+b.Name, "n", render.Count(int(b.Measured)), "most", render.Count(int(b.AtMost))))
	}
	return strings.Join(parts, p.cat.T("cmd.comma"))
}

// resting ends a pass over what waits.
func (p *progress) resting(e executor.Resting) entry {
	until := p.moment(e.Until)
	if len(p.idle) == 0 {
		return entry{words: p.cat.T("cmd.progress.resting", "until", until)}
	}
	line := p.unmoved()
	line.words += p.cat.T("render.semicolon") + p.cat.T("cmd.progress.again", "until", until)
	return line
}

// unmoved is one line of the passes that brought nothing.
func (p *progress) unmoved() entry {
	ids := p.idle
	p.idle = nil
	words := p.cat.T("cmd.progress.unmoved", "n", render.Count(len(ids)))
	if len(ids) == 1 {
		words = p.cat.T("cmd.progress.nothing", "subject", ids[0].Subject())
	}
	return entry{label: p.span(ids), words: words}
}

// final are the lines before an act that cannot be undone.
func (p *progress) final(e executor.FinalAhead) []entry {
	words := p.cat.T("cmd.progress.final", "kind", e.Step.Kind(), "subject", e.Step.Subject())
	if len(e.Bounds) > 0 {
		words += p.cat.T("cmd.progress.final-bounds", "bounds", p.bounds(e.Bounds), "kept", render.Count(e.Kept.Messages))
	}
	return []entry{{rule: true, words: p.cat.T("cmd.progress.ahead", "seen", e.Seen.In(p.now().Location()).Format(time.TimeOnly))},
		{label: p.number(e.Step), words: words}}
}

// named are the presses that have a word of their own.
var named = []string{planner.MergeTenants{}.Kind(), planner.UpgradeTenant{}.Kind()}

// begun says that there is no way back any more, and what is to be said next.
func (p *progress) begun(at time.Time, e executor.ActStarted) entry {
	code, kind := "cmd.progress.begun", e.Step.Kind()
	if slices.Contains(named, kind) {
		code += "." + kind
	}
	words := p.cat.T(code, "kind", kind, "subject", e.Step.Subject(), "at", at.In(p.now().Location()).Format(time.TimeOnly), "who", e.Who)
	return entry{label: p.number(e.Step), words: words, under: []string{p.cat.T("cmd.progress.then", "hash", e.Step.Hash())}}
}

// pauses tells once what a step waits for by itself, on a pipe: a terminal
// shows it below.
func (p *progress) pauses(e executor.StepProgress) []entry {
	w := e.Progress.Waiting
	if w == nil {
		delete(p.waiting, e.Step)
		return nil
	}
	if p.waiting[e.Step] == w.Code || p.width() > 0 {
		return nil
	}
	p.waiting[e.Step] = w.Code
	return []entry{{label: p.number(e.Step), words: e.Step.Subject() + p.cat.T("render.colon") + strings.Join(p.texts(w.Msg, "what"), " "), under: p.texts(w.Msg, "why")}}
}
