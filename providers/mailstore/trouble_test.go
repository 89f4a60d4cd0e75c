package mailstore_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/memory/imapd"
	"github.com/mxmove/mxmove/providers/providertest/corpus"
	"github.com/mxmove/mxmove/providers/providertest/peer"
	"github.com/mxmove/mxmove/providers/providertest/suite"
)

func (h *inProcess) fill(name string, n int) *imapd.User {
	u := h.user(suite.Source, name+"@acme.test")
	for i := range n {
		u.Add(imapd.Message{Date: time.Unix(1.7e9, 0), Body: fmt.Appendf(nil, "Message-ID: <m%d@acme.test>\r\n\r\n%d\r\n", i, i)}, "INBOX")
	}
	return u
}

// With one connection to each side, mailboxes wait for each other, not for ever.
func TestMailboxesShareTheLastConnections(t *testing.T) {
	h := newInProcess(t)
	h.spec.Source.IMAP.Limits.Connections, h.spec.Target.IMAP.Limits.Connections = 1, 1
	world := open(h.spec, h.state)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for round := range 5 {
		var wg sync.WaitGroup
		for _, m := range h.spec.Roster.Mailboxes {
			wg.Go(func() {
				if _, err := world.Verify(ctx, m.Address, nil); err != nil {
					t.Errorf("round %d: %s: %v", round, m.Address, err)
				}
			})
		}
		wg.Wait()
	}
}

// A target that takes a message and not a change of its keywords does not keep
// the mailbox from being carried.
func TestARefusedFlagStopsNothing(t *testing.T) {
	h := newInProcess(t)
	u := h.fill("alice", 3)
	runCopy(t, open(h.spec, h.state), h.spec, "alice@acme.test")
	u.SetFlags(1, []imap.Flag{imap.FlagSeen, "$new"}, "INBOX")
	u.Add(imapd.Message{Body: []byte("a: b\r\n\r\n")}, "INBOX")
	h.servers[suite.Target].Fail(imapd.Fault{Command: "UID STORE", Act: imapd.Refuse, Text: "Too many user flags in mailbox", Times: 1000})
	if tally := runCopy(t, open(h.spec, h.state), h.spec, "alice@acme.test"); tally.Copied != 1 {
		t.Errorf("%+v", tally)
	}
	if got := len(h.user(suite.Target, "alice@acme.test").Messages("INBOX")); got != 4 {
		t.Errorf("%d messages at the target", got)
	}
}

// A wrong password is tried once in a process, however often it is needed.
func TestAWrongPasswordIsTriedOnce(t *testing.T) {
	h := newInProcess(t)
	h.BreakPassword("alice@acme.test", true)
	world := open(h.spec, h.state)
	if _, err := world.Observe(t.Context(), planner.Signed); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := world.Verify(t.Context(), "alice@acme.test", nil); err == nil {
			t.Error("verified with a wrong password")
		}
	}
	if n := h.servers[suite.Source].Count("alice@acme.test", "LOGIN"); n != 1 {
		t.Errorf("%d tries", n)
	}
}

// An administrator who is only ever refused is given up: more failures would
// lock the account that opens every mailbox.
func TestARefusedAdministratorIsGivenUp(t *testing.T) {
	h := newInProcess(t)
	names := make([]string, 20)
	for i := range names {
		names[i] = fmt.Sprintf("user%02d", i)
	}
	source := h.spec.Source.IMAP
	source.Login = config.Login{Kind: config.LoginMaster, User: "migrate", Separator: "*", Password: config.SecretRef("env:ANY")}
	spec := specOf(source, h.spec.Target.IMAP, names...)
	snap, err := open(spec, t.TempDir()).Observe(t.Context(), planner.Signed)
	if err != nil {
		t.Fatal(err)
	}
	tries, given := 0, 0
	for _, m := range snap.Mailboxes {
		tries += h.servers[suite.Source].Count(m.Source.Login+"*migrate", "LOGIN")
		if f := m.Source.Seen.Err; f == nil {
			t.Errorf("%s was seen", m.Address)
		} else if f.Code == "login.admin" {
			given++
		}
	}
	if tries != 3 || given != len(names)-3 {
		t.Errorf("%d tries, %d given up", tries, given)
	}
}

// What will not fit is told before any octet moves.
func TestAPlanTellsWhatWillNotFit(t *testing.T) {
	users := map[string]string{"alice@acme.test": goodPassword}
	source, target := peer.Dovecot(t, peer.Options{Users: users}), peer.Dovecot(t, peer.Options{Users: users, Quota: 100 << 10})
	corpus.Seed(t, source, "alice@acme.test", []corpus.Folder{{Path: []string{"INBOX"}, Mail: []corpus.Mail{
		{Message: corpus.Message{Name: "large", Raw: fmt.Appendf(nil, "Subject: large\r\n\r\n%s\r\n", strings.Repeat("x", 200<<10))}}}}})
	spec := specOf(at(source.Host, source.Port), at(target.Host, target.Port), "alice")
	snap, err := open(spec, t.TempDir()).Observe(t.Context(), planner.Signed)
	if err != nil {
		t.Fatal(err)
	}
	plan := planner.Build(spec, snap, time.Now())
	if !slices.ContainsFunc(plan.Findings, func(f config.Finding) bool { return f.Code == "plan.quota" }) {
		t.Errorf("quota %d, %+v behind: %v", snap.Mailboxes[0].Target.Quota, snap.Mailboxes[0].Behind, plan.Findings)
	}
}
