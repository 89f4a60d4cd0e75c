package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
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

// load is read for commands that need a spec without errors. How many warnings
// there are is told on Stderr.
func (c *cli) load(v variables) (*config.Loaded, error) {
	loaded, found, err := c.sound(v)
	if err != nil {
		return nil, err
	}
	return loaded, c.warned(found)
}

// sound is read for specs without errors.
func (c *cli) sound(v variables) (*config.Loaded, []config.Finding, error) {
	loaded, found, err := c.read(v)
	if err == nil && loaded.Spec == nil {
		err = &invalid{found: found, files: loaded.Files}
	}
	return loaded, found, err
}

// warned tells in one line which warnings a spec has; validate tells them in full.
func (c *cli) warned(found []config.Finding) error {
	if len(found) == 0 {
		return nil
	}
	n := map[string]int{}
	var codes []string
	for _, f := range found {
		if n[f.Code]++; n[f.Code] == 1 {
			codes = append(codes, f.Code)
		}
	}
	for i, code := range codes {
		codes[i] = c.cat.T("cmd.warned.code", "code", code, "n", render.Count(n[code]))
	}
	return c.wrapped(c.Stderr, "cmd.warned", "n", render.Count(len(found)), "codes", strings.Join(codes, c.cat.T("render.comma")))
}

// withWarnings adds to a plan what loading its spec warned of, so that every
// rendering tells it. Secrets that are missing on this machine are not the
// plan's, and who has no password is seen by the spec in it.
func (c *cli) withWarnings(plan *planner.Plan, found []config.Finding) {
	found = slices.DeleteFunc(withoutSecrets(slices.Clone(found)), func(f config.Finding) bool { return f.Code == "roster.password" })
	if len(found) > 0 {
		plan.Findings = append(plan.Findings, found...)
		plan.Stamp(c.Version)
	}
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

func hasWork(p *planner.Plan) bool {
	for _, s := range p.Steps {
		if s.Work {
			return true
		}
	}
	return false
}
