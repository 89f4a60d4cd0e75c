package main

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
)

type retryOptions struct {
	vars variables
	only only
	json bool
}

// retried is what retry did for one mailbox.
type retried struct {
	Address string `json:"address"`
	Refused int    `json:"refused"` // will be tried again
	Missing int    `json:"missing"` // were to be tried again anyway
}

func newRetryCommand(c *cli) *cobra.Command {
	var o retryOptions
	cmd := c.command("retry [MAILBOX ...]", codesState, []string{"retry", "retry alice@acme.test", "retry --only partial"}, cobra.ArbitraryArgs,
		func(ctx context.Context, args []string) error {
			o.only = o.only.with(args)
			return runRetry(ctx, c, o)
		})
	o.vars.flags(c, cmd)
	o.only.flag(c, cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, c.cat.T("cmd.flag.json"))
	return cmd
}

func runRetry(ctx context.Context, c *cli, o retryOptions) error {
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
	self, still := c.self("retry")
	defer still()
	var all []retried
	refused, missing := 0, 0
	err = executor.Exclusively(state, self, func() (text.Msg, error) {
		for _, a := range addresses {
			r := retried{Address: a}
			if r.Refused, r.Missing, err = w.Retry(a); err != nil {
				return text.Msg{}, err
			}
			if refused, missing = refused+r.Refused, missing+r.Missing; r.Refused+r.Missing > 0 {
				all = append(all, r)
			}
		}
		return text.M("cmd.retry.note", "refused", strconv.Itoa(refused), "mailboxes", strconv.Itoa(len(all))), nil
	})
	if err != nil {
		return err
	}
	if o.json {
		return writeJSON(c, map[string]any{"mailboxes": all})
	}
	for _, r := range all {
		if err := c.say("cmd.retry.mailbox", "mailbox", r.Address, "refused", strconv.Itoa(r.Refused), "missing", strconv.Itoa(r.Missing)); err != nil {
			return err
		}
	}
	if refused+missing == 0 {
		return c.say("cmd.retry.nothing", "all", strconv.Itoa(len(addresses)))
	}
	return c.say("cmd.retry.sum", "refused", strconv.Itoa(refused), "missing", strconv.Itoa(missing), "mailboxes", strconv.Itoa(len(all)))
}
