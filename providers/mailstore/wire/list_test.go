package wire

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"
)

// listAll reads what List would read.
func listAll(src io.Reader) *Listing {
	c := &Conn{doing: "test"}
	c.fetch.init("")
	c.r = newReader(src, c.lost)
	p := listParse{out: &Listing{}, at: map[string]int{}, subscribed: map[string]bool{}, status: statuses{}}
	var sel Selected
	for {
		r, err := c.next()
		if err != nil {
			return p.done()
		}
		if r.kind == '*' && r.word != "FETCH" {
			sel.untagged(r)
			r.line.pos = len(r.word)
			_ = p.take(r)
		}
	}
}

func TestListLines(t *testing.T) {
	for _, tc := range []struct {
		raw  string
		want Mailbox
	}{
		{`* LIST (\HasNoChildren) "/" "INBOX"`, Mailbox{Name: "INBOX", Sep: '/', Attrs: []imap.MailboxAttr{`\HasNoChildren`}}},
		{`* list (\hasnochildren \DRAFTS) "." INBOX.Drafts`, Mailbox{Name: "INBOX.Drafts", Sep: '.', Attrs: []imap.MailboxAttr{`\HasNoChildren`, `\Drafts`}}},
		{`* LIST () "\\" "a\\b \"c\""`, Mailbox{Name: `a\b "c"`, Sep: '\\'}},
		{`* LIST () NIL Folder1`, Mailbox{Name: "Folder1"}},
		{`* LIST () "" "Folder2"`, Mailbox{Name: "Folder2"}},
		{"* LIST (\\X) \"/\" {7}\r\n a\r\n(b ", Mailbox{Name: " a\r\n(b ", Sep: '/', Attrs: []imap.MailboxAttr{`\X`}}},
		{"* LIST () \"/\" a b\tc(d) {e}", Mailbox{Name: "a b\tc(d) {e}", Sep: '/'}},
		{`* LIST () "/" a b ("CHILDINFO" ("SUBSCRIBED"))`, Mailbox{Name: "a b", Sep: '/'}},
		{`* LIST () "/" "a b" ("CHILDINFO" ("SUBSCRIBED"))`, Mailbox{Name: "a b", Sep: '/'}},
		{`* LIST () "/" "say"hi"there"`, Mailbox{Name: `say"hi"there`, Sep: '/'}},
		{`* LIST () "/" "one\two"`, Mailbox{Name: `one\two`, Sep: '/'}},
		{"* LIST () \"/\" \"\xc4\xe3\xba\xc3\"", Mailbox{Name: "\xc4\xe3\xba\xc3", Sep: '/'}},
		{`* LIST () "|" "&AGEAYg-|&bad"`, Mailbox{Name: "&AGEAYg-|&bad", Sep: '|'}},
		{`* LIST "/" "no attributes"`, Mailbox{Name: "no attributes", Sep: '/'}},
		{`* LIST (\Subscribed) "/" s`, Mailbox{Name: "s", Sep: '/', Attrs: []imap.MailboxAttr{`\Subscribed`}, Subscribed: true}},
		{`* XLIST (\HasNoChildren \AllMail) "/" "[Gmail]/All Mail"`, Mailbox{Name: "[Gmail]/All Mail", Sep: '/', Attrs: []imap.MailboxAttr{`\HasNoChildren`, `\All`}}},
	} {
		got := listAll(strings.NewReader(tc.raw + "\r\n")).Mailboxes
		if diff := cmp.Diff([]Mailbox{tc.want}, got); diff != "" {
			t.Errorf("%q: %s", tc.raw, diff)
		}
	}
}

