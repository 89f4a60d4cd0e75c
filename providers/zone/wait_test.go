package zone

import (
	"errors"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/providertest/vendors"
)

// Caches are waited for since the switch that is on record, also by a run that
// begins later; without a record, and on the way back, since they were seen.
func TestCachesAreWaitedForSinceTheSwitch(t *testing.T) {
	mx := []string{"5 mx1.new.test", "10 mx2.new.test"}
	for name, c := range map[string]struct {
		ago    time.Duration // of the switch by the journal; 0: none is on record
		values []string
		done   bool
	}{
		"an hour ago": {time.Hour, nil, true}, "just now": {time.Second, nil, false}, "not on record": {0, nil, false},
		"clock set back": {-time.Hour, nil, false}, "on the way back": {time.Hour, mx, false},
	} {
		st := newStand(t, config.ZoneManual, vendors.Record{Name: "acme.test", Type: "MX", Value: "mx1.new.test", Pref: 5, TTL: 300},
			vendors.Record{Name: "acme.test", Type: "MX", Value: "mx2.new.test", Pref: 10, TTL: 300})
		if c.ago != 0 {
			at := time.Now().Add(-c.ago)
			st.zones.Past = func() map[string]Past { return map[string]Past{"acme.test": {Switched: at}} }
		}
		err := st.do(planner.Wait{For: "caches", On: "acme.test", Least: 5 * time.Minute, Values: c.values, In: planner.Drain})
		var f *planner.Fault
		if (err == nil) != c.done || err != nil && (!errors.As(err, &f) || f.Code != "zone.cached" || f.Wait > 5*time.Minute+time.Second) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
