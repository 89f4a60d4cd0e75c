package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
)

type attestOptions struct {
	vars                     variables
	started, finished, never bool
	evidence, plan           string
}

func newAttestCommand(c *cli) *cobra.Command {
	var o attestOptions
	cmd := c.command("attest STEP", codesState, []string{
		"attest task creator-ready/ww0123456789abcdef --finished --evidence CHG-1042",
		"attest merge-tenants tenant/ww0123456789abcdef --started --plan acme.plan",
		"attest @9b02f1c4 --never --evidence 'the console shows nothing'"}, cobra.RangeArgs(1, 4),
		func(ctx context.Context, args []string) error { return runAttest(ctx, c, o, strings.Join(args, " ")) })
	o.vars.flags(c, cmd)
	f := cmd.Flags()
	f.BoolVar(&o.started, "started", false, c.cat.T("cmd.attest.flag.started"))
	f.BoolVar(&o.finished, "finished", false, c.cat.T("cmd.attest.flag.finished"))
	f.BoolVar(&o.never, "never", false, c.cat.T("cmd.attest.flag.never"))
	f.StringVar(&o.evidence, "evidence", "", c.cat.T("cmd.attest.flag.evidence"))
	f.StringVar(&o.plan, "plan", "", c.cat.T("cmd.attest.flag.plan"))
	cmd.MarkFlagsOneRequired("started", "finished", "never")
	cmd.MarkFlagsMutuallyExclusive("started", "finished", "never")
	return cmd
}

func runAttest(ctx context.Context, c *cli, o attestOptions, name string) error {
	plan, loaded, state, w, err := c.planOr(ctx, o.vars, o.plan)
	if err != nil {
		return err
	}
	step, err := find(plan, name)
	if err != nil {
		return err
	}
	what := executor.AttestFinished
	switch {
	case o.never:
		what = executor.AttestNever
	case o.started:
		what = executor.AttestStarted
		if o.plan == "" && step.Op.Traits().Risk == planner.Final {
			return refuse("cmd.attest.plan", "step", string(step.ID))
		}
	}
	self, still := c.self("attest")
	defer still()
	r := &executor.Run{State: state, World: w, Plan: plan, Through: planner.Retire, AtHand: loaded.Spec, Self: self,
		Tool: c.Version, Approved: c.approved(plan)}
	if err := r.Attest(ctx, step.ID, what, o.evidence); err != nil {
		return err
	}
	return c.say("cmd.attest."+string(what), "step", string(step.ID), "who", self.Who, "evidence", o.evidence)
}

// find gives the one step that is meant: by its ID, its kind and subject, the
// beginning of either, or its hash.
func find(plan *planner.Plan, name string) (planner.Step, error) {
	var found []planner.Step
	var names []string
	for _, s := range plan.Steps {
		if string(s.ID) == name {
			return s, nil
		}
		if strings.HasPrefix(string(s.ID), name) || strings.TrimPrefix(name, "@") == s.ID.Hash() {
			found, names = append(found, s), append(names, string(s.ID))
		}
	}
	switch len(found) {
	case 0:
		return planner.Step{}, refuse("attest.unknown", "step", name)
	case 1:
		return found[0], nil
	}
	return planner.Step{}, refuse("attest.many", "step", name, "steps", strings.Join(names, ", "))
}
