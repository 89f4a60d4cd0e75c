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
	"sync"
	"syscall"
	"time"
)

// launchFlag makes this program run commands for itself. Linux counts what the
// parent held at the time of exec into a child's peak memory, so the parent
// must be small: not the process that knows all the messages.
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
	err := cmd.Run()
	if cmd.ProcessState == nil {
		return cost{}, err
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return cost{}, errors.New("the system tells no usage")
	}
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return cost{CPU: cpu, PeakKB: usage.Maxrss}, err
}
