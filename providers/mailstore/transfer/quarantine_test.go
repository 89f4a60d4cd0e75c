package transfer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/planner"
)

// What is placed after all leaves quarantine, and its description stays; a file
// that is another folder's as well stays until that one is placed, too.
func TestPlacedMessagesLeaveQuarantine(t *testing.T) {
	for n := 1; ; n++ {
		r := newRig(t)
		r.src.deliver("INBOX", "A: bad\r\n\r\n")
		r.src.deliver("Z", "A: bad\r\n\r\n")
		r.dst.refuse = func(*Item, string) *Refusal { return &Refusal{Text: "virus", Class: planner.Message, Final: true} }
		r.run(planner.Tally{Refused: 2})
		kept := func() int {
			files, _ := filepath.Glob(filepath.Join(r.o.Quarantine, "*.eml*"))
			return len(files)
		}
		if kept() != 2 {
			t.Fatalf("%d files of one content", kept())
		}
		r.dst.refuse = nil
		l, _ := mustOpen(t, r.dir)
		l.Retry()
		l.Close()
		met := r.broken(n, errCrash)
		if _, err := r.try(); err != nil {
			t.Fatal(n, met, err)
		}
		r.same()
		b, err := os.ReadFile(filepath.Join(r.o.Quarantine, placedLog))
		if kept() != 0 || err != nil || !strings.Contains(string(b), "virus") {
			t.Fatalf("step %d, %s: %d files, %s, %v", n, met, kept(), b, err)
		}
		if met == "" {
			return
		}
	}
}
