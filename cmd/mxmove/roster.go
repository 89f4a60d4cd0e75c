package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

func newRosterCommand(c *cli) *cobra.Command {
	cmd := c.command("roster COMMAND", codesPlain, nil, cobra.ArbitraryArgs, nil)
	cmd.Example = ""
	cmd.Args = noSuchCommand
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.SuggestionsMinimumDistance = 2
	cmd.AddCommand(newRosterCheckCommand(c), newRosterImportCommand(c), newRosterLeaveCommand(c), newRosterSheetsCommand(c))
	return cmd
}

// below makes a command of a command: its texts are those of "roster-check",
// its name is the last word of that.
func (c *cli) below(parent, use string, examples []string, args cobra.PositionalArgs, do func(context.Context, []string) error) *cobra.Command {
	cmd := c.command(parent+"-"+use, codesPlain, examples, args, do)
	cmd.Use = use
	return cmd
}

type rosterOptions struct {
	vars    variables
	json    bool
	from    string
	out     string
	domain  string
	to      string
	keep    bool
	archive bool
}

func newRosterCheckCommand(c *cli) *cobra.Command {
	var o rosterOptions
	cmd := c.below("roster", "check [--json]", []string{"roster check", "roster check --json"}, cobra.NoArgs,
		func(context.Context, []string) error { return runRosterCheck(c, o) })
	o.vars.flags(c, cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, c.cat.T("cmd.flag.json"))
	return cmd
}

// rosterView is what a roster says, as plain data.
type rosterView struct {
	Rows     int            `json:"rows"`
	Targets  int            `json:"targets"` // different ones; fewer than rows: not one-to-one
	Moved    int            `json:"moved"`   // rows whose address changes
	Waves    map[string]int `json:"waves"`   // rows by wave; "": without one
	Shared   int            `json:"shared"`
	Groups   int            `json:"groups"`
	Leavers  int            `json:"leavers"`
	Skipped  int            `json:"skipped"`
	Warnings int            `json:"warnings"`
}

func rosterOf(r config.Roster, found []config.Finding) rosterView {
	v := rosterView{Rows: len(r.Mailboxes), Waves: map[string]int{}, Shared: len(r.Shared), Groups: len(r.Groups),
		Leavers: len(r.Leavers), Skipped: len(r.Skip), Warnings: len(found)}
	targets := map[string]bool{}
	for _, m := range r.Mailboxes {
		targets[m.TargetAddress] = true
		v.Waves[m.Wave]++
		if m.TargetAddress != m.Address {
			v.Moved++
		}
	}
	v.Targets = len(targets)
	return v
}

func runRosterCheck(c *cli, o rosterOptions) error {
	loaded, found, err := c.read(o.vars)
	if err != nil {
		return err
	}
	if loaded.Spec == nil {
		return &invalid{found: found, files: loaded.Files}
	}
	found = withoutSecrets(found)
	v := rosterOf(loaded.Spec.Roster, found)
	if o.json {
		return writeJSON(c, v)
	}
	if err := render.Findings(c.Stdout, c.cat, loaded.Files, found, c.options()); err != nil {
		return err
	}
	return c.sayRoster(v)
}

func (c *cli) sayRoster(v rosterView) error {
	lines := []string{c.cat.T("cmd.roster.rows", "rows", render.Count(v.Rows), "targets", render.Count(v.Targets), "moved", render.Count(v.Moved))}
	for _, wave := range slices.Sorted(maps.Keys(v.Waves)) {
		name := wave
		if wave == "" {
			name = c.cat.T("cmd.roster.no-wave")
		}
		lines = append(lines, c.cat.T("cmd.roster.wave", "wave", name, "rows", render.Count(v.Waves[wave])))
	}
	lines = append(lines, c.cat.T("cmd.roster.others", "shared", render.Count(v.Shared), "groups", render.Count(v.Groups),
		"leavers", render.Count(v.Leavers), "skipped", render.Count(v.Skipped)))
	_, err := fmt.Fprintln(c.Stdout, strings.Join(lines, "\n"))
	return err
}

func newRosterImportCommand(c *cli) *cobra.Command {
	var o rosterOptions
	cmd := c.below("roster", "import --from imapsync --domain DOMAIN [--out FILE] FILE",
		[]string{"roster import --from imapsync --domain acme.test --out members.csv list.txt"}, cobra.ExactArgs(1),
		func(_ context.Context, args []string) error { return runRosterImport(c, o, args[0]) })
	cmd.Flags().StringVar(&o.from, "from", "imapsync", c.cat.T("cmd.roster-import.flag.from"))
	cmd.Flags().StringVar(&o.domain, "domain", "", c.cat.T("cmd.roster-import.flag.domain"))
	cmd.Flags().StringVar(&o.out, "out", "members.csv", c.cat.T("cmd.roster-import.flag.out"))
	return cmd
}

