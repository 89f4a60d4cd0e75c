package executor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/mxmove/mxmove/providers/providertest/disk"
)

// The disk is full while a state directory is made anew, at each file and at
// each page: it says so, nothing is there that would pass for a migration of
// which nothing is done, and with room the same command works.
func TestRecoveryOnAFullDisk(t *testing.T) {
	if !disk.Apart(t) {
		return
	}
	s := newSite(t, "imap")
	s.mirror = filepath.Join(s.dir, "far")
	p := s.plan(t)
	if _, err := s.apply(t, p); !errors.As(err, new(*Incomplete)) {
		t.Fatal(err)
	}
	lines := len(s.lines(t))
	committed, err := os.ReadFile(filepath.Join(s.dir, LineageFile))
	if err != nil {
		t.Fatal(err)
	}
	s.small(t, "size=1m")
	for name, recover := range map[string]func() (int, error){
		"mirror": func() (int, error) { _, n, err := RecoverFrom(s.dir, "", s.mirror, s.clock()); return n, err },
		"world":  func() (int, error) { _, _, err := RecoverWorld(s.dir, "", p, time.Now()); return lines, err },
	} {
		for _, what := range []string{"size=%dk", "nr_inodes=%d"} {
			full := 0
			for n := 1; ; n++ {
				s.empty(t)
				s.room(t, map[bool]string{true: fmt.Sprintf(what, 4*n), false: fmt.Sprintf(what, n)}[what[0] == 's'])
				got, err := recover()
				s.room(t, "size=1m,nr_inodes=1000")
				if err == nil {
					if state := s.state(t); got != lines || state.Lineage == "" {
						t.Errorf("%s: %d lines of %d", name, got, lines)
					}
					break
				}
				if full++; !saysFull(err) || n > 40 {
					t.Fatalf("%s, %s %d: %v", name, what, n, err)
				}
				if _, err := OpenState(s.dir, ""); code(err) != "state.missing" {
					t.Fatalf("%s, %s %d: what is left passes for a state directory: %v", name, what, n, err)
				}
				if now, err := os.ReadFile(filepath.Join(s.dir, LineageFile)); err != nil || string(now) != string(committed) {
					t.Fatalf("%s: another lineage is committed: %v", name, err)
				}
				if _, err := recover(); err != nil {
					t.Fatalf("%s, %s %d, with room again: %v", name, what, n, err)
				}
				if err := os.WriteFile(filepath.Join(s.dir, LineageFile), committed, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if t.Logf("%s, %s: full %d times", name, what, full); full == 0 {
				t.Error("never full")
			}
			if err := os.WriteFile(filepath.Join(s.dir, LineageFile), committed, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// empty clears the state directory, which is a disk of its own.
func (s *site) empty(t *testing.T) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(s.dir, ".mxmove", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := os.RemoveAll(name); err != nil {
			t.Fatal(err)
		}
	}
}
