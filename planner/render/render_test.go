package render

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

var update = flag.Bool("update", false, "write the golden files anew")

var escape = regexp.MustCompile("\x1b\\[[0-9]*m")

var zone = time.FixedZone("", 8*3600)

var now = time.Date(2026, 12, 3, 16, 4, 40, 0, zone)

func options(width int) Options { return Options{Width: width, Now: now} }

func spec() *config.Spec {
	side := func(host string) config.Side {
		return config.Side{Kind: "imap", IMAP: config.IMAP{Host: host, Port: 993, TLS: "implicit", Limits: config.Limits{Connections: 8}}}
	}
	s := &config.Spec{Source: side("imap.old.test"), Target: side("imap.new.test"),
		Roster:  config.Roster{Skip: []string{"old.robot@acme.test"}},
		History: &config.History{Mover: "mxmove", Since: "2015-01-01", Skip: []string{"Junk", "垃圾邮件"}}}
	s.Source.Domain = "acme.test"
	for i, n := range []string{"zhao.lei", "chen.jing", "a.rather.long.name.of.a.department", "ma.chao", "xu.yan", "sun.li"} {
		a := n + "@acme.test"
		s.Roster.Mailboxes = append(s.Roster.Mailboxes, config.Mailbox{Address: a, SourceLogin: a, TargetAddress: a,
			TargetLogin: a, Wave: []string{"pilot", "", "试点"}[i%3],
			At: config.Pos{File: "members.csv", Line: i + 2}})
	}
	return s
}

func seen() planner.Seen { return planner.Seen{At: now.Add(-40 * time.Second), How: "imap"} }

func box(name string, state planner.State, all, behind int) planner.Mailbox {
	return planner.Mailbox{Address: name + "@acme.test", State: state,
		Source: planner.Store{Seen: seen(), Messages: all, Bytes: int64(all) * 90_000},
		Target: planner.Store{Seen: seen(), Messages: all - behind},
		Behind: planner.Gap{Messages: behind, Bytes: int64(behind) * 90_000}}
}

func snapshot() planner.Snapshot {
	refused := &planner.Fault{Msg: text.M("memory.login", "address", "zhao.lei@acme.test", "side", "source"), Class: planner.Credential}
	failed := planner.Mailbox{Address: "zhao.lei@acme.test", State: planner.Failed, Reason: &refused.Msg,
		Source: planner.Store{Seen: planner.Seen{At: now, How: "imap", Err: refused}}, Target: planner.Store{Seen: seen()}}
	partial := box("chen.jing", planner.Partial, 1204, 0)
	partial.Quarantined = 2
	full := box("sun.li", planner.InStep, 18220, 0)
	full.Target.Quota, full.Target.Bytes = 1<<30, 1639800000
	return planner.Snapshot{Format: 1, At: now.Add(-40 * time.Second), Lineage: "5f0e",
		Source: planner.Side{Seen: seen(), Endpoint: "imap://imap.old.test:993"},
		Target: planner.Side{Seen: seen(), Endpoint: "imap://imap.new.test:993", Caps: []string{"IMAP4rev1"}},
		Mailboxes: []planner.Mailbox{failed, partial,
			box("a.rather.long.name.of.a.department", planner.WaitServer, 31007, 1007),
			box("xu.yan", planner.Copying, 88410, 47210), full},
		Records: []planner.Record{{Step: planner.Build(spec(), planner.Snapshot{}, now).Steps[0].ID, Intent: 5,
			Failed: &planner.Fault{Msg: text.M("memory.gone", "address", "ma.chao@acme.test"), Class: planner.Gone}}, {Step: "copy-mailbox gone@acme.test @00000000", Intent: 3, Outcome: 3,
			OutcomeAt: now.Add(-time.Hour), Tally: planner.Tally{Copied: 7}}}}
}

