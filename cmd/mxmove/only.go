package main

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

// only is --only: a mailbox is chosen when any of the values names it: its
// state, its wave or its address.
type only []string

func (o *only) flag(c *cli, cmd *cobra.Command) {
	cmd.Flags().StringArrayVar((*[]string)(o), "only", nil, c.cat.T("cmd.flag.only"))
}

// chooser tells the chosen addresses of a roster; nil: all are.
type chooser struct {
	states    map[planner.State]bool
	waves     map[string]bool
	addresses map[string]bool
}

// parse refuses what names nothing, all of it at once.
func (o only) parse(spec *config.Spec) (*chooser, error) {
	if len(o) == 0 {
		return nil, nil
	}
	ch := &chooser{map[planner.State]bool{}, map[string]bool{}, map[string]bool{}}
	var wrong []config.Finding
	for _, value := range o {
		if f := ch.add(spec.Roster.Mailboxes, value); f != nil {
			wrong = append(wrong, *f)
		}
	}
	if wrong != nil {
		return nil, &executor.Refused{Reasons: wrong}
	}
	return ch, nil
}

func (ch *chooser) add(rows []config.Mailbox, value string) *config.Finding {
	value = strings.TrimSpace(value)
	if wave, ok := strings.CutPrefix(value, "wave:"); ok {
		waves := map[string]bool{}
		for _, r := range rows {
			waves[r.Wave] = r.Wave != ""
		}
		if ch.waves[wave] = true; waves[wave] {
			return nil
		}
		maps.DeleteFunc(waves, func(_ string, named bool) bool { return !named })
		return unknownValue("cmd.only.wave", wave, slices.Sorted(maps.Keys(waves)))
	}
	if strings.Contains(value, "@") {
		address, err := config.Canonical(value)
		if ch.addresses[address] = true; err == nil && slices.ContainsFunc(rows, func(r config.Mailbox) bool { return r.Address == address }) {
			return nil
		}
		all := make([]string, len(rows))
		for i, r := range rows {
			all[i] = r.Address
		}
		return unknownValue("cmd.only.address", value, all)
	}
	words := stateWords()
	if state, ok := words[strings.ToLower(value)]; ok {
		ch.states[state] = true
		return nil
	}
	return unknownValue("cmd.only.state", value, slices.Sorted(maps.Keys(words)))
}

// stateWords are the names of states: codes, and as people read them.
func stateWords() map[string]planner.State {
	words := map[string]planner.State{}
	for _, s := range planner.States() {
		words[string(s)] = s
		for _, lang := range []text.Lang{text.English, text.Chinese} {
			words[strings.ToLower(text.Load(lang).T(s.Word()))] = s
		}
	}
	return words
}

// shownNames bounds how many names a refusal lists.
const shownNames = 20

func unknownValue(code, value string, known []string) *config.Finding {
	near := config.Nearest(strings.ToLower(value), known)
	names := strings.Join(known[:min(len(known), shownNames)], ", ")
	if len(known) > shownNames {
		names += " …"
	}
	hint := "1"
	if near == "" {
		hint, near = "0", names
	}
	return &config.Finding{Severity: config.Blocks,
		Msg: text.M(code, "value", cmp.Or(value, `""`), "near", hint, "hint", cmp.Or(near, "-"))}
}

// choose gives the chosen addresses of the roster in its order, as status
// would show their states now.
func (c *cli) choose(ctx context.Context, o only, spec *config.Spec, state *executor.State, w world) ([]string, error) {
	ch, err := o.parse(spec)
	if err != nil {
		return nil, err
	}
	states := map[string]planner.State{}
	if ch != nil && len(ch.states) > 0 {
		plan, err := c.build(ctx, spec, state, w, planner.Recorded)
		if err != nil {
			return nil, err
		}
		for _, r := range render.StatusOf(plan, c.Now()).Rows {
			states[r.Address] = r.State
		}
	}
	var chosen []string
	for _, r := range spec.Roster.Mailboxes {
		if ch.takes(r, states[r.Address]) {
			chosen = append(chosen, r.Address)
		}
	}
	return chosen, nil
}

func (ch *chooser) takes(r config.Mailbox, state planner.State) bool {
	return ch == nil || ch.addresses[r.Address] || ch.waves[r.Wave] || ch.states[state]
}

// with adds the mailboxes that are named as arguments to --only.
func (o only) with(args []string) only { return append(slices.Clone(o), args...) }
