package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

type traceOptions struct {
	vars      variables
	to, since string
	query     transfer.Query
	json      bool
}

func newTraceCommand(c *cli) *cobra.Command {
	var o traceOptions
	cmd := c.command("trace --to MAILBOX [--from | --subject | --message-id | --since]", codesVerify,
		[]string{"trace --to alice@acme.test --subject offer", "trace --to alice@acme.test --from bob --since 2026-11-01"}, cobra.NoArgs,
		func(ctx context.Context, _ []string) error { return runTrace(ctx, c, o) })
	o.vars.flags(c, cmd)
	f := cmd.Flags()
	f.StringVar(&o.to, "to", "", c.cat.T("cmd.trace.flag.to"))
	f.StringVar(&o.query.From, "from", "", c.cat.T("cmd.trace.flag.from"))
	f.StringVar(&o.query.Subject, "subject", "", c.cat.T("cmd.trace.flag.subject"))
	f.StringVar(&o.query.MessageID, "message-id", "", c.cat.T("cmd.trace.flag.message-id"))
	f.StringVar(&o.since, "since", "", c.cat.T("cmd.trace.flag.since"))
	f.BoolVar(&o.json, "json", false, c.cat.T("cmd.flag.json"))
	return cmd
}

// asked completes the query.
func (o *traceOptions) asked() (err error) {
	if o.since != "" {
		if o.query.Since, err = time.Parse(time.DateOnly, o.since); err != nil {
			return &planner.Fault{Msg: text.M("cmd.trace.since", "given", o.since), Class: planner.Internal}
		}
	}
	if o.to == "" || o.query == (transfer.Query{}) {
		return &planner.Fault{Msg: text.M("cmd.trace.query"), Class: planner.Internal}
	}
	return nil
}

func runTrace(ctx context.Context, c *cli, o traceOptions) error {
	if err := o.asked(); err != nil {
		return err
	}
	loaded, err := c.load(o.vars)
	if err != nil {
		return err
	}
	state, w, err := c.open(loaded.Spec, loaded.Secrets)
	if err != nil {
		return err
	}
	addresses, err := c.choose(ctx, only{o.to}, loaded.Spec, state, w)
	if err != nil {
		return err
	}
	if len(addresses) != 1 {
		return &planner.Fault{Msg: text.M("cmd.trace.query"), Class: planner.Internal}
	}
	id := planner.StepID("trace " + addresses[0])
	seen := c.watch(1, o.json)
	seen(executor.StepStarted{Step: id})
	t, err := w.Trace(ctx, addresses[0], o.query, func(at planner.Progress) { seen(executor.StepProgress{Step: id, Progress: at}) })
	seen(nil)
	switch {
	case err != nil:
		return err
	case o.json:
		err = writeJSON(c, t)
	default:
		err = c.showTrace(addresses[0], t)
	}
	if err == nil && len(t.Unread) > 0 {
		return errNotProven
	}
	return err
}

func (c *cli) showTrace(address string, t *transfer.Trace) error {
	for _, h := range t.Found {
		date := "-"
		if !h.Date.IsZero() {
			date = h.Date.Format("2006-01-02 15:04Z07:00")
		}
		side := "source"
		if h.Target {
			side = "target"
		}
		c.say("cmd.trace.hit", "date", date, "from", render.Clean(h.From), "subject", render.Clean(h.Subject), "id", render.Clean(h.MessageID))
		c.say("cmd.trace."+side, "folder", render.Clean(h.Folder), "uid", num(h.UID))
		fmt.Fprintln(c.Stdout, "  "+render.Clean(c.cat.Text(h.Where)))
	}
	for _, folder := range t.Unread {
		c.say("cmd.trace.unread", "folder", render.Clean(folder))
	}
	code := "cmd.trace.sum"
	if len(t.Found) == 0 {
		code = "cmd.trace.never"
	}
	n := strconv.Itoa
	return c.say(code, "mailbox", address, "n", n(len(t.Found)), "more", n(t.More), "read", render.Count(t.Read), "folders", n(t.Folders))
}
