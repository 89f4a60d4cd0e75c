package executor

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/planner"
)

func code(err error) string {
	var r *Refused
	var f *planner.Fault
	switch {
	case errors.As(err, &r):
		return r.Reasons[0].Code
	case errors.As(err, &f):
		return f.Code
	}
	return ""
}

func TestStateIsMadeOnceAndClosed(t *testing.T) {
	spec := t.TempDir()
	s, err := OpenState(spec, "")
	if err != nil {
		t.Fatal(err)
	}
	if s.Dir != filepath.Join(spec, ".mxmove") || len(s.Lineage) != 32 {
		t.Errorf("%+v", s)
	}
	for _, d := range []string{s.Dir, s.Ledger(), s.Quarantine(), s.Reports()} {
		if info, err := os.Stat(d); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v %v", d, info, err)
		}
	}
	if err := os.Chmod(s.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	again, err := OpenState(spec, ".mxmove")
	if err != nil || *again != *s {
		t.Errorf("%+v %v", again, err)
	}
	if info, _ := os.Stat(s.Dir); info.Mode().Perm() != 0o700 {
		t.Errorf("left open: %v", info.Mode())
	}
	if _, err := os.Stat(filepath.Join(spec, LineageFile)); err == nil {
		t.Error("only init commits a lineage")
	}
	other, err := OpenState(t.TempDir(), "")
	if err != nil || other.Lineage == s.Lineage {
		t.Errorf("two directories of one lineage: %v", err)
	}
	if records, err := s.Records(); err != nil || len(records) != 0 {
		t.Errorf("records of nothing: %v %v", records, err)
	}
}

func TestInitCommitsTheLineage(t *testing.T) {
	spec, dir := t.TempDir(), filepath.Join(t.TempDir(), "deep", "state")
	s, err := InitState(spec, dir)
	if err != nil {
		t.Fatal(err)
	}
	committed, err := os.ReadFile(filepath.Join(spec, LineageFile))
	if err != nil || strings.TrimSpace(string(committed)) != s.Lineage {
		t.Fatalf("%q %v", committed, err)
	}
	again, err := InitState(spec, dir)
	if err != nil || *again != *s {
		t.Errorf("twice: %+v %v", again, err)
	}
	// Where a lineage is committed, nothing replaces a missing directory.
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for _, open := range []func(string, string) (*State, error){OpenState, InitState} {
		if _, err := open(spec, dir); code(err) != "state.missing" || ExitCode(err) != ExitRefused {
			t.Errorf("got %v", err)
		}
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("it was made anew")
	}
	if _, err := OpenState(t.TempDir(), dir); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenState(spec, dir); code(err) != "state.other" {
		t.Errorf("got %v", err)
	}
}

func TestStateRefusesWhatIsNotIts(t *testing.T) {
	spec := t.TempDir()
	if err := os.WriteFile(filepath.Join(spec, "main.hcl"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenState(spec, "."); code(err) != "state.foreign" {
		t.Errorf("the spec's own directory: %v", err)
	}
	if _, err := OpenState(spec, "main.hcl"); code(err) != "state.read" || ExitCode(err) != ExitError {
		t.Errorf("a file: %v", err)
	}
	if err := os.WriteFile(filepath.Join(spec, LineageFile), []byte("not hex"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenState(spec, ""); code(err) != "state.lineage" {
		t.Errorf("a broken lineage: %v", err)
	}
	if _, err := os.Stat(filepath.Join(spec, ".mxmove")); err == nil {
		t.Error("a refused directory was made")
	}
}

// A crash while the directory is made leaves one that the next run takes.
func TestStateAfterCrashAtCreation(t *testing.T) {
	spec := t.TempDir()
	dir := filepath.Join(spec, ".mxmove")
	os.Mkdir(dir, 0o700)
	os.WriteFile(filepath.Join(dir, tempPrefix+"1"), []byte("0011"), 0o600)
	s, err := OpenState(spec, "")
	if err != nil {
		t.Fatal(err)
	}
	os.RemoveAll(s.Ledger())
	if again, err := OpenState(spec, ""); err != nil || again.Lineage != s.Lineage {
		t.Errorf("%+v %v", again, err)
	}
	if _, err := os.Stat(s.Ledger()); err != nil {
		t.Error(err)
	}
}

func TestWriteFileReplacesAsOne(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	for _, content := range []string{"one", "two, longer", ""} {
		if err := WriteFile(path, []byte(content), 0o640); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, []byte(content)) {
			t.Errorf("%q %v", b, err)
		}
	}
	if names, _ := os.ReadDir(dir); len(names) != 1 {
		t.Errorf("left behind: %v", names)
	}
	if err := WriteFile(filepath.Join(dir, "no", "f"), nil, 0o600); err == nil {
		t.Error("written into nowhere")
	}
}
