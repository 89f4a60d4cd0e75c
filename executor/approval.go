package executor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// ApprovalsDir is the directory of approvals beside the spec:
// approvals/DIGEST/NAME.json and its signature NAME.json.sig.
const ApprovalsDir = "approvals"

// signatureSpace keeps a signature from being taken for one of another purpose
// (ssh-keygen -Y, -n).
const signatureSpace = "mxmove-approval"

// Approval is somebody's word that Freeze and Cutover of a plan may go on. It
// binds [planner.Plan.Gated], so any plan with the same settings and the same
// dangerous steps.
type Approval struct {
	Format  int         `json:"format"` // 1
	Gated   string      `json:"gated"`
	Plan    string      `json:"plan"` // that was read
	Lineage string      `json:"lineage"`
	At      time.Time   `json:"at"`
	Expires time.Time   `json:"expires"`
	Journal JournalHead `json:"journal"` // of the state directory, where it was at hand

	Name string   `json:"-"` // principal of the key that signed
	Key  string   `json:"-"` // its fingerprint, as ssh-keygen writes it
	File string   `json:"-"`
	Why  text.Msg `json:"-"` // why it does not count; no code: it does
}

// Counts reports whether the approval counts.
func (a Approval) Counts() bool { return a.Why.Code == "" }

// approvalsOf is the directory of a plan's approvals.
func approvalsOf(specDir string, p *planner.Plan) string {
	return filepath.Join(specDir, ApprovalsDir, p.Gated()[:16])
}

// Approvals reads and verifies the approvals of a plan in specDir, by file.
// Those of a person in but, the operator, and of the plan's author do not
// count. The keys are those of the plan's spec.
func Approvals(ctx context.Context, specDir string, p *planner.Plan, now time.Time, but ...string) ([]Approval, error) {
	names, err := filepath.Glob(filepath.Join(approvalsOf(specDir, p), "*.json"))
	if err != nil || len(names) == 0 || p.Spec.Cutover == nil {
		return nil, err
	}
	v := verifier{plan: p, now: now, operator: but}
	return v.all(ctx, names, p.Spec.Cutover.Signers)
}

// EveryApproval reads all approvals beside the spec, of whatever plan. Those
// whose signature by one of the signers does not hold, or that are of another
// lineage, say so; that one has expired since is no matter here.
func EveryApproval(ctx context.Context, specDir, lineage string, signers []string) ([]Approval, error) {
	names, err := filepath.Glob(filepath.Join(specDir, ApprovalsDir, "*", "*.json"))
	if err != nil || len(names) == 0 {
		return nil, err
	}
	return verifier{lineage: lineage}.all(ctx, names, signers)
}

func (v verifier) all(ctx context.Context, names, signers []string) ([]Approval, error) {
	dir, err := os.MkdirTemp("", "mxmove-")
	if err != nil {
		return nil, stateFault("state.write", os.TempDir(), err)
	}
	defer os.RemoveAll(dir)
	v.signers = filepath.Join(dir, "signers")
	if err := os.WriteFile(v.signers, []byte(strings.Join(signers, "\n")+"\n"), 0o600); err != nil {
		return nil, stateFault("state.write", v.signers, err)
	}
	slices.Sort(names)
	var list []Approval
	for _, name := range names {
		a, err := v.read(ctx, name)
		if err != nil {
			return nil, err
		}
		if v.plan != nil && a.Counts() && slices.ContainsFunc(list, func(b Approval) bool { return b.Counts() && SamePerson(b.Name, a.Name) }) {
			a.Why = text.M("approval.twice", "name", a.Name)
		}
		list = append(list, a)
	}
	return list, nil
}

// verifier judges approvals of one plan, or with nil all signatures of a lineage.
type verifier struct {
	signers  string
	plan     *planner.Plan
	lineage  string
	now      time.Time
	operator []string
}

func (v verifier) read(ctx context.Context, name string) (Approval, error) {
	a := Approval{File: name}
	b, err := os.ReadFile(name)
	if err != nil {
		return a, stateFault("state.read", name, err)
	}
	if err := json.Unmarshal(b, &a); err != nil {
		a.Why = text.M("approval.unreadable", "file", name, "error", err.Error())
		return a, nil
	}
	_, err = os.Stat(name + ".sig")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		a.Why = text.M("approval.unsigned", "file", name)
		return a, nil
	case err != nil:
		return a, stateFault("state.read", name+".sig", err)
	}
	if a.Name, err = principal(ctx, v.signers, name+".sig"); err != nil {
		return a, err
	}
	a.Key = fingerprint(name + ".sig")
	a.Why = v.judge(ctx, a, b)
	return a, nil
}

