package main

import (
	"strings"

	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

// done is a step's outcome: what was copied, then whatever else happened.
func (p *progress) done(e executor.StepDone) string {
	t := e.Tally
	switch e.Step.Kind() {
	case planner.CopyMailbox{}.Kind():
	case planner.ArchiveMailbox{}.Kind():
		return p.cat.T("cmd.progress.archived", "subject", e.Step.Subject(), "n", render.Count(t.Copied),
			"size", planner.Bytes(t.Bytes), "took", render.Duration(p.cat, e.Took))
	default:
		return p.cat.Text(e.Msg())
	}
	if t == (planner.Tally{}) {
		return p.cat.T("cmd.progress.nothing", "subject", e.Step.Subject())
	}
	parts := []string{p.cat.T("cmd.progress.copied", "n", render.Count(t.Copied)), planner.Bytes(t.Bytes), render.Duration(p.cat, e.Took)}
	for _, more := range []struct {
		code string
		n    int
	}{{"adopted", t.Adopted}, {"flags", t.Flags}, {"removed", t.Removed}, {"refused", t.Refused}, {"repaired", t.Repaired}, {"wrapped", t.Wrapped}, {"missing", t.Missing}, {"keywords", t.Keywords}, {"dates", t.Dates}} {
		if more.n > 0 {
			parts = append(parts, p.cat.T("cmd.progress."+more.code, "n", render.Count(more.n)))
		}
	}
	return p.cat.T("cmd.progress.done", "subject", e.Step.Subject(), "what", strings.Join(parts, p.cat.T("cmd.comma")))
}
