package saturday

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Some seconds after the switch the company goes back: at the end each message
// is at the source, once, also those that came to the target meanwhile.
func TestSaturdayAndBack(t *testing.T) {
	t.Parallel()
	if !enter(t) {
		return
	}
	w := newWorld(t, 15*time.Second)
	w.must("init")
	w.senders.begin()
	w.must("plan", "--out", "sat.plan")
	t.Logf("%s", w.regretted())
	t.Logf("%s", w.must("plan", "--reverse", "--out", "back.plan"))
	before := len(w.new.from())
	t.Logf("%s", w.must("rollback", "back.plan", "--wait"))
	w.senders.end()
	w.once(w.source)
	w.shows("10 mx.old.test.", "v=spf1 include:spf.old.test ~all")
	if out := w.must("plan", "--reverse"); !strings.Contains(out, "Nothing to go back on") {
		t.Errorf("something is left to go back on:\n%s", out)
	}
	old, new := len(w.old.from()), len(w.new.from())
	t.Logf("%d messages: %d were there, %d came through the old server, %d through the new, of these %d after the way back had begun",
		len(w.senders.all()), boxes*seeded, old, new, new-before)
	if before < 10 || new == before {
		t.Error("the target got no mail before the way back, or none behind it")
	}
}

// regretted begins to apply, and interrupts that some seconds after the cache
// has let go of the old server.
func (w *world) regretted() (output string) {
	w.t.Helper()
	var out bytes.Buffer
	cmd := w.command("apply", "sat.plan", "--wait")
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	deadline := time.Now().Add(2 * time.Minute)
	for !w.senders.turnedFor(3 * time.Second) {
		if time.Now().After(deadline) {
			_ = cmd.Process.Kill()
			w.t.Fatalf("no cache has seen the switch: %v\n%s", cmd.Wait(), &out)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		w.t.Fatalf("it ended before: %v\n%s", err, &out)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 4 {
		w.t.Fatalf("interrupted: %v\n%s", err, &out)
	}
	return out.String()
}

// turnedFor reports whether the cache has named the new server for so long.
func (s *senders) turnedFor(d time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastSeen == "mx.new.test." && time.Since(s.turned) > d
}
