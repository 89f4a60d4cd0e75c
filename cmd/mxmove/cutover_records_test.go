package main

import (
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/providers/providertest/vendors"
)

const (
	someKey  = "v=DKIM1; k=ed25519; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	strict   = `"v=DMARC1; p=reject; rua=mailto:d@acme.test"`
	softened = `"v=DMARC1; p=none; sp=reject; rua=mailto:d@acme.test"`
)

// recordsOf are the records of a domain, in their usual form.
func recordsOf(domain string, more ...vendors.Record) []vendors.Record {
	list := []vendors.Record{{Name: domain, Type: "MX", Pref: 10, Value: "mx.old.test", TTL: 3600}}
	for _, r := range more {
		r.Name, r.TTL = strings.TrimPrefix(r.Name+"."+domain, "."), 3600
		list = append(list, r)
	}
	return list
}

// threeDomains is a company with two domains and one whose name is not ASCII,
// each at another vendor, with all that says who may send for them.
func threeDomains(t *testing.T) (m *move, fakes []*vendors.Fake) {
	t.Helper()
	m = newMove(t, "acme.test", "acme-cn.test", "xn--fiq228c.test")
	m.pace, m.opens, m.tail = time.Minute, moveBegins.Add(90*time.Minute), 45*time.Minute
	cloud := m.vendor(config.ZoneCloudflare, "acme.test", recordsOf("acme.test",
		vendors.Record{Type: "TXT", Value: "v=spf1 include:spf.old.test ~all"},
		vendors.Record{Name: "_dmarc", Type: "TXT", Value: strings.Trim(strict, `"`)},
		vendors.Record{Name: "_mta-sts", Type: "TXT", Value: "v=STSv1; id=1;"},
		vendors.Record{Name: "mta-sts", Type: "A", Value: "192.0.2.90"},
		vendors.Record{Name: "s2024._domainkey", Type: "TXT", Value: someKey})...)
	amazon := m.vendor(config.ZoneRoute53, "acme-cn.test", recordsOf("acme-cn.test",
		vendors.Record{Type: "TXT", Value: "v=spf1 include:spf.old.test -all"},
		vendors.Record{Name: "_dmarc", Type: "TXT", Value: "v=DMARC1; p=quarantine"})...)
	tencent := m.vendor(config.ZoneDNSPod, "xn--fiq228c.test", recordsOf("xn--fiq228c.test")...)
	tencent.MinTTL = 600
	keys := fmt.Sprintf("    dkim = {\n      \"s2026\" = %q\n      \"s2\"    = \"S2.dkim.new.test.\"\n    }\n", someKey)
	m.describe(zoneBlock("acme.test", config.ZoneCloudflare, cloud, "    selectors = [\"s2024\"]\n"+moveSPF) +
		zoneBlock("acme-cn.test", config.ZoneRoute53, amazon, keys+moveSPF) + zoneBlock("xn--fiq228c.test", config.ZoneDNSPod, tencent, ""))
	m.must(0, "init")
	return m, []*vendors.Fake{cloud, amazon, tencent}
}

