package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain is the small process of launch too, as main is.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == launchFlag {
		if err := launch(os.Stdin, os.Stdout); err != nil {
			panic(err)
		}
		return
	}
	m.Run()
}

// tiny is a population that is copied in no time.
func tiny() population {
	return population{name: "t", mailboxes: 2, messages: 24, folders: eight, median: 2000, sigma: 1}
}

// sites starts a source, filled, and a target, of which each may be nearly
// anything's.
func sites(t *testing.T) *bench {
	t.Helper()
	h := &host{log: t.Output()}
	t.Cleanup(h.end)
	b := &bench{log: t.Output(), work: t.TempDir(), seed: 1, runs: 1}
	p := tiny()
	s := scenario{name: "tiny", population: p}
	b.binary = "none is needed"
	if err := b.begin(t.Context(), h, []scenario{s}); err != nil {
		t.Fatal(err)
	}
	if err := b.source(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAWholeRun(t *testing.T) {
	dir := t.TempDir()
	readme := filepath.Join(dir, "README.md")
	if err := os.WriteFile(readme, []byte("before\n"+beginMark+"old\n"+endMark+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	contestants := []tool{moving, synced, mbsyncWith(1), mbsyncWith(2), dumped}
	p := tiny()
	chosen := []scenario{
		{name: "tiny@0", population: p, passes: true, tools: contestants},
		{name: "bare@1", trip: 1000, population: p, kind: bare, tools: []tool{{name: "a", keywords: true, prepare: mxmove(1, 1)}, {name: "b", keywords: true, prepare: mxmove(2, 2)}}},
	}
	var out strings.Builder
	o := options{runs: 1, seed: 7, json: filepath.Join(dir, "all.json"), readme: readme}
	if err := o.runAll(t.Context(), chosen, &out, t.Output()); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(o.json)
	if err != nil {
		t.Fatal(err)
	}
	var data struct {
		Machine, Versions string
		Results           []result
	}
	if err := json.Unmarshal(content, &data); err != nil {
		t.Fatal(err)
	}
	if want := len(contestants)*3 + 2; len(data.Results) != want {
		t.Errorf("%d results, want %d", len(data.Results), want)
	}
	for _, r := range data.Results {
		if r.Wall <= 0 || r.CPU <= 0 || r.PeakKB < 1000 || r.Messages != 48 || r.Run != 1 {
			t.Errorf("%+v", r)
		}
	}
	if !strings.Contains(data.Versions, "isync 1.") || !strings.Contains(data.Versions, "Dovecot 2.3.") || !strings.Contains(data.Machine, "cores of ") {
		t.Errorf("%+v", data)
	}
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"before\n", "after\n", "| 2 × 24 small | 0 ms | no change |", "Into a server without LITERAL+"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the text lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "old") || !strings.Contains(string(text), strings.TrimSpace(out.String())) {
		t.Errorf("the text does not have the table:\n%s", text)
	}
}

// losing is a tool that says it is done.
func losing(args ...string) tool {
	return tool{name: "losing", keywords: true, prepare: func(job) (batch, error) {
		return batch{Commands: []command{{Args: args}}, Parallel: 1}, nil
	}}
}

func TestAToolThatFailsEndsTheRun(t *testing.T) {
	b := sites(t)
	s := scenario{name: "tiny", population: tiny()}
	for _, test := range []struct {
		tool tool
		want string
	}{
		{losing("true"), "0 messages instead of 24"},
		{losing("sh", "-c", "echo no route to host; exit 3"), "no route to host"},
		{losing("/there/is/none"), "/there/is/none"},
	} {
		err := b.trial(t.Context(), s, test.tool, b.to, 1)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v instead of %s", err, test.want)
		}
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.trial(stopped, s, losing("true"), b.to, 1); err == nil {
		t.Error("an interrupt does not end the run")
	}
}

func TestWhatIsAskedFor(t *testing.T) {
	for _, test := range []struct {
		options options
		want    string // names of scenarios, and how many tools they have
	}{
		{options{only: "1x"}, "1x300@100:3 1x50000@0:3"},
		{options{only: "1000x10@0,bare", tools: "mxmove"}, "1000x10@0:1 bare@50:2"},
		{options{only: "20x1000@20", tools: "mbsync,dsync"}, "20x1000@20:2"},
		{options{only: "30x"}, "error"},
		{options{only: "20x1000@0", tools: "imapsync"}, "error"},
		{options{readme: "README.md", quick: true}, "error"},
		{options{readme: "README.md", tools: "mxmove"}, "error"},
	} {
		chosen, err := test.options.choose()
		got := []string{}
		for _, s := range chosen {
			got = append(got, s.name+":"+string(rune('0'+len(s.tools))))
		}
		if err != nil {
			got = []string{"error"}
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%+v: %v (%v), want %s", test.options, got, err, test.want)
		}
	}
	quick, err := options{quick: true, only: "20x1000@0"}.choose()
	if err != nil || quick[0].title() != "2 × 100" {
		t.Errorf("%v, %v", quick, err)
	}
	if names := scenarios(); names[3].title() != "1 × 50,000 small" || names[4].title() != "1,000 × 10" {
		t.Errorf("%s, %s", names[3].title(), names[4].title())
	}
	if err := run(t.Context(), options{only: "none"}, io.Discard, io.Discard); err == nil {
		t.Error("a scenario that there is not is taken")
	}
}
