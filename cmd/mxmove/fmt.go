package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config"
)

type fmtOptions struct{ check bool }

func newFmtCommand(c *cli) *cobra.Command {
	var o fmtOptions
	cmd := c.command("fmt [--check]", codesCheck, []string{"fmt", "fmt --check"}, cobra.NoArgs,
		func(context.Context, []string) error { return runFmt(c, o) })
	cmd.Flags().BoolVar(&o.check, "check", false, c.cat.T("cmd.fmt.flag.check"))
	return cmd
}

func runFmt(c *cli, o fmtOptions) error {
	names, err := filepath.Glob(filepath.Join(c.dir, "*.hcl"))
	if err != nil {
		return fileFault(c.dir, err)
	}
	if len(names) == 0 {
		return fileFault(filepath.Join(c.dir, "*.hcl"), os.ErrNotExist)
	}
	slices.Sort(names)
	changed := false
	for _, name := range names {
		did, err := formatFile(name, o.check)
		if err != nil {
			return err
		}
		if did {
			changed = true
			fmt.Fprintln(c.Stdout, name)
		}
	}
	if changed && o.check {
		return errChanges
	}
	return nil
}

// formatFile reports whether the file's layout is, or was, another.
func formatFile(name string, check bool) (bool, error) {
	src, err := os.ReadFile(name)
	if err != nil {
		return false, fileFault(name, err)
	}
	out := config.Format(src)
	if bytes.Equal(src, out) {
		return false, nil
	}
	if check {
		return true, nil
	}
	return true, writeFile(name, out, 0o600)
}
