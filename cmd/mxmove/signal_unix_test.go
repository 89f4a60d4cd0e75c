//go:build unix

package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/mxmove/mxmove/executor"
)

// begin starts the real program's apply on enough mail to take a while, and
// gives what it writes once it holds the lock.
func begin(t *testing.T, o *office) (*exec.Cmd, *bufio.Reader, io.Closer, *bytes.Buffer) {
	t.Helper()
	cmd := exec.Command(build(t), "apply", "--yes", "--dir", o.dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	r := bufio.NewReader(out)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("no lock was taken: %v\n%s", err, &stderr)
		}
		if strings.Contains(line, " lock ") {
			return cmd, r, out, &stderr
		}
	}
}

func codeOf(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		return exit.ExitCode() // -1: a signal ended it
	}
	return 0
}

// A terminal that closes stops a run as an interrupt does, after the batch in
// flight: it ends by itself, lets go of the lock and says what is left.
func TestHangup(t *testing.T) {
	o := newOffice(t, 400)
	cmd, r, _, stderr := begin(t, o)
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if code := codeOf(t, cmd.Wait()); code != executor.ExitIncomplete || !strings.Contains(string(rest), "stopped") {
		t.Errorf("exit code %d\n%s%s", code, rest, stderr)
	}
	if got := o.call("unlock").run(t.Context()); !strings.Contains(got.out, "there is no lock") {
		t.Errorf("%s%s", got.out, got.errors)
	}
}

// A run outlives whoever read its output.
func TestNobodyReads(t *testing.T) {
	o := newOffice(t, 50)
	cmd, _, out, stderr := begin(t, o)
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if code := codeOf(t, cmd.Wait()); code != 0 {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	if got := o.call("status").run(t.Context()); !strings.Contains(got.out, "in step 1") {
		t.Errorf("%s%s", got.out, got.errors)
	}
}
