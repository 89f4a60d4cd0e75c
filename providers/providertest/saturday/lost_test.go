package saturday

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var losses = flag.Int("losses", 3, "how often TestSaturdayLost kills the program and deletes its state directory")

// The program is killed after seeded lines of its journal, and its state
// directory is gone: by the mirror, or by the world alone, the end is that of a
// run that nobody interrupted.
func TestSaturdayLost(t *testing.T) {
	t.Parallel()
	if !enter(t) {
		return
	}
	seed := cmp.Or(*killSeed, uint64(time.Now().UnixNano()))
	t.Logf("go test ./providers/providertest/saturday -run TestSaturdayLost -args -losses %d -kill-seed %d", *losses, seed)
	random := rand.New(rand.NewPCG(seed, 1))
	lost := map[recovery]int{}
	total := func() (n int) {
		for _, k := range lost {
			n += k
		}
		return n
	}
	for round := 0; total() < *losses && !t.Failed(); round++ {
		if round > *losses {
			t.Fatalf("lost only %d times", total())
		}
		t.Run("", func(t *testing.T) {
			w := newWorld(t, 12*time.Second)
			w.lostAt(random, draw(random, min(inARow, *losses-total())), lost)
		})
	}
	t.Logf("killed and lost %d times: %v", total(), lost)
}

// recovery is what there is after a loss.
type recovery string

const (
	byMirror recovery = "the mirror"
	byPlan   recovery = "the world and the plan"
	byWorld  recovery = "the world"
)

func recoveries() []recovery { return []recovery{byMirror, byPlan, byWorld} }

// lostAt goes through a Saturday whose runs are killed when so many lines were
// journaled in all, each time with the loss of the state directory.
func (w *world) lostAt(random *rand.Rand, lines []int, lost map[recovery]int) {
	w.mirrored()
	w.must("init")
	w.senders.begin()
	plan, before := "sat.plan", 0 // lines of journals that are gone
	w.must("plan", "--out", plan)
	for i, n := range lines {
		began := w.journal()
		_, dead := w.applyUntil(plan, max(n-before, began+1))
		at := w.journal()
		if !dead {
			w.t.Logf("not killed until line %d: it ended at %d", n, before+at)
			break
		}
		how := recoveries()[random.IntN(len(recoveries()))]
		w.t.Logf("killed at line %d of %d; there is %s", at, before+at, how)
		if plan = w.recovered(how, plan, i); how != byMirror {
			before += at - w.journal()
		}
		lost[how]++
	}
	w.t.Logf("%s", w.must("apply", plan, "--wait"))
	w.senders.end()
	w.once(w.target)
	w.settled()
	w.t.Logf("%d lines in the end; %d messages, %d through the old server, %d through the new", before+w.journal(), len(w.senders.all()), len(w.old.from()), len(w.new.from()))
}

// recovered deletes the state directory, makes it anew, and gives the plan with
// which it goes on.
func (w *world) recovered(how recovery, plan string, n int) (next string) {
	w.t.Helper()
	w.gone(".mxmove")
	if out, err := w.command("apply", plan).CombinedOutput(); err == nil || !strings.Contains(string(out), "state.missing") {
		w.t.Fatalf("without its state directory: %v\n%s", err, out)
	}
	switch how {
	case byMirror:
		w.must("recover", "--from", "far")
		return plan
	case byPlan:
		w.gone("far")
		w.must("recover", "--world", "--plan", plan)
	case byWorld:
		w.gone("far")
		w.must("recover", "--world")
	}
	if out, err := w.command("apply", plan).CombinedOutput(); err == nil || !strings.Contains(string(out), "plan.lineage") {
		w.t.Fatalf("the plan of the lost state: %v\n%s", err, out)
	}
	next = fmt.Sprintf("again%d.plan", n)
	w.must("plan", "--out", next)
	return next
}

// mirrored gives the migration a mirror.
func (w *world) mirrored() {
	w.t.Helper()
	b, err := os.ReadFile(filepath.Join(w.dir, "main.hcl"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("main.hcl", strings.Replace(string(b), `migration "acme" {}`, "migration \"acme\" {\n  mirror = \"far\"\n}", 1))
}

func (w *world) gone(dir string) {
	w.t.Helper()
	if err := os.RemoveAll(filepath.Join(w.dir, dir)); err != nil {
		w.t.Fatal(err)
	}
}
