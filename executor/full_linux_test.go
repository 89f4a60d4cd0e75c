package executor

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// apart runs a test again where it may mount file systems that nobody else
// sees, and reports whether this is there.
func apart(t *testing.T) bool {
	t.Helper()
	const there = "MXMOVE_TEST_APART"
	if os.Getenv(there) != "" {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.timeout", "5m")
	cmd.Env = append(os.Environ(), there+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return false
}

// small mounts a disk with little room over the state directory.
func (s *site) small(t *testing.T, room string) {
	t.Helper()
	dir := filepath.Join(s.dir, ".mxmove")
	lineage := s.state(t).Lineage
	for _, err := range []error{syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""), syscall.Mount("none", dir, "tmpfs", 0, "size=1m,mode=700"),
		os.WriteFile(filepath.Join(dir, "lineage"), []byte(lineage+"\n"), 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	s.state(t) // makes its directories
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	s.room(t, room)
}

func (s *site) room(t *testing.T, room string) {
	t.Helper()
	if err := syscall.Mount("none", filepath.Join(s.dir, ".mxmove"), "", syscall.MS_REMOUNT, room+",mode=700"); err != nil {
		t.Fatalf("%s: %v", room, err)
	}
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
	if !apart(t) {
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
