package archive

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mxmove/mxmove/providers/providertest/disk"
)

// The disk of an archive gets full, at each page and each file: the pass says
// so, nothing is kept in half, and with room again it is made whole.
func TestArchiveOnAFullDisk(t *testing.T) {
	if !disk.Apart(t) {
		return
	}
	bodies := []string{"one", "two", strings.Repeat("three", 5000), "four"}
	for _, what := range []string{"size=%dk", "nr_inodes=%d"} {
		full := 0
		for n := 1; ; n++ {
			at := t.TempDir()
			dir := filepath.Join(at, "li.si@acme.test")
			disk.Mount(t, at)
			disk.Room(t, at, fmt.Sprintf(what, map[bool]int{true: 4 * n, false: n}[what[0] == 's']))
			err := fill(t, dir, bodies, nil)
			disk.Room(t, at, disk.Ample)
			if err == nil {
				break
			}
			if full++; !strings.Contains(err.Error(), syscall.ENOSPC.Error()) || !errors.Is(fault(dir, err), err) && !strings.Contains(fault(dir, err).Error(), dir) {
				t.Fatalf("%s %d: %v", what, n, err)
			}
			if err := fill(t, dir, bodies, nil); err != nil {
				t.Fatalf("%s %d, with room again: %v", what, n, err)
			}
			r, err := Verify(t.Context(), dir, nil)
			if err != nil || !r.Whole() || r.Messages != 2*len(bodies) {
				t.Fatalf("%s %d: %+v, %v", what, n, r, err)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "*", "tmp", "*")); len(left) > 0 {
				t.Errorf("%s %d: left %v", what, n, left)
			}
		}
		if t.Logf("%s: full %d times", what, full); full < 5 {
			t.Errorf("%s: full %d times", what, full)
		}
	}
}
