package config

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"time"
)

// commandTime bounds a command that prints a secret: one that waits for a
// person who is not there must not hold everything up.
const commandTime = 30 * time.Second

// commandRef is a command as a reference: a JSON list, so that blanks and
// quotes in it survive the plan file.
func commandRef(command []string) string {
	b, err := json.Marshal(command)
	if err != nil {
		panic(err) // strings
	}
	return refExec + ":" + string(b)
}

func commandOf(rest string) ([]string, bool) {
	var command []string
	err := json.Unmarshal([]byte(rest), &command)
	if err != nil || len(command) == 0 || strings.TrimSpace(command[0]) == "" {
		return nil, false
	}
	return command, true
}

// lookUp finds a program: a path relative to the spec's directory, or a name
// on the search path.
func lookUp(dir, program string) (string, error) {
	if strings.Contains(program, "/") {
		program = within(dir, program)
	}
	return exec.LookPath(program)
}

// command runs a program without a shell and takes what it prints, without the
// blanks around it. What it says on stderr may hold anything and is dropped.
func (s *Secrets) command(ctx context.Context, secret Secret, rest string) ([]byte, error) {
	words, ok := commandOf(rest)
	if !ok {
		return nil, secretError("secret.kind", secret, nil)
	}
	path, err := lookUp(s.dir, words[0])
	if err != nil {
		return nil, secretError("secret.failed", secret, errNoProgram)
	}
	timed, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	c := exec.CommandContext(timed, path, words[1:]...)
	c.Dir, c.WaitDelay = s.dir, time.Second
	c.Env = s.Children(c.Environ())
	var out limited
	c.Stdout = &out
	err = c.Run()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case timed.Err() != nil:
		return nil, secretError("secret.failed", secret, errSlow)
	case out.over:
		return nil, secretError("secret.long", secret, nil)
	case err != nil:
		return nil, secretError("secret.failed", secret, err) // "exit status 1": no output
	}
	return bytes.TrimSpace(out.b.Bytes()), nil
}

var (
	errNoProgram = errors.New("no such program")
	errSlow      = errors.New("no answer within 30 s")
)

// limited keeps no more of a command's output than a secret may be long.
type limited struct {
	b    bytes.Buffer // no embedding: its ReadFrom would know no bound
	over bool
}

// Write takes all and keeps what fits.
func (w *limited) Write(p []byte) (int, error) {
	if w.b.Len()+len(p) > maxSecret {
		w.over = true
		return len(p), nil
	}
	return w.b.Write(p)
}
