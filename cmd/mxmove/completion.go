package main

import (
	"context"

	"github.com/spf13/cobra"
)

func newCompletionCommand(c *cli) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	var cmd *cobra.Command
	cmd = c.command("completion bash|zsh|fish|powershell", codesPlain,
		[]string{"completion bash > /etc/bash_completion.d/mxmove", "completion zsh > \"${fpath[1]}/_mxmove\""},
		cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		func(_ context.Context, args []string) error { return writeCompletion(c, cmd.Root(), args[0]) })
	cmd.ValidArgs = shells
	return cmd
}

func writeCompletion(c *cli, root *cobra.Command, shell string) error {
	switch shell {
	case "bash":
		return root.GenBashCompletionV2(c.Stdout, true)
	case "zsh":
		return root.GenZshCompletion(c.Stdout)
	case "fish":
		return root.GenFishCompletion(c.Stdout, true)
	}
	return root.GenPowerShellCompletionWithDesc(c.Stdout)
}
