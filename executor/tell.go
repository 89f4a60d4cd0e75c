package executor

import (
	"maps"
	"slices"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// foretold reports whether the plan says the same already.
func foretold(p *planner.Plan, note config.Finding) bool {
	return slices.ContainsFunc(p.Findings, func(f config.Finding) bool {
		return f.Code == note.Code && f.Subject == note.Subject && maps.Equal(f.Args, note.Args)
	})
}

// progress tells of a step at most once a second, and always when it begins,
// has done all there is, or begins or ends to wait.
func (d *driver) progress(id planner.StepID) func(planner.Progress) {
	var last time.Time
	var waiting *planner.Fault
	return func(p planner.Progress) {
		if p.Note != nil {
			if !foretold(d.Plan, *p.Note) {
				d.emit(StepNoted{Step: id, Note: *p.Note})
			}
			return
		}
		now := d.Self.Now()
		over := p.Done > 0 && p.Done >= p.Total
		if !over && p.Waiting == waiting && !last.IsZero() && now.Sub(last) < time.Second {
			return
		}
		last, waiting = now, p.Waiting
		d.emit(StepProgress{Step: id, Progress: p})
	}
}
