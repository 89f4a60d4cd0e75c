package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/cmd/mxmove/demo"
	"github.com/mxmove/mxmove/executor"
)

func newDemoCommand(c *cli) *cobra.Command {
	keep := false
	cmd := c.command("demo [--keep]", codesApply, []string{"demo", "demo --keep"}, cobra.NoArgs,
		func(ctx context.Context, _ []string) error { return runDemo(ctx, c, keep) })
	cmd.Flags().BoolVar(&keep, "keep", false, c.cat.T("cmd.demo.flag.keep"))
	return cmd
}

// typed is what a person types in a demo: a command, with a remark before it.
type typed struct {
	remark string // catalogue code
	args   []string
	before func() // what happens in the office first; may be nil
}

func script(s *demo.Services) []typed {
	const file = "acme.plan"
	return []typed{
		{"cmd.demo.init", []string{"init"}, nil},
		{"cmd.demo.validate", []string{"validate"}, nil},
		{"cmd.demo.plan", []string{"plan", "--out", file}, nil},
		{"cmd.demo.apply", []string{"apply", file}, nil},
		{"cmd.demo.again", []string{"apply", "--yes"}, s.Meanwhile},
		{"cmd.demo.verify", []string{"verify"}, nil},
		{"cmd.demo.status", []string{"status", "--all"}, nil},
	}
}

// runDemo starts two mail services, writes the migration of one into the other
// into a directory, and types the commands of a migration there.
func runDemo(ctx context.Context, c *cli, keep bool) (err error) {
	services, err := demo.Start(c.Now)
	if err != nil {
		return err
	}
	defer services.Close()
	dir, err := os.MkdirTemp("", "mxmove-demo-")
	if err != nil {
		return fileFault(os.TempDir(), err)
	}
	if !keep {
		defer os.RemoveAll(dir)
	}
	if err := services.Write(dir); err != nil {
		return fileFault(dir, err)
	}
	if err := c.say("cmd.demo.begin", "messages", strconv.Itoa(services.Messages(services.Old)), "dir", dir); err != nil {
		return err
	}
	for _, t := range script(services) {
		if err := c.typing(ctx, dir, t); err != nil {
			return err
		}
	}
	code := "cmd.demo.end"
	if keep {
		code = "cmd.demo.kept"
	}
	fmt.Fprintln(c.Stdout)
	return c.say(code, "dir", dir, "old", strconv.Itoa(services.Messages(services.Old)), "new", strconv.Itoa(services.Messages(services.New)))
}

// typing shows a command as it would be typed in dir and carries it out.
func (c *cli) typing(ctx context.Context, dir string, t typed) error {
	if t.before != nil {
		t.before()
	}
	fmt.Fprintf(c.Stdout, "\n# %s\n$ mxmove %s\n", c.cat.T(t.remark), strings.Join(t.args, " "))
	args := slices.Clone(t.args)
	for i, a := range args {
		if strings.HasSuffix(a, ".plan") {
			args[i] = filepath.Join(dir, a)
		}
	}
	args = append(args, "--dir", dir, "--lang", string(c.cat.Lang()))
	if code := run(ctx, c.env, args); code != executor.ExitDone {
		return &exited{code}
	}
	return nil
}
