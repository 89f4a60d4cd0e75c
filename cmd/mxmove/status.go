package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

type statusOptions struct {
	vars      variables
	only      only
	json, all bool
}

func newStatusCommand(c *cli) *cobra.Command {
	var o statusOptions
	cmd := c.command("status [--all]", codesState, []string{"status", "status --all", "status --only failed --only wave:2", "status --json"}, cobra.NoArgs,
		func(ctx context.Context, _ []string) error { return runStatus(ctx, c, o) })
	o.vars.flags(c, cmd)
	o.only.flag(c, cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, c.cat.T("cmd.flag.json"))
	cmd.Flags().BoolVar(&o.all, "all", false, c.cat.T("cmd.status.flag.all"))
	return cmd
}

func runStatus(ctx context.Context, c *cli, o statusOptions) error {
	loaded, err := c.load(o.vars)
	if err != nil {
		return err
	}
	state, w, err := c.open(loaded.Spec, loaded.Secrets)
	if err != nil {
		return err
	}
	chosen, err := o.only.parse(loaded.Spec)
	if err != nil {
		return err
	}
	plan, err := c.build(ctx, loaded.Spec, state, w, planner.Recorded)
	if err != nil {
		return err
	}
	view := render.StatusOf(plan, c.Now())
	view.Stand.Waits = waitsOf(plan)
	if view.Stand.Pass, err = passOf(state); err != nil {
		return err
	}
	if view.Watch, err = watchOf(state, plan); err != nil {
		return err
	}
	if err := c.addRunning(&view, state); err != nil {
		return err
	}
	if chosen != nil {
		rows := map[string]config.Mailbox{}
		for _, r := range loaded.Spec.Roster.Mailboxes {
			rows[r.Address] = r
		}
		view.Keep(func(r render.StatusRow) bool { return chosen.takes(rows[r.Address], r.State) })
	}
	if o.json {
		return writeJSON(c, view)
	}
	opt := c.options()
	opt.Full = o.all || chosen != nil
	return render.Status(c.Stdout, c.cat, view, opt)
}

// watchOf is what the directories show of a freeze; nil: nothing is frozen.
func watchOf(state *executor.State, plan *planner.Plan) (*render.Watch, error) {
	w, err := state.WatchOf(plan, plan)
	if err != nil || w.Step == "" || w.Members == 0 && len(w.Unseen) == 0 {
		return nil, err
	}
	return &render.Watch{Since: w.Since, Pressed: w.Pressed, Members: w.Members, Seen: w.Seen, Changes: w.Changes, Unseen: w.Unseen}, nil
}

// addRunning puts in what a run says of itself while it is at work.
func (c *cli) addRunning(view *render.StatusView, state *executor.State) error {
	self, still := c.self("status")
	defer still()
	held, err := executor.LockHolder(state, self)
	if err != nil || held == nil || held.Condition != executor.HolderAlive && held.Condition != executor.HolderRemote {
		return err
	}
	view.Apply = &render.Running{Host: held.Holder.Host, PID: held.Holder.PID, Seen: held.Holder.Heartbeat}
	now, err := executor.ReadStatus(state)
	if err != nil || now == nil || now.Ended != nil {
		return err
	}
	overlay(view, now)
	return nil
}

// overlay shows mailboxes as the run has them; the view's records are those of
// passes that ended, and of what was placed since.
func overlay(view *render.StatusView, now *executor.Status) {
	boxes := map[string]executor.MailboxStatus{}
	for _, m := range now.Mailboxes {
		boxes[m.Address] = m
	}
	left := int64(0)
	for i := range view.Rows {
		row := &view.Rows[i]
		if m := boxes[row.Address]; m.State != "" {
			left += overlayRow(row, m)
			if m.State == planner.WaitServer {
				row.Left = max(int64(m.Until.Sub(view.At)/time.Second), 0)
			}
		}
	}
	view.Sum()
	if view.Speed = now.Rate; now.Rate > 0 {
		view.Left = left / now.Rate
	}
	for _, row := range view.Rows {
		if row.State == planner.WaitServer {
			view.Left = max(view.Left, row.Left)
		}
	}
}

// overlayRow gives the octets that the pass has yet to carry. A pass knows
// what it has to do; what was placed before stands in the row.
func overlayRow(row *render.StatusRow, m executor.MailboxStatus) (left int64) {
	row.State, row.Reason = m.State, m.Reason
	p := m.Progress
	switch {
	case m.State == planner.InStep:
		if !row.Known {
			row.All, row.Known = row.Done, true
		}
		row.Done = row.All
	case p != nil && p.Total > 0:
		row.All, row.Known = row.Done, true
		row.All.Messages += max(p.Total-p.Done, 0)
		return max(p.BytesAll-p.Bytes, 0)
	}
	return 0
}
