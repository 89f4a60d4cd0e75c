package main

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

type attestOptions struct {
	vars                     variables
	started, finished, never bool
	unannounced, all         bool
	evidence, because        string
	plan, kind               string
}

func newAttestCommand(c *cli) *cobra.Command {
	var o attestOptions
	cmd := c.command("attest [STEP ...]", codesState, []string{
		"attest task creator-ready/ww0123456789abcdef --finished --evidence CHG-1042",
		"attest 218-226 --plan acme.plan --finished --evidence members.xlsx",
		"attest 'notify li.si' 'notify wang.wu' --finished --evidence 'told by phone'",
		"attest --kind notify --finished --evidence 'announcement of 6 December'",
		"attest merge-tenants tenant/ww0123456789abcdef --started --plan acme.plan",
		"attest @9b02f1c4 --never --evidence 'the console shows nothing'",
		"attest merge-tenants --finished --unannounced --because 'pressed by the old reseller' --evidence done.png"}, cobra.ArbitraryArgs,
		func(ctx context.Context, args []string) error { return runAttest(ctx, c, o, args) })
	o.vars.flags(c, cmd)
	f := cmd.Flags()
	f.BoolVar(&o.started, "started", false, c.cat.T("cmd.attest.flag.started"))
	f.BoolVar(&o.finished, "finished", false, c.cat.T("cmd.attest.flag.finished"))
	f.BoolVar(&o.never, "never", false, c.cat.T("cmd.attest.flag.never"))
	f.StringVar(&o.evidence, "evidence", "", c.cat.T("cmd.attest.flag.evidence"))
	f.StringVar(&o.plan, "plan", "", c.cat.T("cmd.attest.flag.plan"))
	f.BoolVar(&o.all, "all", false, c.cat.T("cmd.attest.flag.all"))
	f.StringVar(&o.kind, "kind", "", c.cat.T("cmd.attest.flag.kind"))
	f.BoolVar(&o.unannounced, "unannounced", false, c.cat.T("cmd.attest.flag.unannounced"))
	f.StringVar(&o.because, "because", "", c.cat.T("cmd.attest.flag.because"))
	cmd.MarkFlagsOneRequired("started", "finished", "never")
	cmd.MarkFlagsMutuallyExclusive("started", "finished", "never")
	cmd.MarkFlagsMutuallyExclusive("all", "kind")
	return cmd
}

func (o attestOptions) word(plan *planner.Plan, args []string) (executor.Word, error) {
	w := executor.Word{What: executor.AttestFinished, Evidence: o.evidence, Unannounced: o.unannounced, Because: o.because}
	switch {
	case o.never:
		w.What = executor.AttestNever
	case o.started:
		w.What = executor.AttestStarted
	}
	if o.all || o.kind != "" {
		w.Open, w.Kind = true, o.kind
		if len(args) > 0 || !o.finished {
			return w, refuse("cmd.attest.open")
		}
		return w, nil
	}
	steps, err := meant(plan, args, o.plan != "")
	for _, s := range steps {
		w.Steps = append(w.Steps, s.ID)
		if o.started && o.plan == "" && s.Op.Traits().Risk == planner.Final {
			return w, refuse("cmd.attest.plan", "step", string(s.ID))
		}
	}
	return w, err
}

func runAttest(ctx context.Context, c *cli, o attestOptions, args []string) error {
	plan, loaded, state, w, err := c.planOr(ctx, o.vars, o.plan)
	if err != nil {
		return err
	}
	word, err := o.word(plan, args)
	if err != nil {
		return err
	}
	self, still := c.self("attest")
	defer still()
	r := &executor.Run{State: state, World: w, Plan: plan, Through: planner.Retire, AtHand: loaded.Spec, Self: self,
		Tool: c.Version, Approved: c.approved(plan)}
	steps, err := r.Attest(ctx, word)
	if err != nil {
		return err
	}
	return c.sayAttested(word, steps, self.Who)
}

// shownAttested is how many steps are named one by one.
const shownAttested = 12

func (c *cli) sayAttested(w executor.Word, steps []planner.StepID, who string) error {
	code := "cmd.attest." + string(w.What)
	if len(steps) > shownAttested {
		n := map[string]int{}
		for _, id := range steps {
			n[id.Kind()]++
		}
		var kinds []string
		for _, k := range slices.Sorted(maps.Keys(n)) {
			kinds = append(kinds, c.cat.T("render.kind-count", "n", render.Count(n[k]), "kind", c.cat.T("render.kind."+k)))
		}
		return c.say(code+".many", "n", render.Count(len(steps)), "kinds", strings.Join(kinds, c.cat.T("render.comma")), "who", who, "evidence", w.Evidence)
	}
	for _, id := range steps {
		if err := c.say(code, "step", string(id), "who", who, "evidence", w.Evidence); err != nil {
			return err
		}
	}
	return nil
}