// judge says why an approval does not count.
func (v verifier) judge(ctx context.Context, a Approval, content []byte) text.Msg {
	is := func(who string) bool { return SamePerson(a.Name, who) }
	switch {
	case a.Name == "":
		return text.M("approval.unknown-key", "file", a.File)
	case !verify(ctx, v.signers, a.Name, a.File+".sig", content):
		return text.M("approval.forged", "file", a.File, "name", a.Name)
	case v.plan == nil && a.Lineage != v.lineage:
		return text.M("approval.other-plan", "file", a.File, "name", a.Name, "plan", a.Plan)
	case v.plan == nil: // whether it counted then is the journal's to say
	case a.Gated != v.plan.Gated() || a.Lineage != v.plan.Lineage:
		return text.M("approval.other-plan", "file", a.File, "name", a.Name, "plan", a.Plan)
	case v.now.Before(a.At.Add(-ahead)):
		return text.M("approval.future", "name", a.Name, "at", clock(a.At), "now", clock(v.now))
	case v.now.After(a.Expires):
		return text.M("approval.expired", "name", a.Name, "expires", clock(a.Expires))
	case slices.ContainsFunc(v.plan.PlannedBy, is):
		return text.M("approval.author", "name", a.Name)
	case slices.ContainsFunc(v.operator, is):
		return text.M("approval.operator", "name", a.Name)
	}
	return text.Msg{}
}

// SamePerson compares two names of people: equal but for case, or, where one
// is an account of a machine (USER@HOST without a dot) or no address, equal
// before the @.
func SamePerson(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	userA, hostA, _ := strings.Cut(a, "@")
	userB, hostB, _ := strings.Cut(b, "@")
	return a == b || userA == userB && (!strings.Contains(hostA, ".") || !strings.Contains(hostB, "."))
}

// principal gives who of the signers made a signature; "": nobody of them.
func principal(ctx context.Context, signers, sig string) (string, error) {
	out, err := keygen(ctx, "-Y", "find-principals", "-f", signers, "-s", sig).Output()
	if errors.As(err, new(*exec.ExitError)) {
		return "", nil
	}
	if err != nil {
		return "", noKeygen(err)
	}
	first, _, _ := strings.Cut(string(out), "\n")
	first, _, _ = strings.Cut(first, ",")
	return strings.TrimSpace(first), nil
}

func verify(ctx context.Context, signers, name, sig string, content []byte) bool {
	cmd := keygen(ctx, "-Y", "verify", "-f", signers, "-I", name, "-n", signatureSpace, "-s", sig)
	cmd.Stdin = bytes.NewReader(content)
	return cmd.Run() == nil
}

// keygen is ssh-keygen, which needs none of our secrets.
func keygen(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "ssh-keygen", args...)
	cmd.Env = config.Plain(cmd.Environ())
	return cmd
}

func noKeygen(err error) error {
	return &planner.Fault{Msg: text.M("approval.keygen", "error", err.Error()), Class: planner.Internal}
}

// Approve signs a plan with an SSH key (a private key's file, or a public
// key's whose private half an agent holds) and keeps the approval beside the
// spec, under the name that the plan's signers give the key. head is the
// journal's, where it is at hand.
func Approve(ctx context.Context, specDir string, p *planner.Plan, key string, head JournalHead, now, expires time.Time) (Approval, error) {
	a := Approval{Format: 1, Gated: p.Gated(), Plan: p.ID, Lineage: p.Lineage, At: now.UTC(), Expires: expires.UTC(), Journal: head}
	content, err := json.MarshalIndent(a, "", " ")
	if err != nil {
		return a, err
	}
	content = append(content, '\n')
	dir, err := os.MkdirTemp("", "mxmove-")
	if err != nil {
		return a, stateFault("state.write", os.TempDir(), err)
	}
	defer os.RemoveAll(dir)
	file, signers := filepath.Join(dir, "approval"), filepath.Join(dir, "signers")
	for name, b := range map[string][]byte{file: content, signers: []byte(strings.Join(p.Spec.Cutover.Signers, "\n") + "\n")} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			return a, stateFault("state.write", name, err)
		}
	}
	sig, err := sign(ctx, key, file)
	if err != nil {
		return a, err
	}
	if a.Name, err = principal(ctx, signers, file+".sig"); err != nil {
		return a, err
	}
	if a.Name == "" {
		return a, refuse("approval.unknown-key", "file", key)
	}
	a.File = filepath.Join(approvalsOf(specDir, p), fileName(a.Name)+".json")
	return a, a.keep(content, sig)
}

func (a Approval) keep(content, sig []byte) error {
	if err := os.MkdirAll(filepath.Dir(a.File), 0o755); err != nil {
		return stateFault("state.write", filepath.Dir(a.File), err)
	}
	// The signature first: an approval without one says why it does not count.
	for _, f := range []struct {
		name string
		b    []byte
	}{{a.File + ".sig", sig}, {a.File, content}} {
		if err := WriteFile(f.name, f.b, 0o644); err != nil {
			return stateFault("state.write", f.name, err)
		}
	}
	return nil
}

// sign leaves FILE.sig, too.
func sign(ctx context.Context, key, file string) ([]byte, error) {
	cmd := keygen(ctx, "-q", "-Y", "sign", "-f", key, "-n", signatureSpace, file)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		if !errors.As(err, new(*exec.ExitError)) {
			return nil, noKeygen(err)
		}
		return nil, &planner.Fault{Msg: text.M("approval.sign", "key", key, "error", strings.TrimSpace(said.String())), Class: planner.Internal}
	}
	sig, err := os.ReadFile(file + ".sig")
	if err != nil {
		return nil, stateFault("state.read", file+".sig", err)
	}
	return sig, nil
}

func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(".-_@", r) {
			return r
		}
		return '_'
	}, name)
}
