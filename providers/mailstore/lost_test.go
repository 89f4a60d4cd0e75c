package mailstore

import (
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
)

// For as long as a dead run's mail may still be stored, and where the clock
// went back since, a run is taken to be lost; where there was no loss never.
func TestARunIsLostForAWhile(t *testing.T) {
	at := time.Date(2026, 12, 5, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		rebuilt func() time.Time
		now     time.Time
		want    bool
	}{
		{nil, at, false},
		{func() time.Time { return time.Time{} }, at, false},
		{func() time.Time { return at }, at.Add(time.Second), true},
		{func() time.Time { return at }, at.Add(-24 * time.Hour), true},
		{func() time.Time { return at }, at.Add(2 * time.Minute), false},
	} {
		s := New(Options{Spec: &config.Spec{}, Rebuilt: c.rebuilt, Now: func() time.Time { return c.now }})
		if got := s.options(config.Mailbox{}).Lost; got != c.want {
			t.Errorf("%+v: lost %v", c.now, got)
		}
	}
}
