package main

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// A process that keeps its memory to itself: it leaves no core file, nor do
// the programs that it runs, and no other process of its user may look into it.
func TestNoCore(t *testing.T) {
	const helper = "MXMOVE_TEST_CORE"
	if os.Getenv(helper) != "" {
		noCore()
		dumpable, _, _ := syscall.RawSyscall(syscall.SYS_PRCTL, 3, 0, 0) // PR_GET_DUMPABLE
		limits, _ := os.ReadFile("/proc/self/limits")
		for line := range strings.Lines(string(limits)) {
			if strings.HasPrefix(line, "Max core file size") {
				os.Stdout.WriteString(strings.Join(strings.Fields(line), " ") + "\n")
			}
		}
		child, _ := exec.Command("sh", "-c", "ulimit -c").Output()
		os.Stdout.WriteString("child " + string(child))
		os.Exit(int(dumpable))
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestNoCore$")
	cmd.Env = append(os.Environ(), helper+"=1")
	out, err := cmd.Output()
	if err != nil || !strings.Contains(string(out), "Max core file size 0 0 bytes") || !strings.Contains(string(out), "child 0\n") {
		t.Errorf("%v\n%s", err, out)
	}
}
