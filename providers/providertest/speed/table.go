package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// markdown is what the README shows.
func (s summary) markdown() string {
	rows := s.rows()
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s, %s. Medians of %s. Every mailbox was compared after every tool's last pass.\n",
		s.when.UTC().Format(time.DateOnly), s.machine, s.versions, runs(rows))
	if len(rows) > 0 {
		b.WriteString("\n| mailboxes × messages | round trip | pass | mxmove | mbsync | dsync | mbsync takes | dsync takes |\n| --- | --: | --- | --: | --: | --: | --: | --: |\n")
	}
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %d ms | %s | %s | %s | %s | %s | %s |\n", r.scenario.title(), r.scenario.trip.Milliseconds(), r.pass,
			or(r.tools[0], seconds), or(r.tools[1], seconds), or(r.tools[2], seconds), times(r.tools[0], r.tools[1]), times(r.tools[0], r.tools[2]))
	}
	s.costs(&b, rows)
	s.forms(&b)
	s.remarks(&b)
	return b.String()
}

// costs shows what first copies take beside time.
func (s summary) costs(b *strings.Builder, rows []row) {
	heading := "\n| first copy | round trip | what | mxmove | mbsync | dsync |\n| --- | --: | --- | --: | --: | --: |\n"
	for _, r := range rows {
		if r.pass != first {
			continue
		}
		b.WriteString(heading)
		heading = ""
		n := r.scenario.population.mailboxes * r.scenario.population.messages
		for _, line := range []struct {
			what  string
			value func(median) string
		}{
			{"CPU of the tool, ms a message", func(m median) string { return fmt.Sprintf("%.3f", m.cpu.Seconds()*1000/float64(n)) }},
			{"CPU of the servers, s", func(m median) string { return fmt.Sprintf("%.1f", m.servers.Seconds()) }},
			{"peak memory of its processes, MB", megabytes},
		} {
			fmt.Fprintf(b, "| %s | %d ms | %s | %s | %s | %s |\n", r.scenario.title(), r.scenario.trip.Milliseconds(), line.what,
				or(r.tools[0], line.value), or(r.tools[1], line.value), or(r.tools[2], line.value))
		}
	}
}

// forms tells of mbsync's other forms what their first copy took.
func (s summary) forms(b *strings.Builder) {
	for _, sc := range s.scenarios {
		each := s.median(sc.name, synced.name, first)
		for _, processes := range []int{1, atOnce} {
			other := s.median(sc.name, mbsyncWith(processes).name, first)
			if each == nil || other == nil {
				continue
			}
			fmt.Fprintf(b, "\n%s, %d ms, first: mbsync takes %s s with a process for each mailbox, %d at once, and %s s with %d for all (`mbsync -a`).\n",
				sc.title(), sc.trip.Milliseconds(), seconds(*each), atOnce, seconds(*other), processes)
		}
	}
}

// remarks are the scenarios with mxmove alone.
func (s summary) remarks(b *strings.Builder) {
	memory := map[kind]string{}
	for _, sc := range s.scenarios {
		one := s.median(sc.name, sc.tools[0].name, first)
		if one == nil || sc.kind == contest {
			continue
		}
		memory[sc.kind] = megabytes(*one)
		if four := s.median(sc.name, sc.tools[len(sc.tools)-1].name, first); sc.kind == bare && four != nil {
			fmt.Fprintf(b, "\nInto a server without LITERAL+ and MULTIAPPEND, %d ms away, %s takes mxmove %s s by one connection and %s s by four (%s).\n",
				sc.trip.Milliseconds(), sc.title(), seconds(*one), seconds(*four), times(four, one))
		}
	}
	if memory[light] != "" && memory[heavy] != "" {
		fmt.Fprintf(b, "\n20 mailboxes at once take mxmove %s MB of memory; with messages of 50 MB among them, %s MB.\n", memory[light], memory[heavy])
	}
}

// runs says how many runs the medians are of.
func runs(rows []row) string {
	least, most := 0, 0
	for _, r := range rows {
		for _, m := range r.tools {
			if m == nil {
				continue
			}
			most = max(most, m.runs)
			if least == 0 || m.runs < least {
				least = m.runs
			}
		}
	}
	if most == 1 {
		return "1 run"
	}
	if least == most {
		return fmt.Sprintf("%d runs", most)
	}
	return fmt.Sprintf("%d runs, of %d where it takes long", most, least)
}

func or(m *median, value func(median) string) string {
	if m == nil {
		return "–"
	}
	return value(*m)
}

func seconds(m median) string { return fmt.Sprintf("%.2f", m.wall.Seconds()) }

func megabytes(m median) string { return fmt.Sprint(m.peakKB >> 10) }

// times says how much longer the other takes.
func times(m, other *median) string {
	if m == nil || other == nil || m.wall == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f×", other.wall.Seconds()/m.wall.Seconds())
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

func rewrite(name, table string) error {
	content, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	changed, err := between(string(content), table)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return os.WriteFile(name, []byte(changed), 0o644)
}
