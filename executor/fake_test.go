package executor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// diskWorld is a world in a directory, so that it outlives a process that is
// killed: source/ADDRESS and target/ADDRESS have a message a line.
type diskWorld struct {
	dir  string
	spec *config.Spec
	now  func() time.Time

	mu     sync.Mutex
	faults map[string][]error // by address; each is given once, after one message
	gate   map[string]chan struct{}
	begun  chan string // told when a Do begins, if not nil
	dos    map[string]int
	most   int // at once
	active int
	signed bool // what Observe says was seen by sign-in
	panics string
	seen   func(*planner.Snapshot)
}

// tester is a test, or the process that a test starts.
type tester interface {
	Helper()
	Fatal(args ...any)
}

var _ World = (*diskWorld)(nil)

func newDiskWorld(t tester, dir string, spec *config.Spec, messages int) *diskWorld {
	t.Helper()
	w := &diskWorld{dir: dir, spec: spec, now: fixedClock(), dos: map[string]int{}, faults: map[string][]error{}, gate: map[string]chan struct{}{}}
	for _, row := range spec.Roster.Mailboxes {
		for i := range messages {
			w.add(t, "source", row.Address, fmt.Sprintf("%s message %d", row.Address, i))
		}
	}
	return w
}

func (w *diskWorld) path(side, address string) string { return filepath.Join(w.dir, side, address) }

func (w *diskWorld) add(t tester, side, address, message string) {
	t.Helper()
	if err := w.append(side, address, message); err != nil {
		t.Fatal(err)
	}
}

func (w *diskWorld) append(side, address, message string) error {
	if err := os.MkdirAll(filepath.Join(w.dir, side), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(w.path(side, address), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(message + "\n")
	return err
}

func (w *diskWorld) messages(side, address string) []string {
	b, err := os.ReadFile(w.path(side, address))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		panic(err)
	}
	return strings.Fields(strings.ReplaceAll(string(b), " ", "_"))
}

// Observe says what a pass of this world last saw, not what is new.
func (w *diskWorld) Observe(ctx context.Context, depth planner.Depth) (planner.Snapshot, error) {
	if err := ctx.Err(); err != nil {
		return planner.Snapshot{}, err
	}
	s := planner.Snapshot{Format: 1, At: w.now()}
	for _, row := range w.spec.Roster.Mailboxes {
		m := planner.Mailbox{Address: row.Address}
		if w.signed || len(w.messages("target", row.Address)) > 0 {
			m.Source.Seen = planner.Seen{At: s.At, How: "ledger"}
			m.Target.Seen = m.Source.Seen
		}
		if w.signed {
			m.Source.Seen.How, m.Target.Seen.How = "imap", "imap"
			m.Behind.Messages = len(w.messages("source", row.Address)) - len(w.messages("target", row.Address))
		}
		s.Mailboxes = append(s.Mailboxes, m)
	}
	if w.seen != nil {
		w.seen(&s)
	}
	return s, nil
}

// Do copies message by message, each a batch.
func (w *diskWorld) Do(ctx context.Context, op planner.Op, stop <-chan struct{}, progress func(planner.Progress)) (planner.Tally, error) {
	address := op.Subject()
	w.enter(address)
	defer w.leave()
	if w.panics == address {
		panic("the text of a mail")
	}
	var t planner.Tally
	there := w.messages("target", address)
	all := w.messages("source", address)
	for i, m := range all {
		if slices.Contains(there, m) {
			continue
		}
		if err := w.between(ctx, address, stop); err != nil {
			return t, err
		}
		if err := w.append("target", address, m); err != nil {
			return t, err
		}
		t.Copied, t.Bytes = t.Copied+1, t.Bytes+int64(len(m))
		progress(planner.Progress{Folder: "INBOX", Done: i + 1, Total: len(all), Bytes: t.Bytes})
		if err := w.fault(address); err != nil {
			return t, err
		}
	}
	return t, w.fault(address)
}

func (w *diskWorld) enter(address string) {
	w.mu.Lock()
	w.dos[address]++
	w.active++
	w.most = max(w.most, w.active)
	w.mu.Unlock()
	if w.begun != nil {
		w.begun <- address
	}
}

func (w *diskWorld) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.active--
}

func (w *diskWorld) between(ctx context.Context, address string, stop <-chan struct{}) error {
	if gate := w.gate[address]; gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
		}
	}
	select {
	case <-stop:
		return planner.ErrStopped
	default:
		return ctx.Err()
	}
}

func (w *diskWorld) fault(address string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.faults[address]) == 0 {
		return nil
	}
	err := w.faults[address][0]
	w.faults[address] = w.faults[address][1:]
	return err
}

// complete fails the test unless every message of the given mailboxes is at
// the target exactly once, in order.
func (w *diskWorld) complete(t *testing.T, addresses ...string) {
	t.Helper()
	for _, a := range addresses {
		if got, want := w.messages("target", a), w.messages("source", a); !slices.Equal(got, want) {
			t.Errorf("%s: the target has %d messages %q, want %d", a, len(got), got, len(want))
		}
	}
}

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
	return &Run{State: state, World: w, Plan: plan, Self: testSelf(w.now), Tool: "test",
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
