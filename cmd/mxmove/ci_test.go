package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
)

var ciDir = filepath.Join("..", "..", "examples", "ci")

// shellSteps are the commands that a job of a pipeline runs, in order.
func shellSteps(t *testing.T, pipeline, job string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(ciDir, pipeline))
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	within, script := false, false
	for line := range strings.Lines(string(b)) {
		bare := strings.TrimSpace(line)
		indent := len(line) - len(strings.TrimLeft(line, " "))
		switch {
		case bare == "" || bare[0] == '#':
		case strings.HasPrefix(bare, job+":") && indent == map[string]int{"github.yml": 2, "gitlab.yml": 0}[pipeline]:
			within = true
		case within && indent <= map[string]int{"github.yml": 2, "gitlab.yml": 0}[pipeline]:
			return steps
		case !within:
		case strings.HasPrefix(strings.TrimPrefix(bare, "- "), "run: "):
			_, command, _ := strings.Cut(bare, "run: ")
			steps = append(steps, command)
		case indent == 2:
			script = bare == "script:"
		case script:
			steps = append(steps, strings.TrimPrefix(bare, "- "))
		}
	}
	return steps
}

// brought are the commands that bring programs onto a runner; here they are
// there already.
var brought = regexp.MustCompile(`^(go install ` + module + `/cmd/mxmove@main|apt-get update .* curl jq)$`)

// checkout is a repository with the scripts, a spec in mail/ and a runner's
// programs.
type checkout struct {
	dir, bin, state string
	office          *office
}

func newCheckout(t *testing.T, program string) *checkout {
	t.Helper()
	for _, tool := range []string{"bash", "curl", "jq", "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%v: apt-get install curl jq, or run make test", err)
		}
	}
	o := newOffice(t, 3)
	c := &checkout{dir: t.TempDir(), bin: filepath.Dir(program), state: filepath.Join(t.TempDir(), "state"), office: o}
	mail := filepath.Join(c.dir, "mail")
	if err := os.CopyFS(mail, os.DirFS(o.dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(c.dir, "ci"), os.DirFS(filepath.Join(ciDir, "ci"))); err != nil {
		t.Fatal(err)
	}
	c.write(t, "mail/a.hcl", strings.Replace(c.read(t, "mail/a.hcl"), `migration "acme" {}`, "migration \"acme\" {\n state = \""+c.state+"\"\n}", 1))
	if out, code := c.run(t, "mxmove init --dir mail && mxmove observe --dir mail --out mail/masked.snapshot --masked"); code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	return c
}