func runRosterImport(c *cli, o rosterOptions, name string) error {
	if o.from != "imapsync" {
		return &planner.Fault{Msg: text.M("cmd.roster-import.from", "from", o.from), Class: planner.Internal}
	}
	domain, err := domainOf(o.domain)
	if err != nil {
		return err
	}
	list, err := os.ReadFile(name)
	if err != nil {
		return fileFault(name, err)
	}
	rows, found := config.FromImapsync(name, list, domain)
	if slices.ContainsFunc(found, func(f config.Finding) bool { return f.Severity == config.Error }) {
		return &invalid{found: found} // nothing is written: a roster with rows left out would look whole
	}
	if err := render.Findings(c.Stderr, c.cat, nil, found, c.options()); err != nil {
		return err
	}
	out := o.out
	if !filepath.IsAbs(out) {
		out = c.beside(out)
	}
	made, err := create(out, rows)
	if err != nil {
		return err
	}
	if !made {
		return fileFault(out, os.ErrExist)
	}
	return c.say("cmd.roster-import.done", "file", out, "rows", strconv.Itoa(bytes.Count(rows, []byte("\n"))-1))
}

// domainOf is a mail domain in its one form.
func domainOf(domain string) (string, error) {
	address, err := config.Canonical("postmaster@" + domain)
	var bad *config.AddressError
	if errors.As(err, &bad) {
		return "", &planner.Fault{Msg: text.M("cmd.roster-import.domain", "domain", cmp.Or(domain, `""`)), Class: planner.Internal}
	}
	_, domain, _ = strings.Cut(address, "@")
	return domain, nil
}

func newRosterLeaveCommand(c *cli) *cobra.Command {
	var o rosterOptions
	cmd := c.below("roster", "leave ADDRESS --keep | --to ADDRESS | --archive",
		[]string{"roster leave bob@acme.test --archive", "roster leave bob@acme.test --to alice@acme.test"}, cobra.ExactArgs(1),
		func(_ context.Context, args []string) error { return runRosterLeave(c, o, args[0]) })
	o.vars.flags(c, cmd)
	cmd.Flags().BoolVar(&o.keep, "keep", false, c.cat.T("cmd.roster-leave.flag.keep"))
	cmd.Flags().StringVar(&o.to, "to", "", c.cat.T("cmd.roster-leave.flag.to"))
	cmd.Flags().BoolVar(&o.archive, "archive", false, c.cat.T("cmd.roster-leave.flag.archive"))
	return cmd
}

// becomes is what is to become of the mail: exactly one of the three.
func (o rosterOptions) becomes() (string, error) {
	var all []string
	if o.keep {
		all = append(all, "keep")
	}
	if o.to != "" {
		all = append(all, "to")
	}
	if o.archive {
		all = append(all, "archive")
	}
	if len(all) != 1 {
		return "", &planner.Fault{Msg: text.M("cmd.roster-leave.one", "n", strconv.Itoa(len(all))), Class: planner.Internal}
	}
	return all[0], nil
}

func runRosterLeave(c *cli, o rosterOptions, address string) error {
	mail, err := o.becomes()
	if err != nil {
		return err
	}
	name, src, err := c.rosterFile()
	if err != nil {
		return err
	}
	out, err := config.Leave(src, address, mail, o.to)
	if err != nil {
		return err
	}
	loaded, found, err := c.readAs(o.vars, map[string][]byte{filepath.Base(name): out})
	if err != nil {
		return err
	}
	if loaded.Spec == nil {
		fmt.Fprintln(c.Stderr, c.cat.T("cmd.roster-leave.refused", "address", address, "file", name)+"\n")
		return &invalid{found: withoutSecrets(found), files: loaded.Files}
	}
	if err := writeFile(name, out, 0o600); err != nil {
		return err
	}
	return c.say("cmd.roster-leave.done", "address", address, "file", name, "mail", mail)
}

// rosterFile finds the spec's file with the roster block.
func (c *cli) rosterFile() (string, []byte, error) {
	names, err := filepath.Glob(c.beside("*.hcl"))
	if err != nil {
		return "", nil, fileFault(c.dir, err)
	}
	slices.Sort(names)
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			return "", nil, fileFault(name, err)
		}
		if rosterBlock(src) {
			return name, src, nil
		}
	}
	return "", nil, &planner.Fault{Msg: text.M("leave.roster"), Class: planner.Internal}
}

// rosterBlock reports whether a file begins a roster block; config.Leave
// says what else is wrong with it.
func rosterBlock(src []byte) bool {
	for line := range strings.Lines(string(src)) {
		if f := strings.Fields(line); len(f) > 0 && (f[0] == "roster" || f[0] == "roster{") {
			return true
		}
	}
	return false
}
