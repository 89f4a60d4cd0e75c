package mailstore_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore"
	"github.com/mxmove/mxmove/providers/providertest/suite"
)

// rememberer is a world that remembers, by a clock of its own.
type rememberer struct {
	*inProcess
	now time.Time
}

func newRememberer(t *testing.T) *rememberer {
	h := &rememberer{newInProcess(t), time.Now()}
	h.fill("alice", 3)
	h.fill("bob", 2)
	return h
}

func (h *rememberer) file() string { return filepath.Join(h.state, "observed.jsonl") }

// process is the store as another process has it.
func (h *rememberer) process(remembers bool) *mailstore.Store {
	o := mailstore.Options{
		Spec: h.spec, Secrets: config.NewSecrets(h.state, func(string) string { return goodPassword }, nil), SpecDir: h.state, Lineage: "test", Version: "test",
		Ledger: filepath.Join(h.state, "ledger"), Quarantine: filepath.Join(h.state, "quarantine"), Now: func() time.Time { return h.now },
	}
	if remembers {
		o.Observed = h.file()
	}
	return mailstore.New(o)
}

// see looks as a new process and tells how many sign-ins that took.
func (h *rememberer) see(depth planner.Depth) (planner.Snapshot, int) {
	h.t.Helper()
	before := h.SignIns()
	snap, err := h.process(true).Observe(h.t.Context(), depth)
	if err != nil {
		h.t.Fatal(err)
	}
	return snap, h.SignIns() - before
}

// require looks and requires a number of sign-ins.
func (h *rememberer) require(what string, depth planner.Depth, signIns int) planner.Snapshot {
	h.t.Helper()
	snap, n := h.see(depth)
	if n != signIns {
		h.t.Errorf("%s: %d sign-ins, not %d", what, n, signIns)
	}
	return snap
}

func (h *rememberer) later(d time.Duration) { h.now = h.now.Add(d) }

// sameButWhen compares but for when it was seen.
var sameButWhen = cmp.Options{cmpopts.IgnoreFields(planner.Snapshot{}, "At"), cmpopts.IgnoreFields(planner.Seen{}, "At")}

// A mailbox is looked at once in 24 hours, and its age is told.
func TestRecentLooksAreRemembered(t *testing.T) {
	h := newRememberer(t)
	first := h.require("first", planner.Recent, 6)
	began := h.now
	h.later(5 * time.Hour)
	second := h.require("5 h later", planner.Recent, 0)
	if d := cmp.Diff(first, second, sameButWhen); d != "" {
		t.Errorf("remembered differently (-seen +remembered):\n%s", d)
	}
	alice, _ := second.Mailbox("alice@acme.test")
	if !alice.Source.Seen.At.Equal(began) || !second.Source.Seen.At.Equal(h.now) || !second.At.Equal(h.now) {
		t.Errorf("mailbox of %v, server of %v", alice.Source.Seen.At, second.Source.Seen.At)
	}
	h.later(18*time.Hour + 59*time.Minute)
	h.require("23 h 59 min later", planner.Recent, 0)
	h.later(2 * time.Minute)
	h.require("24 h 1 min later", planner.Recent, 6)
	h.require("asked to look again", planner.Signed, 6)
	h.later(-time.Hour)
	h.require("by a clock that went back", planner.Recent, 6)
}

// What did not open is tried again each time, and what opened before and does
// not any more is not taken for open.
func TestRecentForgetsFailures(t *testing.T) {
	h := newRememberer(t)
	h.BreakPassword("bob@acme.test", true)
	h.require("first", planner.Recent, 6)
	snap := h.require("bob again", planner.Recent, 2)
	if bob, _ := snap.Mailbox("bob@acme.test"); bob.Source.Seen.Err == nil || bob.State != planner.Failed {
		t.Errorf("%+v", bob)
	}
	h.BreakPassword("bob@acme.test", false)
	h.require("bob mended", planner.Recent, 2)
	h.require("all open", planner.Recent, 0)
	h.BreakPassword("bob@acme.test", true)
	h.require("nobody looks", planner.Recent, 0)
	h.require("looked at again", planner.Signed, 6)
	h.require("broken now", planner.Recent, 2)
}

