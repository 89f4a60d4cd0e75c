package demo

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/providers/memory/imapd"
)

// Services are the company's two IMAP services, running on loopback.
type Services struct {
	Old, New *imapd.Server
	users    []string // logins, the same on both
}

// Start opens both services and fills the old one. now dates their
// certificates.
func Start(now func() time.Time) (*Services, error) {
	before, err := imapd.Start(imapd.Options{Now: now, TLS: true, Name: "Old Mail"})
	if err != nil {
		return nil, err
	}
	after, err := imapd.Start(imapd.Options{Now: now, TLS: true, Name: "New Mail"})
	if err != nil {
		return nil, errors.Join(err, before.Close())
	}
	s := &Services{Old: before, New: after}
	var boxes []*imapd.User
	for _, p := range people()[:staff] {
		s.users = append(s.users, p.address)
		boxes = append(boxes, before.AddUser(p.address, password("old", p.address)))
		after.AddUser(p.address, password("new", p.address))
	}
	fill(boxes)
	return s, nil
}

// Close ends both services.
func (s *Services) Close() error { return errors.Join(s.Old.Close(), s.New.Close()) }

// Messages counts the messages of all mailboxes of a service.
func (s *Services) Messages(at *imapd.Server) (n int) {
	for _, u := range s.users {
		for _, f := range at.User(u).Folders() {
			n += f.Messages
		}
	}
	return n
}

// Meanwhile is what happens in the office while mail is being moved: Alice
// gets a message from a customer and reads an older one.
func (s *Services) Meanwhile() {
	alice, box := people()[alice], s.Old.User(people()[alice].address)
	at := time.Date(2026, 11, 19, 17, 45, 0, 0, zone())
	l := letter{from: people()[buyerSouth], to: []person{alice}, subject: "One more pallet, please", date: at,
		id: "<202611190001@southtrade.example>", body: "Dear Alice,\nplease add one pallet to our order.\n\nGrace"}
	box.Add(imapd.Message{Date: at, Body: l.write()}, "INBOX")
	for _, m := range box.Messages("INBOX") {
		if !slices.Contains(m.Flags, imap.FlagSeen) {
			box.SetFlags(m.UID, append(m.Flags, imap.FlagSeen), "INBOX")
			return
		}
	}
}

// password is made up, and the same at each start, so that the directory of a
// demo can be used again.
func password(side, address string) string {
	sum := sha256.Sum256([]byte(side + address))
	return hex.EncodeToString(sum[:8])
}

// Spec is the migration that the demo plans. It names both services by their
// addresses and authorities' certificates.
func (s *Services) Spec() string {
	return fmt.Sprintf(`# acme.test moves from its old IMAP service to a new one.

migration "acme" {}

source "imap" {
  domain = %q

  imap {
    host    = %q
    port    = %d
    ca_file = "old-ca.pem"
    login "password" {}            # each row's source_password
  }
}

roster {
  files = ["members.csv"]
}

target "imap" {
  imap {
    host    = %q
    port    = %d
    ca_file = "new-ca.pem"
    login "password" {}            # each row's target_password
  }
}

history {
  mover = "mxmove"
}
`, Domain, s.Old.Host(), s.Old.Port(), s.New.Host(), s.New.Port())
}

// Write puts the migration into a directory: spec, roster, certificates, and
// the passwords that the roster names, one a file.
func (s *Services) Write(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "passwords"), 0o700); err != nil {
		return err
	}
	roster, err := s.roster()
	if err != nil {
		return err
	}
	files := map[string]string{
		"migration.hcl": s.Spec(), "members.csv": roster,
		"old-ca.pem": string(s.Old.CA()), "new-ca.pem": string(s.New.CA()),
	}
	for _, u := range s.users {
		for _, side := range []string{"old", "new"} {
			files[passwordFile(side, u)] = password(side, u) + "\n"
		}
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func passwordFile(side, address string) string {
	name, _, _ := strings.Cut(address, "@")
	return "passwords/" + name + "." + side
}

func (s *Services) roster() (string, error) {
	var b strings.Builder
	w := csv.NewWriter(&b)
	rows := [][]string{{"address", "name", "department", "source_password", "target_password"}}
	for _, p := range people()[:staff] {
		rows = append(rows, []string{p.address, p.name, p.department,
			"file:" + passwordFile("old", p.address), "file:" + passwordFile("new", p.address)})
	}
	err := w.WriteAll(rows)
	return b.String(), err
}
