package planner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/planner"
)

func TestSoftDMARC(t *testing.T) {
	for in, want := range map[string]string{
		"v=DMARC1; p=reject; rua=mailto:d@acme.test": "v=DMARC1; p=none; sp=reject; rua=mailto:d@acme.test",
		"v=DMARC1;p=quarantine":                      "v=DMARC1; p=none; sp=quarantine",
		"v=DMARC1; p=Reject ; sp=none; pct=20":       "v=DMARC1; p=none; sp=none; pct=20",
		"V=dmarc1; rua=mailto:a@b.test; P=reject;":   "V=dmarc1; rua=mailto:a@b.test; p=none; sp=reject;",
		"v=DMARC1; p=none; sp=reject":                "",
		"v=spf1 -all; p=reject":                      "",
		"":                                           "",
	} {
		got, strict := planner.SoftDMARC(in)
		if strict != (want != "") || strict && got != want || !strict && got != in {
			t.Errorf("%q: %q %v", in, got, strict)
		}
		if again, strict := planner.SoftDMARC(got); strict || again != got {
			t.Errorf("%q is softened twice: %q", in, again)
		}
	}
}

// policySteps are the steps about keys and policies, in the plan's order.
func policySteps(p *planner.Plan) (list []string) {
	for _, s := range p.Steps {
		if subject := s.Op.Subject(); strings.Contains(subject, "_dmarc.") || strings.Contains(subject, "_domainkey.") {
			list = append(list, s.Op.Kind()+" "+subject)
		}
	}
	return list
}

// Keys are published where nothing is at their names; a strict policy is
// softened where no key is known, and only the domain's own.
func TestKeysAndPolicies(t *testing.T) {
	sh := shape{route: "imap", rows: 1, domains: 1, ttl: 3600, policy: "dmarc"}
	soft := []string{"set-ttl _dmarc.acme.test TXT", "set-records _dmarc.acme.test TXT", "restore _dmarc.acme.test TXT", "restore _dmarc.acme.test TXT"}
	if got := policySteps(newSite(sh, "").plan()); !slices.Equal(got, soft) {
		t.Errorf("%q", got)
	}
	sh.policy = "dkim"
	s := newSite(sh, "")
	keys := []string{"set-records s1._domainkey.acme.test TXT", "set-records s2._domainkey.acme.test CNAME"}
	if got := policySteps(s.plan()); !slices.Equal(got, keys) {
		t.Errorf("%q", got)
	}
	s.world.PutSet(planner.RRset{Zone: "acme.test", Name: "s1._domainkey.acme.test", Type: "CNAME", Values: []string{"key.old.test"}, TTL: 300})
	s.world.PutSet(planner.RRset{Zone: "acme.test", Name: "s2._domainkey.acme.test", Type: "TXT", Values: []string{"v=DKIM1; p=BBBB"}, TTL: 300})
	if got := policySteps(s.plan()); len(got) > 0 {
		t.Errorf("what is there is changed: %q", got)
	}
	sh.policy = ""
	s = newSite(sh, "")
	s.world.PutSet(planner.RRset{Zone: "acme.test", Name: "_dmarc.acme.test", Type: "TXT", Values: []string{strictPolicy, "v=DMARC1; p=none"}, TTL: 300})
	if got := policySteps(s.plan()); len(got) > 0 {
		t.Errorf("two records: %q", got)
	}
}
