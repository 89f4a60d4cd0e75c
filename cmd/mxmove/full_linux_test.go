package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/providers/memory/imapd"
	"github.com/mxmove/mxmove/providers/providertest/disk"
)

// A file that a command writes where the disk is full, at each of its pages:
// the command says which file and that there is no room, what was there before
// is whole, nothing else is left, and with room the same command writes it.
func TestFullDiskAtEachFile(t *testing.T) {
	if !disk.Apart(t) {
		return
	}
	o := newOffice(t, 3)
	dir := filepath.Join(o.dir, "out")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	disk.Mount(t, dir)
	for _, args := range []string{"init", "apply --yes"} {
		if got := o.call(strings.Fields(args)...).run(t.Context()); got.code != 0 {
			t.Fatalf("%s: %s%s", args, got.out, got.errors)
		}
	}
	file := filepath.Join(dir, "file")
	for _, command := range []string{"plan --out", "observe --out", "observe --masked --out", "report --json --out", "report --format html --out", "report --format csv --out"} {
		former := strings.Repeat("former\n", 4000)
		if err := os.WriteFile(file, []byte(former), 0o640); err != nil {
			t.Fatal(err)
		}
		full := 0
		for pages := 0; ; pages++ {
			disk.Left(t, dir, pages)
			got := o.call(append(strings.Fields(command), file)...).run(t.Context())
			b, _ := os.ReadFile(file)
			if names, _ := os.ReadDir(dir); len(names) != 1 {
				t.Fatalf("%s: left %v", command, names)
			}
			disk.Room(t, dir, disk.Ample)
			if got.code == 0 {
				if info, err := os.Stat(file); err != nil || len(b) == 0 || string(b) == former || info.Mode().Perm() != 0o640 {
					t.Errorf("%s: wrote %d octets, %v", command, len(b), err)
				}
				break
			}
			if full++; full > 50 || got.code != 1 || string(b) != former || !strings.Contains(got.errors, file) || !strings.Contains(got.errors, "no space left") || strings.Contains(got.errors, ".mxmove-") {
				t.Fatalf("%s, %d pages: exit code %d, %d octets are left\n%s", command, pages, got.code, len(b), got.errors)
			}
		}
		if t.Logf("%s: full %d times", command, full); full == 0 {
			t.Error("never full")
		}
	}
}

// Files that are made once, beside the spec: none is left in half, so the same
// command makes them all with room again.
func TestFullDiskAtTheFirstFiles(t *testing.T) {
	if !disk.Apart(t) {
		return
	}
	full := 0
	for pages := 1; ; pages++ {
		dir := t.TempDir()
		disk.Mount(t, dir)
		disk.Left(t, dir, pages)
		init := call{args: []string{"init", "--domain", "acme.test", "--source", "imap", "--target", "imap", "--dir", dir}}
		got := init.run(t.Context())
		disk.Room(t, dir, disk.Ample)
		if got.code == 0 {
			break
		}
		if full++; got.code != 1 || !strings.Contains(got.errors, "no space left") || !strings.Contains(got.errors, dir) {
			t.Fatalf("%d pages: exit code %d\n%s", pages, got.code, got.errors)
		}
		if got := init.run(t.Context()); got.code != 0 {
			t.Fatalf("with room again: %s", got.errors)
		}
		whole := t.TempDir()
		call{args: append(slices.Clone(init.args[:len(init.args)-1]), whole)}.run(t.Context())
		for _, name := range []string{"main.hcl", "members.csv", ".gitignore"} {
			is, _ := os.ReadFile(filepath.Join(dir, name))
			want, err := os.ReadFile(filepath.Join(whole, name))
			if err != nil || string(is) != string(want) {
				t.Errorf("%d pages: %s has %d octets of %d, %v", pages, name, len(is), len(want), err)
			}
		}
	}
	if t.Logf("full %d times", full); full < 4 {
		t.Errorf("full %d times", full)
	}
}

// The disk of the state directory gets full, at some of its pages, while mail is
// copied, one of it is refused, and what was seen is remembered: with room
// again all is at the target once, and what was refused is kept whole.
func TestFullDiskWhileMailIsCopied(t *testing.T) {
	t.Parallel() // what a dead connection sent is waited for
	if !disk.Apart(t) {
		return
	}
	full := 0
	for pages := 4; !t.Failed(); pages += 18 {
		o := newOffice(t, 6)
		o.new.Fail(imapd.Fault{Command: "APPEND", After: 2, Times: 1 << 20, Act: imapd.Refuse, Text: "[TOOBIG] no"})
		if got := o.call("init").run(t.Context()); got.code != 0 {
			t.Fatal(got.errors)
		}
		lineage, err := os.ReadFile(filepath.Join(o.dir, "mxmove.lineage"))
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(o.dir, ".mxmove")
		disk.Mount(t, dir)
		if err := os.WriteFile(filepath.Join(dir, "lineage"), lineage, 0o600); err != nil {
			t.Fatal(err)
		}
		disk.Left(t, dir, pages)
		got := o.call("apply", "--yes").run(t.Context())
		disk.Room(t, dir, disk.Ample)
		whole := !strings.Contains(got.out+got.errors, "no space left")
		if !whole {
			if full++; full > 200 || !strings.Contains(got.out+got.errors, dir) {
				t.Fatalf("%d pages: exit code %d\n%s%s", pages, got.code, got.out, got.errors)
			}
			got = o.call("apply", "--yes").run(t.Context())
		}
		if got.code != 0 {
			t.Fatalf("%d pages, with room: exit code %d\n%s%s", pages, got.code, got.out, got.errors)
		}
		if o.once(t, dir, 6); whole {
			break
		}
	}
	if t.Logf("full %d times", full); full < 3 {
		t.Errorf("full %d times", full)
	}
}

// once fails unless every message is at the target once, or whole in
// quarantine.
func (o *office) once(t *testing.T, dir string, want int) {
	t.Helper()
	kept, _ := filepath.Glob(filepath.Join(dir, "quarantine", "*", "*"))
	at := map[string]int{}
	for _, m := range o.new.User("alice@acme.test").Messages("INBOX") {
		at[string(m.Body)]++
	}
	eml := 0
	for _, name := range kept {
		b, err := os.ReadFile(name)
		if err != nil || len(b) == 0 {
			t.Fatalf("%s: %v", name, err)
		}
		if strings.HasSuffix(name, ".eml") {
			at[string(b)]++
			eml++
		}
	}
	for _, m := range o.old.User("alice@acme.test").Messages("INBOX") {
		if at[string(m.Body)] != 1 {
			t.Errorf("a message is there %d times", at[string(m.Body)])
		}
	}
	if len(at) != want || len(kept) != 2*eml {
		t.Errorf("%d messages; kept: %v", len(at), kept)
	}
}
