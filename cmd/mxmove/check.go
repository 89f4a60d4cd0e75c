package main

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
	"github.com/mxmove/mxmove/providers/mailstore"
	"github.com/mxmove/mxmove/providers/smtp"
)

type checkOptions struct {
	vars                   variables
	only                   only
	canary, all, csv, json bool
}

func newCheckCommand(c *cli) *cobra.Command {
	var o checkOptions
	cmd := c.command("check [MAILBOX ...]", codesVerify, []string{"check", "check --canary", "check --csv > logins.csv", "check --only failed"}, cobra.ArbitraryArgs,
		func(ctx context.Context, args []string) error {
			o.only = o.only.with(args)
			return runCheck(ctx, c, o)
		})
	o.vars.flags(c, cmd)
	o.only.flag(c, cmd)
	cmd.Flags().BoolVar(&o.canary, "canary", false, c.cat.T("cmd.check.flag.canary"))
	cmd.Flags().BoolVar(&o.all, "all", false, c.cat.T("cmd.check.flag.all"))
	cmd.Flags().BoolVar(&o.csv, "csv", false, c.cat.T("cmd.check.flag.csv"))
	cmd.Flags().BoolVar(&o.json, "json", false, c.cat.T("cmd.flag.json"))
	cmd.MarkFlagsMutuallyExclusive("csv", "json")
	return cmd
}

func runCheck(ctx context.Context, c *cli, o checkOptions) error {
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
	seen, over := c.countdown(len(addresses), o.csv || o.json)
	results, about, err := w.Check(ctx, addresses, o.canary, seen)
	over()
	if err != nil {
		return err
	}
	var canaries []smtp.Checked
	if len(o.only) == 0 && !o.csv { // a table of mailboxes has no line for them
		if canaries, err = w.Canaries(ctx, o.canary); err != nil {
			return err
		}
	}
	switch {
	case o.json:
		err = writeJSON(c, map[string]any{"mailboxes": results, "about": about, "canaries": canaries})
	case o.csv:
		err = c.writeChecks(results)
	default:
		err = errors.Join(c.showChecks(results, about, o.all), c.showCanaries(canaries, o.canary))
	}
	if err == nil && (slices.ContainsFunc(results, func(r mailstore.Checked) bool { return !opens(r) }) || slices.ContainsFunc(canaries, blocked)) {
		return errNotFine
	}
	return err
}

// blocked reports that a canary could not leave, or not be seen.
func blocked(k smtp.Checked) bool {
	return slices.ContainsFunc(k.Findings, func(f config.Finding) bool { return f.Severity == config.Blocks })
}

// showCanaries says of each way out whether it is open, and what was found.
func (c *cli) showCanaries(canaries []smtp.Checked, flew bool) error {
	for _, k := range canaries {
		how := "open"
		switch {
		case blocked(k):
			how = "shut"
		case flew:
			how = "flew"
		}
		if err := c.say("cmd.check.out."+how, "from", k.From, "to", k.To); err != nil {
			return err
		}
		if k.Came != nil {
			what := render.Clean(c.part(*k.Came, "what"))
			if err := c.say("cmd.check.out.came", "what", what); err != nil {
				return err
			}
		}
		if err := render.Findings(c.Stdout, c.cat, nil, k.Findings, c.options()); err != nil {
			return err
		}
	}
	return nil
}

// countdown shows at a terminal how many mailboxes are done, and how long the
// others take at that pace.
func (c *cli) countdown(mailboxes int, quiet bool) (seen func(mailstore.Checked), over func()) {
	if quiet || c.Screen() == 0 {
		return func(mailstore.Checked) {}, func() {}
	}
	p := newProgress(c, &planner.Plan{})
	p.todo, p.began = mailboxes, c.Now()
	var mu sync.Mutex
	id := planner.StepID("check " + c.cat.T("cmd.check.running"))
	p.note(c.Now(), executor.StepStarted{Step: id})
	return func(mailstore.Checked) {
			mu.Lock()
			defer mu.Unlock()
			p.ended++
			p.show(c.Now(), nil)
		}, func() {
			mu.Lock()
			defer mu.Unlock()
			p.clear()
		}
}

// opens reports whether nothing keeps a mailbox from being copied.
func opens(r mailstore.Checked) bool {
	return r.Source.Seen.Err == nil && r.Target.Seen.Err == nil && r.Refused == nil
}

// faultsOf is all that a person should see to, in the order of the copy.
func faultsOf(r mailstore.Checked) []text.Msg {
	var all []text.Msg
	for _, f := range []*planner.Fault{r.Source.Seen.Err, r.Target.Seen.Err, r.Refused} {
		if f != nil {
			all = append(all, f.Msg)
		}
	}
	for _, n := range r.Notes {
		all = append(all, n.Msg)
	}
	return all
}

