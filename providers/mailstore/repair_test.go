package mailstore_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/transfer"
	"github.com/mxmove/mxmove/providers/memory/imapd"
	"github.com/mxmove/mxmove/providers/providertest/corpus"
	"github.com/mxmove/mxmove/providers/providertest/peer"
	"github.com/mxmove/mxmove/providers/providertest/suite"
)

// Real servers take all mail of the corpus and all that is nasty with repair,
// from a source that gives every octet as it is.
func TestRepairAtRealServers(t *testing.T) {
	const user = "alice@acme.test"
	users := map[string]string{user: goodPassword}
	for _, c := range []struct {
		name           string
		target         func(testing.TB, peer.Options) *peer.Server
		extra          []string
		least, wrapped int // refused without repair, of them wrapped
	}{
		{"cyrus", peer.Cyrus, nil, 4, 0},
		{"cyrus that rejects 8 bit", peer.Cyrus, []string{"reject8bit: yes", "munge8bit: no"}, 7, 0},
		{"dovecot", peer.Dovecot, nil, 1, 0},
		{"courier", peer.Courier, nil, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newInProcess(t)
			target := c.target(t, peer.Options{Users: users, Extra: c.extra})
			tree := drawn(t, 7)
			for _, m := range tree[0].Mail {
				h.user(suite.Source, user).Add(imapd.Message{Body: m.Raw, Date: m.Date}, "INBOX")
			}
			n := len(tree[0].Mail)
			spec := specOf(at(h.servers[suite.Source].Host(), h.servers[suite.Source].Port()), at(target.Host, target.Port), "alice")
			spec.History.Refused = "repair"
			tally := runCopy(t, open(spec, h.state), spec, user)
			t.Logf("%d messages: %+v", n, tally)
			if tally.Copied != n || tally.Refused != 0 || tally.Repaired+tally.Wrapped < c.least || tally.Wrapped > c.wrapped {
				t.Errorf("%+v", tally)
			}
			repairVerified(t, h.state, spec, user, tally)
			if err := os.RemoveAll(filepath.Join(h.state, "ledger")); err != nil {
				t.Fatal(err)
			}
			if again := runCopy(t, open(spec, h.state), spec, user); again.Adopted != n || again.Copied != 0 {
				t.Errorf("without its ledger the second run did %+v", again)
			}
			if got := count(corpus.Dump(t, target, user)); got != n {
				t.Errorf("%d messages at the target, of %d", got, n)
			}
		})
	}
}

// repairVerified requires that verify names each altered message and finds no
// difference without a reason.
func repairVerified(t *testing.T, state string, spec *config.Spec, user string, tally planner.Tally) {
	t.Helper()
	report, err := open(spec, state).Verify(t.Context(), user, func(planner.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	mended := 0
	for _, e := range report.Exceptions {
		if e.Class != transfer.Explained {
			t.Errorf("%v UID %d, %d octets: %s %v", e.Folder, e.UID, e.Size, e.Class, e.Codes)
		}
		if slices.ContainsFunc(e.Codes, func(m text.Msg) bool { return strings.HasPrefix(m.Code, "verify.mended.") }) {
			mended++
			t.Logf("UID %d, %d octets: %v", e.UID, e.Size, e.Codes)
		}
	}
	if mended != tally.Repaired+tally.Wrapped || report.Counts.Explained+report.Counts.Proven != report.Counts.Source {
		t.Errorf("%d altered, %+v", mended, report.Counts)
	}
}
