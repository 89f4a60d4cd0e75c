package main

import (
	"context"
	_ "embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/executor"
)

//go:embed starter/migration.hcl
var starter string

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
	cmd.Flags().StringVar(&o.source, "source", "imap.old.example", c.cat.T("cmd.init.flag.source"))
	cmd.Flags().StringVar(&o.target, "target", "imap.new.example", c.cat.T("cmd.init.flag.target"))
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
	dir := ".mxmove"
	switch {
	case loaded.Spec != nil:
		dir = loaded.Spec.Migration.State
	case !fresh:
		return &invalid{found, loaded.Files}
	}
	state, err := executor.InitState(c.dir, dir)
	if err != nil {
		return err
	}
	if err := c.ignore(state.Dir); err != nil {
		return err
	}
	if err := c.say("cmd.init.state", "dir", state.Dir, "file", c.beside(executor.LineageFile), "lineage", state.Lineage); err != nil {
		return err
	}
	if fresh {
		return c.say("cmd.init.next.edit", "file", c.beside("migration.hcl"))
	}
	return c.say("cmd.init.next.plan")
}

func (c *cli) writeStarter(o initOptions) error {
	domain, err := config.Canonical("postmaster@" + o.domain)
	if err != nil {
		return &usageError{err}
	}
	_, domain, _ = strings.Cut(domain, "@")
	name, _, _ := strings.Cut(domain, ".")
	words := []string{"$domain", domain, "$name", name, "$source", o.source, "$target", o.target, "$language", string(c.cat.Lang())}
	for _, comment := range []string{"head", "port", "login", "roster", "history"} {
		words = append(words, "$"+comment, c.cat.T("cmd.init.comment."+comment))
	}
	spec := config.Format([]byte(strings.NewReplacer(words...).Replace(starter)))
	files := []struct{ name, content string }{
		{"migration.hcl", string(spec)},
		{"members.csv", "address,name,department,source_password,target_password\n"},
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return fileFault(c.dir, err)
	}
	for _, f := range files {
		made, err := create(c.beside(f.name), f.content)
		if err != nil {
			return err
		}
		if made {
			if err := c.say("cmd.init.made", "file", c.beside(f.name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// create makes a file that only its owner reads, since passwords may come into
// it; one that exists stays.
func create(name, content string) (bool, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err == nil {
		_, err = f.WriteString(content)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return false, fileFault(name, err)
	}
	return true, nil
}

// ignore keeps the state directory and plan files, which name people, out of
// version control.
func (c *cli) ignore(state string) error {
	name := c.beside(".gitignore")
	b, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fileFault(name, err)
	}
	lines := strings.Split(string(b), "\n")
	want := []string{"*.plan"}
	if abs, err := filepath.Abs(c.dir); err == nil {
		if rel, err := filepath.Rel(abs, state); err == nil && filepath.IsLocal(rel) {
			want = append(want, "/"+filepath.ToSlash(rel)+"/")
		}
	}
	add := ""
	for _, w := range want {
		if !slices.Contains(lines, w) {
			add += w + "\n"
		}
	}
	if add == "" {
		return nil
	}
	if len(b) > 0 && !strings.HasSuffix(string(b), "\n") {
		add = "\n" + add
	}
	if err := os.WriteFile(name, append(b, add...), 0o644); err != nil {
		return fileFault(name, err)
	}
	return nil
}
