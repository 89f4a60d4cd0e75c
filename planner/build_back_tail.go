package planner

import (
	"cmp"
	"time"
)

// quiet reports that no sender should know the target any more: caches have
// forgotten it, and the tail is over. since is the number of what said so.
func (b *backBuilder) quiet() (since int, ok bool) {
	for _, z := range b.switches {
		caches, servers := b.records[IDOf(z.wait(waitCaches))], b.records[IDOf(z.wait(waitServers))]
		if z.stands || caches.Outcome <= z.base || servers.Outcome <= z.base {
			return 0, false
		}
		from := z.at
		if from.IsZero() { // somebody else put the MX back
			from = servers.OutcomeAt
		}
		if b.now.Before(from.Add(b.tail())) {
			return 0, false
		}
		since = max(since, caches.Outcome)
	}
	return since, true
}

// ended reports that a mailbox's tail ended, by passes since all was quiet.
func (b *backBuilder) ended(rec Record) bool {
	since, quiet := b.quiet()
	return quiet && rec.Intent > since && rec.closes(b.quietAt(), b.tail())
}

// quietAt is when the tail of the last domain that went back was over.
func (b *backBuilder) quietAt() time.Time {
	var at time.Time
	for _, z := range b.switches {
		from := cmp.Or(z.at, b.records[IDOf(z.wait(waitServers))].OutcomeAt).Add(b.tail())
		if from.After(at) {
			at = from
		}
	}
	return at
}

// passBack reports that a mailbox has had no pass since the MX went back, or
// that its last one is due.
func (b *backBuilder) passBack(rec Record) bool {
	_, quiet := b.quiet()
	base := 0
	for _, z := range b.switches {
		base = max(base, z.base)
	}
	return quiet || rec.Failed != nil || rec.Intent > rec.Outcome || rec.Intent <= base
}
