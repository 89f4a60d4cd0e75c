package main

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
	"github.com/mxmove/mxmove/providers/mailstore/archive"
)

func newArchiveCommand(c *cli) *cobra.Command {
	cmd := c.command("archive COMMAND", codesPlain, nil, cobra.ArbitraryArgs, nil)
	cmd.Example = ""
	cmd.Args = noSuchCommand
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.SuggestionsMinimumDistance = 2
	list, verify, restore := newArchiveListCommand(c), newArchiveVerifyCommand(c), newArchiveRestoreCommand(c)
	list.Use, verify.Use, restore.Use = "list [DIR ...]", "verify [DIR ...]", "restore DIR --to MAILBOX"
	cmd.AddCommand(list, verify, restore)
	return cmd
}

type archiveOptions struct {
	vars   variables
	json   bool
	to     string
	folder string
}

func newArchiveListCommand(c *cli) *cobra.Command {
	var o archiveOptions
	cmd := c.command("archive-list [DIR ...]", codesPlain, []string{"archive list", "archive list archive/wwB --json"}, cobra.ArbitraryArgs,
		func(_ context.Context, dirs []string) error { return runArchiveList(c, o, dirs) })
	o.vars.flags(c, cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, c.cat.T("cmd.flag.json"))
	return cmd
}

func newArchiveVerifyCommand(c *cli) *cobra.Command {
	var o archiveOptions
	cmd := c.command("archive-verify [DIR ...]", codesVerify, []string{"archive verify", "archive verify archive/wwB/li.si@acme.test", "archive verify --json"}, cobra.ArbitraryArgs,
		func(ctx context.Context, dirs []string) error { return runArchiveVerify(ctx, c, o, dirs) })
	o.vars.flags(c, cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, c.cat.T("cmd.flag.json"))
	return cmd
}

func newArchiveRestoreCommand(c *cli) *cobra.Command {
	var o archiveOptions
	cmd := c.command("archive-restore DIR --to MAILBOX", codesVerify,
		[]string{"archive restore archive/wwB/li.si@acme.test --to li.si@acme.test", "archive restore archive/wwB/li.si@acme.test --to li.si@acme.test --folder 'before the merge'"},
		cobra.ExactArgs(1), func(ctx context.Context, dirs []string) error { return runArchiveRestore(ctx, c, o, dirs[0]) })
	o.vars.flags(c, cmd)
	cmd.Flags().StringVar(&o.to, "to", "", c.cat.T("cmd.archive.flag.to"))
	cmd.Flags().StringVar(&o.folder, "folder", "", c.cat.T("cmd.archive.flag.folder"))
	return cmd
}

// archives gives the directories of archived mailboxes: those named, those in
// them, or without any those of the spec.
func (c *cli) archives(o archiveOptions, named []string) ([]string, error) {
	if len(named) == 0 {
		loaded, err := c.load(o.vars)
		if err != nil {
			return nil, err
		}
		root := planner.ArchivePath(loaded.Spec)
		if !filepath.IsAbs(root) {
			root = c.beside(root)
		}
		named = []string{root}
	}
	var dirs []string
	for _, name := range named {
		below, err := archive.Below(name)
		if err != nil {
			return nil, err
		}
		dirs = append(dirs, below...)
	}
	return dirs, nil
}

// archiveView is an archived mailbox, as plain data.
type archiveView struct {
	Address  string `json:"address"`
	Dir      string `json:"dir"`
	From     string `json:"from"`
	Folders  int    `json:"folders"`
	Messages int    `json:"messages"`
	Bytes    int64  `json:"bytes"`
	Head     string `json:"head"`
	archive.Pass
}

func runArchiveList(c *cli, o archiveOptions, named []string) error {
	dirs, err := c.archives(o, named)
	if err != nil {
		return err
	}
	views := make([]archiveView, len(dirs))
	for i, dir := range dirs {
		box, err := archive.Read(dir)
		if err != nil {
			return err
		}
		v := archiveView{Address: box.Address(), Dir: dir, From: box.From(), Head: box.Head()}
		v.Messages, v.Bytes = box.Count()
		folders, err := box.Folders(context.Background())
		if err == nil {
			v.Folders = len(folders)
			v.Pass, err = archive.LastPass(dir)
		}
		if err != nil {
			return err
		}
		views[i] = v
	}
	if o.json {
		return writeJSON(c, map[string]any{"archives": views})
	}
	rows := make([][]string, len(views))
	for i, v := range views {
		rows[i] = []string{v.Address, render.Count(v.Folders), render.Count(v.Messages), planner.Bytes(v.Bytes), c.moment(v.Began), c.moment(v.ReadBack)}
	}
	return render.Table(c.Stdout, c.cat, c.options(), c.heads("mailbox", "folders", "messages", "size", "archived", "readback"), rows, 1, 2, 3)
}

