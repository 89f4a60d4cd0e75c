package config

import (
	"errors"
	"strings"
	"testing"
)

func TestCanonical(t *testing.T) {
	long := strings.Repeat("x", 64)
	for in, want := range map[string]string{
		"alice@acme.test":         "alice@acme.test",
		" Alice@ACME.test\n":      "alice@acme.test",
		"\u00a0a@acme.test\u3000": "a@acme.test",
		"ａｌｉｃｅ＠ａｃｍｅ．ｔｅｓｔ":         "alice@acme.test",
		"a@acme。test":             "a@acme.test",
		"a@acme.test.":            "a@acme.test",
		"o'brien+x=y/z@acme.test": "o'brien+x=y/z@acme.test",
		"a@xn--fiqs8s.example":    "a@xn--fiqs8s.example",
		long + "@acme.test":       long + "@acme.test",
		"":                        "address.empty",
		" \u3000":                 "address.empty",
		"alice":                   "address.at",
		"a@b@acme.test":           "address.at",
		"a@acme.test@":            "address.at",
		"@acme.test":              "address.local",
		".a@acme.test":            "address.local",
		"a.@acme.test":            "address.local",
		"a..b@acme.test":          "address.local",
		"a b@acme.test":           "address.local",
		"a\u200bb@acme.test":      "address.local",
		"中文@acme.test":            "address.local",
		`"a"@acme.test`:           "address.local",
		"mailto:a@acme.test":      "address.local",
		"a<x@acme.test":           "address.local",
		long + "x@acme.test":      "address.local",
		"a@":                      "address.domain",
		"a@acme":                  "address.domain",
		"a@-acme.test":            "address.domain",
		"a@acme-.test":            "address.domain",
		"a@acme..test":            "address.domain",
		"a@ac_me.test":            "address.domain",
		"a@[127.0.0.1]":           "address.domain",
		"a@" + long + ".test":     "address.domain",
		"a@" + strings.Repeat("x.", 130) + "test": "address.domain",
		"a@acm\u0435.test":                        "address.ascii",
	} {
		got, err := Canonical(in)
		var bad *AddressError
		if errors.As(err, &bad) {
			got = bad.Code
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	f.Add("Alice@ACME.test.")
	f.Add("ａ＠ａｃｍｅ。ｔｅｓｔ")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := Canonical(s)
		if err != nil {
			return
		}
		if b, err := Canonical(a); b != a || err != nil {
			t.Errorf("%q: %q, then %q (%v)", s, a, b, err)
		}
		if !ascii(a) || strings.Count(a, "@") != 1 || strings.ToLower(a) != a {
			t.Errorf("%q: %q", s, a)
		}
	})
}

func TestHosts(t *testing.T) {
	for host, want := range map[string][2]bool{ // valid, loopback
		"imap.acme.test": {true, false}, "imap.acme.test.": {true, false}, "localhost": {true, true}, "LocalHost.": {true, true},
		"127.0.0.1": {true, true}, "127.9.8.7": {true, true}, "::1": {true, true}, "::ffff:127.0.0.1": {true, true},
		"128.0.0.1": {true, false}, "2001:db8::1": {true, false}, "localhost.acme.test": {true, false}, "127.0.0.1.test": {true, false},
		"[::1]": {false, false}, "a:993": {false, false}, "a b": {false, false}, "": {false, false}, "imap_x.test": {false, false},
	} {
		if got := [2]bool{validHost(host), loopback(host)}; got != want {
			t.Errorf("%q: got %v, want %v", host, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "ab", 1}, {"abc", "abcd", 1}, {"abc", "xbc", 1}, {"abcd", "badc", 2}, {"kitten", "sitting", 3}} {
		if got := distance(c.a, c.b, 9); got != c.want {
			t.Errorf("%s %s: %d, want %d", c.a, c.b, got, c.want)
		}
		if got := distance(c.b, c.a, 9); got != c.want {
			t.Errorf("%s %s: %d, want %d", c.b, c.a, got, c.want)
		}
	}
}
