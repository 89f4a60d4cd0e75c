package main

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// usageTemplate is cobra's, in the catalogue's words.
func usageTemplate(cat *text.Catalogue) string {
	return strings.NewReplacer("$usage", cat.T("cmd.help.usage"), "$examples", cat.T("cmd.help.examples"),
		"$commands", cat.T("cmd.help.commands"), "$flags", cat.T("cmd.help.flags"), "$global", cat.T("cmd.help.global"),
		"$more", cat.T("cmd.help.more")).Replace(`$usage
  {{.UseLine}}{{if .HasExample}}

$examples
{{.Example}}{{end}}{{if .HasAvailableSubCommands}}

$commands{{range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

$flags
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableInheritedFlags}}

$global
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableSubCommands}}

$more{{end}}
`)
}

// command makes a command from the catalogue's cmd.NAME.short and .long, with
// its examples and the exit codes it can give.
func (c *cli) command(use string, codes []int, examples []string, args cobra.PositionalArgs, do func(context.Context, []string) error) *cobra.Command {
	name, _, _ := strings.Cut(use, " ")
	return &cobra.Command{
		Use: use, Short: c.cat.T("cmd." + name + ".short"),
		Long:    c.cat.T("cmd."+name+".long") + "\n\n" + exitCodes(c.cat, codes),
		Example: "  mxmove " + strings.Join(examples, "\n  mxmove "),
		Args: func(cmd *cobra.Command, given []string) error {
			if err := args(cmd, given); err != nil {
				return &planner.Fault{Msg: text.M("cmd.arguments", "command", cmd.CommandPath(), "usage", cmd.UseLine(),
					"given", cmp.Or(strings.Join(given, " "), "-")), Class: planner.Internal}
			}
			return c.spoken()
		},
		RunE: func(cmd *cobra.Command, given []string) error {
			ctx, cancel := c.interruptible(cmd.Context(), name)
			defer cancel()
			return do(ctx, given)
		},
		DisableFlagsInUseLine: true,
	}
}

// interruptible ends with the first interrupt, but for apply and rollback, which then stop
// by themselves, and the demo, whose commands are told one by one.
func (c *cli) interruptible(ctx context.Context, name string) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	if name == "apply" || name == "rollback" || name == "demo" {
		return ctx, cancel
	}
	go func() {
		select {
		case <-c.Stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

func exitCodes(cat *text.Catalogue, codes []int) string {
	lines := []string{cat.T("cmd.help.exit")}
	for _, code := range codes {
		lines = append(lines, fmt.Sprintf("  %d  %s", code, cat.T("cmd.exit."+strconv.Itoa(code))))
	}
	return strings.Join(lines, "\n")
}

// flagNames are the flags in cobra's list of them.
var flagNames = regexp.MustCompile(`(?m)^ +(?:-\w, )?(--[a-z-]+)`)

// noSuchFlag names the flags that begin alike, or else all.
func noSuchFlag(cmd *cobra.Command, err error) error {
	name, unknown := strings.CutPrefix(err.Error(), "unknown flag: ")
	if !unknown {
		return &usageError{err}
	}
	var alike, all []string
	for _, m := range flagNames.FindAllStringSubmatch(cmd.Flags().FlagUsages(), -1) {
		all = append(all, m[1])
		if strings.HasPrefix(m[1], name[:min(len(name), len("--xx"))]) {
			alike = append(alike, m[1])
		}
	}
	if len(alike) == 0 {
		alike = all
	}
	return &planner.Fault{Msg: text.M("cmd.flag-unknown", "flag", name, "flags", strings.Join(alike, ", "), "command", cmd.CommandPath()),
		Class: planner.Internal}
}

// noSuchCommand refuses what is no command and names those that are spelled
// alike.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return &unknownError{args[0], cmd.SuggestionsFor(args[0])}
}

func newHelpCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: c.cat.T("cmd.help.short"),
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return noSuchCommand(cmd.Root(), args)
			}
			return about.Help()
		},
	}
}
