package main

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

type ledgerOptions struct {
	vars variables
	only only
	json bool
}

func newLedgerCommand(c *cli) *cobra.Command {
	var o ledgerOptions
	cmd := c.command("ledger [MAILBOX ...]", codesState, []string{"ledger", "ledger alice@acme.test", "ledger --json --only failed"}, cobra.ArbitraryArgs,
		func(ctx context.Context, args []string) error {
			o.only = o.only.with(args)
			return runLedger(ctx, c, o, len(args) > 0)
		})
	o.vars.flags(c, cmd)
	o.only.flag(c, cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, c.cat.T("cmd.flag.json"))
	return cmd
}

func runLedger(ctx context.Context, c *cli, o ledgerOptions, folders bool) error {
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
	infos := make([]*transfer.LedgerInfo, len(addresses))
	for i, a := range addresses {
		if infos[i], err = w.Ledger(a); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	switch {
	case o.json:
		return writeJSON(c, map[string]any{"ledgers": infos})
	case folders:
		for _, i := range infos {
			if err := c.showLedger(i); err != nil {
				return err
			}
		}
		return nil
	}
	return c.listLedgers(infos)
}

// heads are the catalogue's heads of columns.
func (c *cli) heads(names ...string) []string {
	for i, n := range names {
		names[i] = c.cat.T("cmd.head." + n)
	}
	return names
}

// listLedgers shows a line a mailbox.
func (c *cli) listLedgers(infos []*transfer.LedgerInfo) error {
	rows := make([][]string, len(infos))
	for n, i := range infos {
		placed, refused, missing, intents := i.Messages()
		rows[n] = []string{i.Mailbox, render.Count(len(i.Folders)), render.Count(placed), render.Count(refused), render.Count(missing),
			render.Count(intents), planner.Bytes(i.Size), c.cat.T("cmd.ledger.check." + string(i.Check))}
	}
	return render.Table(c.Stdout, c.cat, c.options(), c.heads("mailbox", "folders", "placed", "refused", "missing", "open", "size", "check"),
		rows, 1, 2, 3, 4, 5, 6)
}

// showLedger shows a line a folder.
func (c *cli) showLedger(i *transfer.LedgerInfo) error {
	written := "-"
	if !i.Written.IsZero() {
		written = i.Written.Format("2006-01-02 15:04:05Z07:00")
	}
	per := "-"
	if placed, _, _, _ := i.Messages(); placed > 0 {
		per = strconv.FormatFloat(float64(i.Size)/float64(placed), 'f', 1, 64)
	}
	err := c.say("cmd.ledger.head", "mailbox", i.Mailbox, "file", i.File, "size", planner.Bytes(i.Size), "live", planner.Bytes(i.Live),
		"per", per, "written", written, "check", c.cat.T("cmd.ledger.check."+string(i.Check)), "at", strconv.FormatInt(i.At, 10))
	if err != nil || len(i.Folders) == 0 {
		return err
	}
	rows := make([][]string, len(i.Folders))
	for n, f := range i.Folders {
		rows[n] = []string{render.Clean(f.From), render.Path(f.To), num(f.Validity) + "/" + num(f.There),
			render.Count(f.Placed), render.Count(f.Runs), render.Count(f.Refused), render.Count(f.Missing), render.Count(f.Intents), c.ledgerPass(f)}
	}
	err = render.Table(c.Stdout, c.cat, c.options(),
		c.heads("source", "target", "uidvalidity", "placed", "runs", "refused", "missing", "open", "pass"), rows, 3, 4, 5, 6, 7)
	if err == nil && i.Earlier > 0 {
		err = c.say("cmd.ledger.earlier", "n", strconv.Itoa(i.Earlier))
	}
	for _, name := range i.Aside {
		if err == nil {
			err = c.say("cmd.ledger.aside", "file", name)
		}
	}
	if err == nil {
		_, err = fmt.Fprintln(c.Stdout)
	}
	return err
}

// ledgerPass says how the last pass left a folder.
func (c *cli) ledgerPass(f transfer.LedgerFolder) string {
	var words []string
	if f.Finished {
		words = append(words, c.cat.T("cmd.ledger.finished", "messages", num(f.Messages), "next", num(f.UIDNext)))
	} else {
		words = append(words, c.cat.T("cmd.ledger.unfinished"))
	}
	for _, part := range []struct {
		name string
		n    int
	}{{"adopted", f.Adopted}, {"nowhere", f.Nowhere}, {"keywords", f.Keywords}, {"dates", f.Dates}, {"altered", f.Altered},
		{"kept", f.Kept}, {"removing", f.Removing}, {"skipped", int(f.Skipped)}, {"pending", int(f.Pending)}} {
		if part.n > 0 {
			words = append(words, c.cat.T("cmd.ledger."+part.name, "n", strconv.Itoa(part.n)))
		}
	}
	return strings.Join(words, c.cat.T("cmd.comma"))
}

func num[N cmp.Ordered](n N) string { return fmt.Sprint(n) }
