package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMeasure(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	sleep := command{Args: []string{"sleep", "0.3"}}
	c, err := measure(t.Context(), batch{Commands: []command{sleep, sleep, sleep, sleep}, Parallel: 2, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	if c.Wall < 600*time.Millisecond || c.Wall > 10*time.Second || c.CPU > c.Wall/2 {
		t.Errorf("four of 0.3 s, two at once: %+v", c)
	}
	burn := command{Args: []string{"sh", "-c", `sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'; echo $SAID from $(pwd)`}, Env: []string{"SAID=hello"}, Dir: "/"}
	if c, err = measure(t.Context(), batch{Commands: []command{burn}, Parallel: 1, Log: log}); err != nil {
		t.Fatal(err)
	}
	if c.CPU < 20*time.Millisecond {
		t.Errorf("the CPU of a grandchild is not counted: %+v", c)
	}
	if said := tail(log); said != "hello from /\n" {
		t.Errorf("%q", said)
	}
}

// A child's peak memory is its own, not that of the process that asks.
func TestPeakMemory(t *testing.T) {
	ballast := make([]byte, 200<<20)
	for i := range ballast {
		ballast[i] = 1
	}
	log := filepath.Join(t.TempDir(), "log")
	small, err := measure(t.Context(), batch{Commands: []command{{Args: []string{"sleep", "0.2"}}}, Parallel: 1, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	if small.PeakKB > 5<<10 || small.PeakKB < 500 {
		t.Errorf("sleep takes %d kB beside %d", small.PeakKB, len(ballast)>>10)
	}
	hold := command{Args: []string{"sh", "-c", "head -c 80000000 /dev/zero | tail -c 80000000 >/dev/null"}}
	large, err := measure(t.Context(), batch{Commands: []command{hold, hold, hold}, Parallel: 2, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	if large.PeakKB < 150<<10 || large.PeakKB > 300<<10 {
		t.Errorf("two at once of 80 MB take %d kB", large.PeakKB)
	}
	if ballast[len(ballast)-1] != 1 {
		t.Error("the ballast is gone")
	}
}

func TestFailuresAreTold(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	_, err := measure(t.Context(), batch{Commands: []command{{Args: []string{"true"}}, {Args: []string{"sh", "-c", "echo why; exit 4"}}}, Parallel: 1, Log: log})
	if err == nil || !strings.Contains(err.Error(), "exit status 4") || !strings.Contains(err.Error(), "why") {
		t.Errorf("%v", err)
	}
	if err := launch(strings.NewReader("{"), &strings.Builder{}); err == nil {
		t.Error("half an order is taken")
	}
	if err := launch(strings.NewReader(`{"Log":"/there/is/none"}`), &strings.Builder{}); err == nil {
		t.Error("a log that cannot be is taken")
	}
	if text := tail("/there/is/none"); !strings.Contains(text, "no such file") {
		t.Errorf("%q", text)
	}
}

func TestProcessesOfAServer(t *testing.T) {
	const line = "4711 (imap (x) y) S 1 4700 4699 0 -1 4194560 900 0 0 0 12 34 5 6 20 0 1 0 100 0 0"
	p, session := parseStat(line)
	if p.name != "imap (x) y" || p.own != 46 || p.children != 11 || session != "4699" {
		t.Errorf("%+v of %s", p, session)
	}
	for _, broken := range []string{"", "1 (a", "1 (a) S 1"} {
		if _, session := parseStat(broken); session != "" {
			t.Errorf("%q is of session %s", broken, session)
		}
	}
	b := sites(t)
	before, err := b.from.cpu()
	if err != nil {
		t.Fatal(err)
	}
	c, err := signIn(b.from.server.Port, tiny().users()[0])
	if err != nil {
		t.Fatal(err)
	}
	for range 300 {
		if _, err := c.do("SELECT INBOX"); err != nil {
			t.Fatal(err)
		}
	}
	during, err := b.from.cpu()
	if err != nil || during <= before {
		t.Errorf("%v, %v, %v", before, during, err)
	}
	c.close()
	if err := b.from.settle(); err != nil {
		t.Fatal(err)
	}
	if after, err := b.from.cpu(); err != nil || after < during {
		t.Errorf("what an ended process used is forgotten: %v, %v, %v", during, after, err)
	}
}

func TestHostStandsInForATest(t *testing.T) {
	var said strings.Builder
	h := &host{log: &said}
	order := ""
	h.Cleanup(func() { order += "first" })
	h.Cleanup(func() { order += "second " })
	h.Helper()
	if h.Failed() {
		t.Error("it has failed from the start")
	}
	if err := hosted(func() { h.Fatalf("no %s", "port") }); err == nil || err.Error() != "no port" {
		t.Errorf("%v", err)
	}
	if err := hosted(func() { h.Fatal("no", "server") }); err == nil || err.Error() != "noserver" {
		t.Errorf("%v", err)
	}
	if err := hosted(func() { h.Errorf("left over") }); err != nil || !h.Failed() || said.String() != "left over\n" {
		t.Errorf("%v, %q", err, said.String())
	}
	h.end()
	if order != "second first" {
		t.Error(order)
	}
	defer func() {
		if recover() == nil {
			t.Error("a panic is swallowed")
		}
	}()
	_ = hosted(func() { panic("a mistake") })
}
