package main

import (
	"fmt"
	"strings"
	"time"
)

// scenario is what the contestants do in turn.
type scenario struct {
	name       string
	trip       time.Duration
	population population
	passes     bool // also one without a change and one after a few
	runs       int  // at most; 0: as asked for
	kind       kind
	tools      []tool
}

// kind says where a scenario is shown.
type kind int

const (
	contest kind = iota // a row of the table
	bare                // the target has neither LITERAL+ nor MULTIAPPEND
	light               // what memory usual messages take
	heavy               // and what huge ones
)

// scenarios are all of them. Where a tool takes long, one run must do.
func scenarios() []scenario {
	const median, sigma = 12 << 10, 1.75
	company := population{name: "a", mailboxes: 20, messages: 1000, folders: eight, median: median, sigma: sigma}
	far := population{name: "b", mailboxes: 1, messages: 300, folders: eight, median: median, sigma: sigma}
	big := population{name: "c", mailboxes: 1, messages: 50_000, folders: one, median: 1 << 10, sigma: 0.5}
	many := population{name: "d", mailboxes: 1000, messages: 10, folders: two, median: median, sigma: sigma}
	old := population{name: "e", mailboxes: 1, messages: 400, folders: one, median: median, sigma: sigma}
	small := population{name: "f", mailboxes: 20, messages: 80, folders: eight, median: median, sigma: sigma}
	large := small
	large.name, large.huge = "g", 2
	all20 := []tool{{name: "mxmove", keywords: true, prepare: mxmove(20, 1)}}
	return []scenario{
		{name: "20x1000@0", population: company, passes: true, tools: []tool{moving, synced, mbsyncWith(1), dumped}},
		{name: "20x1000@20", trip: 20 * time.Millisecond, population: company, passes: true, runs: 1, tools: []tool{moving, synced, dumped}},
		{name: "1x300@100", trip: 100 * time.Millisecond, population: far, passes: true, tools: []tool{moving, synced, dumped}},
		{name: "1x50000@0", population: big, passes: true, tools: []tool{moving, synced, dumped}},
		{name: "1000x10@0", population: many, passes: true, runs: 1, tools: []tool{moving, synced, mbsyncWith(atOnce), dumped}},
		{name: "bare@50", trip: 50 * time.Millisecond, population: old, runs: 1, kind: bare, tools: []tool{
			{name: "1 connection", keywords: true, prepare: mxmove(4, 1)},
			{name: "4 connections", keywords: true, prepare: mxmove(4, 4)},
		}},
		{name: "light@0", population: small, runs: 1, kind: light, tools: all20},
		{name: "heavy@0", population: large, runs: 1, kind: heavy, tools: all20},
	}
}

// title says what is copied.
func (s scenario) title() string {
	p := s.population
	title := fmt.Sprintf("%s × %s", grouped(p.mailboxes), grouped(p.messages))
	if p.median < 4<<10 {
		title += " small"
	}
	return title
}

// grouped writes a number with a comma between thousands.
func grouped(n int) string {
	digits := fmt.Sprint(n)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}
