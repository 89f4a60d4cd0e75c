package main

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
)

type applyOptions struct {
	vars                  variables
	only                  only
	yes, json, full, wait bool
	through, failOn       string
}

func newApplyCommand(c *cli) *cobra.Command {
	var o applyOptions
	cmd := c.command("apply [PLAN]", codesApply, []string{"apply acme.plan", "apply", "apply --only failed", "apply --yes --json", "apply acme.plan --wait --fail-on failed"}, cobra.MaximumNArgs(1),
		func(ctx context.Context, args []string) error { return runApply(ctx, c, o, args) })
	o.vars.flags(c, cmd)
	o.only.flag(c, cmd)
	cmd.Flags().BoolVar(&o.yes, "yes", false, c.cat.T("cmd.apply.flag.yes"))
	cmd.Flags().BoolVar(&o.json, "json", false, c.cat.T("cmd.apply.flag.json"))
	cmd.Flags().BoolVar(&o.wait, "wait", false, c.cat.T("cmd.apply.flag.wait"))
	cmd.Flags().StringVar(&o.through, "through", "", c.cat.T("cmd.apply.flag.through"))
	cmd.Flags().StringVar(&o.failOn, "fail-on", "", c.cat.T("cmd.apply.flag.fail-on"))
	cmd.Flags().BoolVar(&o.full, "full", false, c.cat.T("cmd.plan.flag.full"))
	return cmd
}

func runApply(ctx context.Context, c *cli, o applyOptions, args []string) error {
	through, err := o.last(len(args) > 0)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return applyNow(ctx, c, o, through)
	}
	return applyFile(ctx, c, o, args[0], through, planner.Forward)
}

// applyFile carries out a plan that leads where the command says.
func applyFile(ctx context.Context, c *cli, o applyOptions, file string, through planner.Phase, way planner.Direction) error {
	plan, err := readPlan(file)
	if err != nil {
		return err
	}
	c.adopt(plan.Spec.Migration.Language)
	switch {
	case plan.Direction == way:
	case way == planner.Forward:
		return refuse("cmd.apply.reverse", "plan", plan.ID, "file", file)
	default:
		return refuse("cmd.rollback.forward", "plan", plan.ID, "file", file)
	}
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
	err = c.carryOut(ctx, o, w, &executor.Run{State: state, World: w, Plan: plan, AtHand: loaded.Spec, Through: through, Only: only})
	if err == nil {
		return nil
	}
	return &ofPlan{err, commandOf(way), file}
}

// last is the last phase to carry out. Without a plan file that somebody read
// nothing is frozen or switched.
func (o applyOptions) last(reviewed bool) (planner.Phase, error) {
	if o.failOn != "" && o.failOn != "failed" {
		return 0, &planner.Fault{Msg: text.M("cmd.apply.fail-on", "given", o.failOn), Class: planner.Internal}
	}
	most := planner.Copy
	if reviewed {
		most = planner.Retire
	}
	if o.through == "" {
		return most, nil
	}
	var names []string
	for p := planner.Prepare; p <= planner.Retire; p++ {
		if names = append(names, p.String()); p.String() == o.through {
			return min(p, most), nil
		}
	}
	return 0, &planner.Fault{Msg: text.M("cmd.apply.through", "given", o.through, "phases", strings.Join(names, ", ")), Class: planner.Internal}
}

// applyNow plans, shows, asks and applies.
func applyNow(ctx context.Context, c *cli, o applyOptions, through planner.Phase) error {
	loaded, found, err := c.sound(o.vars)
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
	plan, err := c.build(ctx, loaded.Spec, state, w, planner.Recent)
	if err != nil {
		return err
	}
	c.withWarnings(plan, found)
	if err := c.warned(onlySecrets(found)); err != nil {
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
		if err := c.ask(ctx, plan); err != nil {
			return err
		}
	}
	return c.carryOut(ctx, o, w, &executor.Run{State: state, World: w, Plan: plan, AtHand: loaded.Spec, Through: through, Only: only})
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
func (c *cli) ask(ctx context.Context, plan *planner.Plan) error {
	answer, err := c.line(ctx, c.cat.T("cmd.apply.ask", "plan", plan.ID))
	if err == nil && answer != "yes" {
		return refuse("cmd.apply.declined")
	}
	return err
}

// commandOf is the command that carries out a plan of a direction.
func commandOf(way planner.Direction) string {
	if way == planner.Reverse {
		return "rollback"
	}
	return "apply"
}

func (c *cli) carryOut(ctx context.Context, o applyOptions, w world, r *executor.Run) error {
	self, still := c.self(commandOf(r.Plan.Direction))
	defer still()
	ticks, halt := c.Tick(time.Second)
	defer halt()
	r.Self, r.Ticks, r.Tool, r.Sleep, r.Stop, r.Wait = self, ticks, c.Version, c.Sleep, c.Stop, o.wait
	r.Approved = c.approved(r.Plan)
	p := newProgress(c, r.Plan)
	defer p.clear()
	if o.json {
		r.Readers = []executor.Reader{executor.JSONLines(c.Stdout)}
	} else {
		r.Ask, r.Readers = c.asker(p.ahead), []executor.Reader{p.read}
	}
	err := r.Do(ctx)
	var incomplete *executor.Incomplete
	if err == nil || errors.As(err, &incomplete) {
		p.clear()
		err = cmp.Or(err, c.leaveExceptions(r, w, o.json))
	}
	return o.judge(err)
}

// judge makes pure waiting a success where that was asked.
func (o applyOptions) judge(err error) error {
	var incomplete *executor.Incomplete
	if o.failOn == "failed" && errors.As(err, &incomplete) && !errors.As(err, new(*executor.PastReturn)) {
		switch incomplete.Reason {
		case executor.ReasonWaitingPerson, executor.ReasonWaitingTail, executor.ReasonWaitingWindow:
			return &waited{incomplete}
		}
	}
	return err
}

// waited is waiting that counts as success; it is told all the same.
type waited struct{ *executor.Incomplete }

// names are those of the person at work, by the machine and by git.
func (c *cli) names() []string { return append(config.GitUser(c.dir), c.Self.Who) }
