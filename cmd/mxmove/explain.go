package main

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner/render"
)

func newExplainCommand(c *cli) *cobra.Command {
	return c.command("explain [BLOCK[.ATTRIBUTE] | CODE]", codesPlain,
		[]string{"explain", "explain cutover.zone", "explain cutover.zone.mx", "explain roster.duplicate"}, cobra.MaximumNArgs(1),
		func(_ context.Context, args []string) error { return runExplain(c, strings.Join(args, "")) })
}

func runExplain(c *cli, topic string) error {
	words, err := config.Explain(c.cat.Lang(), topic)
	if err != nil {
		return err
	}
	_, err = io.WriteString(c.Stdout, folded(words, c.options().Width))
	return err
}

// folded breaks lines that are too wide; what follows stands below, indented.
func folded(words string, width int) string {
	var b strings.Builder
	for line := range strings.Lines(words) {
		line = strings.TrimSuffix(line, "\n")
		bare := strings.TrimLeft(line, " ")
		indent := len(line) - len(bare)
		if cells().StringWidth(line) <= width {
			b.WriteString(line + "\n")
			continue
		}
		for i, part := range render.Wrap(bare, width-indent-2) {
			if i == 1 {
				indent += 2
			}
			b.WriteString(strings.Repeat(" ", indent) + part + "\n")
		}
	}
	return b.String()
}
