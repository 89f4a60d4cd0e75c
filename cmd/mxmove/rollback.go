package main

import (
	"cmp"
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/planner"
)

func newRollbackCommand(c *cli) *cobra.Command {
	var o applyOptions
	cmd := c.command("rollback PLAN", codesApply, []string{"rollback back.plan", "rollback back.plan --wait", "rollback back.plan --json"}, cobra.ExactArgs(1),
		func(ctx context.Context, args []string) error {
			through, err := o.last(true)
			if err != nil {
				return err
			}
			return applyFile(ctx, c, o, args[0], through, planner.Reverse)
		})
	o.vars.flags(c, cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, c.cat.T("cmd.apply.flag.json"))
	cmd.Flags().BoolVar(&o.wait, "wait", false, c.cat.T("cmd.rollback.flag.wait"))
	cmd.Flags().StringVar(&o.failOn, "fail-on", "", c.cat.T("cmd.apply.flag.fail-on"))
	return cmd
}

// turned gives the plan of the way back by what a plan has seen. It refuses
// where an act that nobody can take back left nothing behind it to take back.
func (c *cli) turned(p *planner.Plan, now time.Time) (*planner.Plan, error) {
	back := planner.BuildReverseBy(c.Version, p.Spec, p.Observed, now)
	if by := p.WayBack(); !by.Open && len(back.Steps) == 0 {
		at := cmp.Or(by.ClosedAt, p.Observed.At)
		return nil, refuse("back.closed", "step", string(by.ClosedBy), "at", at.In(now.Location()).Format(momentForm))
	}
	if p.PlannedBy != nil {
		back.PlannedBy = p.PlannedBy
		back.Stamp(c.Version)
	}
	return back, nil
}
