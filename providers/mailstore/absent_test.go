package mailstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/memory/imapd"
)

// Of a target that nobody opens by IMAP nothing is said, and the source is
// counted all the same: the vendor's wizard carries the mail.
func TestATargetWithoutIMAP(t *testing.T) {
	source, err := imapd.Start(imapd.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { source.Close() })
	u := source.AddUser("alice@acme.test", goodPassword)
	for range 3 {
		u.Add(imapd.Message{Body: []byte("Subject: x\r\n\r\n"), Date: time.Now()}, "INBOX")
	}
	store := open(specOf(at(source.Host(), source.Port()), config.IMAP{}, "alice"), t.TempDir())
	snap, err := store.Observe(t.Context(), planner.Signed)
	if err != nil {
		t.Fatal(err)
	}
	m := snap.Mailboxes[0]
	if m.Source.Messages != 3 || m.Source.Seen.Err != nil || !m.Target.Seen.At.IsZero() || m.Target.Seen.Err != nil || m.State != planner.NotStarted {
		t.Errorf("%+v", m)
	}
	if snap.Target.Endpoint != "" || snap.Target.Seen.Err != nil {
		t.Errorf("%+v", snap.Target)
	}
	_, err = store.Verify(t.Context(), "alice@acme.test", func(planner.Progress) {})
	var f *planner.Fault
	if !errors.As(err, &f) || f.Code != "server.none" || f.Args["side"] != "target" {
		t.Errorf("verify: %v", err)
	}
	if _, err := store.Do(t.Context(), planner.DropMailbox{Address: "alice@acme.test"}, nil, func(planner.Progress) {}); err != nil || source.Count("alice@acme.test", "UID STORE") > 0 {
		t.Errorf("the end of the care for a mailbox: %v", err)
	}
}
