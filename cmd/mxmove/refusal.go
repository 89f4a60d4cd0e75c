package main

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner/render"
)

// ofPlan is an error of carrying out a plan's file.
type ofPlan struct {
	error
	command, file string // apply or rollback
}

// Unwrap gives the error.
func (o *ofPlan) Unwrap() error { return o.error }

// anew are gates that no world opens again, only another plan.
var anew = []string{"gate.no-window", "gate.over", "gate.late", "gate.undone", "gate.stale", "gate.settings", "gate.removed", "gate.quarantined",
	"plan.unacknowledged", "plan.outgrown"}

// tellStanding writes on Stderr by which gates a run was stopped.
func (c *cli) tellStanding(of *ofPlan, reasons []config.Finding, at executor.Standing, partly bool) {
	v := render.RefusalView{Reasons: reasons, Gates: at.Gates, At: at.At, Before: at.Before, Partly: partly,
		Closes: at.Window.Closes, Latest: at.Window.Latest, Needs: at.Window.Needs}
	if of != nil {
		v.Next, v.File = "render.refusal."+of.command, of.file
		if of.command == "apply" && slices.ContainsFunc(reasons, func(f config.Finding) bool { return slices.Contains(anew, f.Code) }) {
			v.Next, v.File = "render.refusal.plan", nextName(of.file)
		}
	}
	render.Refusal(c.Stderr, c.cat, v, c.options())
}

// nextName names the plan after a plan's file: sat.plan, sat2.plan, sat3.plan.
func nextName(file string) string {
	ext := filepath.Ext(file)
	stem := strings.TrimSuffix(file, ext)
	digits := len(stem)
	for digits > 0 && stem[digits-1] >= '0' && stem[digits-1] <= '9' {
		digits--
	}
	n := 2
	if digits < len(stem) && len(stem)-digits < 4 {
		before, _ := strconv.Atoi(stem[digits:])
		stem, n = stem[:digits], before+1
	}
	return stem + num(n) + ext
}
