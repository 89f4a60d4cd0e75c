package archive

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Whatever a server calls its folders, each has one directory of its own, right
// below the archive.
func TestDirectoriesStayBelowTheArchive(t *testing.T) {
	level := rapid.OneOf(rapid.SampledFrom([]string{"", " ", ".", "..", "/", "../..", `..\..`, "cur", "tmp", "%-", "%2E", "~2", "INBOX", "a ", "客户", strings.Repeat("x", 200)}), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		names := map[string]string{}
		taken := func(name string) bool { _, ok := names[name]; return ok }
		paths := rapid.SliceOfNDistinct(rapid.SliceOfN(level, 1, 3), 1, 6, func(p []string) string { return strings.Join(p, "\x00") }).Draw(t, "paths")
		for _, path := range paths {
			name := dirName(path, taken)
			if !ownDir(name) || filepath.Base(name) != name && name != "." || (name == ".") != isInbox(path) || taken(name) {
				t.Fatalf("%q lies in %q", path, name)
			}
			if strings.TrimRight(name, " .") != name && name != "." {
				t.Fatalf("%q lies in %q, of which some file systems cut the end", path, name)
			}
			names[name] = path[0]
		}
	})
}

// A manifest, whose chain anybody can make, names no directory elsewhere: what
// lies in tmp there would be removed.
func TestNoManifestLeadsElsewhere(t *testing.T) {
	for _, name := range []string{"..", "../..", "/", "", "cur", "tmp", "./.", ".a/../..", ".a/b", `.a\b`, "..a/../..", ". ", "../victim"} {
		root := t.TempDir()
		dir, victim := filepath.Join(root, "box"), filepath.Join(root, "victim", "tmp")
		if err := os.MkdirAll(victim, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(victim, "kept"), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		b := begin(t, dir, nil)
		if err := b.write(line{Kind: kindFolder, Folder: name, Path: []string{"x"}, Validity: 1}); err != nil {
			t.Fatal(err)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := open(dir, "li.si@acme.test", "", clock, nil); err == nil || !strings.Contains(err.Error(), "archive.damaged") {
			t.Errorf("%q, to write: %v", name, err)
		}
		if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), "archive.damaged") {
			t.Errorf("%q, to read: %v", name, err)
		}
		if _, err := os.Stat(filepath.Join(victim, "kept")); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}
