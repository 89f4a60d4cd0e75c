package planner

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
)

var now = time.Date(2026, 12, 3, 8, 4, 0, 0, time.UTC)

func row(name, wave string) config.Mailbox {
	a := name + "@acme.test"
	return config.Mailbox{Address: a, SourceLogin: a, TargetAddress: a, TargetLogin: name, Wave: wave}
}

func specOf(rows ...config.Mailbox) *config.Spec {
	side := func(host string) config.Side {
		return config.Side{Kind: "imap", IMAP: config.IMAP{Host: host, Port: 993, TLS: config.TLSImplicit}}
	}
	s := &config.Spec{Source: side("old.test"), Target: side("new.test"), Roster: config.Roster{Mailboxes: rows},
		History: &config.History{Mover: "mxmove", Deletions: "keep", Refused: "quarantine"}}
	s.Source.Domain = "acme.test"
	return s
}

func drawSpec(t *rapid.T) *config.Spec {
	var rows []config.Mailbox
	for i := range rapid.IntRange(0, 8).Draw(t, "rows") {
		rows = append(rows, row(fmt.Sprintf("m%d", i), rapid.SampledFrom([]string{"", "pilot", "b"}).Draw(t, "wave")))
	}
	return specOf(rows...)
}

// drawSnapshot is any state of the world for the spec's rows.
func drawSnapshot(t *rapid.T, spec *config.Spec) Snapshot {
	s := Snapshot{Format: 1, Lineage: "5f0e", At: now.Add(-time.Duration(rapid.IntRange(0, 100).Draw(t, "age")) * time.Hour),
		Target: Side{Endpoint: "imap://new.test:993", Caps: []string{"IMAP4rev1", "UIDPLUS"}}}
	for i, r := range spec.Roster.Mailboxes {
		if rapid.Bool().Draw(t, "seen") {
			s.Mailboxes = append(s.Mailboxes, Mailbox{Address: r.Address, Source: drawStore(t), Target: drawStore(t),
				State:  rapid.SampledFrom([]State{NotStarted, InStep, Failed}).Draw(t, "state"),
				Behind: Gap{rapid.IntRange(0, 3).Draw(t, "behind"), int64(rapid.IntRange(0, 3).Draw(t, "bytes"))}})
		}
		if rapid.Bool().Draw(t, "record") {
			s.Records = append(s.Records, Record{Step: IDOf(passOf(spec, r, config.Departure{}, Copy)), Intent: 2*i + 1, Outcome: rapid.SampledFrom([]int{0, 2*i + 1}).Draw(t, "outcome")})
		}
	}
	return s
}

func drawStore(t *rapid.T) Store {
	st := Store{Messages: rapid.IntRange(0, 100_000).Draw(t, "messages"), Bytes: rapid.Int64Range(0, 1<<40).Draw(t, "size")}
	switch rapid.IntRange(0, 2).Draw(t, "sight") {
	case 1:
		st.Seen = Seen{At: now, How: "imap"}
	case 2:
		st.Seen = Seen{At: now, How: "imap", Err: &Fault{Msg: text.M("login.refused", "server", "s", "login", "l"), Class: Credential}}
	}
	return st
}

func ids(p *Plan) []StepID {
	var out []StepID
	for _, s := range p.Steps {
		out = append(out, s.ID)
	}
	return out
}

func mustEncode(t interface{ Fatal(...any) }, p *Plan) string {
	b, err := Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The same input gives the same octets, and building changes no input.
func TestBuildIsPure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := drawSpec(t)
		s := drawSnapshot(t, spec)
		before := fmt.Sprintf("%#v %#v", *spec, s)
		first := mustEncode(t, Build(spec, s, now))
		if second := mustEncode(t, Build(spec, s, now)); first != second {
			t.Fatal("two builds differ")
		}
		if fmt.Sprintf("%#v %#v", *spec, s) != before {
			t.Fatal("building changed its input")
		}
	})
}

