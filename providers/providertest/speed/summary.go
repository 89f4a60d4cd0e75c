package main

import (
	"cmp"
	"slices"
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

// median gives nil where nothing was measured.
func (s summary) median(scenario, tool, pass string) *median {
	var wall, cpu, servers []time.Duration
	var peak []int64
	for _, r := range s.results {
		if r.Scenario == scenario && r.Tool == tool && r.Pass == pass {
			wall, cpu, servers, peak = append(wall, r.Wall), append(cpu, r.CPU), append(servers, r.Servers), append(peak, r.PeakKB)
		}
	}
	if wall == nil {
		return nil
	}
	return &median{wall: middle(wall), cpu: middle(cpu), servers: middle(servers), peakKB: middle(peak), runs: len(wall)}
}

func middle[T cmp.Ordered](all []T) T {
	all = slices.Sorted(slices.Values(all))
	return all[len(all)/2]
}

// mbsync is the better of its forms.
func (s summary) mbsync(scenario, pass string) *median {
	best := s.median(scenario, synced.name, pass)
	for _, n := range []int{1, atOnce} {
		m := s.median(scenario, mbsyncWith(n).name, pass)
		if m != nil && (best == nil || m.wall < best.wall) {
			best = m
		}
	}
	return best
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
		if sc.kind != contest {
			continue
		}
		for _, pass := range []string{first, noChange, deltas} {
			r := row{scenario: sc, pass: pass}
			r.tools[0] = s.median(sc.name, moving.name, pass)
			r.tools[1] = s.mbsync(sc.name, pass)
			r.tools[2] = s.median(sc.name, dumped.name, pass)
			if r.tools != [3]*median{} {
				rows = append(rows, r)
			}
		}
	}
	return rows
}

// data is the form for other programs.
func (s summary) data() any {
	return map[string]any{"date": s.when.UTC().Format(time.RFC3339), "machine": s.machine, "versions": s.versions, "results": s.results}
}
