package main

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

type reportOptions struct {
	vars        variables
	only        only
	format, out string
	json        bool
}

func newReportCommand(c *cli) *cobra.Command {
	var o reportOptions
	cmd := c.command("report [MAILBOX ...]", codesState, []string{"report", "report --format csv --out exceptions.csv", "report --json --only partial"},
		cobra.ArbitraryArgs, func(ctx context.Context, args []string) error {
			o.only = o.only.with(args)
			return runReport(ctx, c, o)
		})
	o.vars.flags(c, cmd)
	o.only.flag(c, cmd)
	cmd.Flags().StringVar(&o.format, "format", "text", c.cat.T("cmd.report.flag.format"))
	cmd.Flags().StringVar(&o.out, "out", "", c.cat.T("cmd.report.flag.out"))
	cmd.Flags().BoolVar(&o.json, "json", false, c.cat.T("cmd.flag.json"))
	return cmd
}

func runReport(ctx context.Context, c *cli, o reportOptions) error {
	if o.json {
		o.format = "json"
	}
	if !slices.Contains([]string{"text", "csv", "json"}, o.format) {
		return &planner.Fault{Msg: text.M("cmd.report.format", "format", o.format), Class: planner.Internal}
	}
	loaded, err := c.load(o.vars)
	if err != nil {
		return err
	}
	state, w, err := c.open(loaded.Spec, loaded.Secrets)
	if err != nil {
		return err
	}
	addresses, err := c.choose(ctx, o.only, loaded.Spec, state, w)
	if err != nil {
		return err
	}
	all, err := c.exceptionsOf(state, w, addresses)
	if err != nil {
		return err
	}
	if o.out != "" { // it names people: for its owner only
		var b bytes.Buffer
		inner, to := *c.env, *c
		inner.Stdout, inner.Screen = &b, func() int { return 0 }
		to.env = &inner
		if err := to.writeReport(all, o.format); err != nil {
			return err
		}
		if err := writeOwn(o.out, b.Bytes()); err != nil {
			return err
		}
		return c.say("cmd.report.written", "file", o.out, "n", strconv.Itoa(len(all.Rows)))
	}
	return c.writeReport(all, o.format)
}

func (c *cli) writeReport(all *exceptions, format string) error {
	switch format {
	case "json":
		return writeJSON(c, all)
	case "csv":
		b, err := all.csv(c)
		if err == nil {
			_, err = c.Stdout.Write(b)
		}
		return err
	}
	return c.showExceptions(all)
}

func (c *cli) showExceptions(all *exceptions) error {
	n := strconv.Itoa
	var err error
	if len(all.Rows) == 0 {
		err = c.say("cmd.report.none", "all", n(all.Mailboxes))
	} else {
		err = c.say("cmd.report.sum", "n", n(len(all.Rows)), "all", n(all.Mailboxes))
		for _, kind := range slices.Sorted(maps.Keys(all.Kinds)) {
			err = cmp.Or(err, c.say("cmd.report.kind", "kind", c.cat.T("report."+kind), "n", n(all.Kinds[kind]), "do", c.cat.T("report."+kind+".do")))
		}
		rows := make([][]string, len(all.Rows))
		for i, e := range all.Rows {
			uid := "-"
			if e.UID > 0 {
				uid = num(e.UID)
			}
			why := e.Reason
			if e.File != "" {
				why += " (" + e.File + ")"
			}
			rows[i] = []string{e.Mailbox, render.Clean(e.where(c)), uid, c.cat.T("report." + e.Kind), n(e.N), why}
		}
		err = cmp.Or(err, render.Table(c.Stdout, c.cat, c.options(), c.heads("mailbox", "folder", "uid", "kind", "messages", "reason"), rows, 2, 4))
	}
	if err == nil && all.Unverified+all.Sampled > 0 {
		err = c.say("cmd.report.unverified", "n", n(all.Unverified), "sampled", n(all.Sampled), "all", n(all.Mailboxes))
	}
	return err
}

// leaveExceptions keeps the exceptions after a run and says where they are.
func (c *cli) leaveExceptions(r *executor.Run, w world, quiet bool) error {
	addresses := make([]string, len(r.Plan.Spec.Roster.Mailboxes))
	for i, m := range r.Plan.Spec.Roster.Mailboxes {
		addresses[i] = m.Address
	}
	all, err := c.exceptionsOf(r.State, w, addresses)
	if err != nil {
		return err
	}
	path, err := c.keepExceptions(r.State, all)
	if err != nil || quiet || len(all.Rows) == 0 {
		return err
	}
	return c.say("cmd.report.left", "n", strconv.Itoa(len(all.Rows)), "file", path)
}
