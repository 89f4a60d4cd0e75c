package config

import (
	"os/exec"
	"strings"
)

// GitUser is the e-mail address of the person at work, by git's
// configuration; none without git or where it is not configured.
func GitUser(dir string) []string { return gitLine(dir, "config", "user.email") }

// GitAuthor is the e-mail address of who changed the files of a directory
// last; none without git or a commit.
func GitAuthor(dir string) []string {
	return gitLine(dir, "log", "-1", "--format=%ae", "--", ".")
}

func gitLine(dir string, args ...string) []string {
	cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
	cmd.Env = Plain(cmd.Environ())
	out, err := cmd.Output()
	if line := strings.TrimSpace(string(out)); err == nil && line != "" {
		return []string{line}
	}
	return nil
}
