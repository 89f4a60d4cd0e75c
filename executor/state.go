package executor

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/mxmove/mxmove/planner"
)

// LineageFile is the name of the committed lineage, beside the spec.
const LineageFile = "mxmove.lineage"

// State is a state directory. Its paths are fixed, so that other parts can
// keep their files in it; only the executor writes the journal and the lock.
type State struct {
	Dir     string // absolute
	Lineage string // who this directory belongs to: 32 hexadecimal digits
	Mirror  string // directory that gets a copy of the journal; "": none

	Committed bool // the lineage stands beside the spec, too
}

// Ledger is the directory of the mailboxes' ledgers.
func (s *State) Ledger() string { return filepath.Join(s.Dir, "ledger") }

// Quarantine is the directory of the messages that a target refused.
func (s *State) Quarantine() string { return filepath.Join(s.Dir, "quarantine") }

// Reports is the directory of the runs' reports.
func (s *State) Reports() string { return filepath.Join(s.Dir, "reports") }

// Verified is the directory of what was last found of each mailbox.
func (s *State) Verified() string { return filepath.Join(s.Dir, "verified") }

// Observed is the file of what was last seen of each mailbox.
func (s *State) Observed() string { return filepath.Join(s.Dir, "observed.jsonl") }

// Scratch is the directory of files that no process needs but the one that
// made them.
func (s *State) Scratch() string { return filepath.Join(s.Dir, "scratch") }

// Write replaces a file below the state directory, as a whole or not at all.
func (s *State) Write(path string, b []byte) error {
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = WriteFile(path, b, 0o600)
	}
	if err != nil {
		return stateFault("state.write", path, err)
	}
	return nil
}

func (s *State) lineageFile() string { return filepath.Join(s.Dir, "lineage") }

// Journal is the journal's file.
func (s *State) Journal() string { return filepath.Join(s.Dir, "journal.jsonl") }

func (s *State) status() string { return filepath.Join(s.Dir, "status.json") }

// HoldFile stops Freeze and Cutover while it is there. What it says is told.
func (s *State) HoldFile() string { return filepath.Join(s.Dir, "hold") }

// Known is what the journal knows. It may be called while a run writes it.
func (s *State) Known() (Known, error) {
	lines, err := ReadJournal(s)
	if err != nil {
		return Known{}, err
	}
	return Fold(lines), nil
}

// Records is what the journal knows of each step, ordered by step.
func (s *State) Records() ([]planner.Record, error) {
	known, err := s.Known()
	return known.Records, err
}

// OpenState opens the state directory dir of the spec in specDir; a relative
// dir is relative to specDir. Where a lineage is committed beside the spec,
// the directory must be there and of that lineage; where none is, a missing
// or empty directory becomes one at this first use. It writes nothing else.
func OpenState(specDir, dir string) (*State, error) {
	dir, err := resolve(specDir, dir)
	if err != nil {
		return nil, err
	}
	committed, err := readLineage(filepath.Join(specDir, LineageFile))
	if err != nil {
		return nil, err
	}
	local, err := readLineage(filepath.Join(dir, "lineage"))
	switch {
	case err != nil:
		return nil, err
	case committed != "" && local == "":
		return nil, refuse("state.missing", "path", dir, "lineage", committed)
	case committed != "" && committed != local:
		return nil, refuse("state.other", "path", dir, "lineage", committed, "found", local)
	case local != "":
		state := &State{Dir: dir, Lineage: local, Committed: committed != ""}
		return state, state.ensure()
	}
	return createState(dir, newLineage(rand.Reader))
}

// InitState makes the state directory and commits its lineage beside the
// spec. A directory that exists keeps its lineage; a lineage that is
// committed already is kept too, so running it twice changes nothing.
func InitState(specDir, dir string) (*State, error) {
	state, err := OpenState(specDir, dir)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(specDir, LineageFile)
	if _, err := os.Stat(path); err == nil {
		return state, nil
	}
	state.Committed = true
	return state, commitLineage(specDir, state.Lineage)
}

func resolve(specDir, dir string) (string, error) {
	if dir == "" {
		dir = ".mxmove"
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(specDir, dir)
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", stateFault("state.read", dir, err)
	}
	return abs, nil
}

// createState makes dir a state directory.
func createState(dir, lineage string) (*State, error) {
	s := &State{Dir: dir, Lineage: lineage}
	if err := s.claim(); err != nil {
		return nil, err
	}
	return s, s.sign()
}

// claim makes the directory. One that holds anything is refused: "state" may
// be a slip of the pen.
func (s *State) claim() error {
	names, err := os.ReadDir(s.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return stateFault("state.read", s.Dir, err)
	}
	for _, e := range names {
		if !strings.HasPrefix(e.Name(), tempPrefix) {
			return refuse("state.foreign", "path", s.Dir, "name", e.Name())
		}
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return stateFault("state.write", s.Dir, err)
	}
	return nil
}

// sign makes it a state directory.
func (s *State) sign() error {
	if err := WriteFile(s.lineageFile(), []byte(s.Lineage+"\n"), 0o600); err != nil {
		return stateFault("state.write", s.lineageFile(), err)
	}
	return s.ensure()
}

// ensure makes what belongs into the directory and closes it to others. The
// lineage comes first, so a crash leaves a directory that is known as ours.
func (s *State) ensure() error {
	if err := os.Chmod(s.Dir, 0o700); err != nil {
		return stateFault("state.write", s.Dir, err)
	}
	for _, d := range s.dirs() {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return stateFault("state.write", d, err)
		}
	}
	return nil
}

// dirs are there from the beginning.
func (s *State) dirs() []string { return []string{s.Ledger(), s.Quarantine(), s.Reports()} }

// readLineage gives "" where there is no such file.
func readLineage(path string) (string, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", stateFault("state.read", path, err)
	}
	lineage := strings.TrimSpace(string(b))
	if raw, err := hex.DecodeString(lineage); err != nil || len(raw) != 16 {
		return "", refuse("state.lineage", "path", path)
	}
	return lineage, nil
}

func newLineage(random io.Reader) string {
	var b [16]byte
	io.ReadFull(random, b[:]) // crypto/rand never fails since Go 1.24
	return hex.EncodeToString(b[:])
}

func itoa(n int) string { return strconv.Itoa(n) }
