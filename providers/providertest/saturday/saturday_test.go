package saturday

import (
	"testing"
	"time"
)

// A domain of twenty mailboxes moves, with five messages a second coming in
// through a cache: at the end each message is at the target, once.
func TestSaturday(t *testing.T) {
	if !enter(t) {
		return
	}
	w := newWorld(t, 20*time.Second)
	w.must("init")
	w.senders.begin()
	t.Log(w.must("plan", "--out", w.plan()))
	began := time.Now()
	t.Log(w.must("apply", w.plan(), "--wait"))
	took := time.Since(began)
	w.senders.end()
	w.once(w.target)
	old, new := len(w.old.from()), len(w.new.from())
	t.Logf("apply %v; %d messages: %d were there, %d came through the old server, %d through the new; %d tries repeated",
		took.Round(time.Second), len(w.senders.all()), boxes*seeded, old, new, w.senders.delayed)
	if old < 10 || new < 10 {
		t.Error("there was no traffic on both sides of the switch")
	}
}
