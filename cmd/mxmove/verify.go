package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

// together is how many mailboxes are compared at once. Servers' limits on
// connections are the world's to keep.
const together = 4

type verifyOptions struct {
	vars   variables
	only   only
	json   bool
	sample int    // messages of each mailbox; 0: all
	seed   uint64 // 0: of the clock
}

func newVerifyCommand(c *cli) *cobra.Command {
	var o verifyOptions
	cmd := c.command("verify [MAILBOX ...]", codesVerify, []string{"verify", "verify alice@acme.test", "verify --only wave:2", "verify --sample 300", "verify --json"}, cobra.ArbitraryArgs,
		func(ctx context.Context, args []string) error {
			o.only = o.only.with(args)
			return runVerify(ctx, c, o)
		})
	o.vars.flags(c, cmd)
	o.only.flag(c, cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, c.cat.T("cmd.flag.json"))
	cmd.Flags().IntVar(&o.sample, "sample", 0, c.cat.T("cmd.verify.flag.sample"))
	cmd.Flags().Uint64Var(&o.seed, "seed", 0, c.cat.T("cmd.verify.flag.seed"))
	return cmd
}

// sampling is what of each mailbox is read; nil: all.
func (o verifyOptions) sampling(now time.Time) (*transfer.Sampling, error) {
	switch {
	case o.sample < 0 || o.sample == 0 && o.seed != 0:
		return nil, &planner.Fault{Msg: text.M("cmd.verify.sample-size", "n", strconv.Itoa(o.sample)), Class: planner.Internal}
	case o.sample == 0:
		return nil, nil
	case o.seed == 0:
		return &transfer.Sampling{N: o.sample, Seed: uint64(now.Unix())}, nil
	}
	return &transfer.Sampling{N: o.sample, Seed: o.seed}, nil
}

func runVerify(ctx context.Context, c *cli, o verifyOptions) error {
	sample, err := o.sampling(c.Now())
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
	results := compareAll(ctx, w, addresses, sample, c.watch(len(addresses), o.json))
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, r := range results {
		if err := c.keepVerified(state, r); err != nil {
			return err
		}
	}
	if o.json {
		err = writeJSON(c, map[string]any{"mailboxes": results})
	} else {
		err = c.showResults(results)
	}
	if err == nil && slices.ContainsFunc(results, func(r compared) bool { return !r.good() }) {
		return errNotProven
	}
	return err
}

// compared is one mailbox of a verification.
type compared struct {
	Address string           `json:"address"`
	Report  *transfer.Report `json:"report,omitempty"`
	Failed  *text.Msg        `json:"failed,omitempty"` // why it could not be compared, or not to the end
}

// proven reports whether every message was read on both sides and is the
// same, or different for a reason that is named.
func (r compared) proven() bool {
	return r.Failed == nil && r.Report != nil &&
		(r.Report.Result == "verify.result.proven" || r.Report.Result == "verify.result.explained")
}

// good is proven, or as good as a sample can tell.
func (r compared) good() bool {
	return r.proven() || r.Failed == nil && r.Report != nil && r.Report.Result == "verify.result.sampled"
}

// verified is what verify last found of a mailbox, as it is kept.
type verified struct {
	At time.Time `json:"at"`
	compared
}

func verifiedPath(state *executor.State, address string) string {
	return filepath.Join(state.Verified(), url.PathEscape(address)+".json")
}

func (c *cli) keepVerified(state *executor.State, r compared) error {
	b, err := json.MarshalIndent(verified{c.Now().UTC(), r}, "", " ")
	if err != nil {
		return err
	}
	return state.Write(verifiedPath(state, r.Address), append(b, '\n'))
}

// compareAll gives the results in the order of the addresses; seen is told how
// far it is, and nil at the end.
func compareAll(ctx context.Context, w world, addresses []string, sample *transfer.Sampling, seen func(executor.Event)) []compared {
	results := make([]compared, len(addresses))
	places := make(chan struct{}, together)
	var wg sync.WaitGroup
	for i, a := range addresses {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			id := planner.StepID("verify " + a)
			seen(executor.StepStarted{Step: id})
			report, err := w.VerifySample(ctx, a, sample, func(at planner.Progress) { seen(executor.StepProgress{Step: id, Progress: at}) })
			seen(executor.StepStopped{Step: id})
			results[i] = compared{Address: a, Report: report}
			if err != nil {
				m := message(err)
				results[i].Failed = &m
			}
		})
	}
	wg.Wait()
	seen(nil)
	return results
}

// watch shows work on mailboxes at a terminal, as the progress of a run; nil
// ends it. Elsewhere nothing is shown.
func (c *cli) watch(mailboxes int, quiet bool) func(executor.Event) {
	if quiet || c.Screen() == 0 {
		return func(executor.Event) {}
	}
	p := newProgress(c, &planner.Plan{})
	p.todo = mailboxes
	var mu sync.Mutex
	return func(e executor.Event) {
		mu.Lock()
		defer mu.Unlock()
		if e == nil {
			p.clear()
			return
		}
		p.note(c.Now(), e)
		p.show(c.Now(), nil)
	}
}

// shownExceptions is how many differences of a mailbox are written out.
const shownExceptions = 20

func (c *cli) showResults(results []compared) error {
	proven, explained, sampled := 0, 0, 0
	for _, r := range results {
		fmt.Fprintln(c.Stdout, r.Address)
		if r.proven() {
			proven++
			if r.Report.Result == "verify.result.explained" {
				explained++
			}
		}
		if !r.proven() && r.good() {
			sampled++
		}
		if r.Report != nil {
			c.showReport(r.Report)
		}
		if r.Failed != nil {
			if err := render.Problem(c.Stdout, c.cat, *r.Failed, c.options()); err != nil {
				return err
			}
		}
	}
	code := "cmd.verify.sum"
	if explained > 0 {
		code = "cmd.verify.sum-but"
	}
	n := strconv.Itoa
	err := c.say(code, "proven", n(proven), "all", n(len(results)), "explained", n(explained))
	if rest := len(results) - proven; err == nil && rest > 0 {
		err = c.say("cmd.verify.classes", "sampled", n(sampled), "not", n(rest-sampled))
	}
	return err
}

func (c *cli) showReport(r *transfer.Report) {
	for _, m := range r.Summary() {
		fmt.Fprintln(c.Stdout, "  "+c.cat.Text(m))
	}
	for i, e := range r.Exceptions {
		if i == shownExceptions {
			c.say("cmd.verify.more", "n", strconv.Itoa(len(r.Exceptions)+r.Omitted-i))
			break
		}
		code := "cmd.verify.exception"
		if e.UID == 0 {
			code = "cmd.verify.exception.folder"
		}
		c.say(code, "folder", strings.Join(e.Folder, "/"), "uid", strconv.FormatUint(uint64(e.UID), 10), "what", c.differences(e.Codes))
	}
}

func (c *cli) differences(codes []text.Msg) string {
	words := make([]string, len(codes))
	for i, m := range codes {
		words[i] = c.cat.Text(m)
	}
	return strings.Join(words, c.cat.T("cmd.comma"))
}
