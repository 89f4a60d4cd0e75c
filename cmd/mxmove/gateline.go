package main

import (
	"strings"

	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

// waited are the lines of what comes in many events and is told in one, once
// another event comes; nil: a question.
func (p *progress) waited(e executor.Event) []entry {
	var lines []entry
	switch e.(type) {
	case executor.StepHeld:
	default:
		lines = p.heldLines()
	}
	switch e := e.(type) {
	case executor.GateChecked:
		if e.Gate != "plan" && e.Gate != "findings" {
			p.gates = append(p.gates, e)
		}
	case executor.ApprovalUsed:
	default:
		lines = append(lines, p.gateLines()...)
	}
	if len(p.idle) > 0 && endsPasses(e) {
		lines = append(lines, p.unmoved())
	}
	return lines
}

// endsPasses reports whether passes that brought nothing are told before an
// event: what stands below them came after.
func endsPasses(e executor.Event) bool {
	copies := (planner.CopyMailbox{}).Kind()
	switch e := e.(type) {
	case nil, executor.FinalAhead, executor.Finished, executor.Stopping:
		return true
	case executor.StepDone:
		return e.Step.Kind() != copies
	case executor.StepPending:
		return e.Step.Kind() != copies
	}
	return false
}

// gateLines are one of those that are open, and one each of the others. Later
// looks tell only of those that changed.
func (p *progress) gateLines() []entry {
	var open []string
	var closed []entry
	for _, g := range p.gates {
		name := p.cat.T("gate.name." + g.Gate)
		switch {
		case !g.Open:
			closed = append(closed, p.closed(name, g))
		case !p.judged:
			if words := p.opened(g); words != "" {
				open = append(open, words)
			}
		case g.Gate != "start":
			open = append(open, p.cat.T("cmd.progress.gate.open", "gate", name))
		}
	}
	p.judged, p.gates = p.judged || len(p.gates) > 0, nil
	var lines []entry
	if len(open) > 0 {
		lines = append(lines, entry{words: strings.Join(open, p.cat.T("render.semicolon"))})
	}
	lines = append(lines, closed...)
	if len(lines) > 0 {
		lines[0].label = p.cat.T("cmd.progress.label.gates")
	}
	return lines
}

// opened says by which values a gate is open; "": it has none.
func (p *progress) opened(g executor.GateChecked) string {
	switch {
	case g.Gate == "window" && g.Needs > 0:
		return p.cat.T("cmd.progress.gate.window", "left", render.Duration(p.cat, g.Left), "need", render.Duration(p.cat, g.Needs))
	case g.Gate == "window":
		return p.cat.T("cmd.progress.gate.window-left", "left", render.Duration(p.cat, g.Left))
	case g.Gate == "approvals" && len(g.Names) > 0:
		return p.cat.T("cmd.progress.gate.approved", "have", render.Count(g.Have), "want", render.Count(g.Want), "names", strings.Join(g.Names, p.cat.T("cmd.comma")))
	case g.Gate == "approvals":
		return p.cat.T("cmd.progress.gate.approvals", "have", render.Count(g.Have), "want", render.Count(g.Want))
	case g.Gate == "acknowledgements" && g.Want > 0:
		return p.cat.T("cmd.progress.gate.acks", "have", render.Count(g.Have), "want", render.Count(g.Want))
	case g.Gate == "hold":
		return p.cat.T("cmd.progress.gate.hold")
	}
	return ""
}

func (p *progress) closed(name string, g executor.GateChecked) entry {
	var why []string
	for _, f := range g.Reasons {
		why = append(why, p.texts(f.Msg, "what")...)
	}
	if len(why) == 0 {
		return entry{words: p.cat.T("cmd.progress.gate.shut", "gate", name)}
	}
	return entry{words: p.cat.T("cmd.progress.gate.closed", "gate", name, "why", why[0]), under: why[1:]}
}

// heldFew is how many steps that wait for the same are told one by one.
const heldFew = 3

// heldLines tell of steps that wait for somebody: of many that wait for the
// same in one.
func (p *progress) heldLines() []entry {
	by := map[string][]executor.StepHeld{}
	var order []string
	for _, h := range p.held {
		if len(by[h.Reason.Code]) == 0 {
			order = append(order, h.Reason.Code)
		}
		by[h.Reason.Code] = append(by[h.Reason.Code], h)
	}
	p.held = nil
	var lines []entry
	for _, code := range order {
		all := by[code]
		for i, h := range all {
			if i == heldFew && len(all) > heldFew+1 {
				lines = append(lines, entry{words: p.cat.T("cmd.progress.held-more", "n", render.Count(len(all)-i), "all", render.Count(len(all)))})
				break
			}
			lines = append(lines, entry{label: p.number(h.Step), words: p.cat.Text(h.Msg()), under: p.texts(h.Reason.Msg, "what", "do")})
		}
	}
	return lines
}
