package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/mxmove/mxmove/providers/providertest/vendors"
)

// enter matches what a person is told to enter.
var enter = regexp.MustCompile(`enter at the provider of \S+: (\S+) (MX|TXT) (.*?), TTL (\d+) s; remove there: `)

// breaks are what lines are broken at.
var breaks = regexp.MustCompile(`\s+`)

// clerk enters at the provider what is told, a minute later.
func (m *move) clerk(f *vendors.Fake) {
	m.stdout = &told{form: enter, do: func(g []string) {
		name, kind := g[1], g[2]
		ttl, err := strconv.Atoi(g[4])
		if err != nil {
			m.t.Error(err)
		}
		due, done := m.clock().Add(time.Minute), false
		m.lets(func(now time.Time) {
			if done || now.Before(due) {
				return
			}
			done = true
			f.Another(false, func(list []vendors.Record) []vendors.Record {
				list = slices.DeleteFunc(list, func(r vendors.Record) bool { return r.Name == name && r.Type == kind })
				for _, value := range strings.Split(g[3], ", ") {
					r := vendors.Record{Name: name, Type: kind, Value: value, TTL: ttl}
					if kind == "MX" {
						_, err := fmt.Sscanf(value, "%d %s", &r.Pref, &r.Value)
						if err != nil {
							m.t.Error(err)
						}
					}
					list = append(list, r)
				}
				return list
			})
		})
	}}
}

// told waits in what is printed for what a person is told, once each.
type told struct {
	form *regexp.Regexp
	do   func(groups []string)
	mu   sync.Mutex
	text string
}

func (w *told) Write(b []byte) (int, error) {
	w.mu.Lock()
	w.text = breaks.ReplaceAllString(w.text+string(b), " ")
	found := w.form.FindStringSubmatchIndex(w.text)
	var groups []string
	if found != nil {
		groups = w.form.FindStringSubmatch(w.text)
		w.text = w.text[found[1]:]
	}
	w.mu.Unlock()
	if groups != nil {
		w.do(groups)
	}
	return len(b), nil
}
