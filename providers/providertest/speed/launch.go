package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// launchFlag makes this program run commands for itself: the clock stands
// beside them, and not in the process that knows all the messages.
const launchFlag = "-launch"

// batch is a set of processes that together do one pass.
type batch struct {
	Commands []command
	Parallel int
	Log      string // file for what they print
}

// command is one process.
type command struct {
	Args []string
	Env  []string // beside this process's own
	Dir  string
}

// cost is what a batch took.
type cost struct {
	Wall   time.Duration
	CPU    time.Duration // user and system, of the whole tree
	PeakKB int64         // the sum of the largest ones that could run at once
	Failed string        // "": all succeeded
}

// measure runs a batch in a process of its own.
func measure(ctx context.Context, b batch) (cost, error) {
	self, err := os.Executable()
	if err != nil {
		return cost{}, err
	}
	input, err := json.Marshal(b)
	if err != nil {
		return cost{}, err
	}
	cmd := exec.CommandContext(ctx, self, launchFlag)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return cost{}, fmt.Errorf("running %q: %w", b.Commands[0].Args[0], err)
	}
	var c cost
	if err := json.Unmarshal(out, &c); err != nil {
		return cost{}, err
	}
	if c.Failed != "" {
		return c, fmt.Errorf("%s\n%s", c.Failed, tail(b.Log))
	}
	return c, nil
}

func tail(name string) string {
	content, err := os.ReadFile(name)
	if err != nil {
		return err.Error()
	}
	return string(content[max(0, len(content)-2000):])
}

// launch is what the process of its own does.
func launch(in io.Reader, out io.Writer) error {
	var b batch
	if err := json.NewDecoder(in).Decode(&b); err != nil {
		return err
	}
	log, err := os.OpenFile(b.Log, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	return json.NewEncoder(out).Encode(b.run(log))
}

func (b batch) run(log *os.File) cost {
	var mu sync.Mutex
	var total cost
	var peaks []int64
	next := make(chan command)
	var group sync.WaitGroup
	began := time.Now()
	for range b.Parallel {
		group.Go(func() {
			for c := range next {
				usage, err := c.run(log)
				mu.Lock()
				total.CPU += usage.CPU
				peaks = append(peaks, usage.PeakKB)
				if err != nil && total.Failed == "" {
					total.Failed = fmt.Sprintf("%q: %v", c.Args, err)
				}
				mu.Unlock()
			}
		})
	}
	for _, c := range b.Commands {
		next <- c
	}
	close(next)
	group.Wait()
	total.Wall = time.Since(began)
	slices.Sort(peaks)
	for _, p := range peaks[max(0, len(peaks)-b.Parallel):] {
		total.PeakKB += p
	}
	return total
}

func (c command) run(log *os.File) (cost, error) {
	cmd := exec.Command(c.Args[0], c.Args[1:]...)
	cmd.Env, cmd.Dir = append(os.Environ(), c.Env...), c.Dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		return cost{}, err
	}
	ended, seen := make(chan struct{}), make(chan int64, 1)
	go func() { seen <- watch(cmd.Process.Pid, ended) }()
	err := cmd.Wait()
	close(ended)
	peak := <-seen
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return cost{}, errors.New("the system tells no usage")
	}
	if floor := highWater("self"); usage.Maxrss > floor || peak == 0 {
		peak = usage.Maxrss
	}
	return cost{CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), PeakKB: peak}, err
}

// watch gives the peak memory of a process in kB as seen while it ran, or 0.
// Linux counts what this process held at the time of exec into the child's
// Maxrss, so that one is exact only above it.
func watch(pid int, ended <-chan struct{}) int64 {
	var peak int64
	for {
		select {
		case <-ended:
			return peak
		case <-time.After(10 * time.Millisecond):
			peak = max(peak, highWater(strconv.Itoa(pid)))
		}
	}
}

// highWater reads VmHWM, the peak of a process since its exec, in kB (proc(5)).
func highWater(pid string) int64 {
	content, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(content), "VmHWM:")
	digits, _, _ := strings.Cut(rest, "kB")
	n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
	if err != nil {
		return 0 // a process that has ended tells none
	}
	return n
}
