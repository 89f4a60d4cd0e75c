package saturday

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Half a minute after the switch the company goes back: at the end each message
// is at the source, once, also those that came to the target meanwhile.
func TestSaturdayAndBack(t *testing.T) {
	t.Parallel()
	if !enter(t) {
		return
	}
	w := newWorld(t, regret)
	w.must("init")
	w.senders.begin()
	w.must("plan", "--out", "sat.plan")
	t.Logf("%s", w.regretted())
	t.Logf("%s", w.must("plan", "--reverse", "--out", "back.plan"))
	before, since := len(w.new.from()), w.switchedFor()
	if since < regret {
		t.Errorf("the way back begins %v after the switch", since)
	}
	t.Logf("%s", w.must("rollback", "back.plan", "--wait"))
	w.senders.end()
	w.once(w.source)
	w.shows("10 mx.old.test.", "v=spf1 include:spf.old.test ~all")
	if out := w.must("plan", "--reverse"); !strings.Contains(out, "Nothing to go back on") {
		t.Errorf("something is left to go back on:\n%s", out)
	}
	old, new := len(w.old.from()), len(w.new.from())
	t.Logf("%d messages: %d were there, %d came through the old server, %d through the new, of these %d after the way back had begun, %v after the switch",
		len(w.senders.all()), boxes*seeded, old, new, new-before, since)
	if before < 10 || new == before {
		t.Error("the target got no mail before the way back, or none behind it")
	}
}

// regret is how long after the switch the company goes back.
const regret = 30 * time.Second

// regretted applies until no cache knows the old server any more, and half a
// minute has gone since the switch: then the tail ends, and it is interrupted.
func (w *world) regretted() (output string) {
	w.t.Helper()
	var out bytes.Buffer
	cmd := w.command("apply", "sat.plan", "--wait")
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	deadline := time.Now().Add(2 * time.Minute)
	for !w.senders.turnedFor(3*time.Second) || w.switchedFor() < regret {
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

// switched matches the journal's outcome of the change of the MX.
var switched = regexp.MustCompile(`"at":"([^"]+)"[^\n]*"kind":"outcome"[^\n]*"step":"set-records acme.test MX @`)

// switchedFor tells by the journal how long ago the MX was changed; 0: it was not.
func (w *world) switchedFor() time.Duration {
	w.t.Helper()
	m := switched.FindStringSubmatch(w.written())
	if m == nil {
		return 0
	}
	at, err := time.Parse(time.RFC3339Nano, m[1])
	if err != nil {
		w.t.Fatal(err)
	}
	return time.Since(at)
}

// turnedFor reports whether the cache has named the new server for so long.
func (s *senders) turnedFor(d time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastSeen == "mx.new.test." && time.Since(s.turned) > d
}
