package mailstore_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
	"github.com/mxmove/mxmove/providers/providertest/corpus"
	"github.com/mxmove/mxmove/providers/providertest/peer"
)

var realRows = []string{"alice", "bob", "carol"}

func realUsers() map[string]string {
	users := map[string]string{}
	for _, n := range realRows {
		users[n+"@acme.test"] = goodPassword
	}
	return users
}

// whole gives the corpus, all of it, over three mailboxes with folders of
// every kind.
func whole(t *testing.T) map[string][]corpus.Folder {
	boxes := map[string][]corpus.Folder{}
	paths := [][]string{{"INBOX"}, {"Sent"}, {"Archive", "2024", "Q1"}, {"客户", "华东", "订单"}, {"Drafts"}, {"项目"}, {"Trash"}}
	messages := slices.Concat(corpus.Messages(t), corpus.Nasty())
	for i, name := range realRows {
		folders := make([]corpus.Folder, len(paths))
		for j, p := range paths {
			folders[j] = corpus.Folder{Path: p, Subscribed: j%2 == 0}
		}
		for k := i; k < len(messages); k += len(realRows) {
			f := &folders[k/len(realRows)%len(paths)]
			f.Mail = append(f.Mail, corpus.Mail{Message: messages[k], Flags: flagsFor(k),
				Date: time.Date(2015, 1, 1, 8, 0, k, 0, time.FixedZone("", (k%27-12)*3600+k%4*900))})
		}
		boxes[name+"@acme.test"] = folders
	}
	return boxes
}

func flagsFor(k int) []string {
	all := [][]string{nil, {`\Seen`}, {`\Seen`, `\Answered`}, {`\Flagged`, "$Forwarded"}, {`\Seen`, "NonJunk"}, {`\Draft`}, {`\Deleted`, `\Seen`}}
	return all[k%len(all)]
}

func TestWholeCorpusBetweenServers(t *testing.T) {
	for _, c := range []struct {
		name           string
		source, target func(testing.TB, peer.Options) *peer.Server
		allowed        []string // what this pair may do to a message, as codes of verify
	}{
		{"dovecot to dovecot", peer.Dovecot, peer.Dovecot, nil},
		{"dovecot to cyrus", peer.Dovecot, peer.Cyrus, []string{"verify.altered.header8bit", "verify.refused", "verify.altered.newlines"}},
		{"courier to dovecot", peer.Courier, peer.Dovecot, []string{"verify.altered.nul", "verify.altered.newlines", "verify.refused"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			source, target := c.source(t, peer.Options{Users: realUsers()}), c.target(t, peer.Options{Users: realUsers()})
			spec := specOf(at(source.Host, source.Port), at(target.Host, target.Port), realRows...)
			state := t.TempDir()
			t.Run("each", func(t *testing.T) {
				for user, tree := range whole(t) {
					t.Run(user, func(t *testing.T) {
						t.Parallel()
						if refused := corpus.Seed(t, source, user, tree); len(refused) > 0 {
							t.Logf("the source itself refuses %v", refused)
						}
						moveAndProve(t, source, target, spec, state, user, c.allowed)
					})
				}
			})
			inStep(t, open(spec, state))
		})
	}
}

// moveAndProve copies a mailbox, proves it, and copies it again, which must
// change nothing.
func moveAndProve(t *testing.T, source, target *peer.Server, spec *config.Spec, state, address string, allowed []string) {
	before := corpus.Dump(t, source, address)
	first := runCopy(t, open(spec, state), spec, address)
	t.Logf("%+v", first)
	if n := count(before); first.Copied+first.Refused != n {
		t.Errorf("%d messages, of them %d copied and %d refused", n, first.Copied, first.Refused)
	}
	after := corpus.Dump(t, target, address)
	again := runCopy(t, open(spec, state), spec, address)
	if again != (planner.Tally{}) {
		t.Errorf("the second run did %+v", again)
	}
	if d := cmp.Diff(after, corpus.Dump(t, target, address)); d != "" {
		t.Errorf("the second run changed the target:\n%s", d)
	}
	if d := cmp.Diff(before, corpus.Dump(t, source, address)); d != "" {
		t.Errorf("the source changed:\n%s", d)
	}
	prove(t, open(spec, state), address, allowed)
	findAndSample(t, open(spec, state), address, count(before))
}

// inStep checks that all mailboxes are seen as carried over.
func inStep(t *testing.T, world *mailstore.Store) {
	t.Helper()
	seen, err := world.Observe(t.Context(), planner.Signed)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range seen.Mailboxes {
		if m.Behind != (planner.Gap{}) || m.State != planner.InStep && (m.State != planner.Partial || m.Quarantined == 0) {
			t.Errorf("%s is %s, %+v behind", m.Address, m.State, m.Behind)
		}
	}
}

func runCopy(t *testing.T, world *mailstore.Store, spec *config.Spec, address string) planner.Tally {
	t.Helper()
	for _, step := range planner.Build(spec, planner.Snapshot{At: time.Now()}, time.Now()).Steps {
		if step.Op.Subject() != address {
			continue
		}
		tally, err := world.Do(t.Context(), step.Op, make(chan struct{}), func(planner.Progress) {})
		if err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		return tally
	}
	t.Fatalf("no step for %s", address)
	return planner.Tally{}
}

// prove verifies a mailbox and allows only the differences that were measured
// of these servers.
func prove(t *testing.T, world *mailstore.Store, address string, allowed []string) {
	t.Helper()
	report, err := world.Verify(t.Context(), address, func(planner.Progress) {})
	if err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	for _, e := range report.Exceptions {
		if e.Class != transfer.Explained || slices.ContainsFunc(e.Codes, func(m text.Msg) bool { return !slices.Contains(allowed, m.Code) }) {
			b, _ := json.Marshal(e)
			t.Errorf("%s: %s", address, b)
		}
	}
	b, _ := json.Marshal(report.Counts)
	t.Logf("%s: %s %s", address, report.Result, b)
}

// findAndSample reads the headers of a mailbox, whose source holds n messages,
// and a few of its messages, as trace and verify --sample do.
func findAndSample(t *testing.T, world *mailstore.Store, address string, n int) {
	t.Helper()
	found, err := world.Trace(t.Context(), address, transfer.Query{Since: time.Unix(0, 0)}, nil)
	if err != nil || len(found.Unread) > 0 || found.Read < n {
		t.Errorf("%s: %d headers read of %d and more, not %v: %v", address, found.Read, n, found.Unread, err)
		return
	}
	for _, h := range found.Found {
		if h.Where.Code == "trace.not-yet" || h.Where.Code == "trace.removed" && found.More == 0 {
			t.Errorf("%s: %s UID %d: %s", address, h.Folder, h.UID, h.Where.Code)
		}
	}
	report, err := world.VerifySample(t.Context(), address, &transfer.Sampling{N: 12, Seed: 5}, nil)
	if err != nil || report.Failed() || report.Sample == nil || report.Sample.Read != 12 || report.Sample.Population != n {
		t.Errorf("%s: %+v, %v", address, report, err)
	}
}

func count(m corpus.Mailbox) int {
	n := 0
	for _, b := range m {
		n += len(b.Mail)
	}
	return n
}
