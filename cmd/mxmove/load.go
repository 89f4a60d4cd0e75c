package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

// variables are the values of the spec's variables on the command line.
type variables struct{ values, files []string }

func (v *variables) flags(c *cli, cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&v.values, "var", nil, c.cat.T("cmd.flag.var"))
	cmd.Flags().StringArrayVar(&v.files, "var-file", nil, c.cat.T("cmd.flag.var-file"))
}

func (v *variables) parse() (map[string]string, error) {
	vars := map[string]string{}
	for _, s := range v.values {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return nil, &planner.Fault{Msg: text.M("cmd.var", "name", name)}
		}
		vars[name] = value
	}
	return vars, nil
}

// read loads the spec's directory, whatever is found in it.
func (c *cli) read(v variables) (*config.Loaded, []config.Finding, error) { return c.readAs(v, nil) }

// readAs is read with other contents of some files.
func (c *cli) readAs(v variables, instead map[string][]byte) (*config.Loaded, []config.Finding, error) {
	vars, err := v.parse()
	if err != nil {
		return nil, nil, err
	}
	loaded, found := config.Load(config.Options{Dir: c.dir, Version: c.Version, Vars: vars, VarFiles: v.files, Getenv: c.Getenv, Instead: instead})
	c.adopt(loaded.Language)
	return loaded, found, nil
}

// load is read for commands that need a spec without errors. Warnings are
// told on Stderr.
func (c *cli) load(v variables) (*config.Loaded, error) {
	loaded, found, err := c.read(v)
	if err != nil {
		return nil, err
	}
	if loaded.Spec == nil {
		return nil, &invalid{found, loaded.Files}
	}
	return loaded, render.Findings(c.Stderr, c.cat, loaded.Files, found, c.options())
}

// open opens the state directory and the services of a spec.
func (c *cli) open(spec *config.Spec, secrets *config.Secrets) (*executor.State, world, error) {
	return c.openSince(spec, secrets, nil)
}

// openSince holds domains against what an earlier plan saw.
func (c *cli) openSince(spec *config.Spec, secrets *config.Secrets, before []planner.Zone) (*executor.State, world, error) {
	state, err := executor.OpenState(c.dir, spec.Migration.State)
	if err != nil {
		return nil, nil, err
	}
	if m := spec.Migration.Mirror; m != "" {
		state.Mirror = m
		if !filepath.IsAbs(m) {
			state.Mirror = c.beside(m)
		}
	}
	secrets.Hide(spec)
	w, err := c.OpenWorld(opening{Spec: spec, Secrets: secrets, SpecDir: c.dir, State: state,
		Environ: secrets.Children(c.Environ()), Version: c.Version, Now: c.Now, Sleep: c.Sleep, DNS: c.DNS, Before: before})
	return state, w, err
}

// build looks at the world and compares.
func (c *cli) build(ctx context.Context, spec *config.Spec, state *executor.State, w world, depth planner.Depth) (*planner.Plan, error) {
	snap, err := executor.Observe(ctx, w, state, depth)
	if err == nil {
		err = ctx.Err() // what was not seen for that reason is no finding
	}
	if err != nil {
		return nil, err
	}
	plan := planner.BuildBy(c.Version, spec, snap, c.Now())
	if spec.Cutover != nil {
		plan.PlannedBy = append(c.names(), config.GitAuthor(c.dir)...)
		plan.Stamp(c.Version)
	}
	return plan, nil
}

// self is this process, about to carry out a command. The second result ends
// its heartbeat.
func (c *cli) self(command string) (executor.Self, func()) {
	self := c.Self
	self.Command = "mxmove " + command
	beats, stop := c.Tick(executor.Beat)
	self.Beats = beats
	return self, stop
}

func readPlan(name string) (*planner.Plan, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fileFault(name, err)
	}
	return planner.Decode(b)
}

// fileFault tells of a file that a person named.
func fileFault(name string, err error) error {
	return &planner.Fault{Msg: text.M("cmd.file", "file", name, "error", err.Error()), Class: planner.Internal}
}

func hasWork(p *planner.Plan) bool {
	for _, s := range p.Steps {
		if s.Work {
			return true
		}
	}
	return false
}
