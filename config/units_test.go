package config

import (
	"strings"
	"testing"
	"time"
)

func TestUnits(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"5d": 120 * time.Hour, "36h": 36 * time.Hour, "1d12h": 36 * time.Hour, "90m": 90 * time.Minute, "1d1s": 24*time.Hour + time.Second, "0d": 0,
		"": -1, "5": -1, "5 d": -1, "12h1d": -1, "1.5h": -1, "-5d": -1, "5D": -1, "9999999d": -1, "1w": -1,
	} {
		if got, ok := parseDuration(in); ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: %v %v", in, got, ok)
		}
	}
	for in, want := range map[string]int64{
		"40MB/s": 40e6, "500 kB/s": 5e5, "1.5GiB/s": 3 << 29, "1B/s": 1, "40MB": -1, "40/s": -1, "0MB/s": -1, "0.1B/s": -1, "40Mb/s": -1, "-1MB/s": -1, "1e3B/s": -1, "999999999TiB/s": -1,
	} {
		if got, ok := parseRate(in); ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: %v %v", in, got, ok)
		}
	}
	for in, want := range map[string]bool{
		"08:00-20:00": true, "22:00-06:00": true, "00:00-24:00": true, "20:00-00:00": true, "08:00-08:00": false, "8:00-20:00": false,
		"24:00-08:00": false, "08:60-20:00": false, "08:00-24:01": false, "08:00–20:00": false, "": false,
	} {
		if _, _, ok := parseHours(in); ok != want {
			t.Errorf("%q: %v", in, ok)
		}
	}
	for in, want := range map[string]bool{
		"2026-12-05T20:00:00+08:00": true, "2026-12-05T12:00:00Z": true, "2026-12-05T20:00:00": false, "2026-12-05 20:00:00+08:00": false,
		"2026-12-05": false, "2026-02-30T20:00:00+08:00": false, "20:00": false,
	} {
		if _, ok := parseMoment(in); ok != want {
			t.Errorf("%q: %v", in, ok)
		}
	}
}

func TestRecords(t *testing.T) {
	for in, want := range map[string]bool{
		"5 mxbiz1.qq.com": true, "0 a.test.": true, "65535 a.b": true, "65536 a.test": false, "mxbiz1.qq.com": false, "5 mx": false, "5  a.test": false,
		"5 192.0.2.1": false, "-1 a.test": false, "0 .": false, "5 a.test x": false, "": false,
	} {
		if got := validMX(in); got != want {
			t.Errorf("MX %q: %v", in, got)
		}
	}
	for _, good := range []string{"include:spf.mail.qq.com", "-all", "~all", "?ALL", "a", "mx/24", "a:mail.acme.test/24//64", "ip4:192.0.2.1", "+ip6:2001:db8::/32", "exists:%{i}.x.test", "ptr", "redirect=_spf.x.test"} {
		if !spfTerm.MatchString(good) {
			t.Errorf("SPF %q refused", good)
		}
	}
	for _, bad := range []string{"", "v=spf1", "v=spf1 -all", "include:", "spf.mail.qq.com", "a b", "ip4:x", "include:x;", "redirect:x", "-all\n"} {
		if spfTerm.MatchString(bad) {
			t.Errorf("SPF %q taken", bad)
		}
	}
	for _, terms := range strings.Fields("ww0123456789abcdef wwA0123456789abcde") {
		if !corpID.MatchString(terms) {
			t.Errorf("corp id %q refused", terms)
		}
	}
}
