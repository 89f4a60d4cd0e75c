package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/executor"
)

// unit reads the example's settings; each stands once.
func unit(t *testing.T) (content string, settings map[string]string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "examples", "systemd", "mxmove.service"))
	if err != nil {
		t.Fatal(err)
	}
	settings = map[string]string{}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		name, value, ok := strings.Cut(line, "=")
		if ok && !strings.HasPrefix(line, "#") {
			if settings[name] != "" {
				t.Errorf("%s stands twice", name)
			}
			settings[name] = value
		}
	}
	return string(b), settings
}

// The example unit calls apply as apply can be called, waits with it, tries
// again what is safe to run again, and leaves the rest to a person.
func TestExampleUnit(t *testing.T) {
	_, is := unit(t)
	words := strings.Fields(is["ExecStart"])
	c := &cli{env: call{}.env(nil, nil)}
	c.speak("en")
	cmd, args, err := newRoot(c).Find(words[1:])
	if err != nil || cmd.Name() != "apply" {
		t.Fatal(is["ExecStart"], err)
	}
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	if wait, err := cmd.Flags().GetBool("wait"); err != nil || !wait || cmd.Flags().Lookup("fail-on").Value.String() != "failed" || len(cmd.Flags().Args()) != 1 {
		t.Error(is["ExecStart"])
	}
	stays := strings.Fields(is["RestartPreventExitStatus"])
	for code, again := range map[int]bool{executor.ExitError: false, executor.ExitRefused: false, executor.ExitIncomplete: true, executor.ExitPast: false} {
		if slices.Contains(stays, strconv.Itoa(code)) == again {
			t.Errorf("exit code %d: tried again must be %v", code, again)
		}
	}
	for name, want := range map[string]string{"Restart": "on-failure", "KillSignal": "SIGINT", "LimitCORE": "0", "NoNewPrivileges": "yes"} {
		if is[name] != want {
			t.Errorf("%s=%s, want %s", name, is[name], want)
		}
	}
}

// Where systemd is at hand it takes the unit as it is, but for the program's
// place; elsewhere every setting at least stands in a section.
func TestExampleUnitIsTaken(t *testing.T) {
	content, is := unit(t)
	if !strings.Contains(content, "[Unit]") || !strings.Contains(content, "[Service]") || !strings.Contains(content, "[Install]") || is["WantedBy"] == "" {
		t.Error(content)
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		return
	}
	program, err := exec.LookPath("true")
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "mxmove.service")
	content = strings.ReplaceAll(content, "/usr/local/bin/mxmove", program)
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(analyze, "verify", "--man=no", name).CombinedOutput(); err != nil || strings.Contains(string(out), "mxmove.service:") {
		t.Errorf("%v\n%s", err, out)
	}
}
