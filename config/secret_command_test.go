package config

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRevealByCommand(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\necho 'hunter2 on stderr' >&2\nprintf '  %s of %s \\n\\n' \"$1\" \"$(cat here)\"\n"
	for name, text := range map[string]string{"tell": script, "fail": "#!/bin/sh\necho hunter2; echo hunter2 >&2; exit 3\n", "none": "#!/bin/sh\necho ' '\n", "long": "#!/bin/sh\nhead -c 70000 /dev/zero\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "here"), []byte("held"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := NewSecrets(dir, nil, nil)
	for ref, want := range map[string]string{
		commandRef([]string{"./tell", "$(id); a \"b\""}): `$(id); a "b" of held`,
		commandRef([]string{"printf", "%s", "pw"}):       "pw",
		commandRef([]string{"./fail"}):                   `secret.failed error=exit status 3 ref=exec:["./fail"]`,
		commandRef([]string{"./none"}):                   `secret.empty ref=exec:["./none"]`,
		commandRef([]string{"./long"}):                   `secret.long ref=exec:["./long"]`,
		commandRef([]string{"./gone"}):                   `secret.failed error=no such program ref=exec:["./gone"]`,
		"exec:[]":                                        "secret.kind ref=exec:[]", "exec:sh -c x": "secret.kind ref=exec:sh -c x",
		"sealed:alice": "secret.sealed ref=sealed:alice",
	} {
		b, err := s.Reveal(t.Context(), SecretRef(ref))
		got := string(b)
		if err != nil {
			got = err.Error()
			complete(t, Finding{Msg: err.(*SecretError).Msg})
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", ref, got, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error shows output", ref)
		}
	}
}

// A command that hangs ends with the context, and so do its children's pipes.
func TestCommandEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := NewSecrets(t.TempDir(), nil, nil).Reveal(ctx, SecretRef(commandRef([]string{"sh", "-c", "sleep 6 & sleep 6"})))
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 4*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

// A command's line may be shown: it holds references only. A literal beside it
// may not.
func TestCommandsLineIsShown(t *testing.T) {
	l, _ := loadWith(t, whole(`"hunter2 %s", "\"x\""`, `"pw"`)...)
	if b := string(l.Files["main.hcl"]); !strings.Contains(b, `exec("printf", "pw")`) {
		t.Error("masked")
	}
	_, findings := loadWith(t, whole(`exec("printf", "hunter2 %s", "\"x\"")`, `exec("no-such-program", "x")`)...)
	if len(findings) != 1 || findings[0].Hidden {
		t.Errorf("%v", findings)
	}
}

// A program that prints a secret sees no other secret of the spec; what needs
// none sees only where it is and who runs it.
func TestWhatChildrenInherit(t *testing.T) {
	s := NewSecrets(t.TempDir(), nil, nil)
	s.Hide(&Spec{Source: Side{IMAP: IMAP{Login: Login{Password: SecretRef("env:MASTER")}}},
		Roster: Roster{Mailboxes: []Mailbox{{Address: "a@x", SourcePassword: SecretRef("env:ALICE"), TargetPassword: SecretRef("file:b")}}}})
	environ := []string{"PATH=/bin", "HOME=/root", "MASTER=1", "ALICE=2", "ALICE_OTHER=3", "MXMOVE_VAR_pw=4", "OP_TOKEN=5", "SSH_AUTH_SOCK=/s", "LC_ALL=C", "GIT_DIR=/x", "Path=/c"}
	if got := strings.Join(s.Children(environ), " "); got != "PATH=/bin HOME=/root ALICE_OTHER=3 OP_TOKEN=5 SSH_AUTH_SOCK=/s LC_ALL=C GIT_DIR=/x Path=/c" {
		t.Error(got)
	}
	if got := strings.Join(Plain(environ), " "); got != "PATH=/bin HOME=/root SSH_AUTH_SOCK=/s LC_ALL=C Path=/c" {
		t.Error(got)
	}
	t.Setenv("MASTER", "hunter2")
	b, err := s.Reveal(t.Context(), SecretRef(commandRef([]string{"sh", "-c", "echo got ${MASTER:-nothing}"})))
	if err != nil || string(b) != "got nothing" {
		t.Errorf("%s, %v", b, err)
	}
}
