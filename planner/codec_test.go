package planner

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mxmove/mxmove/config"
)

func sample() *Plan {
	spec := specOf(row("alice", "pilot"), row("bob", ""))
	spec.Target.IMAP.Login = config.Login{Kind: config.LoginMaster, User: "admin", Password: config.SecretRef("env:PW")}
	spec.History.Map = map[string]string{"Sent <Items> & co": "已发送", "at": "b"}
	p := Build(spec, Snapshot{Format: 1, At: now.In(time.FixedZone("", 8*3600)), Lineage: "5f0e",
		Mailboxes: []Mailbox{{Address: "alice@acme.test", Source: Store{Seen: Seen{At: now, How: "imap", Err: &Fault{Class: Gone, Wait: time.Second}}}}}}, now)
	p.Stamp("0.1.0")
	return p
}

// equal compares plans by what they hold; times by their moment.
func equal(a, b *Plan) string {
	return cmp.Diff(a, b, cmp.Comparer(func(a, b config.Secret) bool { return a.String() == b.String() }))
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := drawSpec(t)
		p := Build(spec, drawSnapshot(t, spec), now)
		p.Stamp(rapid.SampledFrom([]string{"", "0.1.0"}).Draw(t, "tool"))
		first := mustEncode(t, p)
		back, err := Decode([]byte(first))
		if err != nil {
			t.Fatal(err)
		}
		if second := mustEncode(t, back); second != first {
			t.Fatal(cmp.Diff(first, second))
		}
		if diff := cmp.Diff(ids(p), ids(back)); diff != "" {
			t.Fatal(diff)
		}
	})
	p := sample()
	back, err := Decode([]byte(mustEncode(t, p)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := equal(p, back); diff != "" {
		t.Error(diff)
	}
}

// Another layout of the same JSON is the same plan.
func TestLayoutDoesNotMatter(t *testing.T) {
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(strings.ReplaceAll(mustEncode(t, sample()), "\n", "\r\n"))); err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(b.Bytes()); err != nil {
		t.Error(err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := mustEncode(t, sample())
	replace := func(old, with string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("the plan has no %s", old)
		}
		return strings.Replace(good, old, with, 1)
	}
	for name, c := range map[string]struct{ in, code string }{
		"empty":            {"", "plan.unreadable"},
		"not JSON":         {"plan: yes", "plan.unreadable"},
		"no format":        {"{}", "plan.unreadable"},
		"no spec":          {`{"format":1}`, "plan.unreadable"},
		"cut":              {good[:len(good)/2], "plan.unreadable"},
		"two plans":        {good + good, "plan.unreadable"},
		"newer format":     {replace(`"format": 1`, `"format": 2`), "plan.format"},
		"newer, otherwise": {`{"format": 7, "steps": "unheard of"}`, "plan.format"},
		"unknown field":    {replace(`"lineage"`, `"hidden": 1, "lineage"`), "plan.unreadable"},
		"unknown step field": {replace(`"op": {`, `"op": {"force": true, `),
			"plan.unreadable"},
		"unknown kind":     {replace(`"kind": "copy-mailbox"`, `"kind": "erase-mail"`), "plan.unknown-kind"},
		"unknown phase":    {replace(`"in": 2`, `"in": 200`), "plan.unreadable"},
		"another host":     {replace(`"host": "new.test"`, `"host": "evil.test"`), "plan.changed"},
		"another endpoint": {replace("new.test:993\"", "evil.test:993\""), "plan.changed"},
		"another lineage":  {replace(`"lineage": "5f0e"`, `"lineage": "5f0f"`), "plan.changed"},
		"another ID":       {replace(`"id": "`, `"id": "0`), "plan.changed"},
		"work taken away":  {replace(`"work": true`, `"work": false`), "plan.changed"},
	} {
		p, err := Decode([]byte(c.in))
		r := (*Refused)(nil)
		if !errors.As(err, &r) || r.Code != c.code || p != nil {
			t.Errorf("%s: plan %v, error %v; want %s", name, p != nil, err, c.code)
		}
	}
}

func TestEncodeRefusesAnUnstampedPlan(t *testing.T) {
	p := sample()
	p.Steps = p.Steps[1:]
	if _, err := Encode(p); err == nil {
		t.Error("a plan that was changed after it was built was written")
	}
	p.Stamp(p.Tool)
	if _, err := Encode(p); err != nil {
		t.Error(err)
	}
}

// A plan made anew around a step that does something else than its ID says.
func TestDecodeRefusesAForgedStep(t *testing.T) {
	p := sample()
	op := p.Steps[0].Op.(CopyMailbox)
	op.To = "imap://eve@evil.test:993"
	p.Steps[0].Op = op
	p.Stamp(p.Tool)
	_, err := Decode([]byte(mustEncode(t, p)))
	if r := (*Refused)(nil); !errors.As(err, &r) || r.Code != "plan.changed" {
		t.Errorf("error %v, want plan.changed", err)
	}
}

func TestPlanHoldsReferencesOnly(t *testing.T) {
	if s := mustEncode(t, sample()); !strings.Contains(s, `"password": "env:PW"`) {
		t.Error("the reference is not in the plan")
	}
}

func TestDigestIsOfTheMeaning(t *testing.T) {
	base := func() *config.Spec {
		s := specOf(row("alice", ""), row("bob", ""))
		s.History.Skip, s.Source.Aliases = []string{"A", "B"}, []string{"x.test", "y.test"}
		s.Roster.Files = []string{"a.csv"}
		return s
	}
	want := Digest(base())
	for name, c := range map[string]struct {
		change func(*config.Spec)
		same   bool
	}{
		"nothing": {func(*config.Spec) {}, true},
		"positions": {func(s *config.Spec) {
			s.History.At.Line, s.Source.IMAP.Login.At.Line, s.Roster.Mailboxes[0].At.Line = 1, 2, 3
		}, true},
		"language":          {func(s *config.Spec) { s.Migration.Language = "zh-CN" }, true},
		"files":             {func(s *config.Spec) { s.Roster.Files = nil }, true},
		"sets":              {func(s *config.Spec) { slices.Reverse(s.History.Skip); slices.Reverse(s.Source.Aliases) }, true},
		"rows":              {func(s *config.Spec) { slices.Reverse(s.Roster.Mailboxes) }, true},
		"host":              {func(s *config.Spec) { s.Source.IMAP.Host = "x" }, false},
		"since":             {func(s *config.Spec) { s.History.Since = "2020-01-01" }, false},
		"a folder named at": {func(s *config.Spec) { s.History.Map = map[string]string{"at": "x"} }, false},
		"no history":        {func(s *config.Spec) { s.History = nil }, false},
		"a row":             {func(s *config.Spec) { s.Roster.Mailboxes = s.Roster.Mailboxes[:1] }, false},
		"a password":        {func(s *config.Spec) { s.Roster.Mailboxes[0].SourcePassword = config.SecretRef("env:A") }, false},
		"skipped address":   {func(s *config.Spec) { s.Roster.Skip = []string{"x@acme.test"} }, false},
	} {
		s := base()
		c.change(s)
		if got := Digest(s) == want; got != c.same {
			t.Errorf("%s: digest is the same: %v, want %v", name, got, c.same)
		}
	}
}

// Whatever a file holds, decoding ends, and what it accepts it writes again
// as the same plan.
func FuzzDecode(f *testing.F) {
	good, err := Encode(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"format":1,"spec":{},"steps":[{"id":"x","kind":"copy-mailbox","op":{}}]}`))
	f.Add([]byte(`{"format":1,"spec":{},"steps":[null]}`))
	f.Add([]byte(`{"format":1,"observed":{"at":"9999-12-31T23:59:59+23:59"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Decode(b)
		if err != nil {
			if r := (*Refused)(nil); !errors.As(err, &r) {
				t.Fatalf("error %v is not a *Refused", err)
			}
			return
		}
		again, err := Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		if q, err := Decode(again); err != nil || q.ID != p.ID {
			t.Fatalf("what was accepted is refused when written again: %v", err)
		}
	})
}
