package planner

import "time"

// What a pass is assumed to cost where nothing was measured yet: one pair of
// connections over a company's line, servers of middling age.
const (
	assumedRate    = 4 << 20                // octets a second
	assumedMessage = 5 * time.Millisecond   // each message's share of round trips
	assumedPass    = 2 * time.Second        // sign-ins and listings
	assumedSize    = 75 << 10               // octets of a message whose size is not told
	estimateGrain  = 500 * time.Millisecond // finer would feign knowledge
)

// estimate reckons one pass; 0: unknown, since the source was never seen.
func estimate(m Mailbox, r Record) time.Duration {
	if !m.Source.Seen.Known() {
		return 0
	}
	messages, bytes := m.Behind.Messages, m.Behind.Bytes
	if r.Outcome == 0 && messages == 0 {
		messages, bytes = m.Source.Messages, m.Source.Bytes
	}
	if bytes == 0 {
		bytes = int64(messages) * assumedSize
	}
	d := assumedPass + time.Duration(messages)*assumedMessage +
		time.Duration(float64(bytes)/assumedRate*float64(time.Second))
	return d.Round(estimateGrain)
}

// estimateBack reckons the first pass of the way back by how much more the
// target holds.
func estimateBack(m Mailbox) time.Duration {
	more, _ := m.Ahead()
	bytes := int64(more) * assumedSize
	if m.Target.Messages > 0 && m.Target.Bytes > 0 {
		bytes = m.Target.Bytes / int64(m.Target.Messages) * int64(more)
	}
	d := assumedPass + time.Duration(more)*assumedMessage + time.Duration(float64(bytes)/assumedRate*float64(time.Second))
	return d.Round(estimateGrain)
}

// estimateRemoval reckons how long it takes to read all of that on both sides.
func estimateRemoval(r Radius) time.Duration {
	bytes := r.Bytes
	if bytes == 0 {
		bytes = int64(r.Messages) * assumedSize
	}
	d := assumedPass + 2*(time.Duration(r.Messages)*assumedMessage+time.Duration(float64(bytes)/assumedRate*float64(time.Second)))
	return d.Round(estimateGrain)
}

// assumedOf is what a step is taken to last.
func assumedOf(op Op) time.Duration {
	switch o := op.(type) {
	case Undo:
		return assumedOf(o.Op)
	case Wait:
		if len(o.Values) > 0 { // on the way back nothing is left to be done meanwhile
			return o.Least
		}
	}
	return assumed[op.Kind()]
}

// assumed is what steps of other kinds are taken to last; what depends on
// people or on the vendor is 0: unknown.
var assumed = map[string]time.Duration{
	SetTTL{}.Kind():        5 * time.Second,
	SetOption{}.Kind():     time.Second,
	Inventory{}.Kind():     time.Minute,
	PutMember{}.Kind():     time.Second,
	PutShared{}.Kind():     time.Second,
	PutGroup{}.Kind():      time.Second,
	SetEnabled{}.Kind():    time.Second,
	SetSeat{}.Kind():       time.Second,
	Notify{}.Kind():        time.Second,
	HoldDirectory{}.Kind(): time.Minute,
	SetRecords{}.Kind():    5 * time.Second,
	ProbeMX{}.Kind():       30 * time.Second,
	Canary{}.Kind():        2 * time.Minute,
	CanaryOut{}.Kind():     10 * time.Second,
	TryAppend{}.Kind():     10 * time.Second,
	Compare{}.Kind():       time.Minute,
	PutTags{}.Kind():       time.Minute,
	restoreKind:            5 * time.Second,
}
