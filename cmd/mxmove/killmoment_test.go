package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/mxmove/mxmove/providers/providertest/delay"
	"github.com/mxmove/mxmove/providers/providertest/peer"
)

// momentKind is by what a moment is told.
type momentKind string

const (
	byTime   momentKind = "time"   // anywhere in the run
	byOctets momentKind = "octets" // so many have left for the target: in a batch, or before its answer
	byLedger momentKind = "ledger" // so many octets have been written to the ledger: in its writes, or before the sync
)

var momentKinds = []momentKind{byTime, byOctets, byLedger}

// killMoment is when the program is killed.
type killMoment struct {
	kind momentKind
	at   int64 // nanoseconds since the start, octets sent, or size of the ledger
	late time.Duration
}

func (m killMoment) String() string { return fmt.Sprintf("%s %d + %v", m.kind, m.at, m.late) }

// draw gives one; again: of a run that goes on with what another left.
func (l *killLane) draw(trip time.Duration, again bool) killMoment {
	whole := l.whole[trip]
	m := killMoment{kind: momentKinds[l.random.IntN(len(momentKinds))], late: time.Duration(l.random.Int64N(int64(5 * time.Millisecond)))}
	switch m.kind {
	case byTime:
		span := whole.time
		if again { // such a run also waits for the target to be calm
			span += 4 * time.Second
		}
		m.at = l.random.Int64N(int64(span))
	case byOctets:
		m.at = l.random.Int64N(whole.octets)
	case byLedger:
		m.at = l.random.Int64N(whole.ledger)
	}
	return m
}

// come gives a question to be asked again and again: is it time?
func (m killMoment) come(r *killRound) func() bool {
	began, before := time.Now(), r.proxy.Passed()
	var at time.Time
	return func() bool {
		if at.IsZero() {
			var reached bool
			switch m.kind {
			case byTime:
				reached = time.Since(began) >= time.Duration(m.at)
			case byOctets:
				reached = r.proxy.Passed()-before >= m.at
			case byLedger:
				reached = r.ledgerSize() > m.at
			}
			if reached {
				at = time.Now()
			}
		}
		return !at.IsZero() && time.Since(at) >= m.late
	}
}

// killRound is one migration of one mailbox.
type killRound struct {
	program, dir string
	proxy        *delay.Proxy // to the target
	trip         time.Duration
	whole        extent
}

func (r *killRound) ledgerSize() int64 {
	files, _ := filepath.Glob(filepath.Join(r.dir, ".mxmove", "ledger", "*"))
	size := int64(0)
	for _, name := range files {
		if info, err := os.Stat(name); err == nil {
			size += info.Size()
		}
	}
	return size
}

// apply runs the program until its end or until it is time; nil: never.
func (r *killRound) apply(come func() bool) (string, error) {
	var out bytes.Buffer
	cmd := exec.Command(r.program, "apply", "--dir", r.dir, "--yes")
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return "", err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for {
		select {
		case err := <-ended:
			return out.String(), err
		case <-poll.C:
			if come != nil && come() {
				_ = cmd.Process.Kill() // SIGKILL; an error: it has just ended
				come = nil
			}
		}
	}
}

func wasKilled(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && exit.ExitCode() == -1
}

// build gives the program as people run it.
func build(t testing.TB) string {
	program := filepath.Join(t.TempDir(), "mxmove")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

func killSpec(t *testing.T, source *peer.Server, targetPort int, to string) string {
	dir := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	side := func(kind, more string, port int) string {
		return fmt.Sprintf("%s \"imap\" {%s\n  imap {\n    host = \"127.0.0.1\"\n    port = %d\n    tls  = \"none\"\n"+
			"    login \"password\" {\n    }\n  }\n}\n", kind, more, port)
	}
	write("main.hcl", "migration \"m\" {\n}\n"+side("source", "\n  domain = \"acme.test\"", source.Port)+side("target", "", targetPort)+
		"roster {\n  files = [\"roster.csv\"]\n}\nhistory {\n}\n")
	write("roster.csv", "address,source_login,source_password,target_address,target_login,target_password\n"+
		"from@acme.test,from@acme.test,pw,"+to+","+to+",pw\n")
	return dir
}
