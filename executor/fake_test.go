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
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
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
	if err := ctx.Err(); err != nil { // broken off; stop may be closed by then, too
		return err
	}
	select {
	case <-stop:
		return planner.ErrStopped
	default:
		return nil
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
