package executor

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// RecoverFrom makes the state directory anew from a mirror, which has the
// lineage that is committed beside the spec. It gives the number of lines of
// the journal. Ledgers are rebuilt by the next passes, which find what is at
// the target.
func RecoverFrom(specDir, dir, mirror string) (*State, int, error) {
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
	if s, err = createState(s.Dir, s.Lineage); err != nil {
		return nil, 0, err
	}
	if err := writeFile(s.Journal(), b[:good], 0o600); err != nil {
		return nil, 0, stateFault("state.write", s.Journal(), err)
	}
	return s, len(lines), commitLineage(specDir, s.Lineage)
}

// RecoverWorld makes the state directory anew where nothing is left of it. It
// gets another lineage, so that plans and approvals of the lost one do not
// count; what the world cannot show of irreversible acts is in doubt until it
// is attested. Of last, the last plan if there is one, open pre-images are
// kept; their number is given.
func RecoverWorld(specDir, dir string, last *planner.Plan, now time.Time) (*State, int, error) {
	s, committed, err := vacant(specDir, dir)
	if err != nil {
		return nil, 0, err
	}
	if last != nil && committed != "" && last.Lineage != committed {
		return nil, 0, refuse("recover.plan", "plan", last.ID, "lineage", committed, "found", last.Lineage)
	}
	if s, err = createState(s.Dir, newLineage(rand.Reader)); err != nil {
		return nil, 0, err
	}
	j, _, err := openJournal(s)
	if err != nil {
		return nil, 0, err
	}
	msg := text.M("event.recovered", "was", committed)
	err = j.append(Line{At: now.UTC(), Kind: KindRecovered, Msg: &msg})
	kept := 0
	if last != nil {
		for _, r := range last.Observed.Records {
			if !r.Open || err != nil {
				continue
			}
			kept++
			err = j.append(Line{At: now.UTC(), Kind: KindPreimage, Step: r.Step, Raise: &Preimage{r.Before, r.After}})
		}
	}
	if err = errors.Join(err, j.close()); err != nil {
		return nil, 0, err
	}
	return s, kept, commitLineage(specDir, s.Lineage)
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
	if err := writeFile(path, []byte(lineage+"\n"), 0o644); err != nil {
		return stateFault("state.write", path, err)
	}
	return nil
}