// recorded is the same by our own records: they know what was placed, not how
// much there is.
func recorded() planner.Snapshot {
	s := snapshot()
	refused := s.Mailboxes[0].Source.Seen.Err
	s.Records[0].Failed = refused
	s.Records = append(s.Records, planner.Record{Step: planner.Build(spec(), planner.Snapshot{}, now).Steps[3].ID, Intent: 6, Failed: refused})
	for i := range s.Mailboxes {
		m := &s.Mailboxes[i]
		known := planner.Seen{At: now, How: "ledger"}
		m.Source, m.Target = planner.Store{Seen: known, Messages: m.Target.Messages}, planner.Store{Seen: known, Messages: m.Target.Messages}
		m.Behind, m.Reason = planner.Gap{}, nil
	}
	return s
}

// screen is something to show, in both languages and three widths.
type screen struct {
	name string
	show func(*bytes.Buffer, *text.Catalogue, Options) error
}

func screens() []screen {
	plan := planner.Build(spec(), snapshot(), now)
	bare := planner.Build(&config.Spec{Source: spec().Source, Target: spec().Target}, planner.Snapshot{}, now)
	status := StatusOf(plan, now)
	status.Apply = &Running{Host: "srv2", PID: 8812, Seen: now.Add(-3 * time.Second)}
	status.Speed, status.Left = 7_550_000, 6000
	status.Rows[4].Left = 1260
	return []screen{
		{"plan", func(b *bytes.Buffer, c *text.Catalogue, o Options) error { return Plan(b, c, plan, o) }},
		{"plan-bare", func(b *bytes.Buffer, c *text.Catalogue, o Options) error { return Plan(b, c, bare, o) }},
		{"status", func(b *bytes.Buffer, c *text.Catalogue, o Options) error { return Status(b, c, status, o) }},
		{"status-records", func(b *bytes.Buffer, c *text.Catalogue, o Options) error {
			return Status(b, c, StatusOf(planner.Build(spec(), recorded(), now), now), o)
		}},
		{"findings", func(b *bytes.Buffer, c *text.Catalogue, o Options) error {
			return Findings(b, c, sources(), found(), o)
		}},
		{"problem", func(b *bytes.Buffer, c *text.Catalogue, o Options) error {
			return Problem(b, c, text.M("plan.lineage", "plan", "7c1e-44b8", "theirs", "5f0e", "ours", "77aa"), o)
		}},
	}
}

func sources() map[string][]byte {
	return map[string][]byte{"main.hcl": []byte("migration \"acme\" {\n\tname = \"王芳\" # 王芳 e\u0301\n}\r\n" +
		"x = \"" + strings.Repeat("long ", 40) + "\" + wrong + \"" + strings.Repeat("更长", 40) + "\"\n" +
		"password = \"hunter2\"\n")}
}

func found() []config.Finding {
	at := func(line, column, end int) config.Pos {
		return config.Pos{File: "main.hcl", Line: line, Column: column, End: end}
	}
	return []config.Finding{
		{Msg: text.M("plan.quota", "address", "alice@acme.test", "need", "3.1 GiB", "quota", "1.0 GiB"), Severity: config.Error, At: at(2, 9, 13)},
		{Msg: text.M("plan.no-history"), Severity: config.Blocks, At: at(4, 210, 215)},
		{Msg: text.M("plan.row-gone", "address", "bob@acme.test"), Severity: config.Warning, At: at(5, 12, 21), Hidden: true},
		{Msg: text.M("plan.row-changed", "address", "bob@acme.test"), Severity: config.Warning, Subject: "bob@acme.test"},
	}
}

func TestGolden(t *testing.T) {
	for _, s := range screens() {
		for _, lang := range []text.Lang{text.English, text.Chinese} {
			for _, width := range []int{60, 80, 100} {
				name := fmt.Sprintf("%s-%s-%d", s.name, lang, width)
				t.Run(name, func(t *testing.T) { golden(t, s, lang, width, name) })
			}
		}
	}
}

