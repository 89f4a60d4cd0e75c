package mailstore_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
	"github.com/mxmove/mxmove/providers/mailstore/wire"
	"github.com/mxmove/mxmove/providers/providertest/corpus"
	"github.com/mxmove/mxmove/providers/providertest/peer"
)

// dated is mail of the corpus, from the n-th on, that arrived at a time.
func dated(t *testing.T, folder []string, from, n int, at time.Time) corpus.Folder {
	f := corpus.Folder{Path: folder, Subscribed: true}
	for k := from; k < from+n; k++ {
		f.Mail = append(f.Mail, corpus.Mail{Message: corpus.Messages(t)[k], Flags: flagsFor(k % 6), Date: at.Add(time.Duration(k) * time.Second)})
	}
	return f
}

// backOp is a pass of the way back.
func backOp(spec *config.Spec, user string, arrived time.Time) planner.CopyMailbox {
	return planner.CopyMailbox{Address: user, In: planner.Drain, Arrived: arrived,
		From: planner.EndpointOf(spec.Target.IMAP, user), To: planner.EndpointOf(spec.Source.IMAP, user)}
}

func carryBack(t *testing.T, spec *config.Spec, state, user string, arrived time.Time) planner.Tally {
	t.Helper()
	tally, err := open(spec, state).Do(t.Context(), backOp(spec, user, arrived), nil, func(planner.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	return tally
}

// What arrives at the target comes back once, with its date and its flags;
// what was copied there, deleted at the source since, or there before, does not.
func TestWayBackBetweenServers(t *testing.T) {
	bob := "bob@acme.test"
	users := map[string]string{alice: goodPassword, bob: goodPassword}
	source, target := peer.Dovecot(t, peer.Options{Users: users}), peer.Dovecot(t, peer.Options{Users: users})
	old, switched := time.Now().AddDate(0, 0, -30).Truncate(time.Second), time.Now().Add(-2*time.Hour).Truncate(time.Second)
	spec := specOf(at(source.Host, source.Port), at(target.Host, target.Port), "alice", "bob")
	spec.History.Map = map[string]string{"Kunden": "客户"}
	state := t.TempDir()
	before := map[string]corpus.Mailbox{}
	for i, user := range []string{alice, bob} {
		corpus.Seed(t, source, user, []corpus.Folder{dated(t, []string{"INBOX"}, 40*i, 12, old), dated(t, []string{"Kunden"}, 40*i+12, 5, old), dated(t, []string{"Late"}, 40*i+33, 2, switched)})
		corpus.Seed(t, target, user, []corpus.Folder{dated(t, []string{"INBOX"}, 40*i+30, 3, old)}) // its own, from before
		if got := runCopy(t, open(spec, state), spec, user); got.Copied != 19 {
			t.Fatalf("%+v", got)
		}
		deleteAt(t, source, user, "INBOX", 2)
		before[user] = corpus.Dump(t, source, user)
		corpus.Seed(t, target, user, []corpus.Folder{dated(t, []string{"INBOX"}, 40*i+20, 6, switched), dated(t, []string{"客户"}, 40*i+26, 2, switched),
			dated(t, []string{"Projects"}, 40*i+28, 2, old),    // imported, with the dates they had
			dated(t, []string{"Filed"}, 40*i+33, 2, switched)}) // our copies, filed elsewhere by their owner
	}
	for i, user := range []string{alice, bob} {
		got := carryBack(t, spec, state, user, time.Now())
		if got.Copied != 10 || got.Adopted+got.Flags+got.Removed > 0 {
			t.Errorf("%s: %+v", user, got)
		}
		if again := carryBack(t, spec, state, user, time.Now()); again != (planner.Tally{}) {
			t.Errorf("%s, again: %+v", user, again)
		}
		want := tallied(before[user], allOf(before[user]))
		arrived := corpus.Dump(t, target, user)
		for _, f := range []corpus.Folder{dated(t, []string{"INBOX"}, 40*i+20, 6, switched), dated(t, []string{"Kunden"}, 40*i+26, 2, switched), dated(t, []string{"Projects"}, 40*i+28, 2, old)} {
			for _, m := range f.Mail {
				want[line(t, arrived, f.Path[0], m)]++
			}
		}
		after := corpus.Dump(t, source, user)
		if d := cmp.Diff(want, tallied(after, allOf(after))); d != "" {
			t.Errorf("%s (-want +source):\n%s", user, d)
		}
		storeAt(t, target, user, "INBOX", map[uint32]wire.FlagChange{6: {Add: []imap.Flag{imap.FlagFlagged}, Remove: []imap.Flag{imap.FlagSeen}}})
		for want := 1; want >= 0; want-- {
			if got := carryBack(t, spec, state, user, time.Now()); got != (planner.Tally{Flags: want}) {
				t.Errorf("%s, flags: %+v, want %d", user, got, want)
			}
		}
		// forward again: what came back is known to be at the target already
		if got := runCopy(t, open(spec, state), spec, user); got.Copied > 0 || got.Adopted != 10 {
			t.Errorf("%s, forward again: %+v", user, got)
		}
		if late := carryBack(t, spec, state, user, time.Now()); late.Copied > 0 {
			t.Errorf("%s, back again: %+v", user, late)
		}
	}
	if _, err := transfer.Inspect(filepath.Join(state, "ledger", "back"), transfer.Key{Lineage: "test", Address: alice}); err != nil {
		t.Error(err)
	}
}

// line is how tallied tells of a mail of the target in a folder of the source.
func line(t *testing.T, from corpus.Mailbox, folder string, m corpus.Mail) string {
	t.Helper()
	for _, box := range from {
		for _, is := range box.Mail {
			if is.SHA256 == corpus.Of(m).SHA256 {
				return fmt.Sprintf("%s %s %d %v %v", folder, is.SHA256[:16], is.Size, is.Date.Unix(), is.Flags)
			}
		}
	}
	t.Fatalf("%s is not there", m.Name)
	return ""
}

func allOf(m corpus.Mailbox) map[string]bool {
	all := map[string]bool{}
	for _, box := range m {
		for _, mail := range box.Mail {
			all[mail.SHA256] = true
		}
	}
	return all
}
