package main

import (
	"cmp"
	"context"
	"encoding/json"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner/render"
)

type validateOptions struct {
	vars variables
	json bool
	full bool
}

func newValidateCommand(c *cli) *cobra.Command {
	var o validateOptions
	cmd := c.command("validate [--full|--json]", codesPlain, []string{"validate", "validate --full", "validate --dir acme --json"}, cobra.NoArgs,
		func(context.Context, []string) error { return runValidate(c, o) })
	o.vars.flags(c, cmd)
	cmd.Flags().BoolVar(&o.full, "full", false, c.cat.T("cmd.validate.flag.full"))
	cmd.Flags().BoolVar(&o.json, "json", false, c.cat.T("cmd.flag.json"))
	return cmd
}

func runValidate(c *cli, o validateOptions) error {
	loaded, found, err := c.read(o.vars)
	if err != nil {
		return err
	}
	if o.json {
		if err := writeFindings(c, loaded.Spec != nil, found); err != nil {
			return err
		}
		if loaded.Spec == nil {
			return &invalid{} // said on Stdout
		}
		return nil
	}
	if loaded.Spec == nil {
		return &invalid{found: found, files: loaded.Files, full: o.full}
	}
	opt := c.options()
	opt.Full = o.full
	if err := render.Findings(c.Stdout, c.cat, loaded.Files, found, opt); err != nil {
		return err
	}
	s := loaded.Spec
	return c.say("cmd.validate.ok", "mailboxes", strconv.Itoa(len(s.Roster.Mailboxes)), "source", nameOf(s.Source),
		"target", nameOf(s.Target))
}

// writeFindings gives each finding with its texts, for editors and CI.
func writeFindings(c *cli, valid bool, found []config.Finding) error {
	type line struct {
		config.Finding
		What string `json:"what"`
		Why  string `json:"why,omitempty"`
		Do   string `json:"do,omitempty"`
	}
	out := struct {
		Valid    bool   `json:"valid"`
		Findings []line `json:"findings"`
	}{valid, []line{}}
	for _, f := range found {
		l := line{Finding: f}
		for part, into := range map[string]*string{".what": &l.What, ".why": &l.Why, ".do": &l.Do} {
			if m := f.Msg; c.cat.Has(m.Code + part) {
				m.Code += part
				*into = c.cat.Text(m)
			}
		}
		out.Findings = append(out.Findings, l)
	}
	return writeJSON(c, out)
}

func writeJSON(c *cli, v any) error {
	e := json.NewEncoder(c.Stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// nameOf is what a side is called: its tenant, else its server.
func nameOf(s config.Side) string { return cmp.Or(s.CorpID, s.IMAP.Host, s.Kind) }
