package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func measured() summary {
	s := summary{when: time.Date(2026, 3, 4, 23, 0, 0, 0, time.FixedZone("", -8*3600)), machine: "2 cores of Z80", versions: "isync 1.4, Dovecot 2.3"}
	company := population{mailboxes: 20, messages: 1000, median: 12 << 10}
	s.scenarios = []scenario{
		{name: "company", population: company, tools: []tool{moving}},
		{name: "far", trip: 100 * time.Millisecond, population: population{mailboxes: 1, messages: 50_000, median: 1000}, tools: []tool{moving}},
		{name: "old", kind: bare, trip: 50 * time.Millisecond, population: population{mailboxes: 1, messages: 400, median: 12 << 10}, tools: []tool{{name: "one"}, {name: "four"}}},
		{name: "light", kind: light, population: company, tools: []tool{moving}},
		{name: "heavy", kind: heavy, population: company, tools: []tool{moving}},
	}
	add := func(scenario, tool, pass string, walls ...float64) {
		for i, w := range walls {
			wall := time.Duration(w * float64(time.Second))
			s.results = append(s.results, result{Scenario: scenario, Tool: tool, Pass: pass, Run: i + 1, Wall: wall, CPU: wall / 4, Servers: wall / 2, PeakKB: int64(w * 4096)})
		}
	}
	add("company", "mxmove", first, 4, 5, 3)
	add("company", "mbsync", first, 9, 8, 10)
	add("company", "mbsync 1×-a", first, 8.5)
	add("company", "dsync", first, 6, 7, 6)
	add("company", "mxmove", noChange, 0.2, 0.2, 0.2)
	add("company", "mbsync", noChange, 0.6, 0.6, 0.7)
	add("company", "mbsync 8×-a", noChange, 0.7)
	add("far", "mxmove", first, 1)
	add("far", "mbsync", first, 8)
	add("old", "one", first, 20)
	add("old", "four", first, 5)
	add("light", "mxmove", first, 9)
	add("heavy", "mxmove", first, 10)
	return s
}

const golden = `2026-03-05, 2 cores of Z80, isync 1.4, Dovecot 2.3. Medians of 3 runs, of 1 where it takes long. Every mailbox was compared after every tool's last pass.

| mailboxes × messages | round trip | pass | mxmove | mbsync | dsync | mbsync takes | dsync takes |
| --- | --: | --- | --: | --: | --: | --: | --: |
| 20 × 1,000 | 0 ms | first | 4.00 | 8.50 | 6.00 | 2.1× | 1.5× |
| 20 × 1,000 | 0 ms | no change | 0.20 | 0.60 | – | 3.0× | – |
| 1 × 50,000 small | 100 ms | first | 1.00 | 8.00 | – | 8.0× | – |

| first copy | round trip | what | mxmove | mbsync | dsync |
| --- | --: | --- | --: | --: | --: |
| 20 × 1,000 | 0 ms | CPU of the tool, ms a message | 0.050 | 0.106 | 0.075 |
| 20 × 1,000 | 0 ms | CPU of the servers, s | 2.0 | 4.2 | 3.0 |
| 20 × 1,000 | 0 ms | peak memory of its processes, MB | 16 | 34 | 24 |
| 1 × 50,000 small | 100 ms | CPU of the tool, ms a message | 0.005 | 0.040 | – |
| 1 × 50,000 small | 100 ms | CPU of the servers, s | 0.5 | 4.0 | – |
| 1 × 50,000 small | 100 ms | peak memory of its processes, MB | 4 | 32 | – |

20 × 1,000, 0 ms, first: mbsync takes 9.00 s with a process for each mailbox, 8 at once, and 8.50 s with 1 for all (` + "`mbsync -a`" + `).

Into a server without LITERAL+ and MULTIAPPEND, 50 ms away, 1 × 400 takes mxmove 20.00 s by one connection and 5.00 s by four (4.0×).

20 mailboxes at once take mxmove 36 MB of memory; with messages of 50 MB among them, 40 MB.
`

func TestTable(t *testing.T) {
	if diff := cmp.Diff(golden, measured().markdown()); diff != "" {
		t.Error(diff)
	}
	one := measured()
	one.results, one.scenarios = one.results[:1], one.scenarios[:1]
	if got := one.markdown(); !strings.Contains(got, "Medians of 1 run.") {
		t.Errorf("%s", got)
	}
	few := measured()
	few.results, few.scenarios = few.results[:3], few.scenarios[:1]
	if got := few.markdown(); !strings.Contains(got, "Medians of 3 runs.") || strings.Contains(got, "memory;") {
		t.Errorf("%s", got)
	}
}

func TestBetweenTheMarks(t *testing.T) {
	const text = "# a\n" + beginMark + "old\n" + endMark + "rest\n"
	got, err := between(text, "new\n")
	if err != nil || got != strings.Replace(text, "old", "new", 1) {
		t.Errorf("%q, %v", got, err)
	}
	again, err := between(got, "new\n")
	if err != nil || again != got {
		t.Errorf("%q, %v", again, err)
	}
	for _, broken := range []string{"", beginMark, endMark + beginMark, "text\n"} {
		if _, err := between(broken, "x"); err == nil {
			t.Errorf("%q is taken", broken)
		}
	}
	if err := rewrite("/there/is/none", "x"); err == nil {
		t.Error("a file that there is not is written")
	}
}
