package main

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

// audit is all that a report is made of. It asks no server: what the journal,
// the passes' records and verify's know is the story.
type audit struct {
	at        time.Time // now; its location is the one that times are shown in
	spec      *config.Spec
	state     *executor.State
	tale      executor.Audit
	last      *executor.Report // nil: no run left one
	known     executor.Known
	approvals []executor.Approval
	verified  map[string]*verified // by address; nil: never
	all       *exceptions
	cat       *text.Catalogue // of spans
}

// maxShown bounds the exceptions of a page; the CSV has all.
const maxShown = 2000

func (c *cli) auditOf(ctx context.Context, spec *config.Spec, state *executor.State, all *exceptions) (*render.AuditView, error) {
	lines, err := executor.ReadJournal(state)
	if err != nil {
		return nil, err
	}
	a := &audit{at: c.Now(), spec: spec, state: state, tale: executor.AuditOf(lines), known: executor.Fold(lines), all: all, verified: map[string]*verified{}}
	if a.last, err = executor.LastReport(state); err != nil {
		return nil, err
	}
	if spec.Cutover != nil {
		if a.approvals, err = executor.EveryApproval(ctx, c.dir, state.Lineage, spec.Cutover.Signers); err != nil {
			return nil, err
		}
	}
	for _, row := range spec.Roster.Mailboxes {
		if a.verified[row.Address], err = readVerified(state, row.Address); err != nil {
			return nil, err
		}
	}
	a.cat = c.cat
	return a.view(c), nil
}

func (a *audit) view(c *cli) *render.AuditView {
	v := &render.AuditView{At: a.at, Source: a.spec.Source.Domain, Target: cmp.Or(a.spec.Target.CorpID, a.spec.Target.IMAP.Host),
		Lineage: a.state.Lineage, Line: a.tale.Head.Line, Hash: a.tale.Head.Hash, Facts: a.facts(), Story: a.story(), Mailboxes: a.mailboxes()}
	if a.last != nil {
		v.Plan = a.last.Plan
	}
	for _, e := range a.all.Rows[:min(len(a.all.Rows), maxShown)] {
		uid := ""
		if e.UID > 0 {
			uid = num(e.UID)
		}
		v.Exceptions = append(v.Exceptions, render.AuditException{Mailbox: e.Mailbox, Folder: e.where(c), UID: uid,
			Kind: c.cat.T("report." + e.Kind), N: e.N, Reason: e.Reason})
	}
	v.More = len(a.all.Rows) - len(v.Exceptions)
	for _, r := range a.tale.Runs {
		v.Runs = append(v.Runs, render.AuditSpan{From: r.From, To: r.To})
	}
	for _, p := range a.tale.Turns {
		v.Passes = append(v.Passes, render.AuditPass{AuditSpan: render.AuditSpan{From: p.From, To: p.To}, Bytes: p.Tally.Bytes})
	}
	return v
}

// story is the journal's, with the approvals where they were given.
func (a *audit) story() []render.AuditMoment {
	var all []render.AuditMoment
	for _, l := range a.tale.Story {
		if l.Msg != nil && l.Msg.Code == "event.approval-used" && a.given(l.Msg.Args) {
			continue // it stands where it was given
		}
		m := render.AuditMoment{At: l.At, Line: l.N, Words: *cmp.Or(l.Msg, &text.Msg{Code: "render.audit.unnamed"})}
		switch m.Words.Code {
		case "event.lock-taken":
			m.Words.Code = "render.audit.run"
		case "event.final-ahead":
			m.Words.Code = "render.audit.final"
		case "event.step-done.act":
			if m.Words.Args["took"] == "0s" {
				m.Words.Code = "render.audit.done"
			}
		}
		if l.Kind == executor.KindNote && len(l.Why) > 0 { // of the watch over the directories
			m.Words = l.Why[0].Msg
		}
		if l.Kind == executor.KindRefused {
			codes := make([]string, len(l.Why))
			for i, f := range l.Why {
				codes[i] = f.Code
			}
			m.Words = text.M("render.audit.refused", "codes", strings.Join(slices.Compact(codes), ", "))
		}
		all = append(all, m)
	}
	for _, k := range a.tale.Often {
		all = append(all, render.AuditMoment{At: k.From, Until: k.To, Words: text.M("render.audit.often", "kind", k.Kind, "n", strconv.Itoa(k.N))})
	}
	for _, p := range a.approvals {
		m := render.AuditMoment{At: p.At, Words: text.M("render.audit.approved", "name", p.Name, "plan", p.Plan, "key", p.Key, "line", strconv.Itoa(p.Journal.Line))}
		if !p.Counts() {
			m.Words = p.Why
		}
		all = append(all, m)
	}
	slices.SortStableFunc(all, func(x, y render.AuditMoment) int { return x.At.Compare(y.At) })
	return all
}

// given reports whether an approval that opened the gates is at hand.
func (a *audit) given(used text.Args) bool {
	at, err := time.Parse("2006-01-02 15:04:05 -0700", used["at"])
	return err == nil && slices.ContainsFunc(a.approvals, func(p executor.Approval) bool {
		return p.Counts() && p.Name == used["name"] && p.At.Truncate(time.Second).Equal(at)
	})
}

// mailboxes are the roster's, by their last pass and by what verify found.
func (a *audit) mailboxes() []render.AuditMailbox {
	partial := map[string]bool{}
	for _, e := range a.all.Rows {
		partial[e.Mailbox] = partial[e.Mailbox] || e.Kind == "refused" || e.Kind == "missing"
	}
	passes := map[string]passed{}
	for _, r := range a.known.Records {
		if r.Step.Kind() != (planner.CopyMailbox{}).Kind() {
			continue
		}
		p := passes[r.Step.Subject()]
		p.tally.Copied += r.Tally.Copied + r.Tally.Adopted
		p.tally.Bytes += r.Tally.Bytes
		if r.Intent >= p.last.Intent {
			p.last = r
		}
		passes[r.Step.Subject()] = p
	}
	var list []render.AuditMailbox
	for _, row := range a.spec.Roster.Mailboxes {
		p := passes[row.Address]
		m := planner.Mailbox{State: planner.NotStarted}
		switch {
		case p.last.Outcome > 0 && partial[row.Address]:
			m.State = planner.Partial
		case p.last.Outcome > 0:
			m.State = planner.InStep
		}
		box := render.AuditMailbox{Address: row.Address, Messages: p.tally.Copied, Bytes: p.tally.Bytes, Proof: proofOf(a.verified[row.Address])}
		box.State, box.Reason = planner.Standing(m, p.last)
		list = append(list, box)
	}
	return list
}

// passed is what the passes over a mailbox did, and the last one's record.
type passed struct {
	last  planner.Record
	tally planner.Tally
}

func proofOf(v *verified) text.Msg {
	switch {
	case v == nil:
		return text.M("render.audit.never")
	case v.Failed != nil:
		return *v.Failed
	case v.Report == nil:
		return text.M("render.audit.never")
	}
	return v.Report.Summary()[0]
}

// names are those of valid signatures.
func (a *audit) names() []string {
	names := map[string]bool{}
	for _, p := range a.approvals {
		if p.Counts() {
			names[p.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
