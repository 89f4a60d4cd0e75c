package main

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

type approveOptions struct {
	key     string
	expires time.Duration
	yes     bool
}

func newApproveCommand(c *cli) *cobra.Command {
	var o approveOptions
	cmd := c.command("approve PLAN", codesState, []string{"approve acme.plan --key ~/.ssh/id_ed25519", "approve acme.plan --key ~/.ssh/id_ed25519 --expires 72h"},
		cobra.ExactArgs(1), func(ctx context.Context, args []string) error { return runApprove(ctx, c, o, args[0]) })
	cmd.Flags().StringVar(&o.key, "key", "", c.cat.T("cmd.approve.flag.key"))
	cmd.Flags().DurationVar(&o.expires, "expires", 0, c.cat.T("cmd.approve.flag.expires"))
	cmd.Flags().BoolVar(&o.yes, "yes", false, c.cat.T("cmd.approve.flag.yes"))
	cmd.MarkFlagRequired("key")
	return cmd
}

func runApprove(ctx context.Context, c *cli, o approveOptions, file string) error {
	plan, err := c.gatedPlan(file)
	if err != nil {
		return err
	}
	if !o.yes && !c.Terminal() {
		return refuse("cmd.approve.unasked")
	}
	if !o.yes {
		if err := c.write(plan, shape{format: "text"}, c.options()); err != nil {
			return err
		}
		answer, err := c.line(ctx, c.cat.T("cmd.approve.ask", "plan", plan.ID, "gated", plan.Gated()[:16]))
		if err != nil {
			return err
		}
		if answer != plan.ID {
			return refuse("cmd.approve.declined")
		}
	}
	expires := plan.Spec.Cutover.Closes
	if o.expires > 0 {
		expires = c.Now().Add(o.expires)
	}
	a, err := executor.Approve(ctx, c.dir, plan, o.key, c.head(plan), c.Now(), expires)
	if err != nil {
		return err
	}
	return c.say("cmd.approve.done", "name", a.Name, "file", a.File, "gated", a.Gated[:16], "expires", c.stamp(a.Expires))
}

// stamp is a moment in the zone that all screens tell times in.
func (c *cli) stamp(at time.Time) string { return at.In(c.Now().Location()).Format(momentForm) }

// gatedPlan reads a plan that has something to approve.
func (c *cli) gatedPlan(file string) (*planner.Plan, error) {
	plan, err := readPlan(file)
	if err != nil {
		return nil, err
	}
	c.adopt(plan.Spec.Migration.Language)
	if plan.Spec.Cutover == nil {
		return nil, refuse("cmd.approve.nothing", "plan", plan.ID)
	}
	return plan, nil
}

// head is the journal's where the state directory is at hand; an approver may
// well have none.
func (c *cli) head(plan *planner.Plan) executor.JournalHead {
	state, err := executor.OpenState(c.dir, plan.Spec.Migration.State)
	if err != nil || state.Lineage != plan.Lineage {
		return executor.JournalHead{}
	}
	head, err := executor.Head(state)
	if err != nil {
		return executor.JournalHead{}
	}
	return head
}

// approved gives a plan's approvals, those of the person at work not counting.
func (c *cli) approved(plan *planner.Plan) func(context.Context) ([]executor.Approval, error) {
	return func(ctx context.Context) ([]executor.Approval, error) {
		return executor.Approvals(ctx, c.dir, plan, c.Now(), c.names()...)
	}
}

func newApprovalsCommand(c *cli) *cobra.Command {
	return c.command("approvals PLAN", codesCheck, []string{"approvals acme.plan"}, cobra.ExactArgs(1),
		func(ctx context.Context, args []string) error { return runApprovals(ctx, c, args[0]) })
}

// runApprovals lists approvals, and ends with 2 while there are too few.
func runApprovals(ctx context.Context, c *cli, file string) error {
	plan, err := c.gatedPlan(file)
	if err != nil {
		return err
	}
	all, err := executor.Approvals(ctx, c.dir, plan, c.Now())
	if err != nil {
		return err
	}
	n := 0
	var why []config.Finding
	for _, a := range all {
		if !a.Counts() {
			why = append(why, config.Finding{Msg: a.Why, Severity: config.Warning})
			continue
		}
		n++
		if err := c.say("cmd.approvals.counts", "name", a.Name, "at", c.stamp(a.At), "expires", c.stamp(a.Expires),
			"line", strconv.Itoa(a.Journal.Line)); err != nil {
			return err
		}
	}
	if err := render.Findings(c.Stdout, c.cat, nil, why, c.options()); err != nil {
		return err
	}
	want := plan.Spec.Cutover.Approvals
	if err := c.say("cmd.approvals.sum", "n", strconv.Itoa(n), "want", strconv.Itoa(want), "gated", plan.Gated()[:16]); err != nil {
		return err
	}
	if n < want {
		return errChanges
	}
	return nil
}

// countApprovals gives how many approvals of a plan count, as far as can be
// seen: what hinders is apply's to tell.
func (c *cli) countApprovals(plan *planner.Plan) int {
	n := 0
	all, _ := executor.Approvals(context.Background(), c.dir, plan, c.Now())
	for _, a := range all {
		if a.Counts() {
			n++
		}
	}
	return n
}

// planOr reads a plan file, or without one plans by the files at hand.
func (c *cli) planOr(ctx context.Context, v variables, file string) (*planner.Plan, *config.Loaded, *executor.State, world, error) {
	var plan *planner.Plan
	loaded, err := (*config.Loaded)(nil), error(nil)
	if file != "" {
		if plan, err = readPlan(file); err == nil {
			c.adopt(plan.Spec.Migration.Language)
			loaded, _, err = c.read(v)
		}
	} else if loaded, err = c.load(v); err == nil {
		plan = &planner.Plan{Spec: loaded.Spec}
	}
	if err != nil {
		return nil, nil, nil, nil, err
	}
	state, w, err := c.open(plan.Spec, loaded.Secrets)
	if err == nil && file == "" {
		plan, err = c.build(ctx, loaded.Spec, state, w, planner.Recorded)
	}
	return plan, loaded, state, w, err
}
