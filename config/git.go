package config

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mxmove/mxmove/config/text"
)

// Tracker says which of these files git tracks, or would on the next
// "git add". An error means that it cannot be told.
type Tracker func(paths []string) (kept map[string]bool, err error)

// GitTracked is the [Tracker] that asks git: a file is kept if it lies in a
// work tree and is tracked or not ignored. Outside of work trees git is not needed.
func GitTracked(paths []string) (map[string]bool, error) {
	asked := map[string][]string{} // what each spelling of a path stands for
	trees := map[string][]string{} // spellings by work tree
	for _, p := range paths {
		for _, s := range spellings(p) {
			if tree, ok := workTree(filepath.Dir(s)); ok {
				if asked[s] == nil {
					trees[tree] = append(trees[tree], s)
				}
				asked[s] = append(asked[s], p)
			}
		}
	}
	kept := map[string]bool{}
	for _, tree := range slices.Sorted(maps.Keys(trees)) {
		ignored, err := gitIgnored(tree, trees[tree])
		if err != nil {
			return nil, err
		}
		for _, s := range trees[tree] {
			for _, p := range asked[s] {
				kept[p] = kept[p] || !ignored[s]
			}
		}
	}
	return kept, nil
}

// spellings is a path as git knows it, and where it leads if it is a link: the
// two may lie in different work trees.
func spellings(path string) []string {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil
	}
	dir, base := filepath.Split(path)
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		path = filepath.Join(real, base)
	}
	if real, err := filepath.EvalSymlinks(path); err == nil && real != path {
		return []string{path, real}
	}
	return []string{path}
}

// workTree looks for .git here and above: a directory, or the file of a
// worktree or submodule.
func workTree(dir string) (string, bool) {
	for {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir, true
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", false
		}
		dir = up
	}
}

// gitIgnored asks git which paths it ignores; it never says so of tracked ones.
func gitIgnored(tree string, paths []string) (map[string]bool, error) {
	cmd := exec.Command("git", "-C", tree, "check-ignore", "-z", "--stdin")
	cmd.Env = Plain(cmd.Environ())
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\x00") + "\x00")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == 1: // none
	case errors.As(err, &exit):
		line, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
		return nil, fmt.Errorf("git check-ignore: %s", line)
	case err != nil:
		return nil, err
	}
	ignored := map[string]bool{}
	for _, p := range strings.Split(string(out), "\x00") {
		ignored[p] = true
	}
	return ignored, nil
}

// secretFile is a file that holds a secret, and where the spec says so.
type secretFile struct {
	path, name string // name: as a person wrote it
	at         Pos
}

func (l *loader) mustStayOut(path string, at Pos, name string) {
	l.secrets = append(l.secrets, secretFile{path, name, at})
}

// keptByGit tells files with secrets that git keeps, or of which that cannot
// be found out. All are asked about at once: git starts slowly.
func (l *loader) keptByGit() {
	if len(l.secrets) == 0 {
		return
	}
	paths := make([]string, len(l.secrets))
	for i, s := range l.secrets {
		paths[i] = s.path
	}
	kept, err := l.o.Tracked(paths)
	if err != nil {
		s := l.secrets[0]
		l.sayHidden(s.at, Error, text.M("secret.git", "file", s.name, "error", err.Error()))
		return
	}
	for _, s := range l.secrets {
		if kept[s.path] {
			l.sayHidden(s.at, Error, text.M("secret.tracked", "file", s.name))
		}
	}
}

// sayHidden adds a finding about a place whose line may hold a secret.
func (l *loader) sayHidden(at Pos, s Severity, m text.Msg) {
	l.findings = append(l.findings, Finding{Msg: m, Severity: s, At: at, Hidden: true})
}