// checkRow is a mailbox in a table: the last cells are what is wrong and what
// to do, of everything.
func (c *cli) checkRow(r mailstore.Checked) []string {
	side := func(s planner.Store) string {
		switch {
		case s.Seen.Err != nil:
			return c.cat.T("cmd.check.no")
		case s.Seen.At.IsZero():
			return "-"
		}
		return c.cat.T("cmd.check.ok")
	}
	canary := map[planner.Tri]string{planner.Unknown: "-", planner.Yes: c.cat.T("cmd.check.flew"), planner.No: c.cat.T("cmd.check.no")}[r.Canary]
	messages, size := "-", "-"
	if r.Source.Seen.Err == nil && !r.Source.Seen.At.IsZero() {
		messages = strconv.Itoa(r.Source.Messages)
		if r.Source.Bytes > 0 || r.Source.Messages == 0 {
			size = planner.Bytes(r.Source.Bytes)
		}
	}
	return []string{r.Address, side(r.Source), side(r.Target), canary, messages, size}
}

func (c *cli) checkHeads() []string {
	var heads []string
	for _, h := range []string{"mailbox", "source", "target", "canary", "messages", "size"} {
		heads = append(heads, c.cat.T("cmd.check.head."+h))
	}
	return heads
}

// showChecks lists what is wrong, each remedy once, then the sum.
func (c *cli) showChecks(results []mailstore.Checked, about []config.Finding, all bool) error {
	var rows [][]string
	told, fine := map[string]bool{}, 0
	for _, r := range results {
		if opens(r) {
			fine++
		}
		if why := faultsOf(r); all || len(why) > 0 {
			rows = append(rows, append(c.checkRow(r), c.reasons(why, told)))
		}
	}
	if len(rows) > 0 {
		heads := append(c.checkHeads(), c.cat.T("cmd.check.head.wrong"))
		if err := render.Table(c.Stdout, c.cat, c.options(), heads, rows, 4, 5); err != nil {
			return err
		}
	}
	if err := render.Findings(c.Stdout, c.cat, nil, about, c.options()); err != nil {
		return err
	}
	return c.say("cmd.check.sum", "fine", strconv.Itoa(fine), "all", strconv.Itoa(len(results)))
}

// reasons are what is wrong and what to do about it, the latter where it was
// not told of a row before.
func (c *cli) reasons(all []text.Msg, told map[string]bool) string {
	var words []string
	for _, m := range all {
		what := c.part(m, "what")
		if why := c.part(m, "why"); why != "" {
			what += c.cat.T("cmd.check.why", "why", why)
		}
		words = append(words, what)
		if do := c.part(m, "do"); do != "" && !told[do] {
			told[do] = true
			words = append(words, do)
		}
	}
	return render.Clean(strings.Join(words, c.cat.T("cmd.check.then")))
}

func (c *cli) part(m text.Msg, part string) string {
	if code := m.Code + "." + part; c.cat.Has(code) {
		return c.cat.Text(text.Msg{Code: code, Args: m.Args})
	}
	return ""
}

// writeChecks writes a table for spreadsheets: UTF-8 with a byte order mark,
// by which they know it, and no cell that they would take for a formula.
func (c *cli) writeChecks(results []mailstore.Checked) error {
	if _, err := io.WriteString(c.Stdout, "\ufeff"); err != nil {
		return err
	}
	w := csv.NewWriter(c.Stdout)
	w.UseCRLF = true
	w.Write(append(c.checkHeads(), c.cat.T("cmd.check.head.code"), c.cat.T("cmd.check.head.what"), c.cat.T("cmd.check.head.why"), c.cat.T("cmd.check.head.do")))
	for _, r := range results {
		row := c.checkRow(r)
		var cells [4][]string
		for _, m := range faultsOf(r) {
			for i, s := range []string{m.Code, c.part(m, "what"), c.part(m, "why"), c.part(m, "do")} {
				cells[i] = append(cells[i], s)
			}
		}
		for _, s := range cells {
			row = append(row, strings.Join(s, "\n"))
		}
		for i, s := range row {
			if s != "-" && strings.HasPrefix(strings.TrimLeft(s, " \t\r\n"), "=") || len(s) > 1 && strings.ContainsRune("+-@", rune(s[0])) {
				row[i] = "'" + s
			}
		}
		w.Write(row)
	}
	w.Flush()
	return w.Error()
}
