package planner

import (
	"testing"
	"time"
)

// What is erased must have been archived and read back within a quarter of an
// hour, by a pass of this freeze.
func TestWhatCountsAsKept(t *testing.T) {
	now := time.Date(2026, 12, 5, 20, 30, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	seen := Seen{At: ago(6 * time.Minute), How: "archive"}
	for name, c := range map[string]struct {
		box  Mailbox
		rec  Record
		want bool
	}{
		"kept":          {Mailbox{Target: Store{Seen: seen}, ReadBack: ago(5 * time.Minute)}, Record{IntentAt: ago(6 * time.Minute)}, true},
		"no archive":    {Mailbox{}, Record{IntentAt: ago(6 * time.Minute)}, false},
		"changed since": {Mailbox{Target: Store{Seen: Seen{At: now, Err: &Fault{}}}, ReadBack: ago(time.Minute)}, Record{IntentAt: ago(6 * time.Minute)}, false},
		"not read back": {Mailbox{Target: Store{Seen: seen}, ReadBack: ago(7 * time.Minute)}, Record{IntentAt: ago(6 * time.Minute)}, false},
		"too long ago":  {Mailbox{Target: Store{Seen: seen}, ReadBack: ago(16 * time.Minute)}, Record{IntentAt: ago(17 * time.Minute)}, false},
	} {
		if got := (&builder{now: now}).keeps(c.box, c.rec); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// An archive is as old as the oldest, and read back only if all of it is.
func TestKeptIsSummedUp(t *testing.T) {
	at := time.Date(2026, 12, 5, 20, 0, 0, 0, time.UTC)
	box := func(kept, of int, at, read time.Time) Mailbox {
		return Mailbox{Source: Store{Messages: of}, Target: Store{Messages: kept, Seen: Seen{At: at, How: "archive"}}, ReadBack: read, PerHour: 1.5}
	}
	var f FinalStep
	f.keep([]Mailbox{box(3, 4, at.Add(time.Minute), at.Add(time.Minute)), box(5, 5, at, at)})
	if f.Kept.Messages != 8 || f.KeptOf != 9 || !f.KeptAt.Equal(at) || !f.ReadBack || f.PerHour != 3 {
		t.Errorf("%+v", f)
	}
	f = FinalStep{}
	f.keep([]Mailbox{box(3, 4, at, at), box(0, 5, time.Time{}, time.Time{})})
	if f.ReadBack || !f.KeptAt.IsZero() {
		t.Errorf("%+v", f)
	}
	f = FinalStep{}
	if f.keep(nil); f.ReadBack {
		t.Errorf("%+v", f)
	}
}
