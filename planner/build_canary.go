package planner

import (
	"slices"
	"strconv"
	"time"

	"github.com/mxmove/mxmove/config"
)

// canaryOut adds the mail that leaves a domain after its switch, and its
// arrival, until each has an outcome since the switch; needs are those of the
// mail that comes in.
func (b *builder) canaryOut(z config.Zone, mx StepID, last Record, needs ...StepID) {
	i := slices.IndexFunc(b.spec.Cutover.Canaries, func(k config.Canary) bool { return k.Domain() == z.Domain })
	if i < 0 {
		return
	}
	k := b.spec.Cutover.Canaries[i]
	out := CanaryOut{Domain: z.Domain, From: k.From, To: k.To, In: Cutover}
	came := CanaryArrival{Domain: z.Domain, From: k.From, To: k.To, ByHand: k.Arrival == nil}
	sent, arrived := b.records[IDOf(out)], b.records[IDOf(came)]
	if b.over { // a mail hurts nobody, and the window may close while the first is refused
		out.In = Drain
	}
	if mx == "" {
		out.Message = b.canaryMessage(k, last.OutcomeAt)
		came.Message = out.Message
	}
	if mx != "" || sent.Outcome <= last.Outcome || b.again(IDOf(out), sent.Outcome) {
		if unseen := sent.Failed == nil || sent.Failed.Code == CanaryUnsure; unseen && sent.Intent > max(last.Outcome, sent.Outcome) {
			out.Begun = sent.IntentAt
		}
		b.add(out, true, needs...)
		b.add(came, true, IDOf(out))
	} else if arrived.Outcome < sent.Outcome {
		came.Sent = sent.OutcomeAt
		b.add(came, true)
	}
}

// canaryMessage is the Message-ID of a domain's mail after a switch. What tells
// the switch is its time: numbers of the journal begin anew after recover.
func (b *builder) canaryMessage(k config.Canary, switched time.Time) string {
	return "<mxmove-canary-" + hashOf(b.s.Lineage, k.From, k.To, strconv.FormatInt(switched.Unix(), 10))[:32] + "@" + k.Domain() + ">"
}
