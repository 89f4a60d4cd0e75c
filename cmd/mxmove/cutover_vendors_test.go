package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/providers/providertest/vendors"
)

var moveRecords = []vendors.Record{
	{Name: "acme.test", Type: "MX", Pref: 10, Value: "mx.old.test", TTL: 1200},
	{Name: "acme.test", Type: "TXT", Value: "token=abc", TTL: 1200},
	{Name: "acme.test", Type: "TXT", Value: "v=spf1 include:spf.old.test ~all", TTL: 1200},
	{Name: "www.acme.test", Type: "A", Value: "192.0.2.80", TTL: 1200},
}

const (
	moveSPF = "    spf {\n      add    = [\"include:spf.new.test\"]\n      remove = [\"include:spf.old.test\"]\n    }\n"
	newMX   = "10 mx2.new.test. | 5 mx1.new.test."
	oldMX   = "10 mx.old.test."
	oldTXT  = `"token=abc" | "v=spf1 include:spf.old.test ~all"`
	bothTXT = `"token=abc" | "v=spf1 include:spf.old.test include:spf.new.test ~all"`
	newTXT  = `"token=abc" | "v=spf1 include:spf.new.test ~all"`
)

var (
	moveVendors = []string{config.ZoneDNSPod, config.ZoneAliDNS, config.ZoneCloudflare, config.ZoneRoute53}
	moveKinds   = append(slices.Clone(moveVendors), config.ZoneManual)
)

// vendorMove is a company whose zone is at a vendor, or where a person enters
// it at one.
func vendorMove(t *testing.T, kind string) (*move, *vendors.Fake) {
	t.Helper()
	m := newMove(t, "acme.test")
	m.pace = 40 * time.Second
	at := kind
	if kind == config.ZoneManual {
		at = config.ZoneCloudflare
	}
	f := m.vendor(at, "acme.test", moveRecords...)
	m.describe(zoneBlock("acme.test", kind, f, moveSPF))
	if kind == config.ZoneManual {
		m.clerk(f)
	}
	m.must(0, "init")
	return m, f
}

// onceAt lets something happen once, at a moment.
func (m *move) onceAt(moment time.Time, happens func()) {
	done := false
	m.lets(func(now time.Time) {
		if !done && !now.Before(moment) {
			done = true
			happens()
		}
	})
}

// At each vendor a domain moves, with mail coming in, from plan to the last
// record, through all that its API does while the domain switches.
func TestAMoveAtEachVendor(t *testing.T) {
	for _, kind := range moveKinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			m, f := vendorMove(t, kind)
			m.onceAt(m.opens.Add(-time.Second), func() {
				f.Reads("", "", vendors.TooMany, vendors.Hangup)
				f.Writes(vendors.TooMany, vendors.Timeout)
				f.Lag(3)
			})
			plan := m.dir + "/sat.plan"
			m.must(0, "plan", "--out", plan)
			out := m.must(0, "apply", plan, "--wait")
			m.once(m.new)
			m.inOrder("acme.test MX 300: "+oldMX, "acme.test MX 300: "+newMX, "acme.test MX 1200: "+newMX, "acme.test TXT 1200: "+newTXT)
			m.inOrder("acme.test TXT 1200: "+bothTXT, "acme.test MX 300: "+newMX)
			lowered, _ := m.when("acme.test MX 300: " + oldMX)
			switched, everywhere := m.when("acme.test MX 300: " + newMX)
			restored, _ := m.when("acme.test MX 1200: " + newMX)
			if switched.Sub(lowered) < 20*time.Minute || restored.Sub(everywhere) < m.tail {
				t.Errorf("lowered %s, switched %s, restored %s", lowered, switched, restored)
			}
			if m.both("www.acme.test A") != "1200: 192.0.2.80" || f.Idle() > 0 {
				t.Errorf("%s; %d calls that changed nothing", m.both("www.acme.test A"), f.Idle())
			}
			if again := m.must(0, "plan"); !strings.Contains(again, "Nothing to do") {
				t.Errorf("%s\n%s", out, again)
			}
		})
	}
}

// Ten minutes after the switch a company goes back, where records change one by
// one, at once, and by hand: they are as they were, and its mail is at the source.
func TestAWayBackAtVendors(t *testing.T) {
	for _, kind := range []string{config.ZoneDNSPod, config.ZoneRoute53, config.ZoneManual} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			m, f := vendorMove(t, kind)
			plan, back := m.dir+"/sat.plan", m.dir+"/back.plan"
			m.must(0, "plan", "--out", plan)
			m.stop = make(chan struct{})
			m.onceAt(m.opens.Add(10*time.Minute), func() { close(m.stop) })
			m.must(4, "apply", plan, "--wait")
			m.stop = nil
			if is := m.both("acme.test MX"); is != "300: "+newMX {
				t.Fatalf("not switched: %s", is)
			}
			m.must(0, "plan", "--reverse", "--out", back)
			f.Writes(vendors.Timeout, vendors.TooMany)
			m.must(0, "rollback", back, "--wait")
			m.once(m.old)
			m.inOrder("acme.test MX 300: "+newMX, "acme.test MX 300: "+oldMX, "acme.test MX 1200: "+oldMX)
			for set, want := range map[string]string{"acme.test MX": "1200: " + oldMX, "acme.test TXT": "1200: " + oldTXT} {
				if is := m.both(set); is != want {
					t.Errorf("%s is %s, want %s", set, is, want)
				}
			}
			if out := m.must(0, "plan", "--reverse"); !strings.Contains(out, "Nothing to go back on") {
				t.Error(out)
			}
		})
	}
}

// theirs is another administrator's edit of the MX.
func theirs(list []vendors.Record) []vendors.Record {
	list = slices.DeleteFunc(slices.Clone(list), func(r vendors.Record) bool { return r.Type == "MX" })
	return append(list, vendors.Record{Name: "acme.test", Type: "MX", Pref: 20, Value: "mx.other.test", TTL: 300})
}

// Another administrator changes the MX right before the switch, or between two
// calls of it: theirs stays, and nothing more is changed.
func TestAnotherAdminAtVendors(t *testing.T) {
	for kind, late := range map[string]bool{config.ZoneDNSPod: false, config.ZoneCloudflare: false, config.ZoneAliDNS: true} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			m, f := vendorMove(t, kind)
			plan, calls, ours := m.dir+"/sat.plan", 0, 0
			m.must(0, "plan", "--out", plan)
			m.onceAt(m.opens.Add(-time.Second), func() { f.Another(late, theirs); calls = f.Changes() })
			if late {
				ours = 1
			}
			got := m.run("apply", plan, "--wait")
			if got.code != 3 && got.code != 4 || !strings.Contains(got.out+got.errors, "mx.other.test") {
				t.Errorf("exit %d:\n%s%s", got.code, got.out, got.errors)
			}
			_ = m.sleep(t.Context(), time.Minute)
			if is := m.both("acme.test MX"); is != "300: 20 mx.other.test." && is != "1200: 20 mx.other.test." || f.Changes() != calls+ours {
				t.Errorf("%s, %d calls that change: %q\n%s%s", is, f.Changes()-calls, f.Calls(), got.out, got.errors)
			}
		})
	}
}
