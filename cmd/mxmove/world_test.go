package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/providers/zone"
)

// call is one command line with what it may use.
type call struct {
	dns    *zone.Observer
	args   []string
	vars   map[string]string // the environment
	answer string            // on a terminal, if not ""
	screen int               // cells of the terminal; 0: a pipe
	open   func(opening) (world, error)
	now    func() time.Time // nil: the system's
}

// ended is how a call ended.
type ended struct {
	code        int
	out, errors string
}

func (c call) env(out, errors *bytes.Buffer) *env {
	open := c.open
	if open == nil {
		open = openWorld
	}
	now := c.now
	if now == nil {
		now = time.Now
	}
	return &env{
		Stdin: strings.NewReader(c.answer), Stdout: out, Stderr: errors,
		Terminal: func() bool { return c.answer != "" }, Screen: func() int { return c.screen },
		Now: now, Getenv: func(name string) string { return c.vars[name] },
		Environ: func() []string {
			var all []string
			for k, v := range c.vars {
				all = append(all, k+"="+v)
			}
			return all
		},
		Self: executor.Self{Who: "zhang.wei@pc-07", Host: "pc-07", PID: 8812, Now: now, Alive: func(pid int) bool { return pid == 8812 }},
		Tick: func(d time.Duration) (<-chan time.Time, func()) {
			t := time.NewTicker(d)
			return t.C, t.Stop
		},
		Sleep: func(ctx context.Context, d time.Duration) error { // the service's own second is real, other waits are over at once
			if d <= time.Second {
				return sleep(ctx, d)
			}
			return ctx.Err()
		},
		Stop: make(chan struct{}), Version: "0.1.0-test", OpenWorld: open, DNS: c.dns,
	}
}

func (c call) run(ctx context.Context) ended {
	var out, errors bytes.Buffer
	code := run(ctx, c.env(&out, &errors), c.args)
	return ended{code, out.String(), errors.String()}
}

func mxmove(t *testing.T, args ...string) ended {
	t.Helper()
	return call{args: args}.run(t.Context())
}
