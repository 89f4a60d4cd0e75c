package peer

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// poor gives a PATH with little but what the script itself needs.
func poor(t *testing.T, scripts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"bash", "uname", "rm", "mkdir", "env"} {
		found, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(found, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, script := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestInstallSaysWhatIsMissing(t *testing.T) {
	for _, test := range []struct {
		name    string
		scripts map[string]string
		want    []string
	}{
		{"no apt-get", nil, []string{"apt-get is missing", "Debian"}},
		{"no mirror", map[string]string{"apt-get": "echo no route to mirror; exit 100"},
			[]string{"apt-get update failed", "no route to mirror", "needed: Debian 12"}},
		{"no package", map[string]string{"apt-get": `case "$*" in *update) ;; *) echo unable to locate $2; exit 100;; esac`},
			[]string{"apt-get download cyrus-imapd", "unable to locate"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			cache := t.TempDir()
			cmd := exec.Command("bash", "-c", installScript, "peer-install", cache, "cyrus")
			cmd.Env = []string{"PATH=" + poor(t, test.scripts)}
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatalf("it succeeds: %s", out)
			}
			for _, want := range test.want {
				if !strings.Contains(string(out), want) {
					t.Errorf("it does not say %q: %s", want, out)
				}
			}
			if _, err := os.Stat(filepath.Join(cache, "cyrus", "complete")); err == nil {
				t.Error("it counts as complete")
			}
		})
	}
}

func TestInstallAtOnce(t *testing.T) {
	var group sync.WaitGroup
	for range 4 {
		for _, kind := range []Kind{KindDovecot, KindCyrus, KindCourier, ToolMbsync} {
			group.Go(func() {
				if err := Install(kind); err != nil {
					t.Error(err)
				}
			})
		}
	}
	group.Wait()
}

func TestOptionsThatAServerCannotHonour(t *testing.T) {
	for name, err := range map[string]error{
		"dovecot format":     dovecot{}.check(Options{Format: "dbox"}),
		"dovecot altns":      dovecot{}.check(Options{AltNamespace: true}),
		"cyrus format":       cyrus{}.check(Options{Format: "maildir"}),
		"cyrus separator":    cyrus{}.check(Options{Separator: "|"}),
		"courier masters":    courier{}.check(Options{Masters: map[string]string{"m": "p"}}),
		"courier maxmessage": courier{}.check(Options{MaxMessage: 1}),
	} {
		if err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	for name, err := range map[string]error{
		"dovecot": dovecot{}.check(Options{Format: "mdbox", Quota: 1 << 20, MaxMessage: 1, TLS: true}),
		"cyrus":   cyrus{}.check(Options{Separator: "/", AltNamespace: true, Quota: 1 << 20}),
		"courier": courier{}.check(Options{Quota: 1 << 20, TLS: true, Extra: []string{"A=b"}}),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAccountsThatWouldBreakTheFile(t *testing.T) {
	s := &Server{dir: t.TempDir()}
	for user, password := range map[string]string{"a:b": "pw", "a": "p:w", "c": "p\nmallory:pw"} {
		err := s.writeAccounts("users", map[string]string{user: password})
		if err == nil {
			t.Errorf("%q is taken", user)
		} else if strings.Contains(err.Error(), password) {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}