func golden(t *testing.T, s screen, lang text.Lang, width int, name string) {
	var b bytes.Buffer
	if err := s.show(&b, text.Load(lang), options(width)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("(-golden +got):\n%s", diff)
	}
	for n, line := range strings.Split(b.String(), "\n") {
		if w := cells(line); w > width {
			t.Errorf("line %d takes %d of %d cells: %s", n+1, w, width, line)
		}
		if strings.TrimRight(line, " ") != line {
			t.Errorf("line %d ends in blanks: %q", n+1, line)
		}
		if strings.Contains(line, "{") && !strings.Contains(line, "history {") && !strings.Contains(line, "migration") {
			t.Errorf("line %d has an unfilled value: %s", n+1, line)
		}
		if strings.Contains(line, "map[") {
			t.Errorf("line %d shows a code without an entry: %s", n+1, line)
		}
	}
}

// Colours are there when asked for, and nothing else differs.
func TestColour(t *testing.T) {
	for _, s := range screens() {
		var with, without bytes.Buffer
		opt := options(80)
		if err := s.show(&without, text.Load(text.English), opt); err != nil {
			t.Fatal(err)
		}
		opt.Color = true
		if err := s.show(&with, text.Load(text.English), opt); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(without.String(), "\x1b") {
			t.Errorf("%s: escape sequences without colour", s.name)
		}
		if !strings.Contains(with.String(), "\x1b[") {
			t.Errorf("%s: no colour", s.name)
		}
		stripped := escape.ReplaceAllString(with.String(), "")
		if diff := cmp.Diff(without.String(), stripped); diff != "" {
			t.Errorf("%s: colour changes the text:\n%s", s.name, diff)
		}
	}
}

// Chinese texts have no character that takes two cells on some consoles and
// one on others.
func TestNoAmbiguousCharacters(t *testing.T) {
	narrow := runewidth.Condition{StrictEmojiNeutral: true}
	wide := runewidth.Condition{EastAsianWidth: true, StrictEmojiNeutral: true}
	for _, s := range screens() {
		var b bytes.Buffer
		if err := s.show(&b, text.Load(text.Chinese), options(100)); err != nil {
			t.Fatal(err)
		}
		for _, r := range b.String() {
			if r != '\u0301' && narrow.RuneWidth(r) != wide.RuneWidth(r) { // the sample's own combining accent
				t.Errorf("%s: %q is of ambiguous width", s.name, r)
			}
		}
	}
}

// The plan's facts stand in the order of the design, whatever the language.
func TestPlanOrder(t *testing.T) {
	for _, lang := range []text.Lang{text.English, text.Chinese} {
		cat := text.Load(lang)
		var b bytes.Buffer
		if err := Plan(&b, cat, planner.Build(spec(), snapshot(), now), options(100)); err != nil {
			t.Fatal(err)
		}
		last := -1
		for _, code := range labels {
			i := strings.Index("\n"+b.String(), "\n"+cat.T(code))
			if i <= last {
				t.Errorf("%s: %s at %d, after %d", lang, code, i, last)
			}
			last = i
		}
	}
}

func TestHiddenLinesStayHidden(t *testing.T) {
	var b bytes.Buffer
	if err := Findings(&b, text.Load(text.English), sources(), found(), options(100)); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "hunter2") {
		t.Error("the line of a hidden finding is shown")
	}
	if !strings.Contains(b.String(), "1 error, 1 finding blocks apply, 2 warnings") {
		t.Errorf("the count is missing:\n%s", b.String())
	}
}

// What a server says cannot steer the terminal.
func TestServersWordsAreHarmless(t *testing.T) {
	s := snapshot()
	s.Mailboxes[0].Source.Seen.Err.Args["address"] = "a\x1b[2Jb\u202e\r\x07c"
	s.Mailboxes[0].Reason = nil
	plan := planner.Build(spec(), s, now)
	var b bytes.Buffer
	for _, err := range []error{
		Plan(&b, text.Load(text.English), plan, options(80)),
		Status(&b, text.Load(text.English), StatusOf(plan, now), options(80)),
		Problem(&b, text.Load(text.English), s.Mailboxes[0].Source.Seen.Err.Msg, options(80)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if i := strings.IndexAny(b.String(), "\x1b\u202e\r\x07"); i >= 0 {
		t.Errorf("a control character came through at %d", i)
	}
	if !strings.Contains(b.String(), `\u001b`) {
		t.Error("the control character is not shown either")
	}
}
