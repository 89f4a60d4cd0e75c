// Command mxmove moves a company's mail domain the way infrastructure is moved:
// described in files, planned, reviewed, applied.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"os/user"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/mxmove/mxmove/executor"
)

// version is the release that this is, or will be.
const version = "0.1.0-dev"

func main() { os.Exit(mainCode()) }

// mainCode gives the exit code. The first interrupt asks a run to stop after
// the batch in flight, the second breaks it off.
func mainCode() int {
	noCore()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop, interrupts := make(chan struct{}), make(chan os.Signal, 2)
	signal.Notify(interrupts, asking()...)
	defer signal.Stop(interrupts)
	if slices.ContainsFunc(os.Args[1:], carries) {
		// A run outlives whoever read its output; otherwise a write to a closed pipe ends the process.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
		debug.SetGCPercent(50) // bodies share memory, so there is little to collect: a third less is held
		if os.Getenv("GOMAXPROCS") == "" {
			// Half the processors carry more than two servers give; with all of them
			// threads wake each other at every few kilobytes: a tenth more CPU, or a sixth.
			// With one, all wait while a ledger is synced.
			runtime.GOMAXPROCS(max(2, runtime.GOMAXPROCS(0)/2))
		}
	}
	if slices.Contains(os.Args[1:], "plan") {
		// Ends within a second for 10,000 mailboxes: fewer collections save a fifth of that, for 40 MiB.
		debug.SetGCPercent(300)
	}
	go func() {
		<-interrupts
		close(stop)
		<-interrupts
		cancel()
	}()
	return run(ctx, systemEnv(stop), os.Args[1:])
}

// carries reports a command that copies mail for as long as it takes.
func carries(command string) bool { return command == "apply" || command == "rollback" }

// asking are the signals that ask the program to end. A terminal that closes
// is one, unless nohup said otherwise.
func asking() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

// systemEnv is the machine as it is.
func systemEnv(stop <-chan struct{}) *env {
	host, _ := os.Hostname() // "" is said as it is
	return &env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Terminal: func() bool { return term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd())) },
		Screen:   func() int { return width(os.Stdout) },
		Now:      time.Now, Getenv: os.Getenv, Environ: os.Environ,
		Self: executor.Self{Who: who(host), Host: host, PID: os.Getpid(), Now: time.Now, Alive: alive},
		Tick: func(d time.Duration) (<-chan time.Time, func()) {
			t := time.NewTicker(d)
			return t.C, t.Stop
		},
		Sleep: sleep, Stop: stop, Version: version, OpenWorld: openWorld,
	}
}

// width is the number of cells a line of a terminal has, 0 where f is none.
func width(f *os.File) int {
	if !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	w, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 80
	}
	return w
}

func who(host string) string {
	name := strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return name + "@" + host
}

// alive tells whether a process of this host exists. Where that cannot be
// asked it is taken to be alive.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	if runtime.GOOS == "windows" { // FindProcess has looked
		return true
	}
	return !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
