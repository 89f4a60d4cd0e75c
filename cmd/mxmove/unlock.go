package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/executor"
)

type unlockOptions struct {
	vars  variables
	force bool
}

func newUnlockCommand(c *cli) *cobra.Command {
	var o unlockOptions
	cmd := c.command("unlock [--force]", codesState, []string{"unlock", "unlock --force"}, cobra.NoArgs,
		func(context.Context, []string) error { return runUnlock(c, o) })
	o.vars.flags(c, cmd)
	cmd.Flags().BoolVar(&o.force, "force", false, c.cat.T("cmd.unlock.flag.force"))
	return cmd
}

func runUnlock(c *cli, o unlockOptions) error {
	loaded, err := c.load(o.vars)
	if err != nil {
		return err
	}
	state, err := executor.OpenState(c.dir, loaded.Spec.Migration.State)
	if err != nil {
		return err
	}
	self, still := c.self("unlock")
	defer still()
	held, err := executor.Unlock(state, self, o.force)
	if err != nil {
		return err
	}
	if held == nil {
		return c.say("cmd.unlock.none")
	}
	fmt.Fprintln(c.Stdout, c.cat.Text(held.Msg()))
	return c.say("cmd.unlock.done")
}
