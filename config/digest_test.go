package config

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func wholeDigest(t *testing.T, changes ...change) string {
	t.Helper()
	l, findings := loadWith(t, append(wholeFiles[:2:2], changes...)...)
	if l.Spec == nil {
		t.Fatalf("findings: %v", findings)
	}
	return Digest(l.Spec)
}

// Where things stand, and in which order, changes nothing; what they say does.
func TestDigestOfTheWholeLanguage(t *testing.T) {
	good := wholeDigest(t)
	for name, c := range map[string]change{
		"lines":  inMain("migration", "\n\n\n# a comment\nmigration"),
		"offset": inMain("2026-12-05T20:00:00+08:00", "2026-12-05T12:00:00Z"),
		"terms":  inMain(`["include:spf.mail.qq.com", "ip4:192.0.2.0/24"]`, `["ip4:192.0.2.0/24", "include:spf.mail.qq.com"]`),
		"users":  inMain(`["bob@held.test", "Alice@held.test"]`, `["alice@held.test", "bob@held.test"]`),
		"days":   inMain(`"5d"`, `"120h"`),
	} {
		if wholeDigest(t, c) != good {
			t.Errorf("%s changes the digest", name)
		}
	}
	for name, c := range map[string]change{
		"window": inMain("2026-12-05T20", "2026-12-05T21"), "tail": inMain(`"5d"`, `"6d"`), "mx": inMain("5 mxbiz1", "6 mxbiz1"),
		"accept": inMain("not_started = 3", "not_started = 4"), "guard": inMain("removed = 7", "removed = 8"),
		"bound": inMain("mailboxes = 2\n", "mailboxes = 3\n"), "again": inMain("412", "413"), "seats": inMain("vip = 20", "vip = 21"),
		"hours": inMain(`"5MB/s"`, `"6MB/s"`), "allow": inMain(`"company"`, `"members"`), "leaver": inMain("    mail = \"to\"\n    to   = \"alice@held.test\"\n", "    mail = \"keep\"\n"),
		"secret": inMain(`"hunter2 %s"`, `"hunter2 %s "`), "api": inMain("secret = env(\"ZOE_OLD\")", "secret = env(\"ZOE_NEW\")"),
	} {
		if wholeDigest(t, c) == good {
			t.Errorf("%s does not change the digest", name)
		}
	}
}

// What a plan stores comes back as it was: references, times, durations, empty
// parts.
func TestSpecSurvivesThePlanFile(t *testing.T) {
	for name, changes := range map[string][]change{"whole": wholeFiles, "merge": {write("main.hcl", mergeSpec)}, "small": nil} {
		l, findings := loadWith(t, changes...)
		if l.Spec == nil {
			t.Fatalf("%s: %v", name, findings)
		}
		b, err := json.Marshal(l.Spec)
		if err != nil {
			t.Fatal(err)
		}
		var back Spec
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(l.Spec, &back, bySecret); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if Digest(&back) != Digest(l.Spec) {
			t.Errorf("%s: another digest", name)
		}
		if strings.Contains(string(b), "hunter2-") {
			t.Errorf("%s: a secret's value is stored", name)
		}
	}
}
