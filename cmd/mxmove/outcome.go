package main

import (
	"strings"
	"time"

	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

// done is a step's outcome: what was copied, then whatever else happened; "":
// a pass that brought nothing.
func (p *progress) done(e executor.StepDone) string {
	t := e.Tally
	switch e.Step.Kind() {
	case planner.CopyMailbox{}.Kind(), planner.RemovePlaced{}.Kind():
	case planner.ArchiveMailbox{}.Kind():
		return p.cat.T("cmd.progress.archived", "subject", e.Step.Subject(), "n", render.Count(t.Copied),
			"size", planner.Bytes(t.Bytes), "took", render.Duration(p.cat, e.Took))
	case planner.HoldDirectory{}.Kind():
		return p.act(e) + p.directories()
	default:
		return p.act(e)
	}
	if t == (planner.Tally{}) {
		return ""
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

func (p *progress) act(e executor.StepDone) string {
	if e.Took < time.Second {
		return p.cat.T("cmd.progress.act", "kind", e.Step.Kind(), "subject", e.Step.Subject())
	}
	return p.cat.T("cmd.progress.act-took", "kind", e.Step.Kind(), "subject", e.Step.Subject(), "took", render.Duration(p.cat, e.Took))
}

// directories are those that a freeze keeps.
func (p *progress) directories() string {
	words := ""
	for _, d := range p.frozen {
		words += p.cat.T("render.semicolon") + p.cat.T("cmd.progress.directory", "corp", d.Corp, "n", render.Count(d.Members), "hash", d.Hash[:4])
	}
	return words
}
