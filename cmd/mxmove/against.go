package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

// runAgainst plans from a snapshot: no service is asked, no secret is needed,
// no state directory is read or made.
func runAgainst(c *cli, o planOptions) error {
	b, err := os.ReadFile(o.against)
	if err != nil {
		return fileFault(o.against, err)
	}
	file, err := planner.DecodeSnapshot(b)
	if err != nil {
		return err
	}
	spec, err := c.loadOffline(o.vars)
	if err != nil {
		return err
	}
	if err := c.sameMigration(file); err != nil {
		return err
	}
	if spec, err = file.SpecFor(spec); err != nil {
		return err
	}
	if !o.data() {
		if err := c.sayAgainst(o.against, file); err != nil {
			return err
		}
	}
	o.doing = o.out == "" || file.Salt != "" // there is nothing to apply
	plan := planner.Build(spec, file.Observed, c.Now())
	plan.Stamp(c.Version)
	return c.givePlan(plan, o)
}

// loadOffline is load without the warnings about secrets that are not here.
func (c *cli) loadOffline(v variables) (*config.Spec, error) {
	loaded, found, err := c.read(v)
	if err != nil {
		return nil, err
	}
	if loaded.Spec == nil {
		return nil, &invalid{found, loaded.Files}
	}
	return loaded.Spec, render.Findings(c.Stderr, c.cat, loaded.Files, withoutSecrets(found), c.options())
}

// withoutSecrets leaves out the warnings about secrets that are not here, for
// commands that need none.
func withoutSecrets(found []config.Finding) []config.Finding {
	return slices.DeleteFunc(found, func(f config.Finding) bool {
		return f.Severity == config.Warning && strings.HasPrefix(f.Code, "secret.")
	})
}

func (c *cli) sayAgainst(name string, file *planner.SnapshotFile) error {
	code := "cmd.plan.against"
	if file.Salt != "" {
		code = "cmd.plan.against-masked"
	}
	return c.say(code, "file", name, "at", file.Observed.At.Format(momentForm))
}

// sameMigration refuses a snapshot of another lineage than the one that is
// committed beside the spec. Where none is, there is nothing to compare.
func (c *cli) sameMigration(file *planner.SnapshotFile) error {
	name := c.beside(executor.LineageFile)
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fileFault(name, err)
	}
	lineage := string(bytes.TrimSpace(b))
	if file.Lineage(lineage) == file.Observed.Lineage {
		return nil
	}
	return &planner.Refused{Msg: text.M("snapshot.other", "lineage", file.Lineage(lineage), "found", file.Observed.Lineage)}
}
