package mailstore

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

func placed(address string, n int) memo {
	return memo{Address: address, Key: "k", Sum: transfer.Summary{Started: true, Placed: n}}
}

func reread(path string) *notebook {
	n := &notebook{path: path}
	n.refresh()
	return n
}

// The last line of an address counts, and only for the key that it was
// written for.
func TestNotebookTheLastCounts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "observed.jsonl")
	n := &notebook{path: path}
	for i := range 3 {
		n.keep(placed("a", i))
	}
	n.keep(placed("b", 7))
	if _, err := os.Stat(path); err == nil {
		t.Error("written before the flush")
	}
	n.flush()
	other := reread(path)
	if m, ok := other.of("a", "k"); !ok || m.Sum.Placed != 2 {
		t.Errorf("%+v %v", m, ok)
	}
	if m, ok := other.of("b", "another"); ok {
		t.Errorf("for another key: %+v", m)
	}
	n.keep(placed("b", 8))
	n.flush()
	if m, _ := other.of("b", "k"); m.Sum.Placed != 7 {
		t.Errorf("read without a refresh: %+v", m)
	}
	other.refresh()
	if m, _ := other.of("b", "k"); m.Sum.Placed != 8 || other.lines != 5 {
		t.Errorf("%+v after %d lines", m, other.lines)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
}

// Wherever a writer died in its line, the lines before and after it count.
func TestNotebookTornLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "observed.jsonl")
	n := &notebook{path: path}
	n.keep(placed("a", 1))
	n.keep(placed("b", 2))
	n.flush()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	first := strings.IndexByte(string(whole), '\n') + 1
	for end := first; end < len(whole); end++ {
		if err := os.WriteFile(path, whole[:end], 0o600); err != nil {
			t.Fatal(err)
		}
		n := reread(path)
		if _, ok := n.of("b", "k"); ok {
			t.Fatalf("cut at %d: half a line counts", end)
		}
		n.keep(placed("c", 3))
		n.flush()
		n = reread(path)
		a, _ := n.of("a", "k")
		c, _ := n.of("c", "k")
		if a.Sum.Placed != 1 || c.Sum.Placed != 3 {
			t.Fatalf("cut at %d: %+v %+v", end, a, c)
		}
	}
}

// What is superseded does not pile up, whoever writes at the same time.
func TestNotebookStaysSmall(t *testing.T) {
	path := filepath.Join(t.TempDir(), "observed.jsonl")
	const writers, rounds = 4, 500
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			n := &notebook{path: path}
			for i := range rounds {
				n.keep(placed(fmt.Sprint("w", w), i))
				n.flush()
				if i%7 == 0 {
					n.refresh()
				}
			}
		})
	}
	all.Wait()
	n := reread(path)
	for w := range writers {
		if m, ok := n.of(fmt.Sprint("w", w), "k"); !ok || m.Sum.Placed != rounds-1 {
			t.Errorf("writer %d: %+v %v", w, m, ok)
		}
	}
	if most := 2*writers + 2*together + 8*writers; n.lines > most {
		t.Errorf("%d lines for %d addresses, at most %d", n.lines, writers, most)
	}
}

// Where nothing can be kept, nothing is kept, and nothing fails.
func TestNotebookWithoutAPlace(t *testing.T) {
	for _, path := range []string{"", filepath.Join(t.TempDir(), "missing", "observed.jsonl")} {
		n := &notebook{path: path}
		n.refresh()
		n.keep(placed("a", 1))
		n.flush()
		if _, ok := reread(path).of("a", "k"); ok {
			t.Errorf("%q: kept", path)
		}
	}
}
