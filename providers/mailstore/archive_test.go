package mailstore_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore"
	"github.com/mxmove/mxmove/providers/mailstore/archive"
	"github.com/mxmove/mxmove/providers/providertest/corpus"
	"github.com/mxmove/mxmove/providers/providertest/peer"
	"github.com/mxmove/mxmove/providers/providertest/suite"
)

// merging makes of a spec a merge whose target's mail is kept below root.
func merging(spec *config.Spec, root string) *config.Spec {
	s := *spec
	s.Source = config.Side{Kind: config.KindWeCom, Domain: "acme.test", CorpID: "wwA"}
	s.Target.Kind, s.Target.Procedure, s.Target.CorpID = config.KindWeCom, config.ProcedureMerge, "wwB"
	s.Target.Archive = &config.Archive{Path: root}
	s.History = nil
	return &s
}

func archiving(root, address string, in planner.Phase) planner.ArchiveMailbox {
	return planner.ArchiveMailbox{Corp: "wwB", Address: address, Path: root, In: in}
}

// mail puts a message into a mailbox at the target.
func (h *inProcess) mail(address, octets string) {
	h.Put(suite.Target, address, "INBOX", &suite.Message{Body: []byte(octets), Date: time.Now(), Flags: []string{"$Work"}})
}

func mustDo(t *testing.T, world *mailstore.Store, op planner.Op) planner.Tally {
	t.Helper()
	tally, err := world.Do(t.Context(), op, nil, func(planner.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	return tally
}

// Mail that a merge erases is kept: later passes bring only what is new, and
// what the archive shows is what the plan tells of it.
func TestErasedMailIsKept(t *testing.T) {
	h := newInProcess(t)
	root := filepath.Join(t.TempDir(), "archive", "wwB")
	h.spec = merging(h.spec, root)
	put := func(n int) {
		for range n {
			h.mail("bob@acme.test", "Subject: x\r\n\r\ntrial "+time.Now().String())
		}
	}
	put(3)
	snap, err := open(h.spec, h.state).Observe(t.Context(), planner.Signed)
	if err != nil {
		t.Fatal(err)
	}
	if len(snap.Archived) != 3 || snap.Archived[1].Source.Messages != 3 || snap.Archived[1].Target.Seen.Known() || snap.Archived[1].Behind.Messages != 3 {
		t.Errorf("%+v", snap.Archived)
	}
	if f := snap.Source.Seen; !f.At.IsZero() || f.Err != nil {
		t.Errorf("looked at a source without IMAP: %+v", f)
	}
	op := archiving(root, "bob@acme.test", planner.Prepare)
	if got := mustDo(t, open(h.spec, h.state), op); got.Copied != 3 {
		t.Errorf("%+v", got)
	}
	if got := mustDo(t, open(h.spec, h.state), op); got.Copied != 0 {
		t.Errorf("again: %+v", got)
	}
	put(2)
	if err := os.RemoveAll(h.state); err != nil { // what was kept is recognised
		t.Fatal(err)
	}
	if got := mustDo(t, open(h.spec, h.state), archiving(root, "bob@acme.test", planner.Freeze)); got.Copied != 2 || got.Adopted != 3 {
		t.Errorf("after the state directory was lost: %+v", got)
	}
	r, err := archive.Verify(t.Context(), archive.Dir(root, "bob@acme.test"), nil)
	if err != nil || !r.Whole() || r.Proven != 5 {
		t.Errorf("%+v, %v", r, err)
	}
	snap, err = open(h.spec, h.state).Observe(t.Context(), planner.Signed)
	if err != nil {
		t.Fatal(err)
	}
	box := snap.Archived[1]
	if box.Address != "bob@acme.test" || box.Target.Messages != 5 || box.Behind.Messages != 0 || box.ReadBack.IsZero() {
		t.Errorf("%+v", box)
	}
	if _, err := open(h.spec, h.state).Do(t.Context(), archiving(root, "zoe@acme.test", planner.Prepare), nil, nil); err == nil {
		t.Error("kept a mailbox without a row")
	}
}

// An archive that somebody changed is not relied upon; the next pass puts it
// right.
func TestChangedArchiveIsPutRight(t *testing.T) {
	h := newInProcess(t)
	root := t.TempDir()
	h.spec = merging(h.spec, root)
	h.mail("bob@acme.test", "Subject: one\r\n\r\n1")
	h.mail("bob@acme.test", "Subject: two\r\n\r\n2")
	op := archiving(root, "bob@acme.test", planner.Prepare)
	mustDo(t, open(h.spec, h.state), op)
	dir := archive.Dir(root, "bob@acme.test")
	harm := map[string]func(file string) error{
		"bit":  func(file string) error { return os.WriteFile(file, []byte("Subject: one\r\n\r\n7"), 0o600) },
		"gone": os.Remove,
		"all":  func(string) error { return os.RemoveAll(dir) },
		"manifest": func(string) error {
			return os.Truncate(filepath.Join(dir, "manifest.jsonl"), 300) // the unfinished line is cut, too
		},
	}
	for _, name := range []string{"bit", "gone", "all", "manifest"} {
		files, err := filepath.Glob(filepath.Join(dir, "cur", "*"))
		if err != nil || len(files) < 2 {
			t.Fatal(name, files, err)
		}
		if err := harm[name](files[0]); err != nil {
			t.Fatal(err)
		}
		mustDo(t, open(h.spec, h.state), op)
		r, err := archive.Verify(t.Context(), dir, nil)
		if err != nil || r.Proven != 2 || r.Messages != 2 {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

// A leaver's mail goes into the archive, and into no mailbox.
func TestLeaversMailIsArchived(t *testing.T) {
	h := newInProcess(t)
	h.fill("bob", 3)
	h.spec.Roster.Leavers = []config.Leaver{{Address: "bob@acme.test", Mail: config.MailArchive}}
	root := t.TempDir()
	h.spec.Target.Archive = &config.Archive{Path: root}
	op := step(t, h, "archive-mailbox", "bob@acme.test")
	if got := mustDo(t, open(h.spec, h.state), op); got.Copied != 3 {
		t.Errorf("%+v", got)
	}
	snap, err := open(h.spec, h.state).Observe(t.Context(), planner.Signed)
	if err != nil {
		t.Fatal(err)
	}
	if m, _ := snap.Mailbox("bob@acme.test"); m.State != planner.InStep || m.Behind != (planner.Gap{}) || m.Target.Messages != 3 || m.ReadBack.IsZero() {
		t.Errorf("%+v", m)
	}
	if len(snap.Archived) > 0 {
		t.Errorf("%+v", snap.Archived)
	}
	if n := h.servers[suite.Target].Count("bob@acme.test", "LOGIN"); n > 0 {
		t.Errorf("%d sign-ins to the leaver's own mailbox at the target", n)
	}
	restored, r, err := open(h.spec, h.state).Restore(t.Context(), archive.Dir(root, "bob@acme.test"), "alice@acme.test", []string{"from bob"}, nil, func(planner.Progress) {})
	if err != nil || restored.Copied != 3 || !r.Whole() {
		t.Fatal(restored, r, err)
	}
	if got := h.Dump(suite.Target, "alice@acme.test"); len(got["from bob/INBOX"]) != 3 {
		t.Errorf("%v", got)
	}
}

// With real servers: all kinds of mail are archived and come back as they were,
// and never twice.
func TestArchiveAndRestoreRealServers(t *testing.T) {
	for name, start := range map[string]func(testing.TB, peer.Options) *peer.Server{"dovecot": peer.Dovecot, "cyrus": peer.Cyrus} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := start(t, peer.Options{Users: realUsers()}), start(t, peer.Options{Users: realUsers()})
			root, state := t.TempDir(), t.TempDir()
			spec := merging(specOf(config.IMAP{}, at(from.Host, from.Port), realRows...), root)
			after := merging(specOf(config.IMAP{}, at(to.Host, to.Port), realRows...), root)
			for user, tree := range whole(t) {
				corpus.Seed(t, from, user, tree)
				before := corpus.Dump(t, from, user)
				if got := mustDo(t, open(spec, state), archiving(root, user, planner.Prepare)); got.Copied != count(before) {
					t.Errorf("%+v of %d", got, count(before))
				}
				if got := mustDo(t, open(spec, state), archiving(root, user, planner.Freeze)); got.Copied > 0 || got.Adopted > 0 {
					t.Errorf("again: %+v", got)
				}
				if d := cmp.Diff(before, corpus.Dump(t, from, user)); d != "" {
					t.Errorf("the mailbox changed:\n%s", d)
				}
				for _, lost := range []bool{false, false, true} { // the second finds nothing to do, also without its ledger
					if lost {
						if err := os.RemoveAll(state); err != nil {
							t.Fatal(err)
						}
					}
					_, r, err := open(after, state).Restore(t.Context(), archive.Dir(root, user), user, nil, nil, func(planner.Progress) {})
					if err != nil || !r.Whole() {
						t.Fatal(r, err)
					}
					if d := cmp.Diff(mailOf(before), mailOf(corpus.Dump(t, to, user))); d != "" {
						t.Errorf("%s, restored:\n%s", user, d)
					}
				}
			}
			ownersOnly(t, root)
		})
	}
}

// mailOf is a mailbox's mail: servers give folders their attributes themselves,
// and some list the levels above a folder.
func mailOf(m corpus.Mailbox) map[string][]corpus.Stored {
	all := map[string][]corpus.Stored{}
	for path, f := range m {
		if len(f.Mail) > 0 {
			all[path] = f.Mail
		}
	}
	return all
}

func ownersOnly(t *testing.T, root string) {
	t.Helper()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == root {
			return err
		}
		st, err := d.Info()
		if err == nil && st.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v", name, st.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// What is not as it was written is not restored, and is named.
func TestRestoreLeavesOutWhatIsDamaged(t *testing.T) {
	h := newInProcess(t)
	root := t.TempDir()
	h.spec = merging(h.spec, root)
	h.mail("bob@acme.test", "Subject: one\r\n\r\n1")
	h.mail("bob@acme.test", "Subject: two\r\n\r\n2")
	mustDo(t, open(h.spec, h.state), archiving(root, "bob@acme.test", planner.Prepare))
	dir := archive.Dir(root, "bob@acme.test")
	files, err := filepath.Glob(filepath.Join(dir, "cur", "*U1_*"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if err := os.WriteFile(files[0], []byte("Subject: one\r\n\r\n7"), 0o600); err != nil {
		t.Fatal(err)
	}
	tally, r, err := open(h.spec, h.state).Restore(t.Context(), dir, "alice@acme.test", nil, nil, func(planner.Progress) {})
	if err != nil || tally.Copied != 1 || tally.Missing != 1 || r.Whole() || r.Problems[0].Kind != archive.Changed {
		t.Errorf("%+v, %+v, %v", tally, r, err)
	}
	got := h.Dump(suite.Target, "alice@acme.test")["INBOX"]
	if len(got) != 1 || !strings.Contains(string(got[0].Body), "two") {
		t.Errorf("%v", got)
	}
	if _, _, err := open(h.spec, h.state).Restore(t.Context(), root, "alice@acme.test", nil, nil, nil); err == nil {
		t.Error("restored what is no archive")
	}
	var f *planner.Fault
	_, _, err = open(h.spec, h.state).Restore(t.Context(), dir, "zoe@acme.test", nil, nil, nil)
	if !errors.As(err, &f) || f.Code != "mailbox.unlisted" {
		t.Error(err)
	}
}

// A run that is stopped ends soon, and the next one goes on.
func TestArchiveStops(t *testing.T) {
	h := newInProcess(t)
	root := t.TempDir()
	h.spec = merging(h.spec, root)
	h.mail("bob@acme.test", "Subject: one\r\n\r\n1")
	stop := make(chan struct{})
	close(stop)
	op := archiving(root, "bob@acme.test", planner.Prepare)
	if _, err := open(h.spec, h.state).Do(t.Context(), op, stop, func(planner.Progress) {}); !errors.Is(err, planner.ErrStopped) {
		t.Error(err)
	}
	if got := mustDo(t, open(h.spec, h.state), op); got.Copied != 1 {
		t.Errorf("%+v", got)
	}
	kinds := []string{}
	if snap, err := open(h.spec, h.state).Observe(t.Context(), planner.Recorded); err == nil {
		kinds = snap.Can
		if snap.Archived[1].Target.Messages != 1 || snap.Archived[1].Source.Messages != 1 {
			t.Errorf("%+v", snap.Archived)
		}
	}
	if !slices.Contains(kinds, "archive-mailbox") {
		t.Error(kinds)
	}
}
