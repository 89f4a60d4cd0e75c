package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

const (
	quiet  = 10 * time.Second       // between two lines about progress where nothing is redrawn
	blink  = 100 * time.Millisecond // between two drawings of the same lines
	memory = 30 * time.Second       // what rates are reckoned over
)

// progress is a reader of a run's events for people. At a terminal it redraws
// the steps under way below the lines that stay; elsewhere it writes lines only.
type progress struct {
	w     io.Writer
	cat   *text.Catalogue
	width func() int // 0: no terminal
	now   func() time.Time

	expected int64            // octets that the plan means to copy
	behind   map[string]int64 // of them, by mailbox
	todo     int              // steps of this run
	ended    int              // of them
	began    time.Time        // where the time left is reckoned by mailboxes, not octets; else zero
	carried  int64            // octets of steps that ended
	running  []*active
	samples  []sample
	pace     int64           // the last rate that was more than nothing
	told     time.Time       // of the last line about progress
	said     map[string]bool // reasons and remedies, each told once
	groups   []*group        // in the plan's order
	group    map[planner.StepID]*group
	drawn    int // lines to redraw
	drawnAt  time.Time
}

type active struct {
	step  planner.StepID
	began time.Time
	at    planner.Progress
	until time.Time // a server asked to wait; zero: it goes on
}

type sample struct {
	at    time.Time
	bytes int64
}

func newProgress(c *cli, plan *planner.Plan) *progress {
	p := &progress{w: c.Stdout, cat: c.cat, width: c.Screen, now: c.Now, said: map[string]bool{}, behind: map[string]int64{}}
	p.groups, p.group = grouped(plan)
	for _, m := range plan.Observed.Mailboxes {
		p.behind[m.Address] = m.Behind.Bytes
		p.expected += m.Behind.Bytes
	}
	return p
}

// read takes an event. It is an [executor.Reader].
func (p *progress) read(at time.Time, e executor.Event) {
	p.note(at, e)
	lines := append(p.before(e), p.lines(e)...)
	if p.width() == 0 && p.due(at, e) {
		lines = append(lines, p.summary())
	}
	p.show(at, lines)
}

// show writes lines that stay and draws the rest anew.
func (p *progress) show(at time.Time, lines []string) {
	if len(lines) == 0 && at.Sub(p.drawnAt) < blink {
		return
	}
	p.drawnAt = at
	var b strings.Builder
	b.WriteString(p.erase())
	indent := at.In(p.now().Location()).Format("15:04 ")
	for _, l := range lines {
		for _, l := range p.fit(l, len(indent)) {
			b.WriteString(indent + l + "\n")
			indent = strings.Repeat(" ", len(indent))
		}
	}
	b.WriteString(p.draw())
	io.WriteString(p.w, b.String())
}

// fit breaks a line for a terminal; on a pipe it stays one.
func (p *progress) fit(line string, indent int) []string {
	if p.width() == 0 {
		return []string{line}
	}
	return render.Wrap(line, max(min(p.width(), 100)-indent, 20))
}

// note keeps count.
func (p *progress) note(at time.Time, e executor.Event) {
	switch e := e.(type) {
	case executor.PlanCompared:
		p.todo, p.ended = e.Todo, 0
	case executor.StepStarted:
		p.running = append(p.running, &active{step: e.Step, began: at})
	case executor.StepProgress:
		if a := p.find(e.Step); a != nil {
			a.at, a.until = e.Progress, time.Time{}
		}
	case executor.StepWaits:
		if a := p.find(e.Step); a != nil {
			a.until = e.Until
		}
	case executor.StepDone:
		p.end(e.Step, e.Tally)
	case executor.StepFailed:
		p.end(e.Step, e.Tally)
	case executor.StepStopped:
		p.end(e.Step, e.Tally)
	case executor.StepPending:
		p.end(e.Step, planner.Tally{})
	}
	p.samples = append(p.samples, sample{at, p.bytes()})
	for len(p.samples) > 2 && at.Sub(p.samples[1].at) >= memory {
		p.samples = p.samples[1:]
	}
	if r := p.rate(); r > 0 {
		p.pace = r
	}
}

func (p *progress) find(step planner.StepID) *active {
	for _, a := range p.running {
		if a.step == step {
			return a
		}
	}
	return nil
}

