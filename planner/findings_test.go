package planner

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
)

func codes(found []config.Finding) []string {
	var out []string
	for _, f := range found {
		out = append(out, f.Code+" "+f.Subject)
	}
	return out
}

func TestFindings(t *testing.T) {
	seen := Seen{At: now, How: "imap"}
	refused := Seen{At: now, How: "imap", Err: &Fault{Msg: text.M("login.refused", "server", "old.test", "login", "alice"), Class: Credential}}
	down := Seen{At: now, How: "imap", Err: &Fault{Msg: text.M("server.unreachable", "server", "old.test"), Class: Unreachable}}
	alice, bob := "alice@acme.test", "bob@acme.test"
	for name, c := range map[string]struct {
		s    Snapshot
		spec func(*config.Spec)
		want []string
	}{
		"all is well": {s: Snapshot{At: now, Mailboxes: []Mailbox{{Address: alice, Source: Store{Seen: seen}, Target: Store{Seen: seen}}}}},
		"source refuses": {s: Snapshot{At: now, Mailboxes: []Mailbox{{Address: alice, Source: Store{Seen: refused}}, {Address: bob, Target: Store{Seen: refused}}}},
			want: []string{"login.refused " + alice, "login.refused " + bob}},
		"server down is told once": {s: Snapshot{At: now, Source: Side{Seen: down, Endpoint: "imap://old.test:993"},
			Mailboxes: []Mailbox{{Address: alice, Source: Store{Seen: down}}, {Address: bob, Source: Store{Seen: down}}}},
			want: []string{"server.unreachable imap://old.test:993"}},
		"no history": {s: Snapshot{At: now}, spec: func(s *config.Spec) { s.History = nil }, want: []string{"plan.no-history "}},
		"quota": {s: Snapshot{At: now, Mailboxes: []Mailbox{{Address: bob, Target: Store{Seen: seen, Bytes: 60, Quota: 100}, Behind: Gap{9, 41}},
			{Address: alice, Target: Store{Seen: seen, Bytes: 60, Quota: 100}, Behind: Gap{9, 40}}}}, want: []string{"plan.quota " + bob}},
		"row gone": {s: Snapshot{At: now, Records: []Record{{Step: "copy-mailbox eve@acme.test @00000000", Outcome: 3, Tally: Tally{Copied: 1}}}},
			want: []string{"plan.row-gone eve@acme.test"}},
		"row gone, nothing copied": {s: Snapshot{At: now, Records: []Record{{Step: "copy-mailbox eve@acme.test @00000000", Intent: 3}}}},
		"row changed": {s: Snapshot{At: now, Records: []Record{{Step: "copy-mailbox alice@acme.test @00000000", Outcome: 3, Tally: Tally{Copied: 1}}}},
			want: []string{"plan.row-changed " + alice}},
		"no UIDPLUS": {s: Snapshot{At: now, Target: Side{Endpoint: "imap://new.test:993", Caps: []string{"IMAP4rev1"}},
			Mailboxes: []Mailbox{{Address: alice, Target: Store{Seen: seen}}}}, want: []string{"plan.no-uidplus imap://new.test:993"}},
		"capabilities before sign-in": {s: Snapshot{At: now, Target: Side{Caps: []string{"IMAP4rev1"}}}},
		"capabilities of the greeting": {s: Snapshot{At: now, Target: Side{Caps: []string{"IMAP4rev1", "AUTH=PLAIN"}},
			Mailboxes: []Mailbox{{Address: alice, Target: Store{Seen: seen}}}}},
		"UIDPLUS is in IMAP4rev2": {s: Snapshot{At: now, Target: Side{Caps: []string{"IMAP4rev2"}},
			Mailboxes: []Mailbox{{Address: alice, Target: Store{Seen: seen}}}}},
		"old": {s: Snapshot{At: now.Add(-25 * time.Hour)}, want: []string{"plan.old "}},
		"the world's own, errors first": {s: Snapshot{At: now.Add(-25 * time.Hour), Findings: []config.Finding{{Msg: text.M("zzz"), Severity: config.Error}}},
			want: []string{"zzz ", "plan.old "}},
	} {
		spec := specOf(row("alice", ""), row("bob", ""))
		if c.spec != nil {
			c.spec(spec)
		}
		if diff := cmp.Diff(c.want, codes(Build(spec, c.s, now).Findings)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// A finding about a row never shows the row's line: it may hold a password.
func TestFindingsAboutRowsAreHidden(t *testing.T) {
	s := Snapshot{At: now, Mailboxes: []Mailbox{{Address: "alice@acme.test", Source: Store{Seen: Seen{At: now, Err: &Fault{Msg: text.M("login.refused")}}}}}}
	spec := specOf(row("alice", ""))
	spec.Roster.Mailboxes[0].At = config.Pos{File: "members.csv", Line: 3}
	f := Build(spec, s, now).Findings
	if len(f) != 1 || !f[0].Hidden || f[0].At.Line != 3 || f[0].Args["side"] != "source" {
		t.Errorf("findings %+v", f)
	}
}

// Every code that plans and their checks can show has its three texts.
func TestCodesHaveTexts(t *testing.T) {
	cat := text.Load(text.Chinese)
	for _, code := range []string{"plan.no-history", "plan.old", "plan.quota", "plan.row-gone", "plan.row-changed", "plan.no-uidplus",
		"plan.format", "plan.lineage", "plan.age", "plan.unobserved", "plan.unreadable", "plan.changed", "plan.unknown-kind", "plan.unstamped"} {
		for _, part := range []string{".what", ".why", ".do"} {
			if !cat.Has(code + part) {
				t.Errorf("%s%s is missing", code, part)
			}
		}
	}
	if !cat.Has((CopyMailbox{}).Traits().Undo) {
		t.Error("the copy's undo has no text")
	}
}

func TestCheck(t *testing.T) {
	p := Build(specOf(row("alice", "")), Snapshot{At: now, Lineage: "5f0e"}, now)
	future := *p
	future.Format = 2
	for name, c := range map[string]struct {
		p       *Plan
		lineage string
		at      time.Time
		want    string
	}{
		"fresh":             {p, "5f0e", now, ""},
		"last moment":       {p, "5f0e", now.Add(ValidFor), ""},
		"too old":           {p, "5f0e", now.Add(ValidFor + 1), "plan.age"},
		"another lineage":   {p, "77aa", now, "plan.lineage"},
		"a newer format":    {&future, "77aa", now, "plan.format"},
		"nothing was seen":  {Build(specOf(), Snapshot{Lineage: "5f0e"}, now), "5f0e", now, "plan.unobserved"},
		"lineage forgotten": {p, "", now, "plan.lineage"},
	} {
		err := Check(c.p, c.lineage, c.at, Format)
		r := (*Refused)(nil)
		if errors.As(err, &r) != (c.want != "") || r != nil && r.Code != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// fake is an op with any traits, for what later phases will ask of a plan.
type fake struct {
	name   string
	traits Traits
}

func (f fake) Kind() string       { return "fake" }
func (f fake) Subject() string    { return f.name }
func (f fake) Identity() []string { return nil }
func (f fake) Traits() Traits     { return f.traits }
func (fake) op()                  {}

func step(name string, traits Traits, needs ...StepID) Step {
	op := fake{name, traits}
	return Step{ID: IDOf(op), Op: op, Needs: needs}
}

func TestLeftOutSpreadsThroughNeeds(t *testing.T) {
	hire := step("create hire", Traits{Phase: Provision, Risk: Costly})
	pass := step("copy hire", Traits{Phase: Copy}, hire.ID)
	last := step("last pass", Traits{Phase: Freeze}, pass.ID)
	mx := step("mx", Traits{Phase: Cutover, Risk: Costly}, last.ID)
	other := step("copy alice", Traits{Phase: Copy})
	erase := step("erase", Traits{Phase: Prepare, Risk: Final})
	all := []Step{last, mx, pass, hire, other} // needs before and after what needs them
	for name, c := range map[string]struct {
		built, approved []Step
		left            []StepID
		stale           StepID
	}{
		"same":                       {all, all, nil, ""},
		"fewer":                      {[]Step{other}, all, nil, ""},
		"approved freeze needs it":   {all, []Step{last, mx, other}, []StepID{last.ID, mx.ID, pass.ID, hire.ID}, last.ID},
		"only its own steps need it": {[]Step{pass, hire, other}, []Step{other}, []StepID{pass.ID, hire.ID}, ""},
		"beyond and in cutover":      {[]Step{mx, other}, []Step{other}, []StepID{mx.ID}, mx.ID},
		"beyond and final":           {[]Step{erase, other}, []Step{other}, []StepID{erase.ID}, erase.ID},
		"beyond and in freeze":       {[]Step{last, other}, []Step{other}, []StepID{last.ID}, ""},
	} {
		left, stale := LeftOut(&Plan{Steps: c.built}, &Plan{Steps: c.approved})
		var got []StepID
		for _, s := range c.built {
			if cause, ok := left[s.ID]; ok {
				got = append(got, s.ID)
				if !slices.Contains(Beyond(&Plan{Steps: c.built}, &Plan{Steps: c.approved}), cause) {
					t.Errorf("%s: %s is left out because of %s, which is approved", name, s.ID, cause)
				}
			}
		}
		if diff := cmp.Diff(c.left, got); diff != "" || stale != c.stale || len(left) != len(got) {
			t.Errorf("%s: stale %q, want %q; left out:\n%s", name, stale, c.stale, diff)
		}
	}
}

// The passes of the freeze and of the tail are the same mailbox's, and what
// changed is told once a mailbox.
func TestRowChangedIsToldOnceAndOnlyThen(t *testing.T) {
	spec := specOf(row("alice", ""), row("bob", ""))
	var s Snapshot
	for _, in := range []Phase{Copy, Freeze, Drain} {
		s.Records = append(s.Records, Record{Step: IDOf(passOf(spec, spec.Roster.Mailboxes[0], config.Departure{}, in)), Tally: Tally{Copied: 1}},
			Record{Step: StepID(fmt.Sprintf("copy-mailbox bob@acme.test @0000000%d", in)), Tally: Tally{Copied: 1}},
			Record{Step: StepID(fmt.Sprintf("copy-mailbox eve@acme.test @0000000%d", in)), Tally: Tally{Copied: 1}})
	}
	var got []string
	for _, f := range lostRecords(spec, s) {
		got = append(got, f.Code+" "+f.Subject)
	}
	if want := []string{"plan.row-changed bob@acme.test", "plan.row-gone eve@acme.test"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
