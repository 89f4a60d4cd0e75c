package render

import (
	"cmp"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// StatusView is where a migration stands, as plain data.
type StatusView struct {
	At       time.Time   `json:"at"`
	Source   string      `json:"source"`
	Target   string      `json:"target"`
	Apply    *Running    `json:"apply,omitempty"`
	Done     Amount      `json:"done"`
	All      Amount      `json:"all"`               // as far as known
	Speed    int64       `json:"speed,omitempty"`   // octets a second; 0: unknown
	Left     int64       `json:"left,omitempty"`    // seconds; 0: unknown
	Unknown  int         `json:"unknown,omitempty"` // mailboxes whose size nobody knows
	WayBack  Return      `json:"way_back"`
	Stand    Stand       `json:"stand"`
	Cutover  bool        `json:"cutover"`         // the spec has one: apply needs a plan's file for the switch
	Watch    *Watch      `json:"watch,omitempty"` // nil: nothing is frozen
	Rows     []StatusRow `json:"mailboxes"`
	Observed time.Time   `json:"observed,omitzero"` // when a pass last ended, with what it saw
}

// Return is what it takes to go back.
type Return struct {
	planner.Back
	Price planner.Price `json:"price"` // with Open
}

// Running is an apply at work.
type Running struct {
	Host string    `json:"host"`
	PID  int       `json:"pid"`
	Seen time.Time `json:"seen"` // its last sign of life
}

// Amount of mail.
type Amount struct {
	Messages int   `json:"messages"`
	Bytes    int64 `json:"bytes"` // 0 with Messages > 0: not told
}

// StatusRow is one mailbox.
type StatusRow struct {
	Address string        `json:"address"`
	State   planner.State `json:"state"`
	Done    Amount        `json:"done"`
	All     Amount        `json:"all"`
	Altered int           `json:"altered,omitempty"` // messages that the target took only repaired or wrapped
	Known   bool          `json:"known"`             // All was seen
	Left    int64         `json:"left,omitempty"`    // seconds; 0: unknown or nothing
	Reason  *text.Msg     `json:"reason,omitempty"`  // a fault's code and values
}

// StatusOf sums up a snapshot.
func StatusOf(plan *planner.Plan, at time.Time) StatusView {
	s := plan.Observed
	v := StatusView{At: at, Source: sourceName(plan.Spec), Target: cmp.Or(plan.Spec.Target.CorpID, plan.Spec.Target.IMAP.Host), Cutover: plan.Spec.Cutover != nil}
	boxes, records := byAddress(plan), recordsOf(plan)
	for _, rec := range s.Records {
		if rec.OutcomeAt.After(v.Observed) {
			v.Observed = rec.OutcomeAt
		}
	}
	v.WayBack, v.Stand = returnOf(plan), standOf(plan, at)
	for _, row := range plan.Spec.Roster.Mailboxes {
		r := rowOf(row.Address, boxes[row.Address], records[row.Address])
		v.Rows = append(v.Rows, r)
	}
	v.Sum()
	return v
}

// Sum adds up the rows.
func (v *StatusView) Sum() {
	v.Done, v.All, v.Unknown = Amount{}, Amount{}, 0
	for _, r := range v.Rows {
		if !r.Known {
			v.Unknown++
		}
		v.Done.add(r.Done)
		v.All.add(r.All)
	}
}

// Keep drops the rows that keep does not want.
func (v *StatusView) Keep(keep func(StatusRow) bool) {
	v.Rows = slices.DeleteFunc(v.Rows, func(r StatusRow) bool { return !keep(r) })
	v.Sum()
}

func (a *Amount) add(b Amount) { a.Messages += b.Messages; a.Bytes += b.Bytes }

func byAddress(p *planner.Plan) map[string]planner.Mailbox {
	boxes := make(map[string]planner.Mailbox, len(p.Observed.Mailboxes))
	for _, m := range p.Observed.Mailboxes {
		boxes[m.Address] = m
	}
	return boxes
}

// recordsOf gives what the journal knows of each mailbox's copy.
func recordsOf(p *planner.Plan) map[string]planner.Record {
	byStep := make(map[planner.StepID]planner.Record, len(p.Observed.Records))
	for _, r := range p.Observed.Records {
		byStep[r.Step] = r
	}
	records := make(map[string]planner.Record, len(p.Steps))
	for _, s := range p.Steps {
		op, ok := s.Op.(planner.CopyMailbox)
		if ok && byStep[s.ID].Intent >= records[op.Address].Intent { // the pass begun last
			records[op.Address] = byStep[s.ID]
		}
	}
	return records
}

func rowOf(address string, m planner.Mailbox, rec planner.Record) StatusRow {
	r := StatusRow{Address: address, Known: m.Source.Seen.Known(), Altered: m.Altered}
	r.State, r.Reason = planner.Standing(m, rec)
	if r.State == planner.Partial && r.Reason == nil {
		r.Reason = &text.Msg{Code: "render.partial", Args: text.Args{"n": Count(m.Quarantined)}}
	}
	if m.Source.Seen.How == "ledger" && r.State != planner.InStep && r.State != planner.Partial {
		// Our records tell what was placed, not how much there is.
		r.Known, r.Done = false, Amount{m.Target.Messages, m.Target.Bytes}
		return r
	}
	r.All = Amount{m.Source.Messages, m.Source.Bytes}
	if r.State != planner.NotStarted {
		r.Done = Amount{max(m.Source.Messages-m.Behind.Messages-m.Quarantined, 0), max(m.Source.Bytes-m.Behind.Bytes, 0)}
	}
	return r
}

// Status writes where a migration stands, trouble first.
func Status(w io.Writer, cat *text.Catalogue, v StatusView, opt Options) error {
	p := newPage(cat, opt)
	p.statusHead(v)
	p.press(v.Stand)
	p.watch(v.Watch)
	if v.Stand.Vendor {
		p.steps(v)
	} else {
		p.statusBar(v)
		p.statusCounts(v)
	}
	p.ahead(v)
	if !v.Stand.Vendor {
		p.statusTable(v)
	}
	return p.flush(w)
}

func (p *page) statusHead(v StatusView) {
	alive := p.t("render.status.idle")
	if a := v.Apply; a != nil {
		alive = p.t("render.status.alive", "host", a.Host, "pid", strconv.Itoa(a.PID), "ago", p.ago(a.Seen))
	}
	seen := p.t("render.status.no-pass")
	if !v.Observed.IsZero() {
		seen = p.t("render.status.last-pass", "at", p.moment(v.Observed), "ago", p.ago(v.Observed))
	}
	p.flow(v.Source+" -> "+v.Target, p.phase(v.Stand), p.t("render.status.mailboxes", "n", Count(len(v.Rows))), alive, seen)
}

func (p *page) statusBar(v StatusView) {
	if v.Done.Messages == 0 && v.Unknown == len(v.Rows) {
		p.para(0, plain, p.t("render.status.size-unknown"))
		return
	}
	done, all, amount := v.reach(p)
	items := []string{progressBar(done, all, p.width*3/10) + " " + percent(done, all), amount}
	if v.Speed > 0 {
		items = append(items, p.t("render.status.speed", "speed", planner.Bytes(v.Speed)))
	}
	if v.Left > 0 {
		items = append(items, p.t("render.status.left", "span", Duration(p.cat, seconds(v.Left))))
	}
	if v.Unknown > 0 && v.All.Bytes > 0 {
		items = append(items, p.t("render.status.without", "n", Count(v.Unknown)))
	}
	p.flow(items...)
}

// reach is how far the whole is: by octets where they are known of all
// mailboxes that were seen, else by messages, else by mailboxes.
func (v StatusView) reach(p *page) (done, all int64, amount string) {
	inStep, octets := 0, true
	for _, r := range v.Rows {
		if r.State == planner.InStep || r.State == planner.Partial {
			inStep++
		}
		octets = octets && (!r.Known || r.All.Bytes > 0 || r.All.Messages == 0)
	}
	switch {
	case octets && v.All.Bytes > 0:
		return v.Done.Bytes, v.All.Bytes, planner.Bytes(v.Done.Bytes) + " / " + planner.Bytes(v.All.Bytes)
	case v.Unknown > 0:
		return int64(inStep), int64(len(v.Rows)), p.t("render.status.boxes", "n", Count(inStep), "all", Count(len(v.Rows)),
			"messages", Count(v.Done.Messages))
	case v.Done.Messages == v.All.Messages:
		return 1, 1, p.t("render.messages", "n", Count(v.All.Messages))
	}
	return int64(v.Done.Messages), int64(v.All.Messages),
		Count(v.Done.Messages) + " / " + p.t("render.messages", "n", Count(v.All.Messages))
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }

func (p *page) statusCounts(v StatusView) {
	n, altered := map[planner.State]int{}, 0
	for _, r := range v.Rows {
		n[r.State]++
		altered += r.Altered
	}
	var items []string
	for _, s := range planner.States() {
		if n[s] > 0 {
			items = append(items, p.t(s.Word())+" "+Count(n[s]))
		}
	}
	p.flow(items...)
	if altered > 0 {
		p.para(0, plain, p.t("render.status.altered", "n", Count(altered)))
	}
}

func (p *page) statusTable(v StatusView) {
	var rows [][]string
	hidden, told := map[planner.State]int{}, map[string]bool{}
	for _, state := range planner.States() {
		shown := 0
		for _, r := range v.Rows {
			if r.State != state {
				continue
			}
			calm := state.Calm() && (state == planner.InStep || r.Reason == nil)
			if !p.opt.Full && (calm || shown >= firstRows) {
				hidden[state]++
				continue
			}
			shown++
			rows = append(rows, p.statusRow(r, told))
		}
	}
	if len(rows) > 0 {
		p.table(0, []column{{head: p.t("render.head.mailbox")}, {head: p.t("render.head.state")},
			{head: p.t("render.head.messages"), right: true}, {head: p.t("render.head.size"), right: true},
			{head: p.t("render.head.left"), right: true}, {head: p.t("render.head.reason"), rest: true}}, rows)
	}
	var items []string
	for _, state := range planner.States() {
		if n := hidden[state]; n > 0 {
			items = append(items, p.t("render.status.more", "n", Count(n), "state", p.t(state.Word())))
		}
	}
	if len(items) > 0 {
		p.flow(append(items, "(--all)")...)
	}
}

// statusRow says what to do where it was not told of a row before.
func (p *page) statusRow(r StatusRow, told map[string]bool) []string {
	messages, bytes, left, why := "?", "?", "-", ""
	if r.Known {
		messages, bytes = Count(r.All.Messages), size(r.All.Bytes, r.All.Messages)
		if r.Done.Messages > 0 && r.Done.Messages < r.All.Messages {
			messages = Count(r.Done.Messages) + "/" + messages
		}
	} else if r.Done.Messages > 0 {
		messages = Count(r.Done.Messages) + "/?"
	}
	if r.Left > 0 {
		left = Duration(p.cat, seconds(r.Left))
	}
	if r.Reason != nil {
		why = p.what(*r.Reason)
		if do := r.Reason.Code + ".do"; p.cat.Has(do) {
			if words := p.t(do, pairs(r.Reason.Args)...); !told[words] {
				why += p.t("render.semicolon") + words
				told[words] = true
			}
		}
	}
	return []string{r.Address, p.t(r.State.Word()), messages, bytes, left, why}
}