// A pass is a look: what is remembered after it is what a look would show.
func TestRecentAfterAPass(t *testing.T) {
	h := newRememberer(t)
	h.require("first", planner.Recent, 6)
	h.later(time.Hour)
	runCopy(t, h.process(true), h.spec, "alice@acme.test")
	remembered := h.require("after the pass", planner.Recent, 0)
	alice, _ := remembered.Mailbox("alice@acme.test")
	if alice.State != planner.InStep || alice.Target.Messages != 3 || !alice.Source.Seen.At.Equal(h.now) || alice.Behind != (planner.Gap{}) {
		t.Errorf("%+v", alice)
	}
	seen := h.require("looked at", planner.Signed, 6)
	if d := cmp.Diff(seen.Mailboxes, remembered.Mailboxes, sameButWhen); d != "" {
		t.Errorf("(-seen +remembered):\n%s", d)
	}
	h.Put(suite.Source, "alice@acme.test", "INBOX", letterOf("new"))
	h.require("new mail is not seen", planner.Recent, 0)
	runCopy(t, h.process(true), h.spec, "alice@acme.test")
	remembered = h.require("after another pass", planner.Recent, 0)
	if alice, _ = remembered.Mailbox("alice@acme.test"); alice.Target.Messages != 4 || alice.Source.Messages != 4 {
		t.Errorf("%+v", alice)
	}
}

// A pass of which nothing is remembered, as one that died, voids what was.
func TestRecentAfterADeadPass(t *testing.T) {
	h := newRememberer(t)
	first := h.require("first", planner.Recent, 6)
	seen, _ := first.Mailbox("alice@acme.test")
	recorded := h.require("no sign-in", planner.Recorded, 0)
	if alice, _ := recorded.Mailbox("alice@acme.test"); alice.State != planner.NotStarted || alice.Source.Bytes != seen.Source.Bytes || seen.Source.Bytes == 0 {
		t.Errorf("%+v", alice)
	}
	runCopy(t, h.process(false), h.spec, "alice@acme.test")
	recorded = h.require("the ledger is newer than its summary", planner.Recorded, 0)
	if alice, _ := recorded.Mailbox("alice@acme.test"); alice.State != planner.InStep || alice.Target.Messages != 3 || alice.Source.Seen.How != "ledger" {
		t.Errorf("%+v", alice)
	}
	again := h.require("by the new summary", planner.Recorded, 0)
	if d := cmp.Diff(recorded, again, sameButWhen); d != "" {
		t.Errorf("(-read +summary):\n%s", d)
	}
	h.require("alice is looked at", planner.Recent, 2)
	h.require("and remembered", planner.Recent, 0)
}

// A pass that fails shows that the mailbox is not as it was seen.
func TestRecentAfterAFailedPass(t *testing.T) {
	h := newRememberer(t)
	h.require("first", planner.Recent, 6)
	h.BreakPassword("alice@acme.test", true)
	var step planner.Step
	for _, s := range planner.Build(h.spec, planner.Snapshot{At: h.now}, h.now).Steps {
		if s.Op.Subject() == "alice@acme.test" {
			step = s
		}
	}
	if _, err := h.process(true).Do(t.Context(), step.Op, make(chan struct{}), func(planner.Progress) {}); err == nil {
		t.Fatal("it did not fail")
	}
	h.require("after it", planner.Recent, 2)
}

// What is carried is part of what was seen: other settings, another look.
func TestRecentUnderOtherSettings(t *testing.T) {
	h := newRememberer(t)
	h.require("first", planner.Recent, 6)
	h.spec.History.Skip = []string{"Junk"}
	h.require("other folders", planner.Recent, 6)
	h.servers[suite.Target].AddUser("alice2@acme.test", goodPassword)
	h.spec.Roster.Mailboxes[0].TargetLogin = "alice2@acme.test"
	h.require("another mailbox", planner.Recent, 2)
}

// Nothing that signs in anywhere is in the file, and others cannot read it.
func TestRecentKeepsNoSecret(t *testing.T) {
	h := newRememberer(t)
	h.require("first", planner.Recent, 6)
	b, err := os.ReadFile(h.file())
	info, e := os.Stat(h.file())
	if err != nil || e != nil || info.Mode().Perm() != 0o600 || len(b) == 0 {
		t.Fatalf("%v %v %v", err, e, info)
	}
	if bytes.Contains(b, []byte(goodPassword)) || bytes.Contains(b, []byte("Subject")) {
		t.Errorf("%s", b)
	}
}

// What was seen by other credentials tells nothing of those that are to be used.
func TestRecentWithOtherCredentials(t *testing.T) {
	h := newRememberer(t)
	h.require("the first", planner.Recent, 6)
	h.require("the same", planner.Recent, 0)
	row := &h.spec.Roster.Mailboxes[0]
	other := config.SecretRef("env:OTHER")
	row.SourcePassword = other
	h.require("one row's password", planner.Recent, 2)
	row.TargetPassword = other
	h.require("and its other one", planner.Recent, 2)
	h.spec.Source.IMAP.Login.At.Line += 7
	h.require("moved in the file", planner.Recent, 0)
	h.spec.Target.IMAP.Login.Separator = "+"
	h.require("how all sign in", planner.Recent, 6)
}
