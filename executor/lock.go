package executor

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/mxmove/mxmove/config/text"
)

// Ages of a heartbeat. A holder renews it every Beat; one older than Stale is
// said to be stale.
const (
	Beat  = 5 * time.Second
	Stale = 10 * time.Minute
)

// Holder is who holds the lock, as the lock file says.
type Holder struct {
	ID        string    `json:"id"`  // of this one holding
	Who       string    `json:"who"` // user@host
	Host      string    `json:"host"`
	PID       int       `json:"pid"`
	Command   string    `json:"command"`
	Since     time.Time `json:"since"`
	Heartbeat time.Time `json:"heartbeat"`
}

// Self is this process, as it signs the lock, and how it tells whether
// another process of its host lives. The heartbeat's times come from Beats,
// one about every Beat.
type Self struct {
	Who     string
	Host    string
	PID     int
	Command string
	Now     func() time.Time
	Beats   <-chan time.Time
	Alive   func(pid int) bool
}

// Condition is what is known about a lock's holder.
type Condition string

// The conditions.
const (
	HolderAlive    Condition = "alive"    // proven: it holds the file lock, or its process lives and beats
	HolderRemote   Condition = "remote"   // on another host, with a fresh heartbeat
	HolderStale    Condition = "stale"    // not proven dead, its heartbeat is old
	HolderDead     Condition = "dead"     // proven: of this host, its process and its file lock are gone
	HolderUnknown  Condition = "unknown"  // the lock file cannot be read
	HolderStarting Condition = "starting" // it holds the file lock and has not signed yet
)

// Held says that another process holds the lock. It unwraps to a [Refused].
type Held struct {
	Holder    Holder
	Condition Condition
	Age       time.Duration // of the heartbeat
	path      string
}

// Error gives the refusal's code and values.
func (h *Held) Error() string { return h.Unwrap().Error() }

// Unwrap gives the refusal with its texts.
func (h *Held) Unwrap() error {
	return refuse("lock."+string(h.Condition), h.args()...)
}

func (h *Held) args() []string {
	return []string{"who", h.Holder.Who, "host", h.Holder.Host, "pid", itoa(h.Holder.PID),
		"command", h.Holder.Command, "since", clock(h.Holder.Since),
		"age", h.Age.Round(time.Second).String(), "path", h.path}
}

// lock is the state directory's lock, held by this process: the system's lock
// on one file, which dies with the process, and a file that names the holder
// to people and to other hosts.
type lock struct {
	path   string
	self   Self
	holder Holder
	flock  *flock.Flock
	lost   chan struct{} // closed when somebody else has taken the lock
	quit   chan struct{}
	beats  sync.WaitGroup
}

func lockPath(dir string) string { return filepath.Join(dir, "lock.json") }

// takeLock takes the lock of dir. The second result is the holder whose lock
// was taken over since it is proven dead, or nil.
func takeLock(dir string, self Self) (*lock, *Held, error) {
	l := &lock{path: lockPath(dir), self: self, flock: flock.New(filepath.Join(dir, "lock")),
		lost: make(chan struct{}), quit: make(chan struct{})}
	held, err := l.examine()
	if err != nil {
		return nil, nil, err
	}
	if held != nil && held.Condition != HolderDead {
		l.flock.Close()
		return nil, nil, held
	}
	if held != nil {
		err = os.Remove(l.path)
	}
	if err == nil {
		err = l.claim()
	}
	if err != nil {
		l.flock.Close()
		return nil, nil, lockError(l.path, err)
	}
	l.beats.Go(l.beat)
	return l, held, nil
}

func lockError(path string, err error) error {
	if errors.Is(err, fs.ErrExist) { // another host was quicker
		return &Held{Condition: HolderStarting, path: path}
	}
	return stateFault("state.write", path, err)
}

// examine tries the system's lock, keeps it, and says who is in the way.
func (l *lock) examine() (*Held, error) {
	// A holder that is just letting go, or has just died, needs a moment.
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	free, err := l.flock.TryLockContext(ctx, 20*time.Millisecond)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return nil, stateFault("lock.system", l.flock.Path(), err)
	}
	holder, err := readHolder(l.path)
	switch {
	case err == nil && holder == nil && free:
		return nil, nil
	case err != nil && free:
		return &Held{Condition: HolderUnknown, path: l.path}, nil
	case err != nil:
		return &Held{Condition: HolderStarting, path: l.path}, nil
	case holder == nil: // it holds the system's lock and is about to sign
		return &Held{Condition: HolderStarting, path: l.path}, nil
	}
	return describe(l.path, *holder, l.self, free), nil
}

