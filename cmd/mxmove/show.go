package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/planner"
)

func newShowCommand(c *cli) *cobra.Command {
	var o planOptions
	cmd := c.command("show FILE", codesState, []string{"show acme.plan", "show acme.snapshot", "show acme.plan --full", "show acme.plan --format html", "show acme.plan --json"},
		cobra.ExactArgs(1), func(_ context.Context, args []string) error { return runShow(c, o, args[0]) })
	o.shape.flags(c, cmd.Flags())
	return cmd
}

func runShow(c *cli, o planOptions, name string) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return fileFault(name, err)
	}
	if planner.IsSnapshot(b) {
		file, err := planner.DecodeSnapshot(b)
		if err != nil {
			return err
		}
		return c.showSnapshot(name, file, o)
	}
	plan, err := planner.Decode(b)
	if err != nil {
		return err
	}
	c.adopt(plan.Spec.Migration.Language)
	o.out = name
	return c.showPlan(plan, o)
}
