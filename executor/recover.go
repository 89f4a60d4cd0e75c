package executor

import (
	"cmp"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// RecoverFrom makes the state directory anew from a mirror, which has the
// lineage that is committed beside the spec. It gives the number of lines of
// the journal. Ledgers are rebuilt by the next passes, which find what is at
// the target.
func RecoverFrom(specDir, dir, mirror string, now time.Time) (*State, int, error) {
	s, committed, err := vacant(specDir, dir)
	if err != nil {
		return nil, 0, err
	}
	if s.Lineage, err = readLineage(filepath.Join(mirror, "lineage")); err != nil {
		return nil, 0, err
	}
	if s.Lineage == "" {
		return nil, 0, refuse("recover.no-mirror", "path", mirror)
	}
	if committed != "" && committed != s.Lineage {
		return nil, 0, refuse("mirror.other", "path", mirror, "lineage", committed, "found", s.Lineage)
	}
	path := mirrorPath(mirror)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, 0, stateFault("state.read", path, err)
	}
	lines, good, err := parse(b, path, s.Lineage)
	if err != nil {
		return nil, 0, err
	}
	err = s.rebuild(specDir, func() error {
		if err := WriteFile(s.Journal(), b[:good], 0o600); err != nil {
			return stateFault("state.write", s.Journal(), err)
		}
		msg := text.M("event.rebuilt", "mirror", mirror)
		return s.note(now, Line{Kind: KindRebuilt, Msg: &msg})
	})
	if err != nil {
		return nil, 0, err
	}
	return s, len(lines), nil
}

// rebuild makes a state directory whose journal is written before its lineage:
// a crash never leaves one that knows nothing of what was done. What cannot be
// written to its end is taken away again.
func (s *State) rebuild(specDir string, journal func() error) error {
	if err := s.claim(); err != nil {
		return err
	}
	err := journal()
	if err == nil {
		err = s.sign()
	}
	if err == nil {
		err = commitLineage(specDir, s.Lineage)
	}
	if err != nil {
		for _, path := range append(s.dirs(), s.lineageFile(), s.Journal()) {
			os.Remove(path) // the error that matters is told
		}
	}
	return err
}

// RecoverWorld makes the state directory anew where nothing is left of it. It
// gets another lineage, so that plans and approvals of the lost one do not
// count; what the world cannot show of irreversible acts is in doubt until it
// is attested. Of last, the last plan if there is one, the former values of what
// was changed are kept; their number is given.
func RecoverWorld(specDir, dir string, last *planner.Plan, now time.Time) (*State, int, error) {
	s, committed, err := vacant(specDir, dir)
	if err != nil {
		return nil, 0, err
	}
	if last != nil && committed != "" && last.Lineage != committed {
		return nil, 0, refuse("recover.plan", "plan", last.ID, "lineage", committed, "found", last.Lineage)
	}
	s.Lineage = newLineage(rand.Reader)
	lines := openIn(last)
	err = s.rebuild(specDir, func() error {
		msg := text.M("event.recovered", "was", committed)
		return s.note(now, append([]Line{{Kind: KindRecovered, Msg: &msg}}, lines...)...)
	})
	if err != nil {
		return nil, 0, err
	}
	return s, len(lines), nil
}

// note adds lines to the journal.
func (s *State) note(now time.Time, lines ...Line) error {
	j, _, err := openJournal(s)
	if err != nil {
		return err
	}
	for _, l := range lines {
		if l.At = now.UTC(); err == nil {
			err = j.append(l)
		}
	}
	return errors.Join(err, j.close())
}

// openIn gives the lines of what a plan tells of the former values: what was
// open when it was made, in the order in which it was done, and what its own
// steps found or would have found. Nobody knows which of these were carried
// out; where the world shows what was there before, nothing is taken back.
// A watch of a directory ended with its state.
func openIn(p *planner.Plan) (lines []Line) {
	if p == nil {
		return nil
	}
	done := slices.SortedStableFunc(slices.Values(p.Observed.Records), func(a, b planner.Record) int { return cmp.Compare(a.Intent, b.Intent) })
	for _, r := range done {
		l := Line{Kind: KindPreimage, Step: r.Step}
		if r.Open && r.Before != r.After {
			l.Raise = &Preimage{r.Before, r.After}
		}
		if r.Intent > 0 {
			l.Undo = r.Undo
		}
		lines = append(lines, l)
	}
	for _, s := range p.Steps {
		l := Line{Kind: KindPreimage, Step: s.ID, Undo: planner.UndoOf(s.Op, p.Observed)}
		if before, after, ok := planner.Preimage(s.Op, p.Observed); ok && before != after {
			l.Raise = &Preimage{before, after}
		}
		lines = append(lines, l)
	}
	return slices.DeleteFunc(lines, func(l Line) bool {
		return l.Raise == nil && l.Undo == nil && l.Step.Kind() != (planner.Undo{}).Kind()
	})
}

// vacant refuses a place where a state directory is.
func vacant(specDir, dir string) (s *State, committed string, err error) {
	dir, err = resolve(specDir, dir)
	if err != nil {
		return nil, "", err
	}
	if committed, err = readLineage(filepath.Join(specDir, LineageFile)); err != nil {
		return nil, "", err
	}
	path := filepath.Join(dir, "lineage")
	switch _, err := os.Stat(path); {
	case err == nil:
		return nil, "", refuse("recover.exists", "path", dir)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, "", stateFault("state.read", path, err)
	}
	return &State{Dir: dir}, committed, nil
}

func commitLineage(specDir, lineage string) error {
	path := filepath.Join(specDir, LineageFile)
	if err := WriteFile(path, []byte(lineage+"\n"), 0o644); err != nil {
		return stateFault("state.write", path, err)
	}
	return nil
}
