package executor

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// signer makes a key and gives its file.
func signer(t *testing.T, dir, name string) string {
	t.Helper()
	key := filepath.Join(dir, name)
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return key
}

// approving is a plan that li, wang and zhang may approve.
func approving(t *testing.T) (dir string, keys map[string]string, p *planner.Plan) {
	t.Helper()
	dir, keys = quickDir(t), map[string]string{}
	spec := siteSpec("merge", 1)
	spec.Cutover.Approvals = 2
	for _, name := range []string{"li", "wang", "zhang", "stranger"} {
		keys[name] = signer(t, dir, name)
		pub, err := os.ReadFile(keys[name] + ".pub")
		if err != nil {
			t.Fatal(err)
		}
		if name != "stranger" {
			spec.Cutover.Signers = append(spec.Cutover.Signers, name+"@acme.test "+strings.TrimSpace(string(pub)))
		}
	}
	p = planner.Build(spec, planner.Snapshot{Lineage: "5f0e", At: siteStart}, siteStart)
	return dir, keys, p
}

func whys(t *testing.T, dir string, p *planner.Plan, now time.Time, but ...string) map[string]string {
	t.Helper()
	all, err := Approvals(t.Context(), dir, p, now, but...)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	for _, a := range all {
		m[filepath.Base(a.File)] = a.Why.Code
	}
	return m
}

func TestApprovalsCountByTheirSignature(t *testing.T) {
	dir, keys, p := approving(t)
	if got := whys(t, dir, p, siteStart); len(got) != 0 {
		t.Fatalf("approvals of nobody: %v", got)
	}
	give := func(name string) Approval {
		t.Helper()
		a, err := Approve(t.Context(), dir, p, keys[name], JournalHead{Line: 7, Hash: "ab"}, siteStart, siteStart.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	li := give("li")
	if li.Name != "li@acme.test" || li.Journal.Line != 7 || li.Gated != p.Gated() {
		t.Errorf("%+v", li)
	}
	give("wang")
	give("zhang")
	if _, err := Approve(t.Context(), dir, p, keys["stranger"], JournalHead{}, siteStart, siteStart); code(err) != "approval.unknown-key" {
		t.Errorf("a stranger: %v", err)
	}
	if _, err := Approve(t.Context(), dir, p, filepath.Join(dir, "nowhere"), JournalHead{}, siteStart, siteStart); code(err) != "approval.sign" {
		t.Errorf("no key: %v", err)
	}
	p.PlannedBy = []string{"Wang@acme.test"}
	check := func(what string, now time.Time, want map[string]string) {
		t.Helper()
		got := whys(t, dir, p, now, "zhang@pc-07")
		for file, code := range want {
			if got[file] != code {
				t.Errorf("%s: %s is %q, want %q", what, file, got[file], code)
			}
		}
	}
	check("fresh", siteStart, map[string]string{"li@acme.test.json": "", "wang@acme.test.json": "approval.author", "zhang@acme.test.json": "approval.operator"})
	check("old", siteStart.Add(2*time.Hour), map[string]string{"li@acme.test.json": "approval.expired"})

	// Files that somebody touched.
	b, _ := os.ReadFile(li.File)
	sig, _ := os.ReadFile(li.File + ".sig")
	put := func(name string, b, sig []byte) {
		file := filepath.Join(filepath.Dir(li.File), name)
		os.WriteFile(file, b, 0o600)
		if sig != nil {
			os.WriteFile(file+".sig", sig, 0o600)
		}
	}
	put("m1.json", bytes.Replace(b, []byte("2026-12-03T09"), []byte("2036-12-03T09"), 1), sig)
	put("m2.json", b, nil)
	put("m3.json", []byte("{"), sig)
	put("m4.json", b, []byte("no signature"))
	put("zz.json", b, sig) // the same word under another name
	check("touched", siteStart, map[string]string{"li@acme.test.json": "", "m1.json": "approval.forged", "m2.json": "approval.unsigned",
		"m3.json": "approval.unreadable", "m4.json": "approval.unknown-key", "zz.json": "approval.twice"})
}

// An approval is of what it was given for: other settings, another lineage,
// another step are another plan.
func TestApprovalsAreOfOnePlan(t *testing.T) {
	dir, keys, p := approving(t)
	a, err := Approve(t.Context(), dir, p, keys["li"], JournalHead{}, siteStart, siteStart.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	other := *p
	other.Lineage = "5f0f"
	spec, c := *p.Spec, *p.Spec.Cutover
	c.Signers = c.Signers[1:] // li is no approver any more
	spec.Cutover = &c
	fewer := *p
	fewer.Spec = &spec
	for name, q := range map[string]*planner.Plan{"lineage": &other, "signers": &fewer} {
		if q.Gated() == p.Gated() {
			t.Errorf("%s: the same digest", name)
		}
		moved := filepath.Join(approvalsOf(dir, q), "li.json")
		os.MkdirAll(filepath.Dir(moved), 0o700)
		for _, ext := range []string{"", ".sig"} {
			b, _ := os.ReadFile(a.File + ext)
			os.WriteFile(moved+ext, b, 0o600)
		}
		if got := whys(t, dir, q, siteStart)["li.json"]; got != "approval.other-plan" && got != "approval.unknown-key" {
			t.Errorf("%s: %q", name, got)
		}
	}
	var none config.Cutover
	spec.Cutover = &none
	if got := whys(t, dir, &fewer, siteStart); got["li.json"] == "" && len(got) > 0 {
		t.Errorf("without signers: %v", got)
	}
}

func TestSamePerson(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"li@acme.test", "LI@acme.test", true}, {"li@acme.test", "li@pc-07", true}, {"li", "li@acme.test", true},
		{"li@acme.test", "li@other.test", false}, {"li@acme.test", "wang@pc-07", false}, {"li@pc", "li@pd", true},
	} {
		if SamePerson(c.a, c.b) != c.same || SamePerson(c.b, c.a) != c.same {
			t.Errorf("%s and %s: want %v", c.a, c.b, c.same)
		}
	}
}
