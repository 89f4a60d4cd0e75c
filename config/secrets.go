package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mxmove/mxmove/config/text"
)

// Kinds of reference, each before a colon.
const (
	refEnv    = "env"
	refFile   = "file"
	refVar    = "var"
	refCell   = "cell"
	refExec   = "exec"
	refSealed = "sealed"
)

// varPrefix stands before a variable's name in the environment.
const varPrefix = "MXMOVE_VAR_"

// maxSecret bounds a secret's file, in octets: a longer one is the wrong file.
const maxSecret = 64 << 10

// SecretError says why a secret could not be had. It names the reference and
// the cause, never the value; people see the catalogue's text.
type SecretError struct{ text.Msg }

// Error gives the code and the values, for logs and tests.
func (e *SecretError) Error() string { return errorText(e.Msg) }

// errorText gives a message without a catalogue: its code, then its values by name.
func errorText(m text.Msg) string {
	keys := make([]string, 0, len(m.Args))
	for k := range m.Args {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	s := m.Code
	for _, k := range keys {
		s += " " + k + "=" + m.Args[k]
	}
	return s
}

func secretError(code string, s Secret, cause error) error {
	m := text.M(code, "ref", s.shown())
	if cause != nil {
		m.Args["error"] = reason(cause)
	}
	return &SecretError{m}
}

// shown names a reference for people: of a roster's cell its file, row and column.
func (s Secret) shown() string {
	kind, rest, _ := strings.Cut(s.ref, ":")
	first, last := strings.IndexByte(rest, '#'), strings.LastIndexByte(rest, '#')
	if kind != refCell || first == last {
		return s.ref
	}
	return rest[:first] + " " + rest[first+1:last] + " " + rest[last+1:]
}

// reason is the system's words without the path, which the finding names as it was written.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// Secrets resolves references when they are used. It keeps closures, not
// values, so that printing it shows none.
type Secrets struct {
	dir    string
	getenv func(string) string
	value  func(name string) (string, bool) // of sensitive variables
	cells  *cellIndex
	hidden map[string]bool // of the environment
}

// NewSecrets resolves the references of a [Spec], also of one that was decoded
// from a plan: dir is the spec's directory, getenv reads the environment (nil:
// there is none), vars holds values of sensitive variables; one that is absent
// is looked for as MXMOVE_VAR_NAME.
func NewSecrets(dir string, getenv func(string) string, vars map[string]string) *Secrets {
	if getenv == nil {
		getenv = func(string) string { return "" }
	}
	value := func(name string) (string, bool) { v, ok := vars[name]; return v, ok }
	return &Secrets{dir: dir, getenv: getenv, value: value, cells: newCellIndex(), hidden: map[string]bool{}}
}

// Format prints a word in place of whatever Secrets can reach.
func (s *Secrets) Format(f fmt.State, _ rune) { io.WriteString(f, "(secrets)") }

// Reveal gives a secret's octets. The error is a [*SecretError] or the
// context's; it names the reference, never a value. The caller keeps the
// octets as briefly as it can.
func (s *Secrets) Reveal(ctx context.Context, secret Secret) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b, err := s.reveal(ctx, secret)
	if err == nil && len(b) == 0 {
		return nil, secretError("secret.empty", secret, nil)
	}
	return b, err
}

func (s *Secrets) reveal(ctx context.Context, secret Secret) ([]byte, error) {
	kind, rest, _ := strings.Cut(secret.ref, ":")
	switch kind {
	case refEnv:
		if v := s.getenv(rest); v != "" {
			return []byte(v), nil
		}
		return nil, secretError("secret.unset", secret, nil)
	case refVar:
		if v, ok := s.value(rest); ok {
			return []byte(v), nil
		}
		if v := s.getenv(varPrefix + rest); v != "" {
			return []byte(v), nil
		}
		return nil, secretError("secret.unset", secret, nil)
	case refFile:
		return s.file(secret, rest)
	case refCell:
		return s.cell(ctx, secret, rest)
	case refExec:
		return s.command(ctx, secret, rest)
	case refSealed:
		return nil, secretError("secret.sealed", secret, nil)
	}
	return nil, secretError("secret.kind", secret, nil)
}

// file reads a secret's file and cuts one line end, which editors add.
func (s *Secrets) file(secret Secret, name string) ([]byte, error) {
	f, err := os.Open(within(s.dir, name))
	if err != nil {
		return nil, secretError("secret.unreadable", secret, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	switch {
	case err != nil:
		return nil, secretError("secret.unreadable", secret, err)
	case len(b) > maxSecret:
		return nil, secretError("secret.long", secret, nil)
	}
	if cut, ok := bytes.CutSuffix(b, []byte("\n")); ok {
		b = bytes.TrimSuffix(cut, []byte("\r"))
	}
	return b, nil
}

// cell reads one cell of a roster file again.
func (s *Secrets) cell(ctx context.Context, secret Secret, rest string) ([]byte, error) {
	first, last := strings.IndexByte(rest, '#'), strings.LastIndexByte(rest, '#')
	if first == last {
		return nil, secretError("secret.kind", secret, nil)
	}
	b, err := s.cells.get(within(s.dir, rest[:first]), rest[first+1:last], rest[last+1:])
	switch {
	case errors.Is(err, errNoCell):
		return nil, secretError("secret.cell", secret, nil)
	case err != nil:
		return nil, secretError("secret.unreadable", secret, err)
	}
	if ref, ok := cellRef(string(b)); ok {
		return s.reveal(ctx, ref)
	}
	return b, nil
}

// cellRef reads env:NAME or file:PATH in a roster's cell; anything else there
// is the password itself.
func cellRef(cell string) (Secret, bool) {
	c := strings.TrimSpace(cell)
	if strings.HasPrefix(c, refEnv+":") || strings.HasPrefix(c, refFile+":") {
		return SecretRef(c), true
	}
	return Secret{}, false
}

// within resolves a path that a person wrote beside the spec.
func within(dir, name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(dir, filepath.FromSlash(name))
}
