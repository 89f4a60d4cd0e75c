package smtp

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// Checked is how a canary of the spec fares before it is needed.
type Checked struct {
	From     string           `json:"from"`
	To       string           `json:"to"`
	Came     *text.Msg        `json:"came,omitempty"`     // where it lies, and what is held of it there
	Findings []config.Finding `json:"findings,omitempty"` // faults block
}

// Check signs in to each canary's submission server, and to the mailbox where
// it is seen. With fly a mail is sent, another one than that of the switch, and
// waited for. The error is the context's.
func (w *World) Check(ctx context.Context, fly bool) ([]Checked, error) {
	if w.o.Spec.Cutover == nil {
		return nil, nil
	}
	var all []Checked
	for _, k := range w.o.Spec.Cutover.Canaries {
		c := Checked{From: k.From, To: k.To}
		note := func(p planner.Progress) {
			if p.Note.Code == came {
				c.Came = &p.Note.Msg
				return
			}
			c.Findings = append(c.Findings, *p.Note)
		}
		if k.Arrival != nil {
			_, _, _, err := w.o.Boxes.Elsewhere(ctx, *k.Arrival, "")
			c.fault(err)
		}
		if fly && len(c.Findings) == 0 {
			c.fault(w.fly(ctx, k, note))
		} else if s, err := w.signIn(ctx, k.Submission); err != nil {
			c.fault(err)
		} else {
			s.end()
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		all = append(all, c)
	}
	return all, nil
}

func (c *Checked) fault(err error) {
	var f *planner.Fault
	switch {
	case errors.As(err, &f):
		c.Findings = append(c.Findings, config.Finding{Msg: f.Msg, Severity: config.Blocks, Subject: c.From})
	case err != nil:
		c.Findings = append(c.Findings, config.Finding{Msg: text.M("step.error", "error", err.Error()), Severity: config.Blocks, Subject: c.From})
	}
}

// fly sends a mail of its own and waits for it.
func (w *World) fly(ctx context.Context, k config.Canary, progress func(planner.Progress)) error {
	id := "<mxmove-canary-" + strings.ToLower(rand.Text()) + "@" + k.Domain() + ">"
	if err := w.hand(ctx, k, id); err != nil || k.Arrival == nil {
		return err
	}
	sent := w.o.Now()
	for pause := glance; ; pause *= 2 {
		folder, junk, mail, err := w.o.Boxes.Elsewhere(ctx, *k.Arrival, id)
		switch {
		case err != nil:
			return err
		case folder != "":
			tell(progress, k.Domain(), k, folder, junk, mail)
			return nil
		case w.o.Now().Sub(sent) >= flight:
			return fault(planner.Account, "canary-check.late", "to", k.To, "message", id, "waited", flight.String())
		}
		if err := w.o.Sleep(ctx, pause); err != nil {
			return err
		}
	}
}
