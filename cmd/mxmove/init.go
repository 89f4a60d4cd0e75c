package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
)

type initOptions struct {
	vars                   variables
	domain, source, target string
}

func newInitCommand(c *cli) *cobra.Command {
	var o initOptions
	cmd := c.command("init", codesState, []string{"init", "init --dir acme --domain acme.test --source imap.old.test --target imap.new.test"},
		cobra.NoArgs, func(context.Context, []string) error { return runInit(c, o) })
	o.vars.flags(c, cmd)
	cmd.Flags().StringVar(&o.domain, "domain", "example.com", c.cat.T("cmd.init.flag.domain"))
	cmd.Flags().StringVar(&o.source, "source", "", c.cat.T("cmd.init.flag.source"))
	cmd.Flags().StringVar(&o.target, "target", "", c.cat.T("cmd.init.flag.target"))
	return cmd
}

// runInit writes a first spec where there is none, and makes the state
// directory with its lineage. What exists is kept.
func runInit(c *cli, o initOptions) error {
	specs, err := filepath.Glob(filepath.Join(c.dir, "*.hcl"))
	if err != nil {
		return fileFault(c.dir, err)
	}
	fresh := len(specs) == 0
	if fresh {
		if err := c.writeStarter(o); err != nil {
			return err
		}
	}
	loaded, found, err := c.read(o.vars)
	if err != nil {
		return err
	}
	if loaded.Spec == nil {
		return &invalid{found: found, files: loaded.Files}
	}
	state, err := executor.InitState(c.dir, loaded.Spec.Migration.State)
	if err != nil {
		return err
	}
	if err := c.ignore("*.plan", c.ignored(state.Dir)); err != nil {
		return err
	}
	if err := c.say("cmd.init.state", "dir", state.Dir, "file", c.beside(executor.LineageFile), "lineage", state.Lineage); err != nil {
		return err
	}
	if fresh {
		return c.say("cmd.init.next.edit", "file", c.beside("main.hcl"))
	}
	return c.say("cmd.init.next.plan")
}

// writeStarter writes the first files: what is to be kept out of version
// control comes before it is there, and main.hcl, which tells that all are, last.
func (c *cli) writeStarter(o initOptions) error {
	domain, err := config.Canonical("postmaster@" + o.domain)
	var bad *config.AddressError
	if errors.As(err, &bad) {
		bad.Args["address"] = o.domain
		return &planner.Fault{Msg: bad.Msg, Class: planner.Internal}
	}
	_, domain, _ = strings.Cut(domain, "@")
	files := config.Starter(c.cat.Lang(), domain, o.source, o.target)
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return fileFault(c.dir, err)
	}
	if err := c.ignore(strings.Split(strings.TrimSpace(string(files[".gitignore"])), "\n")...); err != nil {
		return err
	}
	for _, name := range []string{"members.csv", "main.hcl"} {
		made, err := create(c.beside(name), files[name])
		if err != nil {
			return err
		}
		if made {
			if err := c.say("cmd.init.made", "file", c.beside(name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// ignored is how .gitignore names a directory; "": it is not below the spec's.
func (c *cli) ignored(dir string) string {
	abs, err := filepath.Abs(c.dir)
	if err != nil {
		return ""
	}
	if rel, err := filepath.Rel(abs, dir); err == nil && filepath.IsLocal(rel) {
		return "/" + filepath.ToSlash(rel) + "/"
	}
	return ""
}

// ignore keeps the state directory and other files, such as plans, which name
// people, out of version control.
func (c *cli) ignore(want ...string) error {
	name := c.beside(".gitignore")
	b, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fileFault(name, err)
	}
	lines, add := strings.Split(string(b), "\n"), ""
	for _, w := range want {
		if w != "" && !slices.Contains(lines, w) && !slices.Contains(lines, strings.TrimPrefix(w, "/")) {
			lines, add = append(lines, w), add+w+"\n"
		}
	}
	if add == "" {
		return nil
	}
	if len(b) > 0 && !strings.HasSuffix(string(b), "\n") {
		add = "\n" + add
	}
	return writeFile(name, append(b, add...), 0o644)
}
