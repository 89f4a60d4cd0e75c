package config

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func gitIn(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestGitTracked(t *testing.T) {
	tree, other := t.TempDir(), t.TempDir()
	gitIn(t, tree, "init", "-q")
	put(t, tree+"/.gitignore", "ignored*\n/secrets/\n")
	for _, f := range []string{"tracked.csv", "new.csv", "ignored.csv", "ignored-but-tracked.csv", "sub/文件.csv", "secrets/x"} {
		put(t, filepath.Join(tree, f), "x")
	}
	put(t, other+"/outside.csv", "x")
	gitIn(t, tree, "add", "-f", "tracked.csv", "ignored-but-tracked.csv")
	for link, to := range map[string]string{
		tree + "/secrets/link": tree + "/tracked.csv", other + "/link": tree + "/new.csv", other + "/dir": tree,
		tree + "/link-out": other + "/outside.csv",
	} {
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]bool{
		tree + "/tracked.csv": true, tree + "/new.csv": true, tree + "/ignored.csv": false,
		tree + "/ignored-but-tracked.csv": true, tree + "/sub/文件.csv": true, tree + "/secrets/x": false,
		tree + "/gone.csv": true, tree + "/none/gone.csv": true, tree + "/secrets/gone": false,
		tree + "/secrets/link": true, tree + "/link-out": true,
		other + "/outside.csv": false, other + "/link": true, other + "/dir/ignored.csv": false, other + "/dir/new.csv": true,
	}
	var paths []string
	for p := range want {
		paths = append(paths, p)
	}
	t.Setenv("GIT_DIR", other) // as in a hook
	kept, err := GitTracked(paths)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, p := range paths {
		got[p] = kept[p]
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestGitThatCannotTell(t *testing.T) {
	tree := t.TempDir()
	put(t, tree+"/.git", "gitdir: /nowhere\n")
	if kept, err := GitTracked([]string{tree + "/x"}); err == nil {
		t.Errorf("broken work tree: %v", kept)
	}
	t.Setenv("PATH", t.TempDir())
	gone := t.TempDir()
	put(t, gone+"/.git/HEAD", "ref: refs/heads/main\n")
	if kept, err := GitTracked([]string{gone + "/x"}); err == nil {
		t.Errorf("no git: %v", kept)
	}
	if kept, err := GitTracked([]string{t.TempDir() + "/x"}); err != nil || len(kept) > 0 {
		t.Errorf("outside of work trees: %v, %v", kept, err)
	}
}

// A roster with passwords in a work tree is refused until git ignores it.
func TestPasswordsInWorkTree(t *testing.T) {
	load := func(ignore string) []Finding {
		_, findings := loadWith(t, write(".gitignore", ignore), opt(func(o *Options) {
			gitIn(t, o.Dir, "init", "-q")
			o.Tracked = nil // GitTracked
		}))
		return findings
	}
	if f := load("*.log\n"); len(f) != 1 || f[0].Code != "secret.tracked" || f[0].Severity != Error || !f[0].Hidden ||
		f[0].Args["file"] != "roster.csv" {
		t.Errorf("not ignored: %v", f)
	}
	if f := load("roster.csv\n"); len(f) > 0 {
		t.Errorf("ignored: %v", f)
	}
}