func (c *checkout) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (c *checkout) read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(c.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// run runs a step as a runner does: bash, with this environment and no other.
func (c *checkout) run(t *testing.T, step string, env ...string) (string, int) {
	t.Helper()
	cmd := exec.Command("bash", "-eo", "pipefail", "-c", step)
	cmd.Dir = c.dir
	cmd.Env = append([]string{"PATH=" + c.bin + ":/usr/local/bin:/usr/bin:/bin", "HOME=" + c.dir, "MXMOVE_DIR=mail"}, env...)
	out, err := cmd.CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// job runs a job's steps, up to the first that fails.
func (c *checkout) job(t *testing.T, pipeline, job string, env ...string) (out string, code int) {
	t.Helper()
	steps := shellSteps(t, pipeline, job)
	if len(steps) == 0 {
		t.Fatalf("%s: %s has no steps", pipeline, job)
	}
	for _, step := range steps {
		if brought.MatchString(step) {
			continue
		}
		said, ended := c.run(t, step, env...)
		if out += said; ended != 0 {
			return out, ended
		}
	}
	return out, 0
}

// What a review sees: one comment, kept up to date, made without a secret and
// without a server.
func TestReviewComment(t *testing.T) {
	program := build(t)
	for _, pipeline := range []string{"github.yml", "gitlab.yml"} {
		t.Run(pipeline, func(t *testing.T) {
			c, api := newCheckout(t, program), newReviews(t)
			c.office.old.Close()
			c.office.new.Close()
			for _, secret := range []string{"mail/pw", "mail/m.csv"} {
				c.write(t, secret, strings.ReplaceAll(c.read(t, secret), "right", "nobody-knows"))
			}
			if out, code := c.job(t, pipeline, "review", api.env(pipeline)...); code != 0 {
				t.Fatalf("exit code %d\n%s", code, out)
			}
			first := api.own()
			if len(first) != 1 || !strings.Contains(first[0], "### mxmove plan") || strings.Contains(first[0], "alice") || strings.Contains(first[0], "right") {
				t.Fatalf("%q", first)
			}
			c.write(t, "mail/a.hcl", strings.Replace(c.read(t, "mail/a.hcl"), "history {}", "history {\n since = \"2020-01-01\"\n}", 1))
			if out, code := c.job(t, pipeline, "review", api.env(pipeline)...); code != 0 {
				t.Fatalf("exit code %d\n%s", code, out)
			}
			if again := api.own(); len(again) != 1 || !strings.Contains(again[0], "2020-01-01") || again[0] == first[0] {
				t.Errorf("after a change: %q", again)
			}
			c.oldSnapshot(t)
			out, code := c.job(t, pipeline, "review", api.env(pipeline)...)
			if again := api.own(); code != executor.ExitRefused || len(again) != 1 || !strings.Contains(again[0], "snapshot.old") || strings.Contains(again[0], "2020-01-01") {
				t.Errorf("a stale snapshot: exit code %d\n%s%q", code, out, again)
			}
			if api.others != 105 {
				t.Errorf("%d comments of others", api.others)
			}
		})
	}
}

// oldSnapshot makes the committed snapshot eight days old.
func (c *checkout) oldSnapshot(t *testing.T) {
	t.Helper()
	f, err := planner.DecodeSnapshot([]byte(c.read(t, "mail/masked.snapshot")))
	if err != nil {
		t.Fatal(err)
	}
	f.Observed.At = time.Now().Add(-8 * 24 * time.Hour)
	b, err := planner.EncodeSnapshot(f)
	if err != nil {
		t.Fatal(err)
	}
	c.write(t, "mail/masked.snapshot", string(b))
}

// Where the token may not comment, that is told and the plan is kept.
func TestReviewWithoutComment(t *testing.T) {
	program := build(t)
	c, api := newCheckout(t, program), newReviews(t)
	api.mu.Lock()
	api.readOnly = true
	api.mu.Unlock()
	out, code := c.job(t, "github.yml", "review", append(api.env("github.yml"), "GITHUB_STEP_SUMMARY="+filepath.Join(c.dir, "summary"))...)
	if code == 0 || !strings.Contains(c.read(t, "summary"), "### mxmove plan") || strings.Contains(out, jobToken) {
		t.Errorf("a fork: exit code %d\n%s", code, out)
	}
	env := api.env("gitlab.yml")
	if out, code = c.job(t, "gitlab.yml", "review", env[:len(env)-1]...); code != 0 || !strings.Contains(out, "plan.md") || len(api.own()) != 0 {
		t.Errorf("no token: exit code %d\n%s", code, out)
	}
}

// Only the plan that was approved is applied, only with the state directory
// that belongs to the spec, and twice does nothing more.
func TestApplyApproved(t *testing.T) {
	program := build(t)
	for _, pipeline := range []string{"github.yml", "gitlab.yml"} {
		t.Run(pipeline, func(t *testing.T) {
			c := newCheckout(t, program)
			output := filepath.Join(c.dir, "github-output")
			if out, code := c.job(t, pipeline, "plan", "GITHUB_OUTPUT="+output); code != 0 {
				t.Fatalf("exit code %d\n%s", code, out)
			}
			approved := c.read(t, "approved.plan")
			sum := sha256.Sum256([]byte(approved))
			env := "MXMOVE_PLAN_SHA256=" + hex.EncodeToString(sum[:])
			if c.read(t, "plan.env") != env+"\n" || c.read(t, "github-output") != env+"\n" {
				t.Fatalf("%q", c.read(t, "plan.env"))
			}
			c.write(t, "approved.plan", approved+" ")
			if out, code := c.job(t, pipeline, "apply", env); code != executor.ExitRefused || !strings.Contains(out, "not the plan that was approved") {
				t.Errorf("another plan: exit code %d\n%s", code, out)
			}
			c.write(t, "approved.plan", approved)
			if out, code := c.job(t, pipeline, "apply"); code == 0 || c.office.copied() != 0 {
				t.Errorf("no checksum: exit code %d\n%s", code, out)
			}
			if err := os.Rename(c.state, c.state+".away"); err != nil {
				t.Fatal(err)
			}
			if out, code := c.job(t, pipeline, "apply", env); code != executor.ExitRefused || !strings.Contains(out, "state.missing") || c.office.copied() != 0 {
				t.Errorf("without the state directory: exit code %d\n%s", code, out)
			}
			if err := os.Rename(c.state+".away", c.state); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if out, code := c.job(t, pipeline, "apply", env); code != 0 || c.office.copied() != 3 {
					t.Errorf("exit code %d, %d copied\n%s", code, c.office.copied(), out)
				}
			}
			if err := os.Remove(filepath.Join(c.dir, "mail", executor.LineageFile)); err != nil {
				t.Fatal(err)
			}
			if out, code := c.job(t, pipeline, "plan"); code != executor.ExitRefused || !strings.Contains(out, "mxmove init") {
				t.Errorf("without lineage: exit code %d\n%s", code, out)
			}
		})
	}
}

// What the scripts rely on stands in the pipelines: who runs what, what is
// protected, and that a review has no secret.
func TestPipelinesSayWhere(t *testing.T) {
	for name, want := range map[string][]string{
		"github.yml": {"pull-requests: write", "runs-on: [self-hosted, mxmove]", "environment: mail-production", "needs: plan", "PULL_REQUEST: ${{ github.event.number }}",
			"sha256: ${{ steps.plan.outputs.MXMOVE_PLAN_SHA256 }}", "MXMOVE_PLAN_SHA256: ${{ needs.plan.outputs.sha256 }}", "name: approved-plan"},
		"gitlab.yml": {"merge_request_event", "tags: [mxmove]", "environment: mail-production", "needs: [plan]", "dotenv: plan.env", "paths: [approved.plan, plan.md]", "resource_group: mxmove"},
	} {
		b, err := os.ReadFile(filepath.Join(ciDir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(string(b), w) {
				t.Errorf("%s: no %q", name, w)
			}
		}
		if strings.Contains(string(b), "secrets.") || strings.Contains(string(b), "pull_request_target") {
			t.Errorf("%s: a secret", name)
		}
	}
}
