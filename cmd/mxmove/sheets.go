package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

func newRosterSheetsCommand(c *cli) *cobra.Command {
	var o rosterOptions
	cmd := c.below("roster", "sheets [--out DIR]", []string{"roster sheets", "roster sheets --out for-zhang.san"}, cobra.NoArgs,
		func(ctx context.Context, _ []string) error { return runRosterSheets(ctx, c, o) })
	o.vars.flags(c, cmd)
	cmd.Flags().StringVar(&o.out, "out", "sheets", c.cat.T("cmd.roster-sheets.flag.out"))
	return cmd
}

// table is a file that a person enters or uploads in the vendor's console.
type table struct {
	name string     // of the file, without .csv; cmd.roster-sheets.NAME says what it is for
	rows [][]string // the first is the header, as the vendor's template has it
}

func runRosterSheets(ctx context.Context, c *cli, o rosterOptions) error {
	loaded, err := c.load(o.vars)
	if err != nil {
		return err
	}
	state, w, err := c.open(loaded.Spec, loaded.Secrets)
	if err != nil {
		return err
	}
	plan, err := c.build(ctx, loaded.Spec, state, w, planner.Recorded)
	if err != nil {
		return err
	}
	if blind := unseenSheets(plan); len(blind) > 0 {
		return &executor.Refused{Reasons: blind}
	}
	all := tables(plan)
	if len(all) == 0 {
		return c.say("cmd.roster-sheets.none")
	}
	out := o.out
	if !filepath.IsAbs(out) {
		out = c.beside(out)
	}
	if err := os.Mkdir(out, 0o700); err != nil { // what people entered since is in the old one
		return fileFault(out, err)
	}
	for _, t := range all {
		name := filepath.Join(out, t.name+".csv")
		if _, err := create(name, t.csv()); err != nil {
			return err
		}
		if err := c.say("cmd.roster-sheets."+t.name, "file", name, "rows", render.Count(len(t.rows)-1)); err != nil {
			return err
		}
	}
	return nil
}

// unseenSheets says why it is not known what is to be entered.
func unseenSheets(plan *planner.Plan) []config.Finding {
	return slices.DeleteFunc(slices.Clone(plan.Observed.Findings), func(f config.Finding) bool {
		return f.Severity != config.Blocks || !strings.HasPrefix(f.Code, "sheet.")
	})
}

// csv writes UTF-8 with a byte order mark, by which spreadsheets know it, and
// no cell that they would take for a formula.
func (t table) csv() []byte {
	b := bytes.NewBufferString("\ufeff")
	w := csv.NewWriter(b)
	w.UseCRLF = true
	for _, row := range t.rows {
		for i, s := range row {
			if strings.ContainsRune("=+-@", []rune(s + " ")[0]) {
				row[i] = "'" + s
			}
		}
		w.Write(row) // into memory
	}
	w.Flush()
	return b.Bytes()
}

// tables are the files that the steps still to be done ask for. None holds a
// password (HISTORY-07).
func tables(plan *planner.Plan) []table {
	members := table{"members", [][]string{{"姓名", "账号", "部门", "企业邮箱"}}}
	var all []table
	for _, s := range plan.Steps {
		switch op := s.Op.(type) {
		case planner.PutMember:
			if len(op.Aliases) == 0 && s.Work {
				members.rows = append(members.rows, memberCells(op))
			}
		case planner.WizardCopy:
			all = append(all, wizardTables(plan, op.Addresses)...)
		case planner.Task:
			if op.Name == "complete-workbook" {
				all = append(all, workbook(plan))
			}
		}
	}
	all = append(all, members)
	return slices.DeleteFunc(all, func(t table) bool { return len(t.rows) < 2 })
}

func memberCells(op planner.PutMember) []string {
	address := op.Address
	if op.AccountOnly {
		address = ""
	}
	return []string{cmp.Or(op.Name, op.Account), op.Account, strings.Join(op.Departments, ";"), address}
}

// wizardTables are both sheets of the wizard's workbook (HISTORY-02).
func wizardTables(plan *planner.Plan, addresses []string) []table {
	members := table{"wizard-members", [][]string{{"原邮箱地址", "企业微信成员账号", "原邮箱密码", "企业微信成员姓名", "所在部门"}}}
	shared := table{"wizard-shared", [][]string{{"公共邮箱地址", "公共邮箱密码", "使用成员账号", "名称"}}}
	accounts := plan.Accounts()
	for _, row := range plan.Spec.Roster.Mailboxes {
		if !slices.Contains(addresses, row.Address) {
			continue
		}
		if row.Kind == "shared" {
			shared.rows = append(shared.rows, []string{row.Address, "", strings.Join(usersOf(plan.Spec, row.Address, accounts), ";"), row.Name})
			continue
		}
		members.rows = append(members.rows, []string{row.Address, accounts[row.Address], "", row.Name, row.Department})
	}
	return []table{members, shared}
}

// usersOf are the accounts of those who use a shared mailbox.
func usersOf(spec *config.Spec, address string, accounts map[string]string) []string {
	var users []string
	for _, s := range spec.Roster.Shared {
		for _, u := range s.Users {
			if a := accounts[u]; s.Address == address && a != "" {
				users = append(users, a)
			}
		}
	}
	return users
}

// workbook is the address book of an upgrade (UPGRADE-04): each mailbox is a
// member's or one of the others (UPGRADE-08).
func workbook(plan *planner.Plan) table {
	t := table{"workbook", [][]string{{"邮箱账号", "姓名", "账号", "部门", "邮箱类型"}}}
	accounts, listed := plan.Accounts(), map[string]bool{}
	put := func(row config.Mailbox, kind string) {
		listed[row.Address] = true
		t.rows = append(t.rows, []string{row.Address, row.Name, accounts[row.Address], row.Department, kind})
	}
	for _, row := range plan.Spec.Roster.Mailboxes {
		if row.Kind == "shared" {
			put(row, "其他邮箱")
			continue
		}
		put(row, "成员邮箱")
	}
	for _, s := range plan.Spec.Roster.Shared {
		if !listed[s.Address] {
			put(config.Mailbox{Address: s.Address, Name: s.Name}, "其他邮箱")
		}
	}
	return t
}
