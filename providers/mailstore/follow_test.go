package mailstore_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/wire"
	"github.com/mxmove/mxmove/providers/providertest/corpus"
	"github.com/mxmove/mxmove/providers/providertest/peer"
)

// deleteAt deletes messages as a mail program does.
func deleteAt(t *testing.T, server *peer.Server, user, folder string, uids ...uint32) {
	t.Helper()
	changes := map[uint32]wire.FlagChange{}
	for _, uid := range uids {
		changes[uid] = wire.FlagChange{Add: []imap.Flag{imap.FlagDeleted}}
	}
	storeAt(t, server, user, folder, changes, uids...)
}

// storeAt changes flags as a mail program does, and expunges messages.
func storeAt(t *testing.T, server *peer.Server, user, folder string, changes map[uint32]wire.FlagChange, expunge ...uint32) {
	t.Helper()
	c, err := wire.Dial(t.Context(), wire.Options{Addr: server.Addr(), Mode: wire.None})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SignIn(t.Context(), wire.Credentials{User: user, Secret: goodPassword}, wire.ID{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select(t.Context(), folder); err != nil {
		t.Fatal(err)
	}
	if err := c.Store(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	if len(expunge) > 0 {
		err = c.Expunge(t.Context(), expunge)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Between real servers what was deleted at the source is removed, and nothing
// else; from Cutover on nothing is.
func TestDeletionsBetweenServers(t *testing.T) {
	for _, c := range []struct {
		source, target func(testing.TB, peer.Options) *peer.Server
	}{
		{peer.Dovecot, peer.Cyrus}, {peer.Cyrus, peer.Dovecot},
	} {
		users := map[string]string{alice: goodPassword}
		source, target := c.source(t, peer.Options{Users: users}), c.target(t, peer.Options{Users: users})
		inbox := corpus.Folder{Path: []string{"INBOX"}}
		for k := range 20 {
			inbox.Mail = append(inbox.Mail, corpus.Mail{Message: corpus.Messages(t)[k], Flags: flagsFor(k), Date: time.Unix(1.7e9+int64(k), 0)})
		}
		corpus.Seed(t, source, alice, []corpus.Folder{inbox})
		spec := specOf(at(source.Host, source.Port), at(target.Host, target.Port), "alice")
		spec.History = &config.History{Deletions: "follow"}
		spec.Guards.Removed.Percent = 20
		state := t.TempDir()
		pass := func(in planner.Phase) planner.Tally {
			t.Helper()
			op := planner.CopyMailbox{Address: alice, In: in, From: planner.EndpointOf(spec.Source.IMAP, alice), To: planner.EndpointOf(spec.Target.IMAP, alice)}
			tally, err := open(spec, state).Do(t.Context(), op, nil, func(planner.Progress) {})
			if err != nil {
				t.Fatal(err)
			}
			return tally
		}
		first := pass(planner.Copy).Copied
		deleteAt(t, source, alice, "INBOX", 3, 4, 9)
		if got := pass(planner.Drain); got.Removed > 0 {
			t.Errorf("removed in Drain: %+v", got)
		}
		spec.Cutover = &config.Cutover{Opens: time.Now().Add(-time.Minute)}
		if got := pass(planner.Copy); got.Removed > 0 {
			t.Errorf("removed once the window is open: %+v", got)
		}
		if got := pass(planner.Freeze); got != (planner.Tally{Removed: 3}) {
			t.Errorf("%s to %s: %+v", source.Kind, target.Kind, got)
		}
		if n := count(corpus.Dump(t, target, alice)); n != first-3 {
			t.Errorf("%d messages of %d", n, first)
		}
		var all []uint32
		for uid := uint32(10); uid < 20; uid++ {
			all = append(all, uid)
		}
		deleteAt(t, source, alice, "INBOX", all...)
		if got := pass(planner.Freeze); got.Removed > 0 {
			t.Errorf("beyond the limit: %+v", got)
		}
		report, err := open(spec, state).Verify(t.Context(), alice, nil)
		if err != nil || report.Counts.OnlyTarget+report.Counts.Source != first-3 || !slices.Contains([]string{"verify.result.proven", "verify.result.explained"}, report.Result) {
			t.Error(fmt.Sprintf("%+v", report), err)
		}
		source.Stop()
		target.Stop()
	}
}
