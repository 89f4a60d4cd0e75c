//go:build unix

package executor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/mxmove/mxmove/planner"
)

// The test binary is its own victim: with this variable set it is an apply
// that dies, or holds the lock, as the variable says.
const childEnv = "MXMOVE_TEST_CHILD"

func TestMain(m *testing.M) {
	if how := os.Getenv(childEnv); how != "" {
		child(how)
		return
	}
	os.Exit(m.Run())
}

// killer ends the process by SIGKILL at a journal line.
type killer struct {
	sink
	line int    // the line at which it dies, from 1
	how  string // before, torn, after
	n    int
}

func (k *killer) Write(b []byte) (int, error) {
	k.n++
	if k.n == k.line && k.how != "after" {
		if k.how == "torn" {
			k.sink.Write(b[:len(b)/2])
		}
		die()
	}
	return k.sink.Write(b)
}

func (k *killer) Sync() error {
	err := k.sink.Sync()
	if k.n == k.line {
		die()
	}
	return err
}

func die() {
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// child runs in the process that dies: HOW:LINE in the directory of $DIR.
func child(how string) {
	t := childTest{}
	dir := os.Getenv("MXMOVE_TEST_DIR")
	w := newDiskWorld(t, dir, testSpec(alice, bob, carol), 0)
	r, _ := newRun(t, dir, w)
	r.Self.PID = os.Getpid()
	how, line, _ := strings.Cut(how, ":")
	if how == "hold" {
		w.gate[alice] = make(chan struct{})
		w.begun = make(chan string, 3)
		go func() { <-w.begun; fmt.Println("holding") }()
	} else {
		n, _ := strconv.Atoi(line)
		r.wrap = func(s sink) sink { return &killer{sink: s, line: n, how: how} }
	}
	if err := r.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
}

type childTest struct{}

func (childTest) Helper() {}

func (childTest) Fatal(args ...any) {
	fmt.Fprintln(os.Stderr, args...)
	os.Exit(9)
}

func startChild(t *testing.T, dir, how string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+how, "MXMOVE_TEST_DIR="+dir)
	out := &bytes.Buffer{}
	cmd.Stderr = out
	return cmd, out
}

func killed(t *testing.T, dir, how string) bool {
	t.Helper()
	cmd, out := startChild(t, dir, how)
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		return true
	}
	if err != nil {
		t.Fatalf("%s: %v\n%s", how, err, out)
	}
	return false // it ended before that line
}

// Killed before, in the middle of and after every line of the journal: the
// next apply just works, says what it found, and the world is the same.
func TestKilledAtEveryLine(t *testing.T) {
	for _, how := range []string{"before", "torn", "after"} {
		last := 0
		for line := 1; ; line++ {
			dir, w := world(t, 2)
			if !killed(t, dir, fmt.Sprintf("%s:%d", how, line)) {
				break
			}
			last = line
			resume(t, dir, w, how)
		}
		if last != 8 { // start, three intents and outcomes, end
			t.Errorf("%s: died at %d lines, want 8", how, last)
		}
	}
}

func resume(t *testing.T, dir string, w *diskWorld, how string) {
	t.Helper()
	r, p := newRun(t, dir, w)
	if err := r.Do(t.Context()); err != nil {
		t.Fatalf("%s: %v", how, err)
	}
	w.complete(t, alice, bob, carol)
	if n := len(find[LockTakenOver](p)); n != 1 {
		t.Errorf("%s: the lock was taken over %d times in words", how, n)
	}
	if n := len(find[JournalCut](p)); (n == 1) != (how == "torn") {
		t.Errorf("%s: %d lines were cut off", how, n)
	}
	lines, err := ReadJournal(r.State)
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range Fold(lines).Records {
		if rec.Outcome < rec.Intent || rec.Failed != nil {
			t.Errorf("%s: record %+v", how, rec)
		}
	}
}

// Killed again and again, one line further each time on the same directory.
func TestKilledAgainAndAgain(t *testing.T) {
	dir, w := world(t, 3)
	deaths := 0
	for line := 1; line < 30 && killed(t, dir, fmt.Sprintf("torn:%d", line)); line++ {
		deaths++
	}
	if deaths < 8 {
		t.Errorf("died %d times", deaths)
	}
	r, _ := newRun(t, dir, w)
	if err := r.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.complete(t, alice, bob, carol)
}

// A journal that cannot be written ends the run with an error and no lie:
// nothing begins without its intent, nobody hears of an outcome that is not
// on record, and the next run completes the work.
func TestFullDiskAtEveryLine(t *testing.T) {
	defer goleak.VerifyNone(t)
	for _, how := range []string{"none", "half", "sync"} {
		for line := 1; line <= 8; line++ {
			dir, w := world(t, 2)
			r, p := newRun(t, dir, w)
			r.wrap = func(s sink) sink { return &full{sink: s, line: line, how: how} }
			err := r.Do(t.Context())
			var f *planner.Fault
			if !errors.As(err, &f) || f.Code != "journal.write" || ExitCode(err) != ExitError {
				t.Fatalf("%s at %d: %v", how, line, err)
			}
			told := len(find[StepDone](p))
			lines, _ := ReadJournal(r.State)
			outcomes, intents := 0, 0
			for _, l := range lines {
				switch l.Kind {
				case KindOutcome:
					outcomes++
				case KindIntent:
					intents++
				}
			}
			did := w.dos[alice] + w.dos[bob] + w.dos[carol]
			if told > outcomes || did > intents || len(find[Finished](p)) > 0 {
				t.Errorf("%s at %d: told %d of %d outcomes, did %d of %d intents", how, line, told, outcomes, did, intents)
			}
			r, _ = newRun(t, dir, w)
			if err := r.Do(t.Context()); err != nil {
				t.Fatalf("%s at %d, again: %v", how, line, err)
			}
			w.complete(t, alice, bob, carol)
		}
	}
}

// A report that cannot be written is an error, although the work is done.
func TestReportThatCannotBeWritten(t *testing.T) {
	dir, w := world(t, 1)
	r, p := newRun(t, dir, w)
	if err := os.RemoveAll(r.State.Reports()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.State.Reports(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.Do(t.Context()); ExitCode(err) != ExitError || len(find[Finished](p)) != 0 {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(lockPath(r.State.Dir)); err == nil {
		t.Error("the lock was kept")
	}
	w.complete(t, alice, bob, carol)
}

// Two processes at once: the second is refused while the first lives, and
// takes over as soon as it is dead.
func TestTwoProcesses(t *testing.T) {
	dir, w := world(t, 1)
	if _, err := OpenState(dir, ""); err != nil {
		t.Fatal(err)
	}
	cmd, out := startChild(t, dir, "hold")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	buf := make([]byte, 16)
	if n, err := stdout.Read(buf); err != nil || !strings.HasPrefix(string(buf[:n]), "holding") {
		t.Fatalf("%q %v %s", buf[:n], err, out)
	}
	r, p := newRun(t, dir, w)
	r.Self.Alive = func(int) bool { return true }
	err = r.Do(t.Context())
	var held *Held
	if !errors.As(err, &held) || held.Condition != HolderAlive || held.Holder.PID != cmd.Process.Pid || ExitCode(err) != ExitRefused {
		t.Fatalf("got %v", err)
	}
	if len(p.names()) != 0 || len(w.dos) != 0 {
		t.Error("something was done without the lock")
	}
	if _, err := Unlock(r.State, r.Self, true); !errors.As(err, &held) {
		t.Errorf("a lock of the living was removed: %v", err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	resume(t, dir, w, "killed")
}
