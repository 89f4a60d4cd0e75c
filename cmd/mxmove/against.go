package main

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

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
	var file *planner.SnapshotFile
	var unread error
	var both sync.WaitGroup
	both.Go(func() { file, unread = planner.DecodeSnapshot(b) })
	loaded, found, err := c.read(o.vars)
	both.Wait()
	if err = cmp.Or(unread, err); err != nil {
		return err
	}
	if loaded.Spec == nil {
		return &invalid{found: found, files: loaded.Files}
	}
	if err := c.sameMigration(file); err != nil {
		return err
	}
	o.at = fixed(file.Observed.At)
	if err := c.ageOf(o); err != nil {
		return err
	}
	spec, err := file.SpecFor(loaded.Spec)
	if err != nil {
		return err
	}
	if !o.data() {
		if err := c.sayAgainst(o, file.Salt != ""); err != nil {
			return err
		}
	}
	o.doing = o.out == "" || file.Salt != "" // there is nothing to apply
	plan := planner.BuildBy(c.Version, spec, file.Observed, o.at)
	if o.reverse {
		if plan, err = c.turned(plan, o.at); err != nil {
			return err
		}
	}
	if err := c.toldOffline(plan, found, file.Salt != ""); err != nil {
		return err
	}
	return c.givePlan(plan, o)
}

// toldOffline tells of the spec's warnings: a masked plan must not hold them,
// they have names.
func (c *cli) toldOffline(plan *planner.Plan, found []config.Finding, masked bool) error {
	if masked {
		return c.warned(withoutSecrets(found))
	}
	c.withWarnings(plan, found)
	return nil
}

// withoutSecrets leaves out the warnings about secrets that are not here, for
// commands that need none.
func withoutSecrets(found []config.Finding) []config.Finding {
	return slices.DeleteFunc(slices.Clone(found), ofSecret)
}

func onlySecrets(found []config.Finding) []config.Finding {
	return slices.DeleteFunc(slices.Clone(found), func(f config.Finding) bool { return !ofSecret(f) })
}

func ofSecret(f config.Finding) bool {
	return f.Severity == config.Warning && strings.HasPrefix(f.Code, "secret.")
}

func (c *cli) sayAgainst(o planOptions, masked bool) error {
	code := "cmd.plan.against"
	if masked {
		code = "cmd.plan.against-masked"
	}
	return c.wrapped(c.Stdout, code, "file", o.against, "at", o.at.Format(momentForm))
}

// fixed is a moment with the offset that it was written with and no other:
// read where that offset is the local one, it would follow the local summer time.
func fixed(at time.Time) time.Time {
	_, offset := at.Zone()
	return at.In(time.FixedZone("", offset))
}

// ageOf refuses a snapshot that is older than was asked for, and warns of one
// that no plan may be applied from any more. A plan from a snapshot is reckoned
// as of its observation, so that is said here and not in the plan.
func (c *cli) ageOf(o planOptions) error {
	age := c.Now().Sub(o.at)
	pairs := []string{"file", o.against, "at", o.at.Format(momentForm), "age", render.Duration(c.cat, age)}
	if o.maxAge > 0 && age > o.maxAge {
		return refuse("snapshot.old", append(pairs, "most", render.Duration(c.cat, o.maxAge))...)
	}
	if age <= planner.ValidFor {
		return nil
	}
	return c.wrapped(c.Stderr, "cmd.plan.against-old", pairs...)
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
