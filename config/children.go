package config

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// plainNames are of the environment what a program needs that needs no secret:
// where it is, who runs it, how it speaks, and an agent's socket.
var plainNames = []string{"PATH", "HOME", "USER", "LOGNAME", "TERM", "TZ", "LANG", "LANGUAGE", "TMPDIR", "TMP", "TEMP", "DISPLAY", "WAYLAND_DISPLAY",
	"USERPROFILE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "SYSTEMROOT", "WINDIR", "COMSPEC", "PATHEXT"}

// plainPrefixes are of further such names. SSH_ are the agent's and ssh-askpass's.
var plainPrefixes = []string{"LC_", "XDG_", "SSH_"}

// Plain is of an environment what git and ssh-keygen are given: whoever runs
// them, or replaces them, finds none of our secrets there.
func Plain(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(e string) bool {
		name, _, _ := strings.Cut(e, "=")
		name = strings.ToUpper(name) // on Windows Path is PATH
		return !slices.Contains(plainNames, name) && !slices.ContainsFunc(plainPrefixes, func(p string) bool { return strings.HasPrefix(name, p) })
	})
}

// envForm is a reference to the environment in a spec's JSON.
var envForm = regexp.MustCompile(`"env:([^"\\]+)"`)

// Hide keeps the secrets that a spec takes from the environment from programs
// that are run for one secret: see [Secrets.Children].
func (s *Secrets) Hide(spec *Spec) {
	b, err := json.Marshal(spec)
	if err != nil {
		return // a spec without a form has no references
	}
	for _, m := range envForm.FindAllSubmatch(b, -1) {
		s.hidden[string(m[1])] = true
	}
}

// Children is of an environment what a program is given that prints a secret:
// all but other secrets. It may need a token of its own, which the spec does
// not name.
func (s *Secrets) Children(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(e string) bool {
		name, _, _ := strings.Cut(e, "=")
		return s.hidden[name] || strings.HasPrefix(name, varPrefix)
	})
}
