package main

import (
	"bufio"
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
)

type applyOptions struct {
	vars            variables
	only            only
	yes, json, full bool
}

func newApplyCommand(c *cli) *cobra.Command {
	var o applyOptions
	cmd := c.command("apply [PLAN]", codesApply, []string{"apply acme.plan", "apply", "apply --only failed", "apply --yes --json"}, cobra.MaximumNArgs(1),
		func(ctx context.Context, args []string) error { return runApply(ctx, c, o, args) })
	o.vars.flags(c, cmd)
	o.only.flag(c, cmd)
	cmd.Flags().BoolVar(&o.yes, "yes", false, c.cat.T("cmd.apply.flag.yes"))
	cmd.Flags().BoolVar(&o.json, "json", false, c.cat.T("cmd.apply.flag.json"))
	cmd.Flags().BoolVar(&o.full, "full", false, c.cat.T("cmd.plan.flag.full"))
	return cmd
}

func runApply(ctx context.Context, c *cli, o applyOptions, args []string) error {
	if len(args) == 0 {
		return applyNow(ctx, c, o)
	}
	plan, err := readPlan(args[0])
	if err != nil {
		return err
	}
	c.adopt(plan.Spec.Migration.Language)
	loaded, _, err := c.read(o.vars) // what is wrong with it now is the next plan's
	if err != nil {
		return err
	}
	state, w, err := c.open(plan.Spec, loaded.Secrets)
	if err != nil {
		return err
	}
	only, err := c.chosenOf(ctx, o.only, plan.Spec, state, w)
	if err != nil {
		return err
	}
	return c.carryOut(ctx, o, &executor.Run{State: state, World: w, Plan: plan, AtHand: loaded.Spec, Only: only})
}

// applyNow plans, shows, asks and applies.
func applyNow(ctx context.Context, c *cli, o applyOptions) error {
	loaded, err := c.load(o.vars)
	if err != nil {
		return err
	}
	if !o.yes && !c.Terminal() {
		return refuse("cmd.apply.unasked")
	}
	state, w, err := c.open(loaded.Spec, loaded.Secrets)
	if err != nil {
		return err
	}
	only, err := c.chosenOf(ctx, o.only, loaded.Spec, state, w)
	if err != nil {
		return err
	}
	plan, err := c.build(ctx, loaded.Spec, state, w, planner.Signed)
	if err != nil {
		return err
	}
	if !o.json {
		if err := c.showPlan(plan, planOptions{shape: shape{format: "text", full: o.full}, doing: true}); err != nil {
			return err
		}
	}
	if only != nil && !o.json {
		c.say("cmd.apply.only", "n", strconv.Itoa(len(only)), "all", strconv.Itoa(len(loaded.Spec.Roster.Mailboxes)))
	}
	if !o.yes && hasWork(plan) {
		if err := c.ask(plan); err != nil {
			return err
		}
	}
	return c.carryOut(ctx, o, &executor.Run{State: state, World: w, Plan: plan, AtHand: loaded.Spec, Only: only})
}

// chosenOf gives the subjects of a run; nil: all.
func (c *cli) chosenOf(ctx context.Context, o only, spec *config.Spec, state *executor.State, w world) (map[string]bool, error) {
	addresses, err := c.choose(ctx, o, spec, state, w)
	if err != nil || len(o) == 0 {
		return nil, err
	}
	chosen := map[string]bool{}
	for _, a := range addresses {
		chosen[a] = true
	}
	return chosen, nil
}

// ask refuses unless the person at the terminal says yes.
func (c *cli) ask(plan *planner.Plan) error {
	io.WriteString(c.Stdout, "\n"+c.cat.T("cmd.apply.ask", "plan", plan.ID)+" ")
	answer, err := bufio.NewReader(c.Stdin).ReadString('\n')
	if err != nil && err != io.EOF {
		return err
	}
	if strings.TrimSpace(answer) != "yes" {
		return refuse("cmd.apply.declined")
	}
	return nil
}

func (c *cli) carryOut(ctx context.Context, o applyOptions, r *executor.Run) error {
	self, still := c.self("apply")
	defer still()
	ticks, halt := c.Tick(time.Second)
	defer halt()
	r.Self, r.Ticks, r.Tool, r.Sleep, r.Stop = self, ticks, c.Version, c.Sleep, c.Stop
	if o.json {
		r.Readers = []executor.Reader{executor.JSONLines(c.Stdout)}
		return r.Do(ctx)
	}
	p := newProgress(c, r.Plan)
	r.Readers = []executor.Reader{p.read}
	defer p.clear()
	return r.Do(ctx)
}
