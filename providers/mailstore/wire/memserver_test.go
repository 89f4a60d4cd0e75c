package wire

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

// memServer starts go-imap's server with a user, over TLS by STARTTLS.
func memServer(t *testing.T, cert *tls.Config) string {
	t.Helper()
	user := imapmemserver.NewUser("alice", "alice-pw")
	if err := user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	mem := imapmemserver.New()
	mem.AddUser(user)
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		Caps:      imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIMAP4rev2: {}},
		TLSConfig: cert,
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(ln)
	}()
	t.Cleanup(func() {
		_ = srv.Close()
		<-done
	})
	return ln.Addr().String()
}

// TestRoundTrip goes through a server that is not ours: sign in over STARTTLS,
// make a folder, append, list, read back, change flags.
func TestRoundTrip(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	ca := newAuthority(t)
	addr := memServer(t, ca.server(t, nil))
	c, err := Dial(bg, Options{Addr: addr, Mode: StartTLS, TLS: &tls.Config{RootCAs: ca.pool}})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SignIn(bg, Credentials{Mechanism: Plain, User: "alice", Secret: "alice-pw"}, ID{Name: "mxmove"}); err != nil {
		t.Fatal(err)
	}
	name := EncodeName("其他文件夹/R&D")
	if err := c.Create(bg, name, ""); err != nil {
		t.Fatal(err)
	}
	if err := c.Subscribe(bg, name); err != nil {
		t.Fatal(err)
	}
	sel, err := c.Select(bg, name)
	if err != nil || sel.UIDNext != 1 || sel.UIDValidity == 0 {
		t.Fatalf("%+v %v", sel, err)
	}
	const n = 50
	sent := map[uint32]string{}
	i := 0
	date := time.Date(2024, 2, 1, 10, 20, 30, 0, time.FixedZone("", 8*3600))
	text := func(i int) string {
		return fmt.Sprintf("Subject: %d\r\n\r\n%s\r\n", i, strings.Repeat("line of text\r\n", i*20))
	}
	err = c.Append(bg, name, func() (*Outgoing, error) {
		if i == n {
			return nil, io.EOF
		}
		i++
		m := msg(text(i-1), imap.FlagSeen, "k1")
		m.Date = date
		return m, nil
	}, func(a Appended) error {
		if a.Err == nil {
			sent[a.UID] = text(a.Index)
		}
		return a.Err
	})
	if err != nil || len(sent) != n {
		t.Fatalf("%d, %v", len(sent), err)
	}
	checkRoundTrip(t, c, name, sent, date)
	heads := map[uint32]string{}
	missing, err := c.Headers(bg, []uint32{1, 2, 49, 900}, func(m *Message) error {
		b, err := io.ReadAll(m.Body)
		heads[m.UID] = strings.TrimSpace(string(b))
		return err
	})
	want := map[uint32]string{1: "Subject: 0", 2: "Subject: 1", 49: "Subject: 48"}
	if d := cmp.Diff(want, heads); err != nil || d != "" || fmt.Sprint(missing) != "[900]" {
		t.Errorf("%v, %v %s", missing, err, d)
	}
	c.Bye()(bg)
}

func checkRoundTrip(t *testing.T, c *Conn, name string, sent map[uint32]string, date time.Time) {
	t.Helper()
	l, err := c.List(bg)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, m := range l.Mailboxes {
		found = found || m.Name == name && m.Subscribed
	}
	st, err := c.Status(bg, name)
	if err != nil || !found || st[name].Messages != uint32(len(sent)) {
		t.Fatalf("%+v %+v %v", l, st, err)
	}
	var uids []uint32
	if err := c.Scan(bg, ScanOptions{}, func(m *Message) error {
		uids = append(uids, m.UID)
		if m.Size != int64(len(sent[m.UID])) || !m.Date.Equal(date) || m.Odd {
			t.Errorf("scanned %+v", *m)
		}
		return nil
	}); err != nil || len(uids) != len(sent) {
		t.Fatalf("%v %v", uids, err)
	}
	back := map[uint32]string{}
	missing, err := c.Fetch(bg, append(uids, 4000), func(m *Message) error {
		b, err := io.ReadAll(m.Body)
		back[m.UID] = string(b)
		return err
	})
	if diff := cmp.Diff(sent, back); diff != "" || err != nil || !cmp.Equal(missing, []uint32{4000}) {
		t.Errorf("%s %v %v", diff, missing, err)
	}
	if err := c.Store(bg, map[uint32]FlagChange{uids[0]: {Add: []imap.Flag{imap.FlagFlagged}, Remove: []imap.Flag{imap.FlagSeen}}}); err != nil {
		t.Error(err)
	}
	if err := c.Scan(bg, ScanOptions{}, func(m *Message) error {
		seen, flagged := false, false
		for _, f := range m.Flags {
			seen = seen || strings.EqualFold(string(f), `\Seen`)
			flagged = flagged || strings.EqualFold(string(f), `\Flagged`)
		}
		if first := m.UID == uids[0]; seen == first || flagged != first {
			t.Errorf("UID %d has %v", m.UID, m.Flags)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}
