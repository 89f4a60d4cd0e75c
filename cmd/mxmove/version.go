package main

import (
	"context"
	"runtime"

	"github.com/spf13/cobra"
)

func newVersionCommand(c *cli) *cobra.Command {
	asJSON := false
	cmd := c.command("version [--json]", codesPlain, []string{"version", "version --json"}, cobra.NoArgs,
		func(context.Context, []string) error { return runVersion(c, asJSON) })
	cmd.Flags().BoolVar(&asJSON, "json", false, c.cat.T("cmd.flag.json"))
	return cmd
}

func runVersion(c *cli, asJSON bool) error {
	if asJSON {
		return writeJSON(c, map[string]string{"version": c.Version, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH})
	}
	return c.say("cmd.version", "version", c.Version, "go", runtime.Version(), "platform", runtime.GOOS+"/"+runtime.GOARCH)
}
