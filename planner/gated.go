package planner

import (
	"encoding/json"

	"github.com/mxmove/mxmove/config"
)

// Gated is the hash, in hexadecimal, that approvals bind: lineage, every
// setting except roster rows, history and limits, and the IDs of every Costly
// and Final step and of all that these need, through others.
func (p *Plan) Gated() string { return p.gated(rules{}) }

func (p *Plan) gated(off rules) string {
	settings := settingsText(p.Spec)
	if c := p.Spec.Cutover; off.looseGate && c != nil {
		settings = c.Opens.String() + c.Closes.String()
	}
	parts := []string{p.Lineage, settings}
	for _, id := range p.gatedIDs(off) {
		parts = append(parts, string(id))
	}
	return hashOf(parts...)
}

// Settings is the part of a spec that approvals bind, without places. Two
// specs whose Settings differ in JSON differ in what was approved.
func Settings(spec *config.Spec) config.Spec {
	m := withoutRows(spec)
	m.Roster.Shared, m.Roster.Groups, m.Roster.Leavers = nil, nil, nil
	m.History = nil
	m.Source.IMAP.Limits, m.Target.IMAP.Limits = config.Limits{}, config.Limits{}
	return m
}

// gatedIDs are the steps that can hurt and all that they need, in order.
func (p *Plan) gatedIDs(off rules) []StepID {
	needs := make(map[StepID][]StepID, len(p.Steps))
	var open []StepID
	for _, s := range p.Steps {
		needs[s.ID] = s.Needs
		if s.Op.Traits().Risk > Reversible {
			open = append(open, s.ID)
		}
	}
	in := map[StepID]bool{}
	for len(open) > 0 {
		id := open[len(open)-1]
		open = open[:len(open)-1]
		if in[id] {
			continue
		}
		in[id] = true
		if !off.looseGate {
			open = append(open, needs[id]...)
		}
	}
	return sortedKeys(in)
}

func settingsText(spec *config.Spec) string {
	b, err := json.Marshal(Settings(spec))
	if err != nil { // plain data of strings and numbers
		panic(err)
	}
	return string(b)
}
