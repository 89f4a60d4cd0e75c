package config

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

const canarySpec = `
  canary {
    from = "Alice@held.test"
    to   = "trial@outside.example"
    submission {
      host     = "smtp.new.test"
      password = env("ZOE_OLD")
    }
    arrival {
      host     = "imap.outside.example"
      tls      = "starttls"
      user     = "trial"
      password = env("ZOE_NEW")
    }
  }
`

// canaries changes the whole spec, which then has one, and the block.
func canaries(pairs ...string) []change {
	block := strings.NewReplacer(pairs...).Replace(canarySpec)
	return append(wholeFiles[:2:2], inMain("  zone \"held.example\" \"manual\" {}\n", "  zone \"held.example\" \"manual\" {}\n"+block))
}

func TestCanaryIsDecoded(t *testing.T) {
	l, findings := loadWith(t, canaries()...)
	if l.Spec == nil || len(findings) > 0 {
		t.Fatal(findings)
	}
	k := l.Spec.Cutover.Canaries[0]
	out, in := k.Submission, *k.Arrival
	if k.From != "alice@held.test" || k.Domain() != "held.test" || k.To != "trial@outside.example" ||
		out.Host != "smtp.new.test" || out.Port != 465 || out.TLS != TLSImplicit || out.User != "alice@held.test" || out.Password.String() != "env:ZOE_OLD" ||
		in.Port != 143 || in.TLS != TLSStart || in.User != "trial" || in.Password.String() != "env:ZOE_NEW" {
		t.Errorf("%+v %+v", k, in)
	}
	two := canaries("  canary {", strings.NewReplacer("Alice@held.test", "a@held.example").Replace(canarySpec)+"  canary {",
		"smtp.new.test\"", "smtp.new.test\"\n      tls = \"starttls\"")
	l, findings = loadWith(t, two...)
	if l.Spec == nil || len(findings) > 0 {
		t.Fatal(findings)
	}
	if k := l.Spec.Cutover.Canaries; len(k) != 2 || k[0].Domain() != "held.example" || k[1].Submission.Port != 587 {
		t.Errorf("%+v", k)
	}
}

func TestCanaryFindings(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"from elsewhere":     {"Alice@held.test", "alice@side.test", "cutover.canary-from"},
		"to one's own":       {"trial@outside.example", "bob@held.example", "cutover.canary-to"},
		"no address":         {"trial@outside.example", "trial", "address.at"},
		"twice":              {"  canary {", canarySpec + "  canary {", "cutover.canary-twice"},
		"in the clear":       {`"smtp.new.test"`, "\"smtp.new.test\"\n      tls = \"none\"", "tls.cleartext"},
		"inbox in the clear": {`"starttls"`, `"none"`, "tls.cleartext"},
		"a literal":          {`env("ZOE_OLD")`, `"hunter2"`, "secret.literal"},
		"inbox's literal":    {`env("ZOE_NEW")`, `"hunter2"`, "secret.literal"},
		"no password":        {`password = env("ZOE_OLD")`, "", "argument.missing"},
		"no submission":      {"submission {\n      host     = \"smtp.new.test\"\n      password = env(\"ZOE_OLD\")\n    }", "", "block.missing"},
		"a URL":              {"smtp.new.test", "smtps://smtp.new.test", "host.invalid"},
		"no such authority":  {`"smtp.new.test"`, "\"smtp.new.test\"\n      ca_file = \"none.pem\"", "file.unreadable"},
		"port":               {`"smtp.new.test"`, "\"smtp.new.test\"\n      port = 65536", "value.range"},
	} {
		l, findings := loadWith(t, canaries(c.old, c.new)...)
		if len(findings) != 1 || findings[0].Code != c.want || l.Spec != nil {
			t.Errorf("%s: %v", name, findings)
		} else if findings[0].At.Line < 100 || findings[0].At.File != "main.hcl" {
			t.Errorf("%s: at %s", name, findings[0].At)
		}
	}
	_, findings := loadWith(t, merge("cutover {", "cutover {\n  zone \"held.test\" \"manual\" {\n    mx = [\"5 mx.new.test\"]\n  }\n"+canarySpec)...)
	if slices.ContainsFunc(findings, func(f Finding) bool { return f.Code == "cutover.canary-merge" }) {
		t.Errorf("a domain that is switched beside a merge: %v", findings)
	}
	_, findings = loadWith(t, merge("cutover {", "cutover {\n"+canarySpec)...)
	if !slices.ContainsFunc(findings, func(f Finding) bool { return f.Code == "cutover.canary-merge" }) {
		t.Errorf("%v", findings)
	}
}

func TestCanaryInTheDigestAndThePlanFile(t *testing.T) {
	digest := func(pairs ...string) string {
		l, findings := loadWith(t, canaries(pairs...)...)
		if l.Spec == nil {
			t.Fatal(findings)
		}
		b, err := json.Marshal(l.Spec)
		var back Spec
		if err != nil || json.Unmarshal(b, &back) != nil || Digest(&back) != Digest(l.Spec) {
			t.Errorf("%v %s", err, b)
		}
		return Digest(l.Spec)
	}
	good := digest()
	if digest("  canary {", "\n\n  canary {", "    arrival {", "\n    arrival {") != good {
		t.Error("where it stands changes the digest")
	}
	for _, c := range [][2]string{{"Alice@", "bob@"}, {"trial@", "other@"}, {"smtp.new", "smtp.newer"}, {`"trial"`, `"other"`}, {`env("ZOE_NEW")`, `env("ZOE_OLD")`}} {
		if digest(c[0], c[1]) == good {
			t.Errorf("%s does not change the digest", c[0])
		}
	}
}
