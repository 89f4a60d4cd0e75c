package main

import (
	"cmp"
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

type planOptions struct {
	shape
	vars     variables
	out      string
	detailed bool
	reverse  bool // the way back
	doing    bool // no next command: apply shows it, or nothing can be applied
	against  string
	maxAge   time.Duration // of the snapshot; 0: any
	refresh  bool          // look at every mailbox, whatever is remembered of it
	at       time.Time     // times are reckoned from here; zero: from now
}

func newPlanCommand(c *cli) *cobra.Command {
	var o planOptions
	cmd := c.command("plan [--out FILE] [--reverse] [--against SNAPSHOT]", codesPlan,
		[]string{"plan --out acme.plan", "plan --full", "plan --refresh", "plan --format markdown --since last.plan", "plan --against acme.snapshot", "plan --reverse --out back.plan", "plan --detailed-exitcode --json"}, cobra.NoArgs,
		func(ctx context.Context, _ []string) error { return runPlan(ctx, c, o) })
	o.vars.flags(c, cmd)
	cmd.Flags().StringVar(&o.out, "out", "", c.cat.T("cmd.plan.flag.out"))
	cmd.Flags().StringVar(&o.against, "against", "", c.cat.T("cmd.plan.flag.against"))
	cmd.Flags().BoolVar(&o.reverse, "reverse", false, c.cat.T("cmd.plan.flag.reverse"))
	cmd.Flags().DurationVar(&o.maxAge, "max-age", 0, c.cat.T("cmd.plan.flag.max-age"))
	cmd.Flags().BoolVar(&o.refresh, "refresh", false, c.cat.T("cmd.plan.flag.refresh"))
	cmd.MarkFlagsMutuallyExclusive("refresh", "against")
	cmd.Flags().BoolVar(&o.detailed, "detailed-exitcode", false, c.cat.T("cmd.plan.flag.detailed"))
	o.shape.flags(c, cmd.Flags())
	return cmd
}

func runPlan(ctx context.Context, c *cli, o planOptions) error {
	if o.against != "" {
		return runAgainst(c, o)
	}
	loaded, found, err := c.sound(o.vars)
	if err != nil {
		return err
	}
	before, err := zonesSince(o.since)
	if err != nil {
		return err
	}
	state, w, err := c.openSince(loaded.Spec, loaded.Secrets, before)
	if err != nil {
		return err
	}
	depth := planner.Recent
	if o.refresh || o.reverse { // the way back is told by what arrived since
		depth = planner.Signed
	}
	plan, err := c.build(ctx, loaded.Spec, state, w, depth)
	if err == nil && o.reverse {
		plan, err = c.turned(plan, c.Now())
	}
	if err != nil {
		return err
	}
	c.withWarnings(plan, found)
	if err := c.warned(onlySecrets(found)); err != nil {
		return err
	}
	unseen := unreached(plan.Observed)
	o.doing = o.doing || unseen != nil
	return cmp.Or(c.givePlan(plan, o), unseen)
}

// zonesSince are the domains as an earlier plan saw them.
func zonesSince(file string) ([]planner.Zone, error) {
	if file == "" {
		return nil, nil
	}
	earlier, err := readPlan(file)
	if err != nil {
		return nil, err
	}
	return earlier.Observed.Zones, nil
}

// unreached is a server that could not be looked at: then a plan is shown, but
// it is no answer to what is there.
func unreached(seen planner.Snapshot) error {
	for _, side := range []planner.Side{seen.Target, seen.Source} {
		if side.Seen.Err != nil {
			return &planner.Fault{Msg: text.M("cmd.plan.unreached", "server", string(side.Endpoint)), Class: planner.Unreachable}
		}
	}
	return nil
}

func (c *cli) givePlan(plan *planner.Plan, o planOptions) error {
	if o.out != "" {
		if err := writePlan(o.out, plan); err != nil {
			return err
		}
	}
	if err := c.showPlan(plan, o); err != nil {
		return err
	}
	if o.detailed && hasWork(plan) {
		return errChanges
	}
	return nil
}

func (c *cli) showPlan(plan *planner.Plan, o planOptions) error {
	opt := c.options()
	opt.File, opt.Doing = o.out, o.doing
	if !o.at.IsZero() {
		opt.Now, opt.AsSeen = o.at, true
	}
	return c.write(plan, o.shape, opt)
}
