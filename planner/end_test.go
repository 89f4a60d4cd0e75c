package planner_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/memory"
)

// complete says what is wrong with the end of a migration.
func (s *site) complete() error {
	p := s.plan()
	if len(p.Steps) > 0 {
		return fmt.Errorf("%d steps are left, the first is %s; stale %q, foreign %q, asked %q, findings %v", len(p.Steps), p.Steps[0].ID, s.stale, s.foreign, s.asked, codesOf(p))
	}
	t := s.world.Tally()
	if t.Bounced+t.Lost+t.Twice > 0 {
		return fmt.Errorf("tally %+v", t)
	}
	for _, z := range s.spec.Cutover.Zones {
		if mx := s.world.Set(z.Domain, z.Domain+" MX"); !slices.Equal(mx.Values, []string{"10 mx.new.test"}) && !slices.Equal(mx.Values, z.MX) {
			return fmt.Errorf("MX of %s is %v", z.Domain, mx.Values)
		}
		if spf := strings.Join(s.world.Set(z.Domain, z.Domain+" TXT").Values, " "); len(z.SPF.Add) > 0 &&
			(!strings.Contains(spf, "new.test") || strings.Contains(spf, "old.test")) {
			return fmt.Errorf("SPF of %s is %s", z.Domain, spf)
		}
	}
	return s.carried()
}

// carried checks that each message of the source is at the target, once.
func (s *site) carried() error {
	left := s.spec.Roster.Departures()
	for _, row := range s.spec.Roster.Mailboxes {
		n, folder := map[string]int{}, "INBOX"
		if left[row.Address].Mail == "to" {
			folder = row.Address + "/INBOX"
		}
		for _, m := range s.world.Dump(memory.Target, row.Address)[folder] {
			n[string(m.Body)]++
		}
		for _, m := range s.world.Dump(memory.Source, row.Address)["INBOX"] {
			if left[row.Address].Mail == "archive" && s.world.Kept(row.Address, m.Body) {
				n[string(m.Body)]++
			}
			if n[string(m.Body)] != 1 {
				return fmt.Errorf("%s: a message is there %d times", row.Address, n[string(m.Body)])
			}
		}
	}
	return nil
}

// restored checks that what was lowered is as it was before.
func (s *site) restored(sh shape) error {
	for _, z := range s.spec.Cutover.Zones {
		if got := s.ttl(z.Domain); got != sh.ttl {
			return fmt.Errorf("TTL of %s is %d, not %d", z.Domain, got, sh.ttl)
		}
		sts := s.world.Set(z.Domain, "_mta-sts."+z.Domain+" TXT")
		if sh.sts && (sts.TTL != sh.ttl || !slices.Equal(sts.Values, []string{"v=STSv1; id=1;"})) {
			return fmt.Errorf("not as before: %+v", sts)
		}
		dmarc := s.world.Set(z.Domain, "_dmarc."+z.Domain+" TXT")
		if sh.policy != "" && (dmarc.TTL != sh.ttl || !slices.Equal(dmarc.Values, []string{strictPolicy})) {
			return fmt.Errorf("not as before: %+v", dmarc)
		}
		for selector, want := range map[string]string{"s1": "TXT v=DKIM1; p=AAAA", "s2": "CNAME s2.dkim.new.test"} {
			kind, value, _ := strings.Cut(want, " ")
			if key := s.world.Set(z.Domain, selector+"._domainkey."+z.Domain+" "+kind); sh.policy == "dkim" && !slices.Equal(key.Values, []string{value}) {
				return fmt.Errorf("the target's key: %+v", key)
			}
		}
	}
	return nil
}

func codesOf(p *planner.Plan) []string {
	var codes []string
	for _, f := range p.Findings {
		if f.Severity == config.Blocks {
			codes = append(codes, f.Code)
		}
	}
	return codes
}