func TestListRecorded(t *testing.T) {
	for name, want := range map[string][]string{
		"common-list-literal-subfolders": {"INBOX", "Literal Folder Name"},
		"common-list-nil-folder-delim":   {"INBOX", "Folder1", "Folder2"},
		"zoho-xlist":                     {"Posteingang", "Entw&APw-rfe", "Vorlagen", "Gesendet", "Spam", "Papierkorb"},
		"domino-list-inbox":              {"Inbox"},
		"icloud-list-inbox":              {"INBOX"},
		"yahoo-list-inbox":               {"Inbox"},
	} {
		l := listAll(strings.NewReader(recorded(t, name)))
		var names []string
		for _, m := range l.Mailboxes {
			names = append(names, m.Name)
		}
		if diff := cmp.Diff(want, names); diff != "" || !l.Mailboxes[0].Inbox() {
			t.Errorf("%s: %s %v", name, diff, l.Mailboxes[0])
		}
	}
	uses := map[string]imap.MailboxAttr{}
	for _, m := range listAll(strings.NewReader(recorded(t, "gmail-xlist"))).Mailboxes {
		uses[m.Name] = m.Use()
	}
	want := map[string]imap.MailboxAttr{"Inbox": "", "[Gmail]": "", "[Gmail]/All Mail": `\All`, "[Gmail]/Drafts": `\Drafts`,
		"[Gmail]/Important": `\Important`, "[Gmail]/Sent Mail": `\Sent`, "[Gmail]/Spam": `\Junk`, "[Gmail]/Starred": `\Flagged`, "[Gmail]/Trash": `\Trash`}
	if diff := cmp.Diff(want, uses); diff != "" {
		t.Error(diff)
	}
}

