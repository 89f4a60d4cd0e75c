package main

import "time"

// scenario is what the contestants do in turn.
type scenario struct {
	name       string
	title      string
	trip       time.Duration
	population population
	passes     bool // also one without a change and one after a few
	runs       int  // at most; 0: as asked for
	bare       bool // the target has neither LITERAL+ nor MULTIAPPEND
	tools      []tool
}

const (
	bareName  = "bare@50"
	hugeName  = "huge@0"
	usualName = "20x1000@0"
)

func scenarios() []scenario {
	const median, sigma = 12 << 10, 1.75
	company := population{name: "a", mailboxes: 20, messages: 1000, folders: eight, median: median, sigma: sigma}
	big := population{name: "b", mailboxes: 1, messages: 50_000, folders: one, median: 1 << 10, sigma: 0.5}
	many := population{name: "c", mailboxes: 1000, messages: 10, folders: two, median: median, sigma: sigma}
	far := population{name: "d", mailboxes: 1, messages: 300, folders: eight, median: median, sigma: sigma}
	old := population{name: "e", mailboxes: 1, messages: 400, folders: one, median: median, sigma: sigma}
	heavy := population{name: "f", mailboxes: 20, messages: 80, folders: eight, median: median, sigma: sigma, huge: 2}
	return []scenario{
		{name: usualName, title: "20 × 1,000", population: company, passes: true, tools: rivals()},
		{name: "20x1000@20", title: "20 × 1,000", trip: 20 * time.Millisecond, population: company, passes: true, runs: 1, tools: rivals()},
		{name: "1x300@100", title: "1 × 300", trip: 100 * time.Millisecond, population: far, passes: true, tools: rivals()},
		{name: "1x50000@0", title: "1 × 50,000 small", population: big, passes: true, tools: rivals()},
		{name: "1000x10@0", title: "1,000 × 10", population: many, passes: true, runs: 1, tools: rivals()},
		{name: bareName, title: "1 × 400", trip: 50 * time.Millisecond, population: old, runs: 1, bare: true, tools: []tool{
			{name: "1 connection", keywords: true, prepare: mxmove(4, 1)},
			{name: "4 connections", keywords: true, prepare: mxmove(4, 4)},
		}},
		{name: hugeName, title: "20 × 80, and 2 of 50 MB in each", population: heavy, runs: 1, tools: []tool{
			{name: "mxmove", keywords: true, prepare: mxmove(20, 1)},
		}},
	}
}

// contestants are those that make sense for its population.
func (s scenario) contestants() []tool {
	var all []tool
	for _, t := range s.tools {
		if !t.many || s.population.mailboxes > 1 {
			all = append(all, t)
		}
	}
	return all
}
