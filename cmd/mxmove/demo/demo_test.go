package demo

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/mxmove/mxmove/providers/memory/imapd"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func started(t *testing.T) *Services {
	t.Helper()
	s, err := Start(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// each visits all messages of the old service.
func each(s *Services, visit func(user string, f imapd.Folder, m imapd.Message)) {
	for _, u := range s.users {
		for _, f := range s.Old.User(u).Folders() {
			for _, m := range s.Old.User(u).Messages(f.Path...) {
				visit(u, f, m)
			}
		}
	}
}

func TestTheOfficeHasWhatOfficesHave(t *testing.T) {
	s := started(t)
	seen := map[string]int{}
	perUser := map[string]int{}
	var bytes int
	each(s, func(u string, f imapd.Folder, m imapd.Message) {
		perUser[u]++
		bytes += len(m.Body)
		if f.Use != "" {
			seen["use "+string(f.Use)]++
		}
		seen[fmt.Sprint("levels ", len(f.Path))]++
		if !f.Subscribed {
			seen["unsubscribed"]++
		}
		for _, flag := range m.Flags {
			seen["flag "+string(flag)]++
		}
		for _, what := range []string{"multipart/mixed", "multipart/alternative", "gb18030", "=?GB18030?B?", "=?utf-8?b?", "image/png",
			"text/csv", "application/pdf", "quoted-printable", "8bit", "References:"} {
			if strings.Contains(string(m.Body), what) {
				seen[what]++
			}
		}
	})
	total := s.Messages(s.Old)
	if total < 150 || total > 300 || bytes < 2<<20 || bytes > 20<<20 {
		t.Errorf("%d messages, %d octets", total, bytes)
	}
	if len(perUser) != 6 || perUser["li.na@acme.test"] < 100 {
		t.Errorf("messages a mailbox: %v", perUser)
	}
	for _, what := range []string{"use \\Sent", "use \\Drafts", "use \\Trash", "use \\Junk", "levels 1", "levels 2", "levels 3", "unsubscribed",
		"flag \\Seen", "flag \\Answered", "flag \\Flagged", "flag \\Draft", "flag $Forwarded", "flag $Junk", "flag $Booked", "flag Todo",
		"multipart/mixed", "multipart/alternative", "gb18030", "=?GB18030?B?", "=?utf-8?b?", "image/png", "text/csv", "application/pdf",
		"quoted-printable", "8bit", "References:"} {
		if seen[what] == 0 {
			t.Errorf("no message with %s", what)
		}
	}
	if n := s.Messages(s.New); n != 0 {
		t.Errorf("the new service has %d messages", n)
	}
}

// Every message is what a mail program would have sent: lines end in CRLF,
// headers are ASCII, every part can be decoded, and a Message-ID is one
// message's only (its copies in other mailboxes are the same octets).
func TestMessagesAreMail(t *testing.T) {
	ids := map[string]string{}
	each(started(t), func(u string, f imapd.Folder, m imapd.Message) {
		where := u + " " + strings.Join(f.Path, "/")
		if got := strings.ReplaceAll(string(m.Body), "\r\n", ""); strings.ContainsAny(got, "\r\n") {
			t.Fatalf("%s: a line does not end in CRLF", where)
		}
		msg, err := mail.ReadMessage(bytes.NewReader(m.Body))
		if err != nil {
			t.Fatalf("%s: %v", where, err)
		}
		head, _, _ := strings.Cut(string(m.Body), "\r\n\r\n")
		if strings.ContainsFunc(head, func(r rune) bool { return r > '~' }) {
			t.Errorf("%s: the header is not ASCII: %q", where, head)
		}
		if _, err := msg.Header.Date(); err != nil {
			t.Errorf("%s: %v", where, err)
		}
		if _, err := addresses().ParseList(msg.Header.Get("To")); err != nil {
			t.Errorf("%s: %v in %q", where, err, msg.Header.Get("To"))
		}
		id := msg.Header.Get("Message-ID")
		if other, ok := ids[id]; ok && other != string(m.Body) {
			t.Errorf("%s: %s is two messages", where, id)
		}
		ids[id] = string(m.Body)
		parts(t, where, msg.Header.Get("Content-Type"), msg.Header.Get("Content-Transfer-Encoding"), msg.Body)
	})
	if len(ids) < 100 {
		t.Errorf("only %d different messages", len(ids))
	}
}

func addresses() *mail.AddressParser {
	return &mail.AddressParser{WordDecoder: &mime.WordDecoder{CharsetReader: func(charset string, r io.Reader) (io.Reader, error) {
		if !strings.EqualFold(charset, "gb18030") {
			return nil, fmt.Errorf("charset %q", charset)
		}
		return simplifiedchinese.GB18030.NewDecoder().Reader(r), nil
	}}}
}

func parts(t *testing.T, where, contentType, encoding string, body io.Reader) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatalf("%s: %q: %v", where, contentType, err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		b, err := io.ReadAll(body)
		if err != nil {
			t.Fatalf("%s: %v", where, err)
		}
		if encoding == "base64" {
			b = unbase64(t, where, b)
		}
		if params["charset"] == "gb18030" {
			if b, err = simplifiedchinese.GB18030.NewDecoder().Bytes(b); err != nil || strings.ContainsRune(string(b), utf8.RuneError) {
				t.Errorf("%s: not GB18030: %v", where, err)
			}
		}
		if strings.HasPrefix(kind, "text/") && !utf8.Valid(b) {
			t.Errorf("%s: %s is not text", where, contentType)
		}
		return
	}
	r := multipart.NewReader(body, params["boundary"])
	for n := 0; ; n++ {
		p, err := r.NextPart() // takes quoted-printable off
		if err == io.EOF && n >= 2 {
			return
		}
		if err != nil {
			t.Fatalf("%s: part %d: %v", where, n, err)
		}
		parts(t, where, p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p)
	}
}

