package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/providers/providertest/corpus"
	"github.com/mxmove/mxmove/providers/providertest/peer"
)

const (
	kills     = 30
	maxRounds = 60
)

// The product is killed at random moments of a copy between two real servers,
// and run again: nothing is lost and nothing doubled.
func TestKilledAtRandomMoments(t *testing.T) {
	program := build(t)
	users := map[string]string{"from@acme.test": "pw"}
	for i := range maxRounds + 1 {
		users[target(i)] = "pw"
	}
	source, dest := peer.Dovecot(t, peer.Options{Users: users}), peer.Dovecot(t, peer.Options{Users: users})
	corpus.Seed(t, source, "from@acme.test", corpus.Sample(t, 400, peer.KindDovecot))
	want := corpus.Dump(t, source, "from@acme.test")

	began := time.Now()
	if out, err := apply(program, killSpec(t, source, dest, target(maxRounds)), 0); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	whole := time.Since(began)
	seed := uint64(time.Now().UnixNano())
	t.Logf("uninterrupted: %v; seed %d", whole, seed)
	random := rand.New(rand.NewPCG(seed, 0))
	killed, round := 0, 0
	for ; killed < kills && round < maxRounds; round++ {
		dir := killSpec(t, source, dest, target(round))
		for range 3 {
			if !dies(t, program, dir, time.Duration(random.Int64N(int64(whole)))) {
				break
			}
			killed++
		}
		if out, err := apply(program, dir, 0); err != nil {
			t.Fatalf("round %d, run to its end: %v\n%s", round, err, out)
		}
		if d := gocmp.Diff(relevant(want), relevant(corpus.Dump(t, dest, target(round)))); d != "" {
			t.Errorf("round %d: source and target differ (-source +target):\n%s", round, d)
		}
	}
	t.Logf("killed %d times in %d rounds", killed, round)
	if killed < kills {
		t.Errorf("killed only %d times in %d rounds: the copy is faster than the killer", killed, round)
	}
}

// dies runs the program and reports whether the killer was faster.
func dies(t *testing.T, program, dir string, after time.Duration) bool {
	t.Helper()
	out, err := apply(program, dir, after)
	var exit *exec.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.ExitCode() == -1) {
		t.Fatalf("%v\n%s", err, out)
	}
	return err != nil
}

func target(i int) string { return fmt.Sprintf("to%02d@acme.test", i) }

// relevant leaves out the empty folders that a server makes by itself, and the
// order of messages: what a dead run sent last may lie before what it sent
// first.
func relevant(m corpus.Mailbox) corpus.Mailbox {
	out := corpus.Mailbox{}
	for path, box := range m {
		if len(box.Mail) == 0 {
			continue
		}
		box.Mail = slices.SortedFunc(slices.Values(box.Mail), func(a, b corpus.Stored) int {
			return cmp.Or(cmp.Compare(a.SHA256, b.SHA256), a.Date.Compare(b.Date))
		})
		out[path] = box
	}
	return out
}

// build gives the program as people run it.
func build(t testing.TB) string {
	program := filepath.Join(t.TempDir(), "mxmove")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// apply runs the program and kills it after a time; 0: never.
func apply(program, dir string, after time.Duration) (string, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if after > 0 {
		ctx, cancel = context.WithTimeout(ctx, after) // CommandContext kills with SIGKILL
		defer cancel()
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, program, "apply", "--dir", dir, "--yes")
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

func killSpec(t *testing.T, source, dest *peer.Server, to string) string {
	dir := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("main.hcl", fmt.Sprintf(`migration "m" {
}
source "imap" {
  domain = "acme.test"
  imap {
    host = "%s"
    port = %d
    tls  = "none"
    login "password" {
    }
  }
}
target "imap" {
  imap {
    host = "%s"
    port = %d
    tls  = "none"
    login "password" {
    }
  }
}
roster {
  files = ["roster.csv"]
}
history {
}
`, source.Host, source.Port, dest.Host, dest.Port))
	write("roster.csv", "address,source_login,source_password,target_address,target_login,target_password\n"+
		"from@acme.test,from@acme.test,pw,"+to+","+to+",pw\n")
	return dir
}
