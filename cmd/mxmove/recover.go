package main

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
)

type recoverOptions struct {
	vars       variables
	world      bool
	from, plan string
}

func newRecoverCommand(c *cli) *cobra.Command {
	var o recoverOptions
	cmd := c.command("recover", codesState, []string{"recover --from /mnt/nas/mxmove/acme", "recover --world --plan sat.plan"}, cobra.NoArgs,
		func(context.Context, []string) error { return runRecover(c, o) })
	o.vars.flags(c, cmd)
	cmd.Flags().StringVar(&o.from, "from", "", c.cat.T("cmd.recover.flag.from"))
	cmd.Flags().BoolVar(&o.world, "world", false, c.cat.T("cmd.recover.flag.world"))
	cmd.Flags().StringVar(&o.plan, "plan", "", c.cat.T("cmd.recover.flag.plan"))
	cmd.MarkFlagsOneRequired("from", "world")
	cmd.MarkFlagsMutuallyExclusive("from", "world")
	cmd.MarkFlagsMutuallyExclusive("from", "plan")
	return cmd
}

func runRecover(c *cli, o recoverOptions) error {
	loaded, err := c.load(o.vars)
	if err != nil {
		return err
	}
	dir := loaded.Spec.Migration.State
	if o.from != "" {
		state, lines, err := executor.RecoverFrom(c.dir, dir, o.from, c.Now())
		if err != nil {
			return err
		}
		return c.say("cmd.recover.from", "dir", state.Dir, "lines", strconv.Itoa(lines))
	}
	var last *planner.Plan
	if o.plan != "" {
		if last, err = readPlan(o.plan); err != nil {
			return err
		}
	}
	state, kept, err := executor.RecoverWorld(c.dir, dir, last, c.Now())
	if err != nil {
		return err
	}
	return c.say("cmd.recover.world", "dir", state.Dir, "lineage", state.Lineage, "kept", strconv.Itoa(kept), "file", executor.LineageFile)
}
