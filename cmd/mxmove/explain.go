package main

import (
	"context"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner/render"
)

func newExplainCommand(c *cli) *cobra.Command {
	return c.command("explain [BLOCK[.ATTRIBUTE] | CODE]", codesPlain,
		[]string{"explain", "explain cutover.zone", "explain cutover.zone.mx", "explain roster.duplicate", "explain MERGE-03"}, cobra.MaximumNArgs(1),
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

// columnForm is a name with its words in a column beside it.
var columnForm = regexp.MustCompile(`^ +\S+ {2,}`)

// folded breaks lines that are too wide; what follows stands below, in the
// line's column if it has one, else indented.
func folded(words string, width int) string {
	var b strings.Builder
	for line := range strings.Lines(words) {
		line = strings.TrimSuffix(line, "\n")
		if cells().StringWidth(line) <= width {
			b.WriteString(line + "\n")
			continue
		}
		head := columnForm.FindString(line)
		below := len(head)
		if head == "" {
			head = line[:len(line)-len(strings.TrimLeft(line, " "))]
			below = len(head) + 2
		}
		for i, part := range render.Wrap(line[len(head):], width-below) {
			if i == 1 {
				head = strings.Repeat(" ", below)
			}
			b.WriteString(head + part + "\n")
		}
	}
	return b.String()
}
