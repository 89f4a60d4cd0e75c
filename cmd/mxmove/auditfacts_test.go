package main

import (
	"slices"
	"testing"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
)

// "Erased nothing" is never said of an act that somebody did without a word
// before it, or that the world showed.
func TestErased(t *testing.T) {
	const press = planner.StepID("merge-tenants tenant/wwB @21590ae6")
	line := func(kind executor.Kind, step planner.StepID) executor.Line {
		return executor.Line{N: 7, Kind: kind, Step: step, At: eight()}
	}
	ahead := line(executor.KindNote, press)
	ahead.Msg = &text.Msg{Code: "event.final-ahead", Args: map[string]string{"kind": "merge-tenants", "subject": "tenant/wwB", "bounds": "9/9", "kept": "9", "seen": "-"}}
	started, finished, outcome := line(executor.KindActStarted, press), line(executor.KindActFinished, press), line(executor.KindOutcome, press)
	for _, c := range []struct {
		name  string
		story []executor.Line
		want  []string
	}{
		{"nothing", nil, []string{"render.audit.erased.none"}},
		{"no press", []executor.Line{line(executor.KindOutcome, "inventory tags/wwA @11"), line(executor.KindActFinished, "task unbind-domain/wwB @12")}, []string{"render.audit.erased.none"}},
		{"in order", []executor.Line{ahead, started, finished, outcome}, []string{"render.audit.erased.words"}},
		{"only looked at", []executor.Line{ahead}, []string{"render.audit.erased.none"}},
		{"finished without begun", []executor.Line{finished, outcome}, []string{"render.audit.erased.unseen"}},
		{"shown by the world", []executor.Line{outcome}, []string{"render.audit.erased.unseen"}},
	} {
		var got []string
		for _, m := range (&audit{at: eight(), tale: executor.Audit{Story: c.story}}).erased() {
			got = append(got, m.Code)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, not %v", c.name, got, c.want)
		}
	}
}
