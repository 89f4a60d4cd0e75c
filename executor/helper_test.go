package executor

import (
	"context"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

func fault(class planner.Class, code string) *planner.Fault {
	return &planner.Fault{Msg: text.M(code, "server", "old.test"), Class: class}
}

var epoch = time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)

// fixedClock gives a clock that goes a millisecond a look.
func fixedClock() func() time.Time {
	var mu sync.Mutex
	n := 0
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		n++
		return epoch.Add(time.Duration(n) * time.Millisecond)
	}
}

func testSpec(addresses ...string) *config.Spec {
	side := func(host string) config.Side {
		return config.Side{Kind: "imap", Domain: "acme.test", IMAP: config.IMAP{Host: host, Port: 993, TLS: config.TLSImplicit,
			Login: config.Login{Kind: config.LoginPassword}, Limits: config.Limits{Connections: 3}}}
	}
	spec := &config.Spec{Migration: config.Migration{Name: "acme", State: ".mxmove"},
		Source: side("old.test"), Target: side("new.test"),
		History: &config.History{Mover: "mxmove", Deletions: "keep", Refused: "quarantine"}}
	for _, a := range addresses {
		spec.Roster.Mailboxes = append(spec.Roster.Mailboxes, row(a))
	}
	return spec
}

func row(a string) config.Mailbox {
	return config.Mailbox{Address: a, SourceLogin: a, TargetLogin: a, TargetAddress: a,
		SourcePassword: config.SecretRef("env:S"), TargetPassword: config.SecretRef("env:T")}
}

// tape records the events of a run.
type tape struct {
	mu     sync.Mutex
	events []Event
}

func (p *tape) read(_ time.Time, e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, e)
}

func (p *tape) names() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var names []string
	for _, e := range p.events {
		names = append(names, e.name())
	}
	return names
}

// find gives the events of a type.
func find[E Event](p *tape) []E {
	p.mu.Lock()
	defer p.mu.Unlock()
	var found []E
	for _, e := range p.events {
		if e, ok := e.(E); ok {
			found = append(found, e)
		}
	}
	return found
}

func testSelf(now func() time.Time) Self {
	return Self{Who: "li.si@pc", Host: "pc", PID: os.Getpid(), Command: "apply", Now: now,
		Alive: func(pid int) bool { return pid == os.Getpid() }}
}

// newRun makes a run of a plan that is built from the world as it is.
func newRun(t tester, dir string, w *diskWorld) (*Run, *tape) {
	t.Helper()
	state, err := OpenState(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	snap, err := Observe(context.Background(), w, state, planner.Signed)
	if err != nil {
		t.Fatal(err)
	}
	plan := planner.Build(w.spec, snap, w.now())
	plan.Stamp("test")
	p := &tape{}
	return &Run{State: state, World: w, Plan: plan, Through: planner.Retire, Self: testSelf(w.now), Tool: "test",
		Sleep: func(context.Context, time.Duration) error { return nil }, Readers: []Reader{p.read}}, p
}

// full is a disk that has no room at a line.
type full struct {
	sink
	line, n int
	how     string
}

func (f *full) Write(b []byte) (int, error) {
	f.n++
	if f.n < f.line || f.how == "sync" {
		return f.sink.Write(b)
	}
	n := 0
	if f.how == "half" {
		n, _ = f.sink.Write(b[:len(b)/2])
	}
	return n, syscall.ENOSPC
}

func (f *full) Sync() error {
	if f.n >= f.line && f.how == "sync" {
		return syscall.EIO
	}
	return f.sink.Sync()
}
