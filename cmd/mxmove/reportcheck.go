package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
)

// runReportCheck proves the journal's chain, the approvals' signatures, and
// that reports are of this journal. All that is wrong is told at once.
func runReportCheck(ctx context.Context, c *cli, vars variables, reports []string) error {
	loaded, err := c.load(vars)
	if err != nil {
		return err
	}
	state, _, err := c.open(loaded.Spec, loaded.Secrets)
	if err != nil {
		return err
	}
	lines, err := executor.ReadJournal(state)
	if err != nil {
		return err
	}
	k := &checking{cli: c, lines: lines}
	head := "-"
	if n := len(lines); n > 0 {
		head = strconv.Itoa(n) + ":" + lines[n-1].Hash[:16]
	}
	if err := c.say("cmd.report.check.chain", "n", strconv.Itoa(len(lines)), "head", head); err != nil {
		return err
	}
	if cut := loaded.Spec.Cutover; cut != nil {
		if err := k.approvals(ctx, state, cut.Signers); err != nil {
			return err
		}
	}
	if err := k.mirror(state); err != nil {
		return err
	}
	if err := k.left(state); err != nil {
		return err
	}
	for _, name := range reports {
		if err := k.report(name); err != nil {
			return err
		}
	}
	if len(k.wrong) > 0 {
		return &invalid{found: k.wrong}
	}
	return c.say("cmd.report.check.bound", "n", strconv.Itoa(k.anchors))
}

// checking is a check under way.
type checking struct {
	*cli
	lines   []executor.Line
	anchors int // signed heads
	wrong   []config.Finding
}

func (k *checking) fails(m text.Msg) error {
	k.wrong = append(k.wrong, config.Finding{Msg: m, Severity: config.Error})
	return nil
}

func (k *checking) approvals(ctx context.Context, state *executor.State, signers []string) error {
	all, err := executor.EveryApproval(ctx, k.dir, state.Lineage, signers)
	if err != nil {
		return err
	}
	for _, a := range all {
		if !a.Counts() {
			k.fails(a.Why)
			continue
		}
		if err := k.say("cmd.report.check.approval", "name", a.Name, "at", k.stamp(a.At), "key", a.Key); err != nil {
			return err
		}
		switch {
		case a.Journal.Line == 0: // the approver had no state directory at hand
		case a.Journal.Has(k.lines):
			k.anchors++
			err = k.say("cmd.report.check.anchored", "name", a.Name, "line", strconv.Itoa(a.Journal.Line))
		default:
			err = k.fails(text.M("cmd.report.check.foreign", "name", a.File, "line", strconv.Itoa(a.Journal.Line)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mirror compares the second place of the journal, if there is one.
func (k *checking) mirror(state *executor.State) error {
	if state.Mirror == "" {
		return nil
	}
	same, n, err := executor.CompareMirror(state, k.lines)
	var gone *executor.Refused
	switch {
	case errors.As(err, &gone):
		k.wrong = append(k.wrong, gone.Reasons...)
		return nil
	case err != nil:
		return err
	case same < n:
		return k.fails(text.M("cmd.report.check.mirror-differs", "path", state.Mirror, "line", strconv.Itoa(same+1)))
	}
	return k.say("cmd.report.check.mirror", "path", state.Mirror, "n", strconv.Itoa(n), "all", strconv.Itoa(len(k.lines)))
}

// left checks what the runs left in the state directory: a journal that lost
// its last lines is no damaged one.
func (k *checking) left(state *executor.State) error {
	names, err := filepath.Glob(filepath.Join(state.Reports(), "2*Z*.json"))
	if err != nil {
		return fileFault(state.Reports(), err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			return fileFault(name, err)
		}
		if head := headOf(b); head.Line > 0 && !head.Has(k.lines) {
			k.fails(text.M("cmd.report.check.foreign", "name", name, "line", strconv.Itoa(head.Line)))
		}
	}
	return nil
}

// report checks a file, or a head as it stands on paper.
func (k *checking) report(name string) error {
	head, ok := paperHead(name)
	if !ok {
		b, err := os.ReadFile(name)
		if err != nil {
			return fileFault(name, err)
		}
		head = headOf(b)
	}
	at := strconv.Itoa(head.Line)
	switch {
	case head.Line == 0:
		return k.fails(text.M("cmd.report.check.unread", "name", name))
	case !head.Has(k.lines):
		return k.fails(text.M("cmd.report.check.foreign", "name", name, "line", at))
	}
	return k.say("cmd.report.check.report", "name", name, "line", at, "n", strconv.Itoa(len(k.lines)))
}

// paperForm is how a head is printed.
var paperForm = regexp.MustCompile(`^([1-9][0-9]{0,8}):([0-9a-f]{16,64})$`)

func paperHead(s string) (executor.JournalHead, bool) {
	m := paperForm.FindStringSubmatch(strings.ToLower(s))
	if m == nil {
		return executor.JournalHead{}, false
	}
	n, err := strconv.Atoi(m[1])
	return executor.JournalHead{Line: n, Hash: m[2]}, err == nil
}

// metaForm is the head in a page of HTML.
var metaForm = regexp.MustCompile(`<meta name="mxmove-journal" content="([0-9]{1,9}) ([0-9a-f]{64}) `)

// headOf finds the head in a report; none: line 0.
func headOf(b []byte) executor.JournalHead {
	if m := metaForm.FindSubmatch(b); m != nil {
		n, _ := strconv.Atoi(string(m[1]))
		return executor.JournalHead{Line: n, Hash: string(m[2])}
	}
	var r struct {
		Journal executor.JournalHead `json:"journal"` // of a run's report
		Audit   struct {
			Line int    `json:"line"`
			Hash string `json:"hash"`
		} `json:"audit"`
	}
	if json.Unmarshal(b, &r) != nil {
		return executor.JournalHead{}
	}
	if r.Journal.Line > 0 {
		return r.Journal
	}
	return executor.JournalHead{Line: r.Audit.Line, Hash: r.Audit.Hash}
}
