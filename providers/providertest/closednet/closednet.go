// Package closednet runs a test in a network namespace of its own: an Internet
// with nobody in it, where every port is free, also 25 and 53, and any address
// may be taken.
package closednet

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// inside is set in the environment of the inner run, to the test's name.
const inside = "MXMOVE_CLOSED_NET"

// Enter runs the calling test again in a namespace of its own and gives false
// when that is over; in the inner run it takes the addresses and gives true.
// more is added to the inner run's environment. Where the machine allows no
// namespace the test fails: it is never skipped.
//
//	if !closednet.Enter(t, nil, "192.0.2.1") {
//		return
//	}
func Enter(t *testing.T, more []string, addrs ...string) bool {
	t.Helper()
	if os.Getenv(inside) == t.Name() {
		take(t, addrs)
		return true
	}
	args := []string{"-test.run=^" + t.Name() + "$", "-test.count=1", "-test.timeout=" + left(t).String()}
	flag.Visit(func(f *flag.Flag) { // the package's own, and -v
		if !strings.HasPrefix(f.Name, "test.") || f.Name == "test.v" {
			args = append(args, "-"+f.Name+"="+f.Value.String())
		}
	})
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(append(os.Environ(), more...), inside+"="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Logf("in a network namespace:\n%s", out)
		return false
	}
	if len(out) == 0 {
		t.Fatalf("this machine allows no network namespace, so this test was not run: %v\n"+
			"it needs root with CAP_SYS_ADMIN; in a container: --privileged, or --cap-add=SYS_ADMIN with an unconfined seccomp profile", err)
	}
	t.Fatalf("in a network namespace: %v\n%s", err, out)
	return false
}

// left is the time for the inner run: less than the outer one has, so that it
// tells what it was doing.
func left(t *testing.T) time.Duration {
	deadline, ok := t.Deadline()
	if !ok {
		return time.Hour
	}
	return max(time.Until(deadline)-5*time.Second, time.Second).Truncate(time.Second)
}

func take(t *testing.T, addrs []string) {
	t.Helper()
	commands := [][]string{{"link", "set", "lo", "up"}}
	for _, a := range addrs {
		commands = append(commands, []string{"addr", "add", a + "/32", "dev", "lo"})
	}
	for _, c := range commands {
		if out, err := exec.Command("ip", c...).CombinedOutput(); err != nil {
			t.Fatalf("closednet: %v", fmt.Errorf("ip %s: %w: %s", strings.Join(c, " "), err, out))
		}
	}
}