// moment is a time for a table; "-": there was none.
func (c *cli) moment(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.In(c.Now().Location()).Format("01-02 15:04")
}

func runArchiveVerify(ctx context.Context, c *cli, o archiveOptions, named []string) error {
	dirs, err := c.archives(o, named)
	if err != nil {
		return err
	}
	seen := c.watch(len(dirs), o.json)
	reports := make([]*archive.Report, len(dirs))
	whole := 0
	for i, dir := range dirs {
		id := planner.StepID("verify " + dir)
		seen(executor.StepStarted{Step: id})
		reports[i], err = archive.Verify(ctx, dir, func(at planner.Progress) { seen(executor.StepProgress{Step: id, Progress: at}) })
		seen(executor.StepStopped{Step: id})
		if err != nil {
			seen(nil)
			return err
		}
		if reports[i].Whole() {
			whole++
		}
	}
	seen(nil)
	if o.json {
		err = writeJSON(c, map[string]any{"archives": reports})
	} else {
		err = c.showArchives(reports, whole)
	}
	if err == nil && whole < len(reports) {
		err = errNotProven
	}
	return err
}

func (c *cli) showArchives(reports []*archive.Report, whole int) error {
	for _, r := range reports {
		if err := c.say("cmd.archive.verified", "address", r.Address, "proven", render.Count(r.Proven), "messages", render.Count(r.Messages),
			"size", planner.Bytes(r.Bytes), "head", r.Head[:min(8, len(r.Head))]); err != nil {
			return err
		}
		if err := c.showProblems(r); err != nil {
			return err
		}
	}
	return c.say("cmd.archive.sum", "whole", strconv.Itoa(whole), "n", strconv.Itoa(len(reports)))
}

// showProblems names what is not as it was written, the first of it.
func (c *cli) showProblems(r *archive.Report) error {
	for i, p := range r.Problems {
		if i == shownExceptions {
			return c.say("cmd.verify.more", "n", strconv.Itoa(len(r.Problems)-i))
		}
		if err := c.say("cmd.archive."+p.Kind, "file", p.File, "folder", render.Path(p.Folder), "line", strconv.Itoa(p.Line)); err != nil {
			return err
		}
	}
	return nil
}

func runArchiveRestore(ctx context.Context, c *cli, o archiveOptions, dir string) error {
	if o.to == "" {
		return &planner.Fault{Msg: text.M("cmd.archive.to"), Class: planner.Internal}
	}
	loaded, err := c.load(o.vars)
	if err != nil {
		return err
	}
	state, w, err := c.open(loaded.Spec, loaded.Secrets)
	if err != nil {
		return err
	}
	var below []string
	if o.folder != "" {
		below = []string{o.folder}
	}
	self, still := c.self("archive restore")
	defer still()
	seen := c.watch(1, false)
	id := planner.StepID("restore " + o.to)
	var done planner.Tally
	var report *archive.Report
	err = executor.Exclusively(state, self, func() (text.Msg, error) {
		seen(executor.StepStarted{Step: id})
		var failed error
		done, report, failed = w.Restore(ctx, dir, o.to, below, c.Stop, func(at planner.Progress) {
			seen(executor.StepProgress{Step: id, Progress: at})
		})
		seen(executor.StepStopped{Step: id})
		return text.M("cmd.archive.restored", "messages", strconv.Itoa(done.Copied), "had", strconv.Itoa(done.Adopted), "mailbox", o.to, "dir", dir), failed
	})
	seen(nil)
	if report != nil {
		err = errors.Join(c.showProblems(report), err)
	}
	if err != nil {
		return cmp.Or(ctx.Err(), err)
	}
	if err := c.say("cmd.archive.restored", "messages", render.Count(done.Copied), "had", render.Count(done.Adopted), "mailbox", o.to, "dir", dir); err != nil {
		return err
	}
	if done.Missing+done.Refused > 0 || !report.Whole() {
		return errNotProven
	}
	return nil
}