func (p *progress) end(step planner.StepID, t planner.Tally) {
	for i, a := range p.running {
		if a.step == step {
			p.running = append(p.running[:i:i], p.running[i+1:]...)
			break
		}
	}
	p.ended++
	p.todo = max(p.todo, p.ended+len(p.running)) // a step that ends lets others come
	p.carried += t.Bytes
}

func (p *progress) bytes() int64 {
	n := p.carried
	for _, a := range p.running {
		n += a.at.Bytes
	}
	return n
}

// rate is in octets a second; 0: not known.
func (p *progress) rate() int64 {
	if len(p.samples) < 2 {
		return 0
	}
	first, last := p.samples[0], p.samples[len(p.samples)-1]
	span := last.at.Sub(first.at)
	if span < time.Second {
		return 0
	}
	return max(int64(float64(last.bytes-first.bytes)/span.Seconds()), 0)
}

// due reports whether it is time for a line about progress on a pipe.
func (p *progress) due(at time.Time, e executor.Event) bool {
	switch e.(type) {
	case executor.LockTaken:
		p.told = at
	case executor.StepProgress:
		if at.Sub(p.told) >= quiet {
			p.told = at
			return true
		}
	}
	return false
}

// lines are what stays on the screen of an event; none for most.
func (p *progress) lines(e executor.Event) []string {
	said := p.cat.Text(e.Msg())
	switch e := e.(type) {
	case executor.StepStarted, executor.StepProgress, executor.RunRefused:
		return nil
	case executor.GateChecked:
		return p.gate(e, said)
	case executor.StepPending:
		return append([]string{said}, p.texts(e.Fault.Msg, "what")...)
	case executor.Observed:
		if e.Again {
			return nil
		}
	case executor.StepDone:
		if g := p.group[e.Step]; g != nil {
			return p.add(g, e.Tally)
		}
		return []string{p.done(e)}
	case executor.StepFailed:
		return append([]string{said}, p.texts(e.Fault.Msg, "what", "why", "do")...)
	case executor.StepHeld:
		return append([]string{said}, p.texts(e.Reason.Msg, "what", "do")...)
	case executor.StepNoted:
		return append([]string{said}, p.texts(e.Note.Msg, "what", "do")...)
	case executor.StepWaits:
		return append([]string{p.waits(e)}, p.texts(e.Fault.Msg, "what", "why")...)
	case executor.Finished:
		if e.Report != "" {
			return []string{said, p.cat.T("cmd.progress.report", "file", e.Report)}
		}
	}
	return []string{said}
}

// gate shows those of Freeze and Cutover; their reasons stand at the end.
func (p *progress) gate(e executor.GateChecked, said string) []string {
	if e.Gate == "plan" || e.Gate == "findings" {
		return nil
	}
	lines := []string{said}
	for _, f := range e.Reasons {
		lines = append(lines, p.texts(f.Msg, "what")...)
	}
	return lines
}

// texts gives parts of a fault. A reason and what to do stand below the first
// step that they are told of, not below each.
func (p *progress) texts(m text.Msg, parts ...string) []string {
	var all []string
	for _, part := range parts {
		code := m.Code + "." + part
		if !p.cat.Has(code) {
			continue
		}
		words := p.cat.Text(text.Msg{Code: code, Args: m.Args})
		if part != "what" && p.said[words] {
			continue
		}
		p.said[words] = true
		all = append(all, strings.Split(words, "\n")...)
	}
	return all
}

// summary is the run as a whole in one line.
func (p *progress) summary() string {
	parts := []string{p.cat.T("cmd.progress.steps", "done", render.Count(p.ended), "all", render.Count(p.todo)), planner.Bytes(p.bytes())}
	if r := p.rate(); r > 0 {
		parts = append(parts, p.cat.T("cmd.progress.rate", "rate", planner.Bytes(r)))
	}
	if left := p.left(); left > 0 {
		parts = append(parts, p.cat.T("cmd.progress.left", "span", render.Duration(p.cat, left)))
	}
	return strings.Join(parts, p.cat.T("cmd.comma"))
}

// erase takes away what is redrawn.
func (p *progress) erase() string {
	if p.drawn == 0 {
		return ""
	}
	defer func() { p.drawn = 0 }()
	return fmt.Sprintf("\x1b[%dA\r\x1b[J", p.drawn)
}

// clear leaves a terminal with the lines that stay.
func (p *progress) clear() {
	p.running = nil
	io.WriteString(p.w, p.erase())
}
