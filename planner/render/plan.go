package render

import (
	"io"
	"slices"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// Plan writes a plan for a terminal: what cannot be undone first, then what
// is done, what is not, and what comes next.
func Plan(w io.Writer, cat *text.Catalogue, plan *planner.Plan, opt Options) error {
	v := &planView{page: newPage(cat, opt), plan: plan}
	v.column, v.told = v.labelWidth(), acknowledging
	if v.isBack() {
		v.reverse()
		return v.flush(w)
	}
	v.header()
	v.byRisk()
	v.mailboxes()
	v.touches()
	v.notCarried()
	v.cannotSee()
	v.gates()
	v.findings()
	v.peoplesActs()
	v.sinceAndBack()
	v.next()
	return v.flush(w)
}

// acknowledging is the finding whose remedy stands with the step it is about.
const acknowledging = "plan.unacknowledged"

// planView is a plan being written.
type planView struct {
	*page
	plan   *planner.Plan
	column int // where the text beside the labels begins
}

var labels = [...]string{"render.irreversible", "render.costly", "render.routine", "render.touches",
	"render.not-carried", "render.cannot-see", "render.gates", "render.findings", "render.way-back"}

func (v *planView) labelWidth() int {
	widest := 0
	for _, code := range labels {
		widest = max(widest, cells(v.t(code)))
	}
	for _, code := range backLabels {
		if v.isBack() {
			widest = max(widest, cells(v.t(code)))
		}
	}
	return widest + 3
}

func (v *planView) section(code string, s style, words string) {
	v.hang(v.t(code), v.column, s, words)
}

func (v *planView) header() {
	v.flow(v.title(), v.route())
	v.flow(v.t("render.plan-id", "id", v.plan.ID), v.t("render.spec-digest", "digest", v.plan.Digest),
		v.seen(), v.t("render.nothing-changed"))
}

// seen says when the world was looked at.
func (v *planView) seen() string {
	at := v.plan.Observed.At
	if at.IsZero() {
		return v.t("render.never-observed")
	}
	ago := v.ago(at)
	if v.opt.AsSeen {
		ago = v.t("render.as-seen")
	}
	words := v.t("render.observed", "at", v.moment(at), "ago", ago)
	if oldest := oldestLook(v.plan.Observed); at.Sub(oldest) >= oldLook {
		words += v.t("render.oldest-look", "age", Duration(v.cat, at.Sub(oldest)))
	}
	return words
}

// oldLook is the age from which on a plan says that it remembers mailboxes.
const oldLook = 5 * time.Minute

// oldestLook is when the mailbox was opened that was not opened for longest.
func oldestLook(seen planner.Snapshot) time.Time {
	oldest := seen.At
	for _, m := range seen.Mailboxes {
		if s := m.Source.Seen; s.How == "imap" && s.Err == nil && s.At.Before(oldest) {
			oldest = s.At
		}
	}
	return oldest
}

func sourceName(spec *config.Spec) string {
	if spec.Source.Domain != "" {
		return spec.Source.Domain
	}
	return spec.Source.IMAP.Host
}

func (v *planView) routine(steps []planner.Step) string {
	if len(steps) == 0 {
		return v.t("render.none")
	}
	work, unknown, all := 0, 0, time.Duration(0)
	for _, s := range steps {
		if s.Work {
			work++
			all += s.Estimate
		}
		if s.Work && s.Estimate == 0 {
			unknown++
		}
	}
	words := v.t("render.copy-steps", "n", Count(len(steps)), "work", Count(work))
	if all > 0 {
		side := min(v.plan.Spec.Source.IMAP.Limits.Connections, v.plan.Spec.Target.IMAP.Limits.Connections)
		words += v.t("render.takes", "span", Duration(v.cat, max(all/time.Duration(max(side, 1)), time.Second)))
		if unknown > 0 {
			words += v.t("render.takes-without", "n", Count(unknown))
		}
	}
	return words
}

// firstRows is how many mailboxes a plan shows unless all are asked for.
const firstRows = 10

// mailboxes lists the copies in the order in which they are carried out.
func (v *planView) mailboxes() {
	boxes, records := byAddress(v.plan), recordsOf(v.plan)
	var rows [][]string
	listed := map[string]bool{} // by its first pass
	for _, s := range v.plan.Steps {
		if op, ok := s.Op.(planner.CopyMailbox); ok && !listed[op.Address] {
			listed[op.Address] = true
			rows = append(rows, v.mailbox(op, s, boxes[op.Address], records[op.Address]))
		}
	}
	if len(rows) == 0 {
		return
	}
	shown := rows
	if !v.opt.Full {
		shown = rows[:min(len(rows), firstRows)]
	}
	cols := []column{{head: v.t("render.head.mailbox")}, {head: v.t("render.head.wave")},
		{head: v.t("render.head.state")}, {head: v.t("render.head.messages"), right: true},
		{head: v.t("render.head.size"), right: true}, {head: v.t("render.head.behind"), right: true}}
	if v.width < 80 { // the order shows the waves
		cols = slices.Delete(cols, 1, 2)
		for i := range shown {
			shown[i] = slices.Delete(shown[i], 1, 2)
		}
	}
	v.table(1, cols, shown)
	if n := len(rows) - len(shown); n > 0 {
		v.line(" " + v.t("render.more-mailboxes", "n", Count(n)))
	}
}

func (v *planView) mailbox(op planner.CopyMailbox, s planner.Step, m planner.Mailbox, rec planner.Record) []string {
	state, _ := planner.Standing(m, rec)
	r := []string{op.Address, orDash(op.Wave), v.t(state.Word()), "?", "?", "?"}
	if m.Source.Seen.Known() {
		r[3], r[4] = Count(m.Source.Messages), size(m.Source.Bytes, m.Source.Messages)
		r[5] = Count(m.Behind.Messages)
		if !m.Target.Seen.Known() {
			r[5] = "?"
		}
	}
	if !s.Work {
		r[5] = "0"
	}
	return r
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// notCarriedWords lists what the plan leaves behind.
func (v *planView) notCarriedWords() string {
	spec := v.plan.Spec
	if v.byVendor() {
		return v.vendorLeaves()
	}
	var parts []string
	if h := spec.History; h == nil {
		parts = append(parts, v.t("render.not-carried.mail"))
	} else {
		if h.Since != "" {
			parts = append(parts, v.t("render.not-carried.since", "date", h.Since))
		}
		if len(h.Skip) > 0 {
			parts = append(parts, v.t("render.not-carried.folders", "folders", v.list(h.Skip)))
		}
		if h.Deletions != "follow" {
			parts = append(parts, v.t("render.not-carried.deletions"))
		}
	}
	if len(spec.Roster.Skip) > 0 {
		parts = append(parts, v.t("render.not-carried.addresses", "addresses", v.list(spec.Roster.Skip)))
	}
	if list := v.archived(); len(list) > 0 {
		parts = append(parts, v.t("render.not-carried.archived", "addresses", v.list(list)))
	}
	parts = append(parts, v.t("render.not-carried.always"))
	return strings.Join(parts, v.t("render.semicolon"))
}

// list joins names, the first few unless all are asked for.
func (v *planView) list(names []string) string { return v.few(names, "render.and-more") }

func (v *planView) next() {
	work := slices.ContainsFunc(v.plan.Steps, func(s planner.Step) bool { return s.Work })
	short := v.notInStep()
	code := "render.next.apply-file"
	switch {
	case v.isBack():
		if code = v.nextBack(); code == "" {
			return
		}
	case len(v.plan.Steps) == 0:
		code = "render.next.no-step"
	case !work && short > 0:
		code = "render.next.nothing-now"
	case !work:
		code = "render.next.nothing"
	case v.opt.Doing:
		return
	case v.opt.File == "":
		code = "render.next.apply"
	}
	v.para(0, bold, v.t(code, "file", v.opt.File, "n", Count(short), "all", Count(len(v.plan.Spec.Roster.Mailboxes))))
}

// notInStep counts mailboxes that lack something, though it may be nothing
// that a pass can mend.
func (v *planView) notInStep() int {
	n, boxes := 0, byAddress(v.plan)
	for address, rec := range recordsOf(v.plan) {
		if state, _ := planner.Standing(boxes[address], rec); state != planner.InStep {
			n++
		}
	}
	return n
}