// served is the MTA-STS policy of acme.test.
func (m *move) served(policy *string) {
	m.get = func(_ context.Context, url string, _ []netip.Addr) ([]byte, error) {
		if !strings.Contains(url, "acme.test") {
			return nil, fmt.Errorf("no policy at %s", url)
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		return []byte(*policy), nil
	}
}

// sequence fails unless a server came to show a set so, one after another.
func (m *move) sequence(set string, want ...string) {
	m.t.Helper()
	var got []string
	for _, c := range m.changes(1) {
		if is, ok := strings.CutPrefix(c, set+" "); ok {
			got = append(got, is)
		}
	}
	if !slices.Equal(got, want) {
		m.t.Errorf("%s:\n%s\nwant\n%s", set, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

var stsID = regexp.MustCompile(`v=STSv1; id=mxmove[0-9a-f]{8};`)

// prepares makes the plan and goes as far as the person who changes the policy.
func (m *move) prepares() (plan string) {
	m.t.Helper()
	policy := "version: STSv1\nmode: enforce\nmx: mx.old.test\nmax_age: 86400\n"
	m.served(&policy)
	plan = m.dir + "/sat.plan"
	m.must(0, "plan", "--out", plan)
	out := m.must(4, "apply", plan)
	if is := m.both("_mta-sts.acme.test TXT"); !strings.Contains(is, "id=1;") {
		m.t.Fatalf("the id changed before the policy: %s\n%s", is, out)
	}
	m.mu.Lock()
	policy = "version: STSv1\nmode: enforce\nmx: mx.old.test\nmx: *.new.test\nmax_age: 86400\n"
	m.mu.Unlock()
	m.must(0, "attest", "task mta-sts-policy/acme.test", "--finished", "--evidence", "ticket 7")
	return plan
}

// Three domains move, each with its waits: what is needed is there before the
// switch, policies are soft and TTLs short until the tail is over, and who sent
// before leaves SPF last.
func TestAMoveOfThreeDomains(t *testing.T) {
	t.Parallel()
	m, _ := threeDomains(t)
	plan := m.prepares()
	out := m.must(0, "apply", plan, "--wait")
	m.once(m.new)
	id := stsID.FindString(strings.Join(m.changes(0), "\n"))
	m.sequence("acme.test MX", "300: "+oldMX, "300: "+newMX, "3600: "+newMX)
	m.sequence("acme-cn.test MX", "300: "+oldMX, "300: "+newMX, "3600: "+newMX)
	m.sequence("xn--fiq228c.test MX", "600: "+oldMX, "600: 5 mx1.new.test.", "600: "+newMX, "3600: "+newMX)
	m.sequence("_dmarc.acme.test TXT", "300: "+strict, "300: "+softened, "300: "+strict, "3600: "+strict)
	m.sequence("_mta-sts.acme.test TXT", `300: "v=STSv1; id=1;"`, `300: "`+id+`"`, `300: "v=STSv1; id=1;"`, `3600: "v=STSv1; id=1;"`)
	m.sequence("_dmarc.acme-cn.test TXT")
	m.sequence("s2024._domainkey.acme.test TXT")
	m.sequence("s2026._domainkey.acme-cn.test TXT", `3600: "`+someKey+`"`)
	m.sequence("s2._domainkey.acme-cn.test CNAME", "3600: s2.dkim.new.test.")
	for _, ahead := range []string{"_dmarc.acme.test TXT 300: " + softened, `_mta-sts.acme.test TXT 300: "` + id + `"`,
		`acme.test TXT 3600: "v=spf1 include:spf.old.test include:spf.new.test ~all"`} {
		m.inOrder(ahead, "acme.test MX 300: "+newMX, "_dmarc.acme.test TXT 3600: "+strict, `acme.test TXT 3600: "v=spf1 include:spf.new.test ~all"`)
	}
	for _, ahead := range []string{`s2026._domainkey.acme-cn.test TXT 3600: "` + someKey + `"`, "s2._domainkey.acme-cn.test CNAME 3600: s2.dkim.new.test."} {
		m.inOrder(ahead, "acme-cn.test MX 300: "+newMX, "acme-cn.test MX 3600: "+newMX, `acme-cn.test TXT 3600: "v=spf1 include:spf.new.test -all"`)
	}
	for _, d := range m.domains {
		for _, want := range []string{"wait authoritative/" + d + ": done", "wait caches/" + d + ": done", "canary " + d + ": done", "probe-mx " + d + ": done"} {
			if !strings.Contains(out, want) {
				t.Errorf("no %q:\n%s", want, out)
			}
		}
	}
	if again := m.must(0, "plan"); !strings.Contains(again, "Nothing to do") {
		t.Error(again)
	}
}

// Ten minutes after the switch all three go back: every record is as it was.
func TestThreeDomainsGoBack(t *testing.T) {
	t.Parallel()
	m, fakes := threeDomains(t)
	var before [][]vendors.Record
	for _, f := range fakes {
		before = append(before, f.Records())
	}
	plan, back := m.prepares(), m.dir+"/back.plan"
	m.stop = make(chan struct{})
	m.onceAt(m.opens.Add(10*time.Minute), func() { close(m.stop) })
	m.must(4, "apply", plan, "--wait")
	m.stop = nil
	m.inOrder("acme.test MX 300: " + newMX)
	m.must(0, "plan", "--reverse", "--out", back)
	m.must(0, "rollback", back, "--wait")
	m.once(m.old)
	for i, f := range fakes {
		if got := plainly(f.Records()); !slices.Equal(got, plainly(before[i])) {
			t.Errorf("%s:\n%s\nwas\n%s", f.Zone, strings.Join(got, "\n"), strings.Join(plainly(before[i]), "\n"))
		}
	}
}

// plainly are records without their ids, in order.
func plainly(list []vendors.Record) (out []string) {
	for _, r := range list {
		out = append(out, fmt.Sprintf("%s %d %s %d %s", r.Name, r.TTL, r.Type, r.Pref, r.Value))
	}
	slices.Sort(out)
	return out
}
