package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

// momentForm is how moments are written beside a snapshot.
const momentForm = "2006-01-02 15:04 -0700"

type observeOptions struct {
	vars   variables
	out    string
	masked bool
}

func newObserveCommand(c *cli) *cobra.Command {
	var o observeOptions
	cmd := c.command("observe --out FILE [--masked]", codesState,
		[]string{"observe --out acme.snapshot", "observe --out acme.snapshot --masked"}, cobra.NoArgs,
		func(ctx context.Context, _ []string) error { return runObserve(ctx, c, o) })
	o.vars.flags(c, cmd)
	cmd.Flags().StringVar(&o.out, "out", "mxmove.snapshot", c.cat.T("cmd.observe.flag.out"))
	cmd.Flags().BoolVar(&o.masked, "masked", false, c.cat.T("cmd.observe.flag.masked"))
	return cmd
}

func runObserve(ctx context.Context, c *cli, o observeOptions) error {
	loaded, err := c.load(o.vars)
	if err != nil {
		return err
	}
	state, w, err := c.open(loaded.Spec, loaded.Secrets)
	if err != nil {
		return err
	}
	plan, err := c.build(ctx, loaded.Spec, state, w, planner.Signed)
	if err != nil {
		return err
	}
	file := &planner.SnapshotFile{Tool: c.Version, Observed: plan.Observed}
	if o.masked {
		if file, err = masked(plan, c.Version); err != nil {
			return err
		}
	}
	b, err := planner.EncodeSnapshot(file)
	if err == nil {
		err = writeOwn(o.out, b)
	}
	if err != nil {
		return err
	}
	return c.say("cmd.observe.done", "file", o.out, "mailboxes", strconv.Itoa(len(plan.Observed.Mailboxes)))
}

// masked takes a new salt each time, so that two snapshots in public do not
// tell who stayed.
func masked(plan *planner.Plan, version string) (*planner.SnapshotFile, error) {
	var salt [16]byte
	if _, err := rand.Read(salt[:]); err != nil {
		return nil, err
	}
	return planner.MaskSnapshot(plan, hex.EncodeToString(salt[:]), version)
}

// sum is what a snapshot's mailboxes hold, as far as seen.
func sum(boxes []planner.Mailbox, side func(planner.Mailbox) planner.Store) (seen, messages int, bytes int64) {
	for _, m := range boxes {
		if s := side(m); s.Seen.Known() {
			seen++
			messages += s.Messages
			bytes += s.Bytes
		}
	}
	return seen, messages, bytes
}

func (c *cli) showSnapshot(name string, f *planner.SnapshotFile, o planOptions) error {
	if o.json {
		b, err := planner.EncodeSnapshot(f)
		if err == nil {
			_, err = c.Stdout.Write(b)
		}
		return err
	}
	if err := c.say("cmd.show.snapshot", "file", name, "at", f.Observed.At.Format(momentForm),
		"lineage", f.Observed.Lineage, "tool", f.Tool, "mailboxes", strconv.Itoa(len(f.Observed.Mailboxes))); err != nil {
		return err
	}
	if f.Salt != "" {
		if err := c.say("cmd.show.masked"); err != nil {
			return err
		}
	}
	for _, each := range []struct {
		code string
		at   func(planner.Mailbox) planner.Store
	}{
		{"cmd.show.source", func(m planner.Mailbox) planner.Store { return m.Source }},
		{"cmd.show.target", func(m planner.Mailbox) planner.Store { return m.Target }},
	} {
		seen, messages, bytes := sum(f.Observed.Mailboxes, each.at)
		if err := c.say(each.code, "seen", render.Count(seen), "messages", render.Count(messages), "bytes", planner.Bytes(bytes)); err != nil {
			return err
		}
	}
	if !o.full {
		return nil
	}
	for _, m := range f.Observed.Mailboxes {
		if err := c.say("cmd.show.row", "address", m.Address, "source", render.Count(m.Source.Messages),
			"target", render.Count(m.Target.Messages), "behind", render.Count(m.Behind.Messages)); err != nil {
			return err
		}
	}
	return nil
}
