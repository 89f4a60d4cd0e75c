package mailstore_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/providertest/corpus"
	"github.com/mxmove/mxmove/providers/providertest/peer"
)

func canaryMail(id string) corpus.Mail {
	return corpus.Mail{Message: corpus.Message{Raw: []byte("From: a@acme.test\r\nMessage-ID: " + id + "\r\n\r\nbody\r\n")}, Date: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
}

// Canaries are taken out of INBOX and the junk folder of the target, others'
// mail stays, and at the source nothing is removed.
func TestCanariesAreTaken(t *testing.T) {
	for _, kind := range []peer.Kind{peer.KindDovecot, peer.KindCourier} {
		t.Run(string(kind), func(t *testing.T) {
			users := map[string]string{"amy@acme.test": goodPassword}
			from := peer.Dovecot(t, peer.Options{Users: users})
			start := peer.Dovecot
			if kind == peer.KindCourier {
				start = peer.Courier
			}
			to := start(t, peer.Options{Users: users})
			inbox := corpus.Folder{Path: []string{"INBOX"}, Mail: []corpus.Mail{canaryMail("<c-1-a@x>"), canaryMail("<other@x>"), canaryMail("<c-2-b@x>")}}
			for n := range 520 { // what is older than the newest is not looked at
				inbox.Mail = slices.Insert(inbox.Mail, 0, canaryMail("<before-"+strconv.Itoa(n)+"@x>"))
			}
			junk := corpus.Folder{Path: []string{"Junk"}, Mail: []corpus.Mail{canaryMail("<c-1-z@x>")}}
			for _, s := range []*peer.Server{from, to} {
				corpus.Seed(t, s, "amy@acme.test", []corpus.Folder{inbox, junk})
			}
			s := open(specOf(at(from.Host, from.Port), at(to.Host, to.Port), "amy"), t.TempDir())
			before := corpus.Dump(t, from, "amy@acme.test")
			ids, err := s.SourceCanaries(t.Context(), "amy@acme.test", "<c-1-")
			slices.Sort(ids)
			if err != nil || !slices.Equal(ids, []string{"<c-1-a@x>", "<c-1-z@x>"}) {
				t.Fatalf("source: %q %v", ids, err)
			}
			ids, err = s.TakeCanaries(t.Context(), "amy@acme.test", "<c-1-")
			slices.Sort(ids)
			if want := []string{"<c-1-a@x>", "<c-1-z@x>"}; err != nil || !slices.Equal(ids, want) && !(kind == peer.KindCourier && slices.Equal(ids, want[:1])) {
				t.Fatalf("target: %q %v", ids, err)
			}
			if ids, err = s.TakeCanaries(t.Context(), "amy@acme.test", "<c-1-"); err != nil || len(ids) > 0 {
				t.Errorf("twice: %q %v", ids, err)
			}
			if got := len(corpus.Dump(t, to, "amy@acme.test")["INBOX"].Mail); got != 522 {
				t.Errorf("%d mails are left, want 522", got)
			}
			after := corpus.Dump(t, from, "amy@acme.test")
			if len(after["INBOX"].Mail) != len(before["INBOX"].Mail) || len(after["Junk"].Mail) != 1 {
				t.Error("the source was written to")
			}
			if _, err := s.TakeCanaries(t.Context(), "nobody@acme.test", ""); err == nil || !strings.HasPrefix(err.Error(), "mailbox.unlisted") {
				t.Error(err)
			}
		})
	}
}

// By IMAP nothing can be held, and that is success on both ends.
func TestHoldIsAMark(t *testing.T) {
	s := open(specOf(at("127.0.0.1", 1), at("127.0.0.1", 2), "amy"), t.TempDir())
	hold := planner.HoldDirectory{Domain: "acme.test"}
	for _, op := range []planner.Op{hold, planner.Restore{Of: planner.IDOf(hold), Op: hold}} {
		if _, err := s.Do(t.Context(), op, nil, nil); err != nil {
			t.Errorf("%s: %v", op.Kind(), err)
		}
	}
}
