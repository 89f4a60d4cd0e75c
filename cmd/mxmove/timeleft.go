package main

import (
	"time"

	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner/render"
)

// left is how long the rest takes at the last known pace; 0: not known. What
// waits for a server begins only when its wait is over.
func (p *progress) left() time.Duration {
	if !p.began.IsZero() && p.ended > 0 {
		return p.now().Sub(p.began) / time.Duration(p.ended) * time.Duration(max(p.todo-p.ended, 0))
	}
	octets := p.expected - p.bytes()
	if p.pace == 0 || octets <= 0 {
		return 0
	}
	span := p.takes(octets)
	for _, a := range p.running {
		if !a.until.IsZero() {
			span = max(span, a.until.Sub(p.now())+p.takes(p.behind[a.step.Subject()]-a.at.Bytes))
		}
	}
	return span
}

func (p *progress) takes(octets int64) time.Duration {
	return time.Duration(float64(max(octets, 0)) / float64(p.pace) * float64(time.Second))
}

// waits says how long a mailbox waits and when that ends, and whether it was
// the server that named the time.
func (p *progress) waits(e executor.StepWaits) string {
	code := "cmd.progress.waits"
	if e.Fault.Wait > 0 {
		code = "cmd.progress.told"
	}
	return p.cat.T(code, "subject", e.Step.Subject(), "until", p.clock(e.Until),
		"span", render.Duration(p.cat, e.Until.Sub(p.now()).Round(time.Second)))
}

// clock is a moment of today, or with its day.
func (p *progress) clock(at time.Time) string {
	now := p.now()
	at = at.In(now.Location())
	if at.YearDay() != now.YearDay() || at.Year() != now.Year() {
		return at.Format("01-02 15:04")
	}
	return at.Format("15:04")
}
