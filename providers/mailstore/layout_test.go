package mailstore

import (
	"slices"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/providers/mailstore/wire"
)

func TestPathsAndNames(t *testing.T) {
	plain := []wire.Namespace{{Prefix: "", Sep: '/'}}
	courier := []wire.Namespace{{Prefix: "INBOX.", Sep: '.'}}
	for _, c := range []struct {
		about   string
		listing wire.Listing
		name    string
		sep     byte
		path    []string // nil: not the person's
		back    string   // "": the name itself
	}{
		{"inbox in any case", wire.Listing{Personal: plain}, "Inbox", '/', []string{"INBOX"}, "INBOX"},
		{"nested", wire.Listing{Personal: plain}, "A/B", '/', []string{"A", "B"}, ""},
		{"Chinese", wire.Listing{Personal: plain}, "&UXZO1mWHTvZZOQ-/&mHl27g-", '/', []string{"其他文件夹", "项目"}, ""},
		{"raw UTF-8 stays readable", wire.Listing{Personal: plain}, "项目", '/', []string{"项目"}, "&mHl27g-"},
		{"decomposed letters are composed", wire.Listing{Personal: plain}, "E&AwE-te&AwE-", '/', []string{"Été"}, "&AMk-t&AOk-"},
		{"below the prefix", wire.Listing{Personal: courier}, "INBOX.Sent.2024", '.', []string{"Sent", "2024"}, ""},
		{"prefix in another case", wire.Listing{Personal: courier}, "inbox.Sent", '.', []string{"Sent"}, "INBOX.Sent"},
		{"outside of the prefix", wire.Listing{Personal: courier}, "Sent", '.', nil, ""},
		{"another's folder", wire.Listing{Personal: plain, Other: []wire.Namespace{{Prefix: "user/", Sep: '/'}}}, "user/bob/Sent", '/', nil, ""},
		{"the root of shared folders", wire.Listing{Personal: plain, Shared: []wire.Namespace{{Prefix: "#shared/", Sep: '/'}}}, "#shared", '/', nil, ""},
		{"no namespace told", wire.Listing{Mailboxes: []wire.Mailbox{{Name: "INBOX", Sep: '.'}}}, "A.B", '.', []string{"A", "B"}, ""},
		{"no hierarchy", wire.Listing{Mailboxes: []wire.Mailbox{{Name: "INBOX"}}}, "A.B", 0, []string{"A.B"}, ""},
	} {
		lay := layoutOf(&c.listing)
		path, ok := lay.path(wire.Mailbox{Name: c.name, Sep: c.sep})
		if !slices.Equal(path, c.path) || ok != (c.path != nil) {
			t.Errorf("%s: path %q %v, want %q", c.about, path, ok, c.path)
		}
		want := c.back
		if want == "" {
			want = c.name
		}
		if ok && lay.name(path) != want {
			t.Errorf("%s: name %q, want %q", c.about, lay.name(path), want)
		}
	}
}

func TestFoldersOfAListing(t *testing.T) {
	l := &wire.Listing{Personal: []wire.Namespace{{Sep: '/'}}, Mailboxes: []wire.Mailbox{
		{Name: "INBOX", Sep: '/', Status: wire.Status{Known: true, Messages: 3, UIDNext: 9, UIDValidity: 1}},
		{Name: "Gesendet", Sep: '/', Attrs: []imap.MailboxAttr{imap.MailboxAttrSent}, Subscribed: true},
		{Name: "Tree", Sep: '/', Attrs: []imap.MailboxAttr{imap.MailboxAttrNoSelect}},
		{Name: "Ghost", Sep: '/', Attrs: []imap.MailboxAttr{imap.MailboxAttrNonExistent}},
	}}
	folders := layoutOf(l).folders(l)
	if len(folders) != 4 || folders[0].Status.Messages != 3 || folders[1].Use != imap.MailboxAttrSent || !folders[1].Subscribed {
		t.Fatalf("%+v", folders)
	}
	if !folders[2].NoSelect || !folders[3].NoSelect || folders[1].NoSelect || folders[0].Delimiter != "/" {
		t.Errorf("%+v", folders)
	}
	if !untold(folders) || !slices.Equal(namesOf(folders), []string{"Gesendet"}) {
		t.Errorf("status is to be asked for %q", namesOf(folders))
	}
}
