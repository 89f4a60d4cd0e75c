package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// summary is what an invocation has found out.
type summary struct {
	when      time.Time
	machine   string
	versions  string
	scenarios []scenario
	results   []result
}

// median of the runs of a tool's pass.
type median struct {
	wall, cpu, servers time.Duration
	peakKB             int64
	runs               int
}

func (s summary) median(scenario, tool, pass string) (median, bool) {
	var wall, cpu, servers []time.Duration
	var peak []int64
	for _, r := range s.results {
		if r.Scenario == scenario && r.Tool == tool && r.Pass == pass {
			wall, cpu, servers, peak = append(wall, r.Wall), append(cpu, r.CPU), append(servers, r.Servers), append(peak, r.PeakKB)
		}
	}
	if wall == nil {
		return median{}, false
	}
	return median{wall: middle(wall), cpu: middle(cpu), servers: middle(servers), peakKB: middle(peak), runs: len(wall)}, true
}

func middle[T cmp.Ordered](all []T) T {
	all = slices.Sorted(slices.Values(all))
	return all[len(all)/2]
}

// mbsync is the better of its forms.
func (s summary) mbsync(scenario, pass string) (median, bool) {
	a, ok := s.median(scenario, "mbsync", pass)
	b, also := s.median(scenario, "mbsync -a", pass)
	if also && (!ok || b.wall < a.wall) {
		return b, true
	}
	return a, ok
}

// row has the three tools of one pass; nil: not measured.
type row struct {
	scenario scenario
	pass     string
	tools    [3]*median
}

func (s summary) rows() []row {
	var rows []row
	for _, sc := range s.scenarios {
		if sc.bare || sc.name == hugeName {
			continue
		}
		for _, pass := range []string{first, noChange, deltas} {
			r := row{scenario: sc, pass: pass}
			some := false
			for i, find := range []func() (median, bool){
				func() (median, bool) { return s.median(sc.name, "mxmove", pass) },
				func() (median, bool) { return s.mbsync(sc.name, pass) },
				func() (median, bool) { return s.median(sc.name, "dsync", pass) },
			} {
				if m, ok := find(); ok {
					r.tools[i], some = &m, true
				}
			}
			if some {
				rows = append(rows, r)
			}
		}
	}
	return rows
}

// markdown is what the README shows.
func (s summary) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured on %s, %s; %s. Seconds, medians of %s; both servers on the same machine, far by a proxy that delays. "+
		"dsync writes the target's store directly, as its administrator.\n\n", s.when.UTC().Format(time.DateOnly), s.machine, s.versions, s.runs())
	b.WriteString("| mailboxes × messages | round trip | pass | mxmove | mbsync | dsync | mbsync takes | dsync takes |\n| --- | --: | --- | --: | --: | --: | --: | --: |\n")
	rows := s.rows()
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %d ms | %s | **%s** | %s | %s | %s | %s |\n", r.scenario.title, r.scenario.trip.Milliseconds(), r.pass,
			seconds(r.tools[0]), seconds(r.tools[1]), seconds(r.tools[2]), times(r.tools[0], r.tools[1]), times(r.tools[0], r.tools[2]))
	}
	b.WriteString("\n| first copy | round trip | CPU ms a message: mxmove | mbsync | dsync | servers' CPU s: mxmove | mbsync | dsync | memory MB: mxmove | mbsync | dsync |\n| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n")
	for _, r := range rows {
		if r.pass != first {
			continue
		}
		n := r.scenario.population.mailboxes * r.scenario.population.messages
		fmt.Fprintf(&b, "| %s | %d ms", r.scenario.title, r.scenario.trip.Milliseconds())
		for _, value := range []func(median) string{
			func(m median) string { return fmt.Sprintf("%.3f", m.cpu.Seconds()*1000/float64(n)) },
			func(m median) string { return fmt.Sprintf("%.1f", m.servers.Seconds()) },
			func(m median) string { return fmt.Sprint(m.peakKB >> 10) },
		} {
			for _, t := range r.tools {
				fmt.Fprintf(&b, " | %s", or(t, value))
			}
		}
		b.WriteString(" |\n")
	}
	b.WriteString(s.remarks())
	return b.String()
}

// remarks are the scenarios with mxmove alone.
func (s summary) remarks() string {
	var b strings.Builder
	for _, sc := range s.scenarios {
		if !sc.bare {
			continue
		}
		one, _ := s.median(sc.name, sc.tools[0].name, first)
		four, ok := s.median(sc.name, sc.tools[1].name, first)
		if ok {
			fmt.Fprintf(&b, "\nTo a server without LITERAL+ and MULTIAPPEND, %d ms away (%s): %s s by one connection, %s s by four, %s.\n",
				sc.trip.Milliseconds(), sc.title, seconds(&one), seconds(&four), times(&four, &one))
		}
	}
	for _, sc := range s.scenarios {
		if m, ok := s.median(sc.name, "mxmove", first); ok && sc.name == hugeName {
			fmt.Fprintf(&b, "\n20 mailboxes at once with messages of 50 MB: %d MB of memory at most.\n", m.peakKB>>10)
		}
	}
	return b.String()
}

// runs says how many runs the medians are of.
func (s summary) runs() string {
	least, most := 0, 0
	for _, r := range s.rows() {
		if m := r.tools[0]; m != nil {
			least, most = m.runs, max(most, m.runs)
			if least == 0 || m.runs < least {
				least = m.runs
			}
		}
	}
	if least == most {
		return fmt.Sprint(most)
	}
	return fmt.Sprintf("%d or, where it takes long, %d", most, least)
}

func or(m *median, value func(median) string) string {
	if m == nil {
		return "–"
	}
	return value(*m)
}

func seconds(m *median) string {
	return or(m, func(m median) string { return fmt.Sprintf("%.2f", m.wall.Seconds()) })
}

// times says how much longer the other takes.
func times(m, other *median) string {
	if m == nil || other == nil || m.wall == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f×", other.wall.Seconds()/m.wall.Seconds())
}

// data is the form for other programs.
func (s summary) data() any {
	return map[string]any{"date": s.when.UTC().Format(time.RFC3339), "machine": s.machine, "versions": s.versions, "results": s.results}
}

const (
	beginMark = "<!-- make bench-copy writes what follows -->\n"
	endMark   = "<!-- make bench-copy has written this -->\n"
)

// between puts the table between the marks of a text.
func between(text, table string) (string, error) {
	before, rest, ok := strings.Cut(text, beginMark)
	_, after, also := strings.Cut(rest, endMark)
	if !ok || !also {
		return "", errors.New("it lacks the marks " + strings.TrimSpace(beginMark) + " and " + strings.TrimSpace(endMark))
	}
	return before + beginMark + table + endMark + after, nil
}