func TestOrderOfInputDoesNotShow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := drawSpec(t)
		s := drawSnapshot(t, spec)
		want := mustEncode(t, Build(spec, s, now))
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		shuffled := *spec
		shuffled.Roster.Mailboxes = slices.Clone(spec.Roster.Mailboxes)
		s.Mailboxes, s.Records = slices.Clone(s.Mailboxes), slices.Clone(s.Records)
		shuffle(r, shuffled.Roster.Mailboxes)
		shuffle(r, s.Mailboxes)
		shuffle(r, s.Records)
		s.Target.Caps = []string{"UIDPLUS", "IMAP4rev1"}
		if got := mustEncode(t, Build(&shuffled, s, now)); got != want {
			t.Fatal(cmp.Diff(want, got))
		}
	})
}

func shuffle[T any](r *rand.Rand, list []T) {
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

// Whatever happens to the mail, an approved plan stays the ceiling: the steps
// and their order are the same, only their work differs.
func TestPlanSurvivesTheWorld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := drawSpec(t)
		approved := Build(spec, drawSnapshot(t, spec), now)
		later := Build(spec, drawSnapshot(t, spec), now.Add(time.Hour))
		if diff := cmp.Diff(ids(approved), ids(later)); diff != "" {
			t.Fatalf("steps changed:\n%s", diff)
		}
		if beyond := Beyond(later, approved); len(beyond) != 0 {
			t.Fatalf("beyond: %v", beyond)
		}
		if left, stale := LeftOut(later, approved); len(left) != 0 || stale != "" {
			t.Fatalf("left out %v, stale %s", left, stale)
		}
	})
}

// What a step does is in its ID: another login, server or address is another
// step; a wave, a name, a position or a password is not.
func TestWhatMakesAnotherStep(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*config.Spec)
		beyond bool
	}{
		"source login":    {func(s *config.Spec) { s.Roster.Mailboxes[0].SourceLogin = "other" }, true},
		"target login":    {func(s *config.Spec) { s.Roster.Mailboxes[0].TargetLogin = "other" }, true},
		"address":         {func(s *config.Spec) { s.Roster.Mailboxes[0].Address = "other@acme.test" }, true},
		"source host":     {func(s *config.Spec) { s.Source.IMAP.Host = "other.test" }, true},
		"target port":     {func(s *config.Spec) { s.Target.IMAP.Port = 143 }, true},
		"new row":         {func(s *config.Spec) { s.Roster.Mailboxes = append(s.Roster.Mailboxes, row("new", "")) }, true},
		"removed row":     {func(s *config.Spec) { s.Roster.Mailboxes = s.Roster.Mailboxes[1:] }, false},
		"wave":            {func(s *config.Spec) { s.Roster.Mailboxes[0].Wave = "late" }, false},
		"name":            {func(s *config.Spec) { s.Roster.Mailboxes[0].Name = "Alice" }, false},
		"position":        {func(s *config.Spec) { s.Roster.Mailboxes[0].At.Line = 99 }, false},
		"password":        {func(s *config.Spec) { s.Roster.Mailboxes[0].SourcePassword = config.SecretRef("env:X") }, false},
		"connections":     {func(s *config.Spec) { s.Source.IMAP.Limits.Connections = 3 }, false},
		"history removed": {func(s *config.Spec) { s.History = nil }, false},
	} {
		approved := Build(specOf(row("alice", ""), row("bob", "")), Snapshot{At: now}, now)
		spec := specOf(row("alice", ""), row("bob", ""))
		c.change(spec)
		if got := len(Beyond(Build(spec, Snapshot{At: now}, now), approved)) > 0; got != c.beyond {
			t.Errorf("%s: beyond is %v, want %v", name, got, c.beyond)
		}
	}
}

