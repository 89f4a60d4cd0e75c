package executor

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// mirror is a second place of the journal: a directory with a lineage and a
// copy that has each line before a final step goes on.
type mirror struct {
	state *State
	file  *os.File
	have  int   // octets
	err   error // why lines are missing
}

// errMirrorGone says that there is no mirror where there was one: a place that
// is not mounted, or this is a copy of the state directory elsewhere. A new
// one there would prove nothing.
var errMirrorGone = errors.New("mirror gone")

// mirroredFile names the mirror that this state directory has had.
func (s *State) mirroredFile() string { return filepath.Join(s.Dir, "mirrored") }

// gone reports whether the mirror was there before and is not now.
func (m *mirror) gone() bool {
	had, err := os.ReadFile(m.state.mirroredFile())
	if err != nil || string(bytes.TrimSpace(had)) != m.state.Mirror {
		return false
	}
	_, err = os.Stat(filepath.Join(m.state.Mirror, "lineage"))
	return errors.Is(err, fs.ErrNotExist)
}

// stands reports whether the open file is still the one at its place.
func (m *mirror) stands() bool {
	open, errOpen := m.file.Stat()
	there, errThere := os.Stat(mirrorPath(m.state.Mirror))
	return errOpen == nil && errThere == nil && os.SameFile(open, there)
}

func mirrorPath(dir string) string { return filepath.Join(dir, "journal.jsonl") }

// openMirror brings the mirror up to date. A mirror that has other lines than
// the journal, or more, is refused: then one of them is not this migration's,
// or this state directory is an old copy.
func (s *State) openMirror(good int) (*mirror, error) {
	if s.Mirror == "" {
		return nil, nil
	}
	journal, err := os.ReadFile(s.Journal())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, stateFault("state.read", s.Journal(), err)
	}
	journal = journal[:good]
	m := &mirror{state: s}
	lineage, err := readLineage(filepath.Join(s.Mirror, "lineage"))
	switch {
	case err != nil: // it cannot be reached: the gate tells
		m.err = err
		return m, nil
	case lineage != "" && lineage != s.Lineage:
		return nil, refuse("mirror.other", "path", s.Mirror, "lineage", s.Lineage, "found", lineage)
	}
	b, err := os.ReadFile(mirrorPath(s.Mirror))
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		m.err = err
		return m, nil
	case !bytes.HasPrefix(journal, whole(b)):
		return nil, refuse("mirror.ahead", "path", s.Mirror, "journal", s.Journal())
	}
	m.catchUp(journal)
	return m, nil
}

// whole gives the lines that have an end.
func whole(b []byte) []byte { return b[:bytes.LastIndexByte(b, '\n')+1] }

// catchUp writes what the mirror lacks; a torn line of its own is cut.
func (m *mirror) catchUp(journal []byte) {
	m.err = m.reach(journal)
}

func (m *mirror) reach(journal []byte) error {
	if m.file == nil {
		if m.gone() {
			return errMirrorGone
		}
		if err := os.MkdirAll(m.state.Mirror, 0o700); err != nil {
			return err
		}
		if err := WriteFile(filepath.Join(m.state.Mirror, "lineage"), []byte(m.state.Lineage+"\n"), 0o600); err != nil {
			return err
		}
		f, err := os.OpenFile(mirrorPath(m.state.Mirror), os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return err
		}
		if err := m.state.Write(m.state.mirroredFile(), []byte(m.state.Mirror+"\n")); err != nil {
			f.Close()
			return err
		}
		m.file = f
	}
	b, err := os.ReadFile(m.file.Name())
	if err != nil {
		return m.drop(err)
	}
	m.have = len(whole(b))
	if m.have > len(journal) || !bytes.HasPrefix(journal, b[:m.have]) {
		return m.drop(errors.New("it holds other lines"))
	}
	if err := m.file.Truncate(int64(m.have)); err != nil {
		return m.drop(err)
	}
	if _, err := m.file.WriteAt(journal[m.have:], int64(m.have)); err != nil {
		return m.drop(err)
	}
	m.have = len(journal)
	return m.file.Sync()
}

func (m *mirror) drop(err error) error {
	m.file.Close()
	m.file = nil
	return err
}

// append adds a line; a failure only leaves the mirror behind.
func (m *mirror) append(line []byte) {
	if m.err != nil {
		return
	}
	if _, err := m.file.WriteAt(line, int64(m.have)); err != nil {
		m.err = m.drop(err)
		return
	}
	m.have += len(line)
}

// mirrored makes the mirror durable and says why it lacks lines; nil: it has
// all, or there is none.
func (j *journal) mirrored() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	m := j.mirror
	if m == nil {
		return nil
	}
	if m.err == nil {
		m.err = m.file.Sync()
	}
	if m.err == nil && m.stands() {
		return nil
	}
	if m.file != nil {
		m.err = m.drop(m.err)
	}
	b, err := os.ReadFile(j.path)
	if err != nil {
		return err
	}
	m.catchUp(whole(b))
	return m.err
}

func (m *mirror) close() {
	if m != nil && m.file != nil {
		m.file.Close()
	}
}

// CompareMirror gives how many lines the mirror has, and how many of them,
// from the first, are the journal's. Where the mirror was there before and is
// not now, the error is a *Refused.
func CompareMirror(s *State, lines []Line) (same, n int, err error) {
	path := mirrorPath(s.Mirror)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if had, _ := os.ReadFile(s.mirroredFile()); string(bytes.TrimSpace(had)) == s.Mirror {
			return 0, 0, refuse("gate.mirror-gone", "file", LineageFile)
		}
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, stateFault("state.read", path, err)
	}
	for row := range bytes.Lines(whole(b)) {
		l, err := decodeLine(bytes.TrimSuffix(row, []byte("\n")))
		if err == nil && same == n && n < len(lines) && l.Hash == lines[n].Hash {
			same++
		}
		n++
	}
	return same, n, nil
}
