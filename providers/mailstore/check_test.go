package mailstore_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore"
	"github.com/mxmove/mxmove/providers/memory/imapd"
	"github.com/mxmove/mxmove/providers/providertest/peer"
	"github.com/mxmove/mxmove/providers/providertest/suite"
)

func addresses(spec *config.Spec) (all []string) {
	for _, m := range spec.Roster.Mailboxes {
		all = append(all, m.Address)
	}
	return all
}

// Each mailbox is told by itself, in the roster's order, with what is wrong;
// what others did to a folder of the target stays.
func TestCheck(t *testing.T) {
	h := newInProcess(t)
	h.fill("alice", 3)
	h.Put(suite.Target, "alice@acme.test", "Keep", letterOf("k"))
	h.BreakPassword("bob@acme.test", true)
	h.servers[suite.Target].Fail(imapd.Fault{Login: "carol@acme.test", Command: "APPEND", Act: imapd.Refuse, Text: "[CANNOT] switched off"})
	calls := 0
	results, about, err := open(h.spec, h.state).Check(t.Context(), addresses(h.spec), true, func(mailstore.Checked) { calls++ })
	if err != nil || len(results) != 3 || calls != 3 || about != nil {
		t.Fatalf("%v %v, %d calls, %v", results, err, calls, about)
	}
	alice, bob, carol := results[0], results[1], results[2]
	if alice.Source.Messages != 3 || alice.Canary != planner.Yes || alice.Refused != nil {
		t.Errorf("alice %+v", alice)
	}
	if bob.Source.Seen.Err == nil || bob.Source.Seen.Err.Class != planner.Credential || bob.Target.Seen.Err != nil || bob.Canary != planner.Yes {
		t.Errorf("bob %+v", bob)
	}
	if carol.Canary != planner.No || carol.Refused == nil || carol.Refused.Code != "canary.refused" {
		t.Errorf("carol %+v", carol)
	}
	for _, a := range addresses(h.spec) {
		dump := h.Dump(suite.Target, a)
		if a == "alice@acme.test" {
			if len(dump["Keep"]) != 1 {
				t.Error("a folder of the target was touched")
			}
			delete(dump, "Keep")
		}
		if len(dump) != 1 || len(dump["INBOX"]) != 0 {
			t.Errorf("%s: left at the target: %v", a, dump)
		}
	}
}

func letterOf(id string) *suite.Message {
	return &suite.Message{ID: id, Body: []byte("Message-ID: <" + id + ">\r\n\r\nx\r\n")}
}

// What cannot be removed is named, and nothing else is tried to be rid of it.
func TestCheckNamesWhatIsLeft(t *testing.T) {
	h := newInProcess(t)
	h.servers[suite.Target].Fail(imapd.Fault{Command: "DELETE", Act: imapd.Refuse, Text: "[NOPERM] not here"})
	results, _, err := open(h.spec, h.state).Check(t.Context(), []string{"alice@acme.test"}, true, func(mailstore.Checked) {})
	if err != nil || results[0].Refused == nil || results[0].Refused.Code != "canary.left" {
		t.Fatalf("%+v, %v", results, err)
	}
	folder := results[0].Refused.Args["folder"]
	if got := h.Dump(suite.Target, "alice@acme.test")[folder]; len(got) != 1 {
		t.Errorf("%s holds %v", folder, got)
	}
}

// With many connections, too, an administrator is refused three times at most.
func TestCheckTriesAnAdministratorThreeTimes(t *testing.T) {
	h := newInProcess(t)
	h.spec.Source.IMAP.Login = config.Login{Kind: config.LoginMaster, User: "migrate", Separator: "*", Password: config.SecretRef("env:ANY")}
	var names []string
	for _, c := range "abcdefghijklmnopqrst" {
		names = append(names, string(c))
	}
	spec := specOf(h.spec.Source.IMAP, h.spec.Target.IMAP, names...)
	results, _, err := open(spec, t.TempDir()).Check(t.Context(), addresses(spec), false, func(mailstore.Checked) {})
	if err != nil {
		t.Fatal(err)
	}
	tries := 0
	for _, r := range results {
		tries += h.servers[suite.Source].Count(r.Address+"*migrate", "LOGIN")
		if r.Source.Seen.Err == nil {
			t.Errorf("%s opens", r.Address)
		}
	}
	if tries != 3 {
		t.Errorf("%d tries", tries)
	}
}

// An unreachable server is told for each mailbox and asked by none; an
// interrupt ends the rest.
func TestCheckOfWhatIsNotThere(t *testing.T) {
	h := newInProcess(t)
	h.servers[suite.Target].Close()
	world := open(h.spec, h.state)
	results, _, err := world.Check(t.Context(), addresses(h.spec), true, func(mailstore.Checked) {})
	if err != nil || slices.ContainsFunc(results, func(r mailstore.Checked) bool {
		return r.Source.Seen.Err != nil || r.Target.Seen.Err == nil || r.Target.Seen.Err.Class != planner.Unreachable || r.Canary != planner.Unknown
	}) {
		t.Errorf("%+v, %v", results, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := world.Check(ctx, addresses(h.spec), true, func(mailstore.Checked) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// The test mail comes and goes on real servers.
func TestCheckOnRealServers(t *testing.T) {
	t.Parallel()
	users := map[string]string{"alice@acme.test": goodPassword}
	for _, start := range []func(testing.TB, peer.Options) *peer.Server{peer.Dovecot, peer.Cyrus, peer.Courier} {
		s := start(t, peer.Options{Users: users})
		spec := specOf(at(s.Host, s.Port), at(s.Host, s.Port), "alice")
		for range 2 {
			results, _, err := open(spec, t.TempDir()).Check(t.Context(), addresses(spec), true, func(mailstore.Checked) {})
			if err != nil || results[0].Canary != planner.Yes {
				t.Fatalf("%s: %+v, %v, %v", s.Kind, results, results[0].Refused, err)
			}
			if results[0].Target.Messages != 0 || results[0].Target.Folders > 6 {
				t.Errorf("%s: %+v is left", s.Kind, results[0].Target)
			}
		}
		s.Stop()
	}
}
