package smtp

import (
	"context"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

const (
	soonest = time.Minute      // within it a mail is looked for again at once, then at the next look
	between = 30 * time.Second // looks
	overdue = time.Hour        // greylisting holds mail for minutes; what comes later is told as lost
)

// canaryArrival looks for a mail in the mailbox that it was sent to, and tells
// what was found out about it there.
func (w *World) canaryArrival(ctx context.Context, op planner.CanaryArrival, stop <-chan struct{}, progress func(planner.Progress)) error {
	k, ok := w.canaryOf(op.From, op.To)
	if !ok || k.Arrival == nil || op.Message == "" {
		return fault(planner.Internal, "canary-out.unlisted", "from", op.From, "to", op.To)
	}
	for pause := glance; ; pause *= 2 {
		folder, junk, mail, err := w.o.Boxes.Elsewhere(ctx, *k.Arrival, op.Message)
		if err != nil {
			return err
		}
		age := w.o.Now().Sub(op.Sent)
		switch {
		case folder != "":
			tell(progress, op.Domain, k, folder, junk, mail)
			return nil
		case age >= overdue:
			return fault(planner.Account, "canary-arrival.lost", "to", op.To, "from", op.From, "message", op.Message, "waited", overdue.String())
		case age >= soonest:
			return later("canary-arrival.waiting", between, "to", op.To, "message", op.Message, "sent", op.Sent.UTC().Format(time.RFC3339))
		}
		if err := w.rest(ctx, stop, pause); err != nil {
			return err
		}
	}
}

// came is the code of the note of a mail that was found.
const came = "canary-arrival.came"

// tell says where a mail lies and what its receiver holds of it.
func tell(progress func(planner.Progress), domain string, k config.Canary, folder string, junk bool, mail []byte) {
	results := verdicts(mail)
	note(progress, domain, config.Warning, came, "to", k.To, "folder", folder, "results", results.String())
	if junk {
		note(progress, domain, config.Warning, "canary-arrival.junk", "to", k.To, "folder", folder)
	}
	switch wrong := results.notPassed(); {
	case len(wrong) > 0:
		note(progress, domain, config.Warning, "canary-arrival.failed", "to", k.To, "results", strings.Join(wrong, ", "))
	case len(results) == 0:
		note(progress, domain, config.Warning, "canary-arrival.untold", "to", k.To)
	}
}
