package mailstore_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/memory/imapd"
	"github.com/mxmove/mxmove/providers/providertest/suite"
)

// step is the first of a kind for an address in the plan that the world gives.
func step(t *testing.T, h *inProcess, kind, address string) planner.Op {
	t.Helper()
	snap, err := open(h.spec, h.state).Observe(t.Context(), planner.Signed)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range planner.Build(h.spec, snap, time.Now()).Steps {
		if s.Op.Kind() == kind && (address == "" || s.Op.Subject() == address) {
			return s.Op
		}
	}
	t.Fatalf("no %s for %s", kind, address)
	return nil
}

// A leaver's mail goes into a folder of the heir's mailbox, apart from the
// heir's own, and the leaver's mailbox at the target is not so much as opened.
func TestALeaversMailGoesToTheHeir(t *testing.T) {
	h := newInProcess(t)
	h.fill("alice", 2)
	h.fill("bob", 3)
	h.spec.Roster.Leavers = []config.Leaver{{Address: "bob@acme.test", Mail: config.MailTo, To: "alice@acme.test"}}
	for range 2 { // the second time nothing is doubled
		for _, a := range []string{"alice@acme.test", "bob@acme.test"} {
			op := step(t, h, "copy-mailbox", a)
			if _, err := open(h.spec, h.state).Do(t.Context(), op, nil, func(planner.Progress) {}); err != nil {
				t.Fatalf("%s: %v", a, err)
			}
		}
	}
	got := h.Dump(suite.Target, "alice@acme.test")
	if len(got["INBOX"]) != 2 || len(got["bob@acme.test/INBOX"]) != 3 {
		t.Errorf("%v", got)
	}
	if n := h.servers[suite.Target].Count("bob@acme.test", "LOGIN"); n > 0 {
		t.Errorf("%d sign-ins to the leaver's own mailbox at the target", n)
	}
	snap, err := open(h.spec, h.state).Observe(t.Context(), planner.Signed)
	if err != nil {
		t.Fatal(err)
	}
	if m, _ := snap.Mailbox("bob@acme.test"); m.State != planner.InStep || m.Behind != (planner.Gap{}) {
		t.Errorf("%+v", m)
	}
	r, err := open(h.spec, h.state).Verify(t.Context(), "bob@acme.test", nil)
	if err != nil || r.Counts.Proven != 3 || r.Counts.Unexplained > 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

func wecom(h *inProcess) {
	h.spec.Target.Kind, h.spec.Target.Procedure, h.spec.Target.CorpID = config.KindWeCom, config.ProcedureHistory, "wwB"
}

// Before the first copy one mail is put into a mailbox that opens.
func TestTryAppend(t *testing.T) {
	h := newInProcess(t)
	wecom(h)
	op := step(t, h, "try-append", "")
	h.servers[suite.Target].AddUser("alice@acme.test", badPassword)
	if _, err := open(h.spec, h.state).Do(t.Context(), op, nil, func(planner.Progress) {}); err != nil {
		t.Fatal(err)
	}
	if got := h.Dump(suite.Target, "alice@acme.test")["INBOX"]; len(got) > 0 {
		t.Errorf("%v", got)
	}
	got := h.Dump(suite.Target, "bob@acme.test")["INBOX"]
	if len(got) != 1 || !strings.Contains(string(got[0].Body), "mxmove test mail") || !slices.Contains(got[0].Flags, `\Deleted`) {
		t.Errorf("%v", got)
	}
}

// A target that refuses the test mail, or where no mailbox opens, is told.
func TestTryAppendRefused(t *testing.T) {
	h := newInProcess(t)
	wecom(h)
	op := step(t, h, "try-append", "")
	h.servers[suite.Target].Fail(imapd.Fault{Command: "APPEND", Act: imapd.Refuse, Text: "APPEND is switched off", Times: 10})
	_, err := open(h.spec, h.state).Do(t.Context(), op, nil, func(planner.Progress) {})
	if f := (*planner.Fault)(nil); !errors.As(err, &f) || f.Code != "try.refused" {
		t.Errorf("%v", err)
	}
	for _, m := range h.spec.Roster.Mailboxes {
		h.servers[suite.Target].AddUser(m.TargetLogin, badPassword)
	}
	_, err = open(h.spec, h.state).Do(t.Context(), op, nil, func(planner.Progress) {})
	if f := (*planner.Fault)(nil); !errors.As(err, &f) || f.Class != planner.Credential {
		t.Errorf("%v", err)
	}
}