// describe says what is known of a holder; free: the system's lock is not held.
func describe(path string, h Holder, self Self, free bool) *Held {
	held := &Held{Holder: h, Age: max(0, self.Now().Sub(h.Heartbeat)), path: path}
	held.Condition = held.condition(self, free)
	return held
}

func (h *Held) condition(self Self, free bool) Condition {
	dead := h.Holder.Host == self.Host && !self.Alive(h.Holder.PID)
	switch {
	case !free && dead: // somebody is taking it over
		return HolderStarting
	case !free:
		return HolderAlive
	case h.Holder.Host != self.Host && h.Age < Stale:
		return HolderRemote
	case h.Holder.Host != self.Host:
		return HolderStale
	case dead:
		return HolderDead
	case h.Age < time.Minute:
		return HolderAlive
	}
	return HolderStale // another process may have got the number
}

// claim makes the file that names us, which must not exist.
func (l *lock) claim() error {
	now := l.self.Now().UTC()
	l.holder = Holder{ID: newLineage(rand.Reader), Who: l.self.Who, Host: l.self.Host, PID: l.self.PID,
		Command: l.self.Command, Since: now, Heartbeat: now}
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	b, err := json.Marshal(l.holder)
	if err == nil {
		err = fill(f, append(b, '\n'), 0o600)
	}
	if err != nil {
		os.Remove(l.path)
	}
	return err
}

// beat renews the heartbeat until the lock is released or lost. A failed
// write only lets the heartbeat age: the system's lock still stands.
func (l *lock) beat() {
	for {
		select {
		case <-l.quit:
			return
		case now := <-l.self.Beats:
			if !l.ours() {
				close(l.lost)
				return
			}
			l.holder.Heartbeat = now.UTC()
			if b, err := json.Marshal(l.holder); err == nil {
				WriteFile(l.path, append(b, '\n'), 0o600)
			}
		}
	}
}

func (l *lock) ours() bool {
	holder, err := readHolder(l.path)
	return err == nil && holder != nil && holder.ID == l.holder.ID
}

// release ends the heartbeat and removes the lock, if it is still ours.
func (l *lock) release() error {
	close(l.quit)
	l.beats.Wait()
	var err error
	if l.ours() {
		err = os.Remove(l.path)
	}
	if e := l.flock.Close(); err == nil {
		err = e
	}
	if err != nil {
		return stateFault("state.write", l.path, err)
	}
	return nil
}

// readHolder gives nil where nobody holds the lock.
func readHolder(path string) (*Holder, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var h Holder
	if err := json.Unmarshal(b, &h); err != nil {
		return nil, err
	}
	return &h, nil
}

// Unlock removes the lock of a holder that is not alive and says whose it
// was; nil: there was none. A holder on another host with a fresh heartbeat,
// and a file that cannot be read, need force; one that is proven alive keeps
// its lock in any case.
func Unlock(state *State, self Self, force bool) (*Held, error) {
	l := &lock{path: lockPath(state.Dir), self: self, flock: flock.New(filepath.Join(state.Dir, "lock"))}
	held, err := l.examine()
	defer l.flock.Close()
	if err != nil || held == nil {
		return nil, err
	}
	doubtful := held.Condition == HolderRemote || held.Condition == HolderUnknown
	proven := held.Condition == HolderAlive || held.Condition == HolderStarting
	if proven || doubtful && !force {
		return nil, held
	}
	if err := os.Remove(l.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, stateFault("state.write", l.path, err)
	}
	return held, nil
}

// LockHolder says who holds the lock now; nil: nobody. It only reads, so it
// disturbs no run; alive is judged by process and heartbeat alone.
func LockHolder(state *State, self Self) (*Held, error) {
	path := lockPath(state.Dir)
	holder, err := readHolder(path)
	switch {
	case err != nil:
		return &Held{Condition: HolderUnknown, path: path}, nil
	case holder == nil:
		return nil, nil
	}
	return describe(path, *holder, self, true), nil
}

// Msg is the holder's facts in one line.
func (h *Held) Msg() text.Msg { return text.M("lock."+string(h.Condition)+".what", h.args()...) }

func clock(t time.Time) string { return t.Format("2006-01-02 15:04:05 -0700") }
