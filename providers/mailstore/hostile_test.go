package mailstore_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/providers/memory/imapd"
	"github.com/mxmove/mxmove/providers/providertest/corpus"
	"github.com/mxmove/mxmove/providers/providertest/peer"
)

// Flags and dates that made a real server take a mail's text for commands.
var (
	hostileFlags = []imap.Flag{`\Forwarded`, `\Recent`, "a]b", "K[1]", "{10+}", "重要", `x"y`, `\`, "()", "%", "*", imap.Flag(bytes.Repeat([]byte("k"), 1200))}
	hostileDates = []string{"NIL", `"31-Feb-2024 12:00:00 +0000"`, `"01-Jan-2024 12:00:00"`, `"nonsense"`, `"01-Jan-1901 00:00:00 +0000"`, `"99-Foo-99999 99:99:99 +9999"`}
)

// A mail whose body is IMAP commands is copied as a mail, whatever flags and
// date stand around it, and changes nothing else.
func TestHostileMailIsOnlyCopied(t *testing.T) {
	t.Parallel()
	for _, start := range []func(testing.TB, peer.Options) *peer.Server{peer.Dovecot, peer.Cyrus, peer.Courier} {
		target := start(t, peer.Options{Users: map[string]string{"alice@acme.test": goodPassword}})
		t.Run(string(target.Kind), func(t *testing.T) { attack(t, target) })
		target.Stop()
	}
}

func attack(t *testing.T, target *peer.Server) {
	source, err := imapd.Start(imapd.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	box := source.AddUser("alice@acme.test", goodPassword)
	box.Create("", "Box")
	sent := 0
	for _, flag := range hostileFlags {
		box.Add(imapd.Message{Flags: []imap.Flag{imap.FlagSeen, flag}, Date: time.Unix(1.7e9, 0), Body: hostileBody(sent)}, "Box")
		sent++
	}
	for i := range hostileDates {
		box.Add(imapd.Message{Date: marker(i), Body: hostileBody(sent)}, "Box")
		sent++
	}
	witness := corpus.Folder{Path: []string{"Keep"}, Mail: []corpus.Mail{{Message: corpus.Message{Name: "witness", Raw: witnessMail}, Date: time.Unix(1.6e9, 0)}}}
	corpus.Seed(t, target, "alice@acme.test", []corpus.Folder{witness})

	spec := specOf(at("127.0.0.1", lie(t, source.Port())), at(target.Host, target.Port), "alice")
	state := t.TempDir()
	tally := runCopy(t, open(spec, state), spec, "alice@acme.test")
	if tally.Copied != sent {
		t.Errorf("%d of %d copied: %+v", tally.Copied, sent, tally)
	}
	after := corpus.Dump(t, target, "alice@acme.test")
	if _, made := after["injected"]; made {
		t.Error("the mail's text was obeyed: it made a folder")
	}
	if got := len(after["Box"].Mail); got != sent {
		t.Errorf("Box has %d messages, want %d", got, sent)
	}
	if got := after["Keep"].Mail; len(got) != 1 || slices.Contains(got[0].Flags, `\Deleted`) {
		t.Errorf("the witness was touched: %+v", got)
	}
	for _, m := range after["Box"].Mail {
		if slices.Contains(m.Flags, `\Deleted`) {
			t.Errorf("flags %v were set by the mail's text", m.Flags)
		}
	}
}

var witnessMail = []byte("From: a@acme.test\r\nSubject: witness\r\n\r\nI was here before.\r\n")

func hostileBody(i int) []byte {
	return []byte(fmt.Sprintf("From: a@acme.test\r\nMessage-ID: <h%d@acme.test>\r\nSubject: hostile\r\n\r\n%s", i, corpus.Commands))
}

// marker is a date that lie puts hostileDates[i] in place of.
func marker(i int) time.Time { return time.Date(1999, 9, 9, 9, 9, i, 0, time.UTC) }

// lie listens in front of a server and changes the dates that it tells.
func lie(t *testing.T, port int) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port))
			if err != nil {
				client.Close()
				return
			}
			go func() { io.Copy(server, client); server.Close() }()
			go func() { tellLies(client, server); client.Close() }()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

func tellLies(client io.Writer, server io.Reader) {
	buf := make([]byte, 1<<20)
	for {
		n, err := server.Read(buf)
		out := buf[:n]
		for i, hostile := range hostileDates {
			for _, layout := range []string{`"02-Jan-2006 15:04:05 -0700"`, `"_2-Jan-2006 15:04:05 -0700"`} {
				out = bytes.ReplaceAll(out, []byte(marker(i).Format(layout)), []byte(hostile))
			}
		}
		if _, werr := client.Write(out); err != nil || werr != nil {
			return
		}
	}
}
