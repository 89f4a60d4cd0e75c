package planner

import (
	"encoding/json"
	"slices"

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
	head := []string{p.Lineage, settings}
	if p.Direction != Forward {
		head = append(head, string(p.Direction))
	}
	return hashOf(append(head, p.gatedIDs(off)...)...)
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
func (p *Plan) gatedIDs(off rules) []string {
	needs := make(map[StepID][]StepID, len(p.Steps))
	in := make(map[StepID]bool, len(p.Steps))
	var open []StepID
	reach := func(id StepID) {
		if !in[id] {
			in[id] = true
			open = append(open, id)
		}
	}
	for i := range p.Steps {
		s := &p.Steps[i]
		needs[s.ID] = s.Needs
		if s.Op.Traits().Risk > Reversible {
			reach(s.ID)
		}
	}
	for len(open) > 0 && !off.looseGate {
		id := open[len(open)-1]
		open = open[:len(open)-1]
		for _, need := range needs[id] {
			reach(need)
		}
	}
	ids := make([]string, 0, len(in))
	for id := range in {
		ids = append(ids, string(id))
	}
	slices.Sort(ids)
	return ids
}

func settingsText(spec *config.Spec) string {
	b, err := json.Marshal(Settings(spec))
	if err != nil { // plain data of strings and numbers
		panic(err)
	}
	return string(b)
}
