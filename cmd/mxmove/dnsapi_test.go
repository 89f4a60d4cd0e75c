package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/providers/providertest/dnsd"
	"github.com/mxmove/mxmove/providers/providertest/vendors"
	"github.com/mxmove/mxmove/providers/zone"
)

// apiSpec is a migration of acme.test whose zone is at a vendor.
const apiSpec = `migration "acme" {
  version = ">= 0.1"
}
source "imap" {
  domain = "acme.test"
  imap {
    host = "127.0.0.1"
    port = 1
    tls  = "none"
    login "password" {}
  }
}
target "imap" {
  imap {
    host = "127.0.0.1"
    port = 1
    tls  = "none"
    login "password" {}
  }
}
roster {
  mailbox "alice@acme.test" {
    source_password = env("KEY")
    target_password = env("KEY")
  }
}
history {}
cutover {
  opens     = "2030-12-05T20:00:00+08:00"
  closes    = "2030-12-06T06:00:00+08:00"
  approvals = 0
  zone "acme.test" "dnspod" {
    key_id   = "AKIDEXAMPLE"
    key      = env("KEY")
    endpoint = "%s"
    mx       = ["5 ns2.acme.test"]
  }
}
`

func apiWorld(t *testing.T, extra ...vendors.Record) (*vendors.Fake, *zone.Observer, string) {
	t.Helper()
	records := append([]vendors.Record{
		{Name: "acme.test", Type: "MX", Pref: 10, Value: "ns1.acme.test", TTL: 300},
		{Name: "_smtp._tls.acme.test", Type: "TXT", Value: "v=TLSRPTv1; rua=mailto:t@acme.test", TTL: 60},
	}, extra...)
	fake := vendors.New(t, "dnspod", "acme.test", records, func(int, string) {})
	fake.NS = []string{"ns1.acme.test", "ns2.acme.test"}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.hcl"), fmt.Appendf(nil, apiSpec, fake.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	return fake, smallNet(t, dnsZone), dir
}

// dns holds what a vendor lists against what is served, with the spec's key,
// and never shows that.
func TestDNSAtAVendor(t *testing.T) {
	fake, o, dir := apiWorld(t, vendors.Record{Name: "acme.test", Type: "MX", Pref: 10, Value: "far.acme.test", TTL: 300, Line: "境外"})
	see := func(key, lang string) string {
		got := call{args: []string{"dns", "--dir", dir, "--lang", lang}, dns: o, vars: map[string]string{"KEY": key}}.run(t.Context())
		if got.code != 4 || strings.Contains(got.out+got.errors, key) {
			t.Errorf("exit %d, or the key is shown: %s%s", got.code, got.out, got.errors)
		}
		return got.out
	}
	for _, lang := range []string{"en", "zh-CN"} {
		if out := see(fake.Secret, lang); !strings.Contains(out, "DNS-14") || !strings.Contains(out, "境外") || strings.Contains(out, "DNS-03") {
			t.Errorf("%s", out)
		}
		if out := see("not-the-key", lang); !strings.Contains(out, "DNS-03") || !strings.Contains(out, "AuthFailure") || strings.Contains(out, "DNS-14") {
			t.Errorf("%s", out)
		}
	}
	if len(fake.Calls()) == 0 {
		t.Error("the vendor was not asked")
	}
	for _, c := range fake.Calls() {
		if !strings.HasPrefix(c, "Describe") {
			t.Errorf("dns called %s", c)
		}
	}
}

// A zone at a vendor without a fault is silent about it.
func TestDNSAtAVendorThatAgrees(t *testing.T) {
	fake, o, dir := apiWorld(t)
	got := call{args: []string{"dns", "--dir", dir}, dns: o, vars: map[string]string{"KEY": fake.Secret}}.run(t.Context())
	for _, code := range []string{"DNS-03", "DNS-06", "DNS-13", "DNS-14", "DNS-15", "DNS-17"} {
		if strings.Contains(got.out, code) {
			t.Errorf("%s: %s", code, got.out)
		}
	}
	if len(fake.Calls()) == 0 || got.out == "" {
		t.Errorf("%d %s%s", got.code, got.out, got.errors)
	}
}

// plan --since tells what somebody else changed in DNS since that plan.
func TestPlanSinceTellsOfDNS(t *testing.T) {
	fake, o, dir := apiWorld(t)
	first := filepath.Join(dir, "first.plan")
	plan := func(o *zone.Observer, args ...string) string {
		got := call{args: append([]string{"plan", "--dir", dir}, args...), dns: o, vars: map[string]string{"KEY": fake.Secret}}.run(t.Context())
		return got.out + got.errors
	}
	if out := plan(o, "--out", first); strings.Contains(out, "DNS-36") {
		t.Fatal(out)
	}
	if out := plan(o, "--since", first); strings.Contains(out, "DNS-36") {
		t.Errorf("nothing changed: %s", out)
	}
	changed := strings.Replace(dnsZone, "t@acme.test", "other@acme.test", 1)
	n := dnsd.New(t)
	n.Serve("127.54.0.1", dnsRoot)
	n.Serve("127.54.1.1", changed, idnZone)
	n.Serve("127.54.2.1", changed)
	o.Port = n.Port
	if out := plan(o, "--since", first); !strings.Contains(out, "DNS-36") || !strings.Contains(out, "other@acme.test") {
		t.Errorf("%s", out)
	}
	if out := plan(o, "--since", filepath.Join(dir, "none.plan")); !strings.Contains(out, "none.plan") {
		t.Errorf("%s", out)
	}
}
