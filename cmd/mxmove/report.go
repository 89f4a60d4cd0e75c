package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

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
	json, check bool
}

func newReportCommand(c *cli) *cobra.Command {
	var o reportOptions
	cmd := c.command("report [MAILBOX ...]", codesState, []string{"report", "report --out report.html", "report --format csv --out exceptions.csv", "report --json --only partial",
		"report --check report.html"},
		cobra.ArbitraryArgs, func(ctx context.Context, args []string) error {
			if o.check {
				return runReportCheck(ctx, c, o.vars, args)
			}
			o.only = o.only.with(args)
			return runReport(ctx, c, o)
		})
	o.vars.flags(c, cmd)
	o.only.flag(c, cmd)
	cmd.Flags().BoolVar(&o.check, "check", false, c.cat.T("cmd.report.flag.check"))
	cmd.Flags().StringVar(&o.format, "format", "", c.cat.T("cmd.report.flag.format"))
	cmd.Flags().StringVar(&o.out, "out", "", c.cat.T("cmd.report.flag.out"))
	cmd.Flags().BoolVar(&o.json, "json", false, c.cat.T("cmd.flag.json"))
	return cmd
}

// form is the format that was asked for, or that the file's name asks for.
func (o reportOptions) form() (string, error) {
	named := strings.TrimPrefix(strings.ToLower(filepath.Ext(o.out)), ".")
	switch {
	case o.json:
		o.format = "json"
	case o.format == "" && slices.Contains(reportForms, named):
		o.format = named
	case o.format == "":
		o.format = reportForms[0]
	}
	if !slices.Contains(reportForms, o.format) {
		return "", &planner.Fault{Msg: text.M("cmd.report.format", "format", o.format), Class: planner.Internal}
	}
	return o.format, nil
}

var reportForms = []string{"text", "csv", "json", "html"}

func runReport(ctx context.Context, c *cli, o reportOptions) error {
	format, err := o.form()
	if err != nil {
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
	addresses, err := c.choose(ctx, o.only, loaded.Spec, state, w)
	if err != nil {
		return err
	}
	r := reported{}
	if r.exceptions, err = c.exceptionsOf(state, w, addresses); err != nil {
		return err
	}
	if format == "html" || len(o.only) == 0 && format != "csv" { // the story is of all
		if r.Audit, err = c.auditOf(ctx, loaded.Spec, state, r.exceptions); err != nil {
			return err
		}
	}
	if o.out == "" {
		return c.writeReport(r, format)
	}
	var b bytes.Buffer
	inner, to := *c.env, *c
	inner.Stdout, inner.Screen = &b, func() int { return 0 }
	to.env = &inner
	if err := to.writeReport(r, format); err != nil {
		return err
	}
	if err := writeOwn(o.out, b.Bytes()); err != nil { // it names people: for its owner only
		return err
	}
	return c.say("cmd.report.written", "file", o.out, "n", strconv.Itoa(len(r.Rows)))
}

// reported is a report: the story, if it is of all mailboxes, and the exceptions.
type reported struct {
	Audit *render.AuditView `json:"audit,omitempty"`
	*exceptions
}

func (c *cli) writeReport(r reported, format string) error {
	switch format {
	case "json":
		return writeJSON(c, r)
	case "html":
		return render.AuditHTML(c.Stdout, c.cat, r.Audit, c.options())
	case "csv":
		b, err := r.csv(c)
		if err == nil {
			_, err = c.Stdout.Write(b)
		}
		return err
	}
	if r.Audit != nil {
		if err := render.Audit(c.Stdout, c.cat, r.Audit, c.options()); err != nil {
			return err
		}
		fmt.Fprintln(c.Stdout)
	}
	return c.showExceptions(r.exceptions)
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
