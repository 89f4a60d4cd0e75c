package executor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/providertest/disk"
)

// small mounts a disk with little room over the state directory.
func (s *site) small(t *testing.T, room string) {
	t.Helper()
	dir := filepath.Join(s.dir, ".mxmove")
	lineage := s.state(t).Lineage
	disk.Mount(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "lineage"), []byte(lineage+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.state(t) // makes its directories
	s.room(t, room)
}

func (s *site) room(t *testing.T, room string) {
	t.Helper()
	disk.Room(t, filepath.Join(s.dir, ".mxmove"), room)
}

// saysFull reports whether an error tells a person that the disk is full, where
// and what to do, in both languages.
func saysFull(err error) bool {
	var f *planner.Fault
	if !errors.As(err, &f) || !strings.Contains(f.Args["why"], "no space left on device") || f.Args["path"] == "" {
		return false
	}
	for _, lang := range []text.Lang{text.English, text.Chinese} {
		cat := text.Load(lang)
		if !strings.Contains(cat.Text(text.Msg{Code: f.Code + ".what", Args: f.Args}), f.Args["path"]) || !cat.Has(f.Code+".do") {
			return false
		}
	}
	return true
}

// The state directory's disk gets full: at each page that is written, and at
// each file that is made, of a whole migration. The run says so and ends; with
// room again the next ones end in the same world.
func TestFullDisk(t *testing.T) {
	if !disk.Apart(t) {
		return
	}
	for _, route := range []string{"imap", "merge"} {
		for _, what := range []string{"size=%dk", "nr_inodes=%d"} {
			fills, whole := 0, false
			for n := 0; n < 60 && !whole; n++ {
				s := newSite(t, route)
				p := s.plan(t)
				room := fmt.Sprintf(what, 4+4*n)
				if what[0] == 'n' {
					room = fmt.Sprintf(what, 6+n) // what is there already
				}
				s.small(t, room)
				err := s.through(t, p)
				if whole = err == nil; !whole {
					fills++
					if !saysFull(err) {
						t.Fatalf("%s, %s: %v", route, room, err)
					}
				}
				s.room(t, "size=1m,nr_inodes=1000")
				if err := errors.Join(s.survive(t, p), s.complete(t)); err != nil {
					t.Fatalf("%s, %s, with room again: %v", route, room, err)
				}
			}
			t.Logf("%s, %s: full %d times", route, what, fills)
			if fills < 2 || !whole {
				t.Errorf("%s, %s: full %d times, whole: %v", route, what, fills, whole)
			}
		}
	}
}

// The mirror's disk gets full, at each page and each file that is written
// there: before a final step the run stops and says so, and with room again
// the mirror has every line.
func TestFullMirror(t *testing.T) {
	if !disk.Apart(t) {
		return
	}
	for _, what := range []string{"size=%dk", "nr_inodes=%d"} {
		fills, whole := 0, false
		for n := 1; n < 60 && !whole; n++ {
			s := newSite(t, "merge")
			s.mirror = filepath.Join(s.dir, "far")
			if err := os.Mkdir(s.mirror, 0o700); err != nil {
				t.Fatal(err)
			}
			disk.Mount(t, s.mirror)
			p := s.plan(t)
			disk.Room(t, s.mirror, fmt.Sprintf(what, map[bool]int{true: 4 * n, false: n}[what[0] == 's']))
			err := s.through(t, p)
			if whole = err == nil; !whole {
				fills++
				if !refusedBy(err, "gate.mirror") || errors.As(err, new(*PastReturn)) != s.world.Pressed(pressOf(p)) {
					t.Fatalf("%s %d: %v %v", what, n, err, reasons(err))
				}
			}
			disk.Room(t, s.mirror, disk.Ample)
			if err := errors.Join(s.survive(t, p), s.complete(t)); err != nil {
				t.Fatalf("%s %d, with room again: %v", what, n, err)
			}
			journal, _ := os.ReadFile(s.state(t).Journal())
			if far, err := os.ReadFile(mirrorPath(s.mirror)); err != nil || string(far) != string(journal) {
				t.Fatalf("%s %d: the mirror has %d octets of %d, %v", what, n, len(far), len(journal), err)
			}
		}
		if t.Logf("%s: full %d times", what, fills); fills < 2 || !whole {
			t.Errorf("%s: full %d times, whole: %v", what, fills, whole)
		}
	}
}

// pressOf is the plan's act that nobody can take back.
func pressOf(p *planner.Plan) planner.StepID {
	for _, s := range p.Steps {
		if s.Op.Kind() == (planner.MergeTenants{}).Kind() {
			return s.ID
		}
	}
	return ""
}