// The same at each start, but for certificates.
func TestEachStartIsTheSame(t *testing.T) {
	list := func() (all []string) {
		each(started(t), func(u string, f imapd.Folder, m imapd.Message) {
			all = append(all, fmt.Sprintf("%s %q %d %d %v %s %q", u, f.Path, f.UIDValidity, m.UID, m.Flags, m.Date, m.Body))
		})
		return all
	}
	if a, b := list(), list(); !slices.Equal(a, b) {
		t.Error("two starts differ")
	}
}

func TestDatesAreInThePast(t *testing.T) {
	limit := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	each(started(t), func(u string, f imapd.Folder, m imapd.Message) {
		if m.Date.After(limit) || m.Date.Year() < 2025 {
			t.Errorf("%s %v: %s", u, f.Path, m.Date)
		}
	})
}

func TestWrite(t *testing.T) {
	s := started(t)
	dir := t.TempDir()
	if err := s.Write(dir); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "members.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"address", "name", "department", "source_password", "target_password"}, rows[0]); diff != "" {
		t.Error(diff)
	}
	for _, row := range rows[1:] {
		for i, side := range map[int]string{3: "old", 4: "new"} {
			b, err := os.ReadFile(filepath.Join(dir, strings.TrimPrefix(row[i], "file:")))
			if err != nil {
				t.Fatal(err)
			}
			if string(b) != password(side, row[0])+"\n" {
				t.Errorf("%s does not hold %s's password", row[i], row[0])
			}
		}
	}
	err = filepath.Walk(dir, func(name string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().Perm()&0o077 != 0 && name != dir {
			t.Errorf("%s is open to others: %v", name, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	spec := s.Spec()
	for _, p := range s.users {
		if strings.Contains(spec, password("old", p)) {
			t.Error("a password is in the spec")
		}
	}
	if !strings.Contains(spec, fmt.Sprint(s.Old.Port())) || !strings.Contains(spec, fmt.Sprint(s.New.Port())) {
		t.Error("the spec does not name the services")
	}
}

func TestFlagsAreWellFormed(t *testing.T) {
	each(started(t), func(u string, f imapd.Folder, m imapd.Message) {
		if slices.Contains(m.Flags, imap.Flag("")) || len(m.Flags) > 1 && m.Flags[0] == m.Flags[1] {
			t.Errorf("%s %v: flags %q", u, f.Path, m.Flags)
		}
	})
}

func unbase64(t *testing.T, where string, b []byte) []byte {
	t.Helper()
	out, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(string(b), "\r\n", ""))
	if err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	return out
}

func TestMeanwhile(t *testing.T) {
	s := started(t)
	unread := func() (n, all int) {
		for _, m := range s.Old.User("alice@acme.test").Messages("INBOX") {
			all++
			if !slices.Contains(m.Flags, imap.FlagSeen) {
				n++
			}
		}
		return n, all
	}
	before, all := unread()
	s.Meanwhile()
	if after, now := unread(); before == 0 || after != before || now != all+1 {
		t.Errorf("unread %d of %d, then %d of %d: one message should have come and one been read", before, all, after, now)
	}
}
