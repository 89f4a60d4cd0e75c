package corpus

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/providers/providertest/peer"
)

// Folder is a folder to be made and filled.
type Folder struct {
	Path       []string // levels in UTF-8; {"INBOX"} is there already
	Subscribed bool
	Mail       []Mail
}

// Mail is a message with what a server keeps beside it.
type Mail struct {
	Message
	Flags []string  // system flags and keywords
	Date  time.Time // INTERNALDATE with its zone; zero: the server's time
}

// Seed fills the user's mailbox and gives the names of the mails that the
// server refused; all else that it does not do fails the test. Folders and
// mail that are there stay.
func Seed(tb testing.TB, server *peer.Server, user string, tree []Folder) (refused []string) {
	tb.Helper()
	s := signIn(tb, server, user)
	defer s.close()
	there := map[string]bool{"INBOX": true}
	for _, f := range s.list("LIST", "") {
		there[f.name] = !f.has(`\NonExistent`) && !f.has(`\Noselect`)
	}
	for _, folder := range tree {
		name := s.name(folder.Path)
		if !there[name] {
			s.ok("CREATE " + quote(name))
			there[name] = true
		}
		verb := "UNSUBSCRIBE"
		if folder.Subscribed {
			verb = "SUBSCRIBE"
		}
		if status, _ := s.await(s.send(verb + " " + quote(name))); folder.Subscribed && !strings.HasPrefix(status, "OK") {
			tb.Fatalf("corpus: SUBSCRIBE %s: %s", name, status)
		}
		refused = append(refused, s.fill(name, folder.Mail)...)
	}
	return refused
}

// batchOctets is how much is sent before answers are read; small enough that
// answers fit into the buffers of the connection meanwhile.
const (
	batchOctets = 1 << 20
	batchMails  = 64
)

// fill appends mails, pipelined where the server has LITERAL+ (RFC 7888).
func (s *session) fill(name string, mails []Mail) (refused []string) {
	s.tb.Helper()
	pipelined := s.can("LITERAL+")
	var tags []string
	var sent []Mail
	octets := 0
	collect := func() {
		for i, tag := range tags {
			if !s.stored(tag, sent[i]) {
				refused = append(refused, sent[i].Name)
			}
		}
		tags, sent, octets = nil, nil, 0
	}
	for _, m := range mails {
		if !pipelined {
			if !s.appendSynchronized(name, m) {
				refused = append(refused, m.Name)
			}
			continue
		}
		tags = append(tags, s.send(appendCommand(name, m)+fmt.Sprintf("{%d+}\r\n%s", len(m.Raw), m.Raw)))
		sent = append(sent, m)
		if octets += len(m.Raw); octets > batchOctets || len(tags) == batchMails {
			collect()
		}
	}
	collect()
	return refused
}

func appendCommand(name string, m Mail) string {
	command := "APPEND " + quote(name) + " "
	if len(m.Flags) > 0 {
		command += "(" + strings.Join(m.Flags, " ") + ") "
	}
	if !m.Date.IsZero() {
		command += quote(m.Date.Format("02-Jan-2006 15:04:05 -0700")) + " "
	}
	return command
}

func (s *session) appendSynchronized(name string, m Mail) bool {
	s.tb.Helper()
	tag := s.send(appendCommand(name, m) + fmt.Sprintf("{%d}", len(m.Raw)))
	for {
		r := s.read()
		if strings.HasPrefix(r.text, "+") {
			break
		}
		if status, tagged := strings.CutPrefix(r.text, tag+" "); tagged {
			s.mustBeNo(status, m)
			return false
		}
	}
	s.write(string(m.Raw) + "\r\n")
	return s.stored(tag, m)
}

// stored reads the answer to an APPEND. A BAD fails the test: the server may
// have taken part of the mail for commands.
func (s *session) stored(tag string, m Mail) bool {
	s.tb.Helper()
	status, _ := s.await(tag)
	if strings.HasPrefix(status, "OK") {
		return true
	}
	s.mustBeNo(status, m)
	return false
}

func (s *session) mustBeNo(status string, m Mail) {
	s.tb.Helper()
	if !strings.HasPrefix(status, "NO") {
		s.tb.Fatalf("corpus: APPEND of %s: %s", m.Name, status)
	}
}
