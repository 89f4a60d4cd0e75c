package planner_test

import (
	"testing"

	"github.com/mxmove/mxmove/planner"
)

// Where a vendor takes no TTL as low as wanted, plans lower it as far as it
// goes, and have nothing to do then.
func TestTTLsGoAsLowAsTheVendorLets(t *testing.T) {
	for _, c := range []struct{ is, least, want uint32 }{{3600, 0, 300}, {3600, 60, 300}, {3600, 600, 600}, {600, 600, 600}, {300, 600, 600}} {
		s := newSite(shape{route: "imap", rows: 1, domains: 1, ttl: c.is}, "")
		seen := s.observe()
		for i := range seen.Zones {
			seen.Zones[i].MinTTL = c.least
		}
		p := planner.Build(s.spec, seen, s.now)
		found := false
		for _, step := range p.Steps {
			if op, ok := step.Op.(planner.SetTTL); ok {
				found = true
				if op.New != c.want || step.Work != (c.is > c.want) {
					t.Errorf("%+v: to %d, work %v", c, op.New, step.Work)
				}
			}
		}
		if !found {
			t.Errorf("%+v: no TTL is lowered", c)
		}
	}
}
