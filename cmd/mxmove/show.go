package main

import (
	"context"

	"github.com/spf13/cobra"
)

func newShowCommand(c *cli) *cobra.Command {
	var o planOptions
	cmd := c.command("show PLAN", codesState, []string{"show acme.plan", "show acme.plan --full", "show acme.plan --json"},
		cobra.ExactArgs(1), func(_ context.Context, args []string) error { return runShow(c, o, args[0]) })
	cmd.Flags().BoolVar(&o.json, "json", false, c.cat.T("cmd.flag.json"))
	cmd.Flags().BoolVar(&o.full, "full", false, c.cat.T("cmd.plan.flag.full"))
	return cmd
}

func runShow(c *cli, o planOptions, name string) error {
	plan, err := readPlan(name)
	if err != nil {
		return err
	}
	c.adopt(plan.Spec.Migration.Language)
	o.out = name
	return c.showPlan(plan, o)
}
