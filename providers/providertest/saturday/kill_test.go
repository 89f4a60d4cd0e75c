package saturday

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	kills    = flag.Int("kills", 3, "how often TestSaturdayKilled kills the program")
	killSeed = flag.Uint64("kill-seed", 0, "of the journal's lines after which it does; 0: of the clock")
)

const inARow = 3 // kills of one Saturday

// The program is killed after seeded lines of its journal and run again: the
// end is that of a run that nobody interrupted.
func TestSaturdayKilled(t *testing.T) {
	t.Parallel()
	if !enter(t) {
		return
	}
	seed := cmp.Or(*killSeed, uint64(time.Now().UnixNano()))
	t.Logf("go test ./providers/providertest/saturday -run TestSaturdayKilled -args -kills %d -kill-seed %d", *kills, seed)
	random := rand.New(rand.NewPCG(seed, 0))
	killed := 0
	for round := 0; killed < *kills && !t.Failed(); round++ {
		if round > *kills {
			t.Fatalf("killed only %d times", killed)
		}
		t.Run("", func(t *testing.T) {
			w := newWorld(t, 12*time.Second)
			killed += w.killedAt(draw(random, min(inARow, *kills-killed)))
		})
	}
	t.Logf("killed %d times", killed)
}

// draw gives lines of the journal, in order. A run writes some 220: mostly
// two of each step, and of the tail's passes.
func draw(random *rand.Rand, n int) []int {
	var lines []int
	for range n {
		lines = append(lines, 1+random.IntN(215))
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// killedAt goes through a Saturday whose runs are killed when the journal has
// so many lines.
func (w *world) killedAt(lines []int) (killed int) {
	w.must("init")
	w.senders.begin()
	w.must("plan", "--out", "sat.plan")
	for _, n := range lines {
		out, dead := w.applyUntil("sat.plan", n)
		if dead {
			killed++
		}
		w.t.Logf("until line %d: killed %v at line %d, %d octets of output", n, dead, w.journal(), len(out))
	}
	w.t.Logf("%s", w.must("apply", "sat.plan", "--wait"))
	w.senders.end()
	w.once(w.target)
	w.settled()
	w.t.Logf("%d lines in the end; %d messages, %d through the old server, %d through the new", w.journal(), len(w.senders.all()), len(w.old.from()), len(w.new.from()))
	return killed
}

// applyUntil carries a plan out until its end, or until the journal has so many
// lines: then it is killed.
func (w *world) applyUntil(plan string, lines int) (output string, killed bool) {
	w.t.Helper()
	var out bytes.Buffer
	cmd := w.command("apply", plan, "--wait")
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for {
		select {
		case err := <-ended:
			var exit *exec.ExitError
			killed := errors.As(err, &exit) && exit.ExitCode() == -1
			if err != nil && !killed {
				w.t.Fatalf("%v\n%s", err, &out)
			}
			return out.String(), killed
		case <-poll.C:
			if w.journal() >= lines {
				_ = cmd.Process.Kill() // an error: it has just ended
			}
		}
	}
}

// journal gives the number of its lines.
func (w *world) journal() int { return strings.Count(w.written(), "\n") }

// written is the journal as it is.
func (w *world) written() string {
	b, err := os.ReadFile(filepath.Join(w.dir, ".mxmove", "journal.jsonl"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		w.t.Error(err)
	}
	return string(b)
}
