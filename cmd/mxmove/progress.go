package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
)

const (
	quiet  = 10 * time.Second       // between two lines about progress where nothing is redrawn, at first
	hush   = 5 * time.Minute        // the same, in the end
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

	expected  int64            // octets that the plan means to copy
	behind    map[string]int64 // of them, by mailbox
	todo      int              // steps of this run
	ended     int              // of them
	began     time.Time        // where the time left is reckoned by mailboxes, not octets; else zero
	carried   int64            // octets of steps that ended
	running   []*active
	samples   []sample
	pace      int64                     // the last rate that was more than nothing
	told      time.Time                 // of the last line about progress
	since     time.Time                 // the run began
	toldBytes int64                     // as the last such line told
	places    map[planner.StepID]int    // in the plan, from 1
	names     map[planner.StepID]string // of final steps: F1, F2
	column    int                       // cells of the labels
	gates     []executor.GateChecked    // not told yet
	judged    bool                      // the gates were told once
	held      []executor.StepHeld       // not told yet
	idle      []planner.StepID          // passes that brought nothing, not told yet
	beyond    int                       // as last told; -1: never
	frozen    []executor.DirectoryHeld
	waiting   map[planner.StepID]string // what a step waits for, as told
	said      map[string]bool           // reasons and remedies, each told once
	groups    []*group                  // in the plan's order
	group     map[planner.StepID]*group
	drawn     int // lines to redraw
	drawnAt   time.Time
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
	p := &progress{w: c.Stdout, cat: c.cat, width: c.Screen, now: c.Now, said: map[string]bool{}, behind: map[string]int64{},
		places: map[planner.StepID]int{}, names: map[planner.StepID]string{}, beyond: -1, waiting: map[planner.StepID]string{}}
	for i, s := range plan.Steps {
		p.places[s.ID] = i + 1
	}
	for i, f := range plan.Finals() {
		p.names[f.Step] = "F" + strconv.Itoa(i+1)
	}
	all := strconv.Itoa(len(plan.Steps))
	p.column = max(len(all+"/"+all), labelCells) + 2
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
	lines := append(p.waited(e), p.before(e)...)
	lines = append(lines, p.lines(at, e)...)
	if p.width() == 0 && p.due(at, e) {
		lines = append(lines, entry{words: p.summary()})
	}
	p.show(at, lines)
}

// ahead tells what waits to be told, before a person is asked.
func (p *progress) ahead() { p.show(p.now(), p.waited(nil)) }

// show writes lines that stay and draws the rest anew.
func (p *progress) show(at time.Time, lines []entry) {
	if len(lines) == 0 && at.Sub(p.drawnAt) < blink {
		return
	}
	p.drawnAt = at
	var b strings.Builder
	b.WriteString(p.erase())
	for _, l := range lines {
		b.WriteString(p.written(at, l))
	}
	b.WriteString(p.draw())
	io.WriteString(p.w, b.String())
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

// due reports whether it is time for a line about progress on a pipe: where
// something was carried since the last one, and the longer the run the less
// often.
func (p *progress) due(at time.Time, e executor.Event) bool {
	switch e.(type) {
	case executor.LockTaken:
		p.told, p.since = at, at
	case executor.StepProgress:
		every := min(max(quiet, at.Sub(p.since)/30), hush)
		if at.Sub(p.told) >= every && p.bytes() != p.toldBytes {
			p.told, p.toldBytes = at, p.bytes()
			return true
		}
	}
	return false
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
