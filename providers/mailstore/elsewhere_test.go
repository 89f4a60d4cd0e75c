package mailstore_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore"
	"github.com/mxmove/mxmove/providers/providertest/corpus"
	"github.com/mxmove/mxmove/providers/providertest/peer"
)

// A mail is found by its Message-ID wherever somebody's filters put it, and
// looking changes nothing.
func TestElsewhere(t *testing.T) {
	out := peer.Dovecot(t, peer.Options{Users: map[string]string{"me@out.test": goodPassword}})
	corpus.Seed(t, out, "me@out.test", []corpus.Folder{
		{Path: []string{"INBOX"}, Mail: []corpus.Mail{canaryMail("<other@x>"), canaryMail("<in@x>"), canaryMail("<both@x>")}},
		{Path: []string{"Junk"}, Mail: []corpus.Mail{canaryMail("<junk@x>"), canaryMail("<both@x>")}},
		{Path: []string{"Work", "Spam 2026"}, Mail: []corpus.Mail{canaryMail("<named@x>")}},
		{Path: []string{"Work", "Lists"}, Mail: []corpus.Mail{canaryMail("<filed@x>")}},
	})
	s := open(specOf(at("127.0.0.1", 1), at("127.0.0.1", 1), "amy"), t.TempDir())
	box := config.Service{Host: out.Host, Port: out.Port, TLS: config.TLSNone, User: "me@out.test", Password: config.SecretRef("env:PW")}
	for id, want := range map[string]struct {
		folder string
		junk   bool
	}{
		"<in@x>": {"INBOX", false}, "<junk@x>": {"Junk", true}, "<both@x>": {"INBOX", false},
		"<named@x>": {"Work/Spam 2026", true}, "<filed@x>": {"Work/Lists", false}, "<none@x>": {}, "": {},
	} {
		folder, junk, mail, err := s.Elsewhere(t.Context(), box, id)
		if err != nil || folder != want.folder || junk != want.junk {
			t.Errorf("%s: in %q, junk %v: %v", id, folder, junk, err)
		}
		if (want.folder != "") != strings.Contains(string(mail), "Message-ID: "+id+"\r\n") {
			t.Errorf("%s: %q", id, mail)
		}
	}
	for name, f := range corpus.Dump(t, out, "me@out.test") {
		for _, m := range f.Mail {
			if len(m.Flags) > 0 {
				t.Errorf("%s: %v", name, m.Flags)
			}
		}
	}
	elsewhereRefused(t, s, box)
}

// A wrong password is tried once.
func elsewhereRefused(t *testing.T, s *mailstore.Store, box config.Service) {
	box.User = "nobody@out.test"
	var first *planner.Fault
	for range 2 {
		_, _, _, err := s.Elsewhere(t.Context(), box, "")
		var f *planner.Fault
		if !errors.As(err, &f) || f.Class != planner.Credential || f.Args["login"] != "nobody@out.test" || first != nil && f != first {
			t.Fatalf("%v, before %v", err, first)
		}
		first = f
	}
	box.Password = config.Secret{}
	box.User = "me@out.test"
	var f *planner.Fault
	if _, _, _, err := s.Elsewhere(t.Context(), box, ""); !errors.As(err, &f) || f.Code != "credential.missing" {
		t.Error(err)
	}
}