func TestNamespaces(t *testing.T) {
	for _, tc := range []struct {
		raw  string
		want Listing
	}{
		{recorded(t, "common-namespace"), Listing{Personal: []Namespace{{"", '/'}}, Other: []Namespace{{"Other Users/", '/'}}, Shared: []Namespace{{"Public Folders/", '/'}}}},
		{recorded(t, "domino-namespace"), Listing{Personal: []Namespace{{"", '\\'}}, Other: []Namespace{{`Other\`, '\\'}}, Shared: []Namespace{{`Shared\`, '\\'}}}},
		{"* NAMESPACE ((\"INBOX.\" \".\")) NIL ((\"#shared.\" \".\")(\"shared.\" NIL))\r\n", Listing{Personal: []Namespace{{"INBOX.", '.'}}, Shared: []Namespace{{"#shared.", '.'}, {"shared.", 0}}}},
		{"* NAMESPACE NIL NIL NIL\r\n* CAPABILITY ((\"\" \"/\")) NIL NIL\r\n", Listing{}},
		{"* NAMESPACE ((\"\" \"/\"\r\n", Listing{Personal: []Namespace{{"", '/'}}}},
		{"* NAMESPACE garbage\r\n", Listing{}},
	} {
		if diff := cmp.Diff(&tc.want, listAll(strings.NewReader(tc.raw))); diff != "" {
			t.Errorf("%q: %s", tc.raw, diff)
		}
	}
}

func TestStatusLines(t *testing.T) {
	for raw, want := range map[string]Status{
		`* STATUS "a b" (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7 HIGHESTMODSEQ 12 SIZE 99 X (1) UNSEEN 1)`: {true, 3, 9, 7, 12, 99},
		`* STATUS a b (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7)`:                                           {true, 3, 9, 7, 0, 0},
		"* status {3}\r\na b (messages 3)":                                                            {false, 3, 0, 0, 0, 0},
		`* STATUS "a b" ()`:                                                                           {},
		`* STATUS "a b" (MESSAGES -1 UIDNEXT NIL UIDVALIDITY 7)`:                                      {UIDValidity: 7},
		`* STATUS "a b" (MESSAGES`:                                                                    {},
	} {
		got := listAll(strings.NewReader("* LIST () \"/\" \"a b\"\r\n" + raw + "\r\n")).Mailboxes
		if diff := cmp.Diff(want, got[0].Status); diff != "" {
			t.Errorf("%q: %s", raw, diff)
		}
	}
}

func TestListCommands(t *testing.T) {
	for _, tc := range []struct{ name, caps, script string }{
		{"extended", "IMAP4rev1 LIST-EXTENDED LIST-STATUS SPECIAL-USE STATUS=SIZE CONDSTORE NAMESPACE",
			"C: w1 NAMESPACE\nC: w2 LIST \"\" \"*\" RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ SIZE))\n" +
				"S: * NAMESPACE ((\"\" \"/\")) NIL NIL\nS: * STATUS x (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)\nS: * LIST (\\Subscribed) \"/\" x\nS: w1 OK\nS: w2 OK"},
		{"extended, refused", "IMAP4rev1 LIST-EXTENDED",
			"C: w1 LIST \"\" \"*\" RETURN (SUBSCRIBED)\nS: w1 BAD what\nC: w2 LIST \"\" \"*\"\nC: w3 LSUB \"\" \"*\"\nS: * LIST () \"/\" x\nS: * LSUB () \"/\" x\nS: w2 OK\nS: w3 OK"},
		{"plain", "IMAP4rev1 SPECIAL-USE XLIST",
			"C: w1 LIST \"\" \"*\"\nC: w2 LSUB \"\" \"*\"\nS: * LIST () \"/\" x\nS: w1 OK\nS: * LSUB (\\Noselect) \"/\" y\nS: * LSUB () \"/\" x\nS: * LSUB () \"/\" gone\nS: w2 NO so"},
		{"XLIST", "IMAP4rev1 XLIST", "C: w1 XLIST \"\" \"*\"\nC: w2 LSUB \"\" \"*\"\nS: * LSUB () \"/\" x\nS: * XLIST () \"/\" x\nS: w1 OK\nS: w2 OK"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l, err := talk(t, tc.caps, tc.script).List(context.Background())
			if err != nil || len(l.Mailboxes) != 1 || l.Mailboxes[0].Name != "x" || !l.Mailboxes[0].Subscribed {
				t.Errorf("%+v %v", l, err)
			}
		})
	}
	c := talk(t, "IMAP4rev1", "C: w1 LIST \"\" \"a\"\nC: w2 LSUB \"\" \"a\"\nC: w3 LIST \"\" \"b*\"\nC: w4 LSUB \"\" \"b*\"\nS: w1 OK\nS: w2 OK\nS: w3 NO [UNAVAILABLE] x\nS: w4 OK\nE")
	_, err := c.List(context.Background(), "a", "b*")
	refusedAs(t, err, "NO", "UNAVAILABLE")
	if _, err := c.List(context.Background(), "a\r\nw9 DELETE x"); err != ErrName || c.Closed() {
		t.Errorf("a name that holds a command: %v", err)
	}
	_ = c.Close()
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"INBOX": "INBOX", "R&-D": "R&D", "R&D": "R&D", "a&": "a&", "&UXZO1mWHTvZZOQ-": "其他文件夹",
		"&2D3eAA-": "😀", "&AGEAYg-": "ab", "&bad": "&bad", "&bad-x": "&bad-x", "垃圾": "垃圾", "\xc4\xe3\xba\xc3": "你好",
		"&V4NXPpCuTvY": "垃圾邮件", "&2D0-": "&2D0-", "Entw&APw-rfe": "Entwürfe", "&-&-": "&&", "": "",
	} {
		if got := DecodeName(name); got != want {
			t.Errorf("%q gives %q, expected %q", name, got, want)
		}
	}
	for text, want := range map[string]string{"其他文件夹": "&UXZO1mWHTvZZOQ-", "R&D": "R&-D", "Entwürfe": "Entw&APw-rfe", "😀 a": "&2D3eAA- a", "a\tb": "a&AAk-b", "é&é": "&AOk-&-&AOk-"} {
		if got := EncodeName(text); got != want {
			t.Errorf("%q gives %q, expected %q", text, got, want)
		}
	}
	for _, tc := range []struct {
		name string
		sep  byte
		want []string
	}{
		{"&UXZO1mWHTvZZOQ-/a", '/', []string{"其他文件夹", "a"}},
		{"a&AC8-b/c", '/', []string{"a/b", "c"}},
		{"a/b", 0, []string{"a/b"}},
		{"\x81\x5ca\\b", '\\', []string{"乗a", "b"}}, // half a character is the separator
		{"INBOX.x", '.', []string{"INBOX", "x"}},
	} {
		if diff := cmp.Diff(tc.want, SplitName(tc.name, tc.sep)); diff != "" {
			t.Errorf("%q: %s", tc.name, diff)
		}
	}
}