func TestOrderIsByWaveThenAddress(t *testing.T) {
	p := Build(specOf(row("zoe", ""), row("adam", ""), row("bob", "pilot"), row("yan", "a-first"), row("al", "pilot")), Snapshot{}, now)
	var got []string
	for _, s := range p.Steps {
		got = append(got, strings.TrimSuffix(s.Op.Subject(), "@acme.test"))
	}
	if diff := cmp.Diff([]string{"yan", "al", "bob", "adam", "zoe"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestWork(t *testing.T) {
	seen := Store{Seen: Seen{At: now, How: "imap"}}
	blind := Store{Seen: Seen{At: now, How: "imap", Err: &Fault{Class: Gone}}}
	done := Record{Intent: 4, Outcome: 4}
	for name, c := range map[string]struct {
		box  Mailbox
		rec  Record
		want bool
	}{
		"never":            {Mailbox{Source: seen, Target: seen}, Record{}, true},
		"in step":          {Mailbox{Source: seen, Target: seen}, done, false},
		"behind":           {Mailbox{Source: seen, Target: seen, Behind: Gap{Messages: 1}}, done, true},
		"never looked at":  {Mailbox{}, done, true},
		"source not seen":  {Mailbox{Source: blind, Target: seen}, done, true},
		"target not seen":  {Mailbox{Source: seen, Target: blind}, done, true},
		"died in a pass":   {Mailbox{Source: seen, Target: seen}, Record{Intent: 6, Outcome: 4}, true},
		"last pass failed": {Mailbox{Source: seen, Target: seen}, Record{Intent: 6, Outcome: 6, Failed: &Fault{}}, true},
	} {
		if got := hasWork(c.box, c.rec); got != c.want {
			t.Errorf("%s: work is %v, want %v", name, got, c.want)
		}
	}
}

func TestEstimate(t *testing.T) {
	seen := Seen{At: now, How: "imap"}
	first := estimate(Mailbox{Source: Store{Seen: seen, Messages: 1000, Bytes: 400 << 20}}, Record{})
	if first != 107*time.Second { // 2 s + 1000 × 5 ms + 400 MiB at 4 MiB/s
		t.Errorf("first pass: %v", first)
	}
	delta := estimate(Mailbox{Source: Store{Seen: seen, Messages: 1000, Bytes: 400 << 20}, Behind: Gap{Messages: 1, Bytes: 1}}, Record{Outcome: 2})
	if delta != 2*time.Second {
		t.Errorf("delta pass: %v", delta)
	}
	if untold := estimate(Mailbox{Source: Store{Seen: seen, Messages: 1000}}, Record{}); untold < 20*time.Second {
		t.Errorf("size not told: %v", untold)
	}
	if unknown := estimate(Mailbox{}, Record{}); unknown != 0 {
		t.Errorf("never seen: %v, want 0", unknown)
	}
}

func TestEndpoint(t *testing.T) {
	at := config.IMAP{Host: "imap.old.test", Port: 993}
	for login, want := range map[string]Endpoint{
		"":                "imap://imap.old.test:993",
		"alice@acme.test": "imap://alice%40acme.test@imap.old.test:993",
		"a:b/c d%":        "imap://a%3Ab%2Fc%20d%25@imap.old.test:993",
	} {
		if got := EndpointOf(at, login); got != want {
			t.Errorf("%q: %s, want %s", login, got, want)
		}
	}
	if got := EndpointOf(config.IMAP{Host: "::1", Port: 143}, ""); got != "imap://[::1]:143" {
		t.Errorf("IPv6: %s", got)
	}
}

func TestStepID(t *testing.T) {
	id := IDOf(passOf(specOf(), row("alice", ""), config.Departure{}, Copy))
	if id != "copy-mailbox alice@acme.test @17aa694c" {
		t.Errorf("the ID is %s: IDs of plans in use must never change", id)
	}
	if id.Kind() != "copy-mailbox" || id.Subject() != "alice@acme.test" {
		t.Errorf("kind %q, subject %q", id.Kind(), id.Subject())
	}
	if got := StepID(`copy-mailbox "a @b"@acme.test @01234567`).Subject(); got != `"a @b"@acme.test` {
		t.Errorf("subject %q", got)
	}
	if hashOf("ab", "c") == hashOf("a", "bc") {
		t.Error("parts run into each other")
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 19_188_941: "18.3 MiB", 1<<30 - 1: "1.0 GiB", 1 << 62: "4.0 EiB"} {
		if got := Bytes(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

// A company of ten thousand is planned in well under a second.
func BenchmarkBuild(b *testing.B) {
	spec := specOf()
	s := Snapshot{At: now}
	for i := range 10_000 {
		r := row(fmt.Sprintf("m%05d", i), "")
		spec.Roster.Mailboxes = append(spec.Roster.Mailboxes, r)
		s.Mailboxes = append(s.Mailboxes, Mailbox{Address: r.Address})
		s.Records = append(s.Records, Record{Step: IDOf(passOf(spec, r, config.Departure{}, Copy)), Intent: 1, Outcome: 1})
	}
	for b.Loop() {
		Build(spec, s, now)
	}
}
