package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What 10,000 mailboxes may take on any machine that people use.
const (
	mostTime   = time.Second
	mostMemory = 300 << 20
)

// offline are the commands that a review waits for.
var offline = []struct {
	name string
	args []string
}{
	{"validate", []string{"validate"}},
	{"plan", []string{"plan", "--against", "acme.snapshot"}},
	{"plan-masked", []string{"plan", "--against", "masked.snapshot", "--format", "markdown"}},
}

// child runs the program in dir and tells what it wrote, how long it took and
// its greatest resident set, in octets.
func child(t testing.TB, program, dir, zone string, args ...string) (out []byte, took time.Duration, peak int64) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ="+zone, "OLD_MASTER=pw")
	began := time.Now()
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s%s", args, err, stdout.Bytes(), stderr.Bytes())
	}
	took = time.Since(began)
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		peak = usage.Maxrss << 10 // kilobytes on Linux, getrusage(2)
	}
	return stdout.Bytes(), took, peak
}

// BenchmarkTenThousand runs the program as people run it.
func BenchmarkTenThousand(b *testing.B) {
	program, dir := build(b), largeSite(b, 10_000)
	debug.FreeOSMemory() // a child's peak begins with what its parent had
	for _, c := range offline {
		b.Run(c.name, func(b *testing.B) { inBounds(b, program, dir, c.args...) })
	}
}

// BenchmarkTenThousandRemembered is of mailboxes that were looked at before.
func BenchmarkTenThousandRemembered(b *testing.B) {
	program := build(b)
	dir, signIns := rememberedSite(b, program, 10_000)
	debug.FreeOSMemory()
	before := signIns()
	for _, command := range []string{"plan", "status"} {
		b.Run(command, func(b *testing.B) { inBounds(b, program, dir, command) })
	}
	if n := signIns() - before; n > 0 {
		b.Errorf("%d sign-ins", n)
	}
}

func inBounds(b *testing.B, program, dir string, args ...string) {
	var times []time.Duration
	var most int64
	for b.Loop() {
		_, took, peak := child(b, program, dir, "UTC", args...)
		times, most = append(times, took), max(most, peak)
	}
	best := slices.Min(times)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(best.Milliseconds()), "ms")
	b.ReportMetric(float64(slices.Max(times).Milliseconds()), "ms-slowest")
	b.ReportMetric(float64(most>>20), "MiB")
	if best > mostTime || most > mostMemory {
		b.Errorf("it took %v and %d MiB; at most %v and %d MiB", best, most>>20, mostTime, mostMemory>>20)
	}
}

// Whatever the clock's zone, the same input gives the same bytes; and a plan
// for 10,000 mailboxes can be read: two screens of 50 lines.
func TestTenThousand(t *testing.T) {
	program, dir := build(t), largeSite(t, 10_000)
	for _, snapshot := range []string{"acme.snapshot", "masked.snapshot"} {
		for _, form := range []string{"text", "markdown", "json"} {
			args := []string{"plan", "--against", snapshot, "--format", form}
			one, _, _ := child(t, program, dir, "Asia/Shanghai", args...)
			two, _, _ := child(t, program, dir, "America/New_York", args...)
			if !bytes.Equal(one, two) {
				t.Errorf("%s, %s: not the same bytes", snapshot, form)
			}
			if n := bytes.Count(one, []byte("\n")); form == "text" && (n > 100 || n < 20) {
				t.Errorf("%s: %d lines", snapshot, n)
			}
			if masked := snapshot != "acme.snapshot"; masked == (bytes.Contains(one, []byte("u00001@")) || strings.Contains(string(one), "王")) && form == "json" {
				t.Errorf("%s: names stand in it: %v", snapshot, !masked)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, ".mxmove")); err == nil {
		t.Error("a state directory was made")
	}
}

// Neither a plan nor the status signs in where a look is remembered.
func TestRememberedLooks(t *testing.T) {
	program := build(t)
	dir, signIns := rememberedSite(t, program, 30)
	if n := signIns(); n != 60 {
		t.Errorf("the first plan signed in %d times", n)
	}
	for _, command := range [][]string{{"plan"}, {"status"}, {"plan", "--json"}, {"plan", "--out", filepath.Join(dir, "a.plan")}} {
		child(t, program, dir, "UTC", command...)
	}
	if n := signIns(); n != 60 {
		t.Errorf("%d sign-ins for what was remembered", n-60)
	}
	child(t, program, dir, "UTC", "plan", "--refresh")
	if n := signIns(); n != 120 {
		t.Errorf("--refresh signed in %d times", n-60)
	}
}
