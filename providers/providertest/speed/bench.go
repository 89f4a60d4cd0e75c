package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"sync"
	"time"
)

// bench is one invocation.
type bench struct {
	log      io.Writer
	work     string // states of the tools
	binary   string // mxmove
	seed     uint64
	runs     int
	from, to *site
	old      *site // a target without LITERAL+ and MULTIAPPEND; nil: not asked for

	filled  string // population
	holds   map[string]manifest
	results []result
}

// result is what one pass of one tool took.
type result struct {
	Scenario string        `json:"scenario"`
	Tool     string        `json:"tool"`
	Pass     string        `json:"pass"`
	Run      int           `json:"run"`
	Wall     time.Duration `json:"wall_ns"`
	CPU      time.Duration `json:"cpu_ns"`
	Servers  time.Duration `json:"servers_cpu_ns"`
	PeakKB   int64         `json:"peak_kb"`
	Messages int           `json:"messages"`
}

// passes of a tool, in their order.
const (
	first    = "first"
	noChange = "no change"
	deltas   = "delta"
)

// run lets the contestants of a scenario run in turn.
func (b *bench) run(ctx context.Context, s scenario) error {
	if err := b.source(ctx, s.population); err != nil {
		return err
	}
	to := b.to
	if s.kind == bare {
		to = b.old
	}
	for _, site := range []*site{b.from, to} {
		if err := site.move(s.trip); err != nil {
			return err
		}
	}
	runs := b.runs
	if s.runs > 0 {
		runs = min(runs, s.runs)
	}
	for n := range runs {
		for _, t := range s.tools {
			if t.once && n > 0 {
				continue
			}
			if err := b.trial(ctx, s, t, to, n+1); err != nil {
				return fmt.Errorf("%s, %s: %w", s.name, t.name, err)
			}
		}
	}
	return to.wipe()
}

// source fills the source, unless it holds the population already, and reads
// it once: that proves what is in it, and no tool is the first to open it.
func (b *bench) source(ctx context.Context, p population) error {
	if b.filled == p.name {
		return nil
	}
	if err := b.from.move(0); err != nil {
		return err
	}
	if err := b.from.wipe(); err != nil {
		return err
	}
	began := time.Now()
	holds, err := fill(ctx, b.from.mail(), p, b.seed)
	if err != nil {
		return err
	}
	b.filled, b.holds = p.name, holds
	if err := verify(ctx, b.from, b.holds, tool{keywords: true}); err != nil {
		return fmt.Errorf("the source: %w", err)
	}
	_, _ = fmt.Fprintf(b.log, "filled %d mailboxes with %d messages in %v\n", p.mailboxes, p.messages+p.huge, time.Since(began).Round(time.Millisecond))
	return nil
}

// trial is all passes of one tool, into an empty target.
func (b *bench) trial(ctx context.Context, s scenario, t tool, to *site, n int) error {
	if err := to.wipe(); err != nil {
		return err
	}
	work, err := t.prepare(job{work: b.work, binary: b.binary, from: b.from, to: to, users: s.population.users()})
	if err != nil {
		return err
	}
	work.Log = b.work + "/log"
	pass := func(name string) error {
		r, err := b.pass(ctx, work, to)
		if err != nil {
			return fmt.Errorf("%s pass: %w", name, err)
		}
		r.Scenario, r.Tool, r.Pass, r.Run, r.Messages = s.name, t.name, name, n, s.population.mailboxes*(s.population.messages+s.population.huge)
		b.results = append(b.results, r)
		_, _ = fmt.Fprintf(b.log, "%-11s %-13s %d %-9s %8.2f s  cpu %6.2f s  servers %6.2f s  peak %4d MB\n", s.name, t.name, n, name,
			r.Wall.Seconds(), r.CPU.Seconds(), r.Servers.Seconds(), r.PeakKB>>10)
		return nil
	}
	if err := pass(first); err != nil {
		return err
	}
	if !s.passes {
		return verify(ctx, to, b.holds, t)
	}
	if err := pass(noChange); err != nil {
		return err
	}
	return b.altered(ctx, s.population, n, func(holds map[string]manifest) error {
		if err := pass(deltas); err != nil {
			return err
		}
		return verify(ctx, to, holds, t)
	})
}

// pass measures one pass.
func (b *bench) pass(ctx context.Context, work batch, to *site) (result, error) {
	before, err := serversCPU(b.from, to)
	if err != nil {
		return result{}, err
	}
	c, err := measure(ctx, work)
	if err != nil {
		return result{}, err
	}
	for _, s := range []*site{b.from, to} {
		if err := s.settle(); err != nil {
			return result{}, err
		}
	}
	after, err := serversCPU(b.from, to)
	return result{Wall: c.Wall, CPU: c.CPU, PeakKB: c.PeakKB, Servers: after - before}, err
}

func serversCPU(sites ...*site) (time.Duration, error) {
	var sum time.Duration
	for _, s := range sites {
		d, err := s.cpu()
		if err != nil {
			return 0, err
		}
		sum += d
	}
	return sum, nil
}

// altered calls f while a few things in each mailbox of the source are
// different.
func (b *bench) altered(ctx context.Context, p population, n int, f func(holds map[string]manifest) error) error {
	var mu sync.Mutex
	holds, done := map[string]manifest{}, []*change{}
	err := each(ctx, p.users(), func(user string) error {
		m := maps.Clone(b.holds[user])
		c, err := alter(b.from.server.Port, user, p, b.seed+uint64(n), m)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		holds[user], done = m, append(done, c)
		return nil
	})
	if err != nil {
		return err
	}
	err = f(holds)
	for _, c := range done {
		err = errors.Join(err, c.undo())
	}
	return err
}

// verify compares what a tool made of the mailboxes with what they should hold.
func verify(ctx context.Context, at *site, holds map[string]manifest, t tool) error {
	users := make([]string, 0, len(holds))
	for user := range holds {
		users = append(users, user)
	}
	return each(ctx, users, func(user string) error {
		got, err := read(at.server.Port, user, t.tuid)
		if err != nil {
			return err
		}
		want := holds[user]
		if !t.keywords {
			want, got = want.systemOnly(), got.systemOnly()
		}
		return compare(user, want, got)
	})
}

// each calls f for all users, a few at a time, and gives all errors.
func each(ctx context.Context, users []string, f func(user string) error) error {
	var mu sync.Mutex
	var all []error
	var group sync.WaitGroup
	next := make(chan string)
	for range 4 {
		group.Go(func() {
			for user := range next {
				if err := f(user); err != nil {
					mu.Lock()
					all = append(all, err)
					mu.Unlock()
				}
			}
		})
	}
	for _, user := range users {
		if ctx.Err() != nil {
			break
		}
		next <- user
	}
	close(next)
	group.Wait()
	if len(all) > 3 {
		all = append(all[:3], fmt.Errorf("and %d more", len(all)-3))
	}
	return errors.Join(append(all, ctx.Err())...)
}
