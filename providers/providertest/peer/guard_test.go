package peer

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// underGuard starts a shell script as a server is started; it writes the
// numbers of its processes to DIR/pids.
func underGuard(t *testing.T, script string, lines int) (g *guard, dir string, pids []int) {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "mxp-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	file := filepath.Join(dir, "pids")
	g, err = startGuard(dir, []string{"sh", "-c", script, file})
	if err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "its start", func() bool {
		content, _ := os.ReadFile(file)
		return strings.Count(string(content), "\n") == lines
	})
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range strings.Fields(string(content)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	return g, dir, pids
}

func within(t *testing.T, limit time.Duration, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !done(); time.Sleep(pollInterval) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, limit)
		}
	}
}

// alive reports whether one of the processes runs; zombies do not.
func alive(pids []int) bool {
	for _, pid := range pids {
		stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
		if err == nil && !strings.Contains(string(stat), ") Z ") {
			return true
		}
	}
	return false
}

// The scripts say who they and their children are; $0 is the file.
const (
	obedient = `sleep 1000 & a=$!; sleep 1000 & printf '%s\n' $$ $a $! >"$0"; wait`
	stubborn = `trap '' TERM; echo $$ >"$0"; while :; do sleep 0.05; done`
)

func TestStopEndsAllProcessesAndKeepsTheDirectory(t *testing.T) {
	g, dir, pids := underGuard(t, obedient, 3)
	if !alive(pids) {
		t.Fatal("it does not run")
	}
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	within(t, time.Second, "the end of its processes", func() bool { return !alive(pids) })
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
	}
	if err := g.stop(); err == nil {
		t.Error("a second stop succeeds")
	}
}

func TestStopKillsWhatIgnoresIt(t *testing.T) {
	g, _, pids := underGuard(t, stubborn, 1)
	began := time.Now()
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}
	if waited := time.Since(began); waited < time.Second {
		t.Errorf("it was killed after %v, without a chance to end", waited)
	}
	within(t, time.Second, "the end of its processes", func() bool { return !alive(pids) })
}

// TestDeathOfTheTestEndsTheServer closes the pipe as the kernel does when the
// test is killed.
func TestDeathOfTheTestEndsTheServer(t *testing.T) {
	g, dir, pids := underGuard(t, obedient, 3)
	if err := g.pipe.Close(); err != nil {
		t.Fatal(err)
	}
	within(t, 5*time.Second, "the end of its processes", func() bool { return !alive(pids) })
	within(t, 5*time.Second, "the end of its directory", func() bool {
		_, err := os.Stat(dir)
		return errors.Is(err, os.ErrNotExist)
	})
	if err := g.command.Wait(); err != nil {
		t.Error(err)
	}
}
