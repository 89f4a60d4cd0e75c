package corpus

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/providers/providertest/peer"
)

// Mailbox is what a server has of a user: folders by their path below the
// personal namespace, levels in UTF-8 joined by "/". Folders that hold no
// mail (\Noselect, \NonExistent) are left out. Two of them compare by cmp.Diff.
type Mailbox map[string]Box

// Box is a folder.
type Box struct {
	Use        string // special use (RFC 6154), such as \Sent; "" also where the server does not tell
	Subscribed bool
	Mail       []Stored // in the order of UIDs
}

// Stored is a message as a server gives it.
type Stored struct {
	SHA256 string    // of BODY[], in hex
	Size   int       // of BODY[], in octets
	Flags  []string  // sorted, without \Recent, system flags as RFC 9051 spells them
	Date   time.Time // INTERNALDATE, in UTC
}

// Of gives what a server that keeps everything has of a mail that was seeded
// with a date.
func Of(m Mail) Stored {
	return Stored{SHA256: hash(m.Raw), Size: len(m.Raw), Flags: normalFlags(m.Flags), Date: m.Date.UTC().Truncate(time.Second)}
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Dump reads all of the user's mailbox, without changing it.
func Dump(tb testing.TB, server *peer.Server, user string) Mailbox {
	tb.Helper()
	s := signIn(tb, server, user)
	defer s.close()
	subscribed := map[string]bool{}
	for _, f := range s.list("LSUB", "") {
		// \Noselect: Courier's way to say that only a folder below is subscribed
		subscribed[f.name] = !f.has(`\Noselect`)
	}
	options := ""
	if s.can("SPECIAL-USE") && s.can("LIST-EXTENDED") {
		options = " RETURN (SPECIAL-USE)"
	}
	mailbox := Mailbox{}
	for _, f := range s.list("LIST", options) {
		if f.has(`\Noselect`) || f.has(`\NonExistent`) {
			continue
		}
		path := s.path(f.name)
		if _, twice := mailbox[path]; twice {
			tb.Fatalf("corpus: the server lists %s twice", path)
		}
		mailbox[path] = Box{Use: f.use(), Subscribed: subscribed[f.name], Mail: s.fetchAll(f.name)}
	}
	return mailbox
}

// listed is a line of LIST.
type listed struct {
	name       string // as on the wire
	attributes []string
}

func (f listed) has(attribute string) bool {
	return slices.ContainsFunc(f.attributes, func(a string) bool { return strings.EqualFold(a, attribute) })
}

func (f listed) use() string {
	for _, use := range []string{`\All`, `\Archive`, `\Drafts`, `\Flagged`, `\Junk`, `\Sent`, `\Trash`} {
		if f.has(use) {
			return use
		}
	}
	return ""
}

var (
	listPattern = regexp.MustCompile(`^\* (?:LIST|LSUB) \(([^)]*)\) (?:"\\?."|NIL) (.+)$`)
	datePattern = regexp.MustCompile(`INTERNALDATE "([^"]+)"`)
	flagPattern = regexp.MustCompile(`FLAGS \(([^)]*)\)`)
	bodyPattern = regexp.MustCompile(`BODY\[\] (~?\{\d+\}|"(?:[^"\\]|\\.)*"|NIL)`)
)

// list gives all folders by LIST or LSUB.
func (s *session) list(verb, options string) []listed {
	s.tb.Helper()
	var all []listed
	for _, r := range s.ok(verb + ` "" "*"` + options) {
		m := listPattern.FindStringSubmatch(r.text)
		if m == nil {
			continue
		}
		name := unquote(m[2])
		if len(r.literals) == 1 {
			name = string(r.literals[0])
		}
		all = append(all, listed{name: name, attributes: strings.Fields(m[1])})
	}
	return all
}

func (s *session) fetchAll(name string) []Stored {
	s.tb.Helper()
	s.ok("EXAMINE " + quote(name))
	status, replies := s.await(s.send("UID FETCH 1:* (FLAGS INTERNALDATE BODY.PEEK[])"))
	if !strings.HasPrefix(status, "OK") {
		s.tb.Fatalf("corpus: FETCH in %s: %s", name, status)
	}
	var mail []Stored
	for _, r := range replies {
		if strings.Contains(r.text, " FETCH (") {
			mail = append(mail, s.parse(r))
		}
	}
	return mail
}

// parse reads a FETCH response. Only BODY[] can be a literal in it.
func (s *session) parse(r reply) Stored {
	s.tb.Helper()
	flags, date, body := flagPattern.FindStringSubmatch(r.text), datePattern.FindStringSubmatch(r.text), bodyPattern.FindStringSubmatch(r.text)
	if flags == nil || date == nil || body == nil || len(r.literals) > 1 {
		s.tb.Fatalf("corpus: a FETCH response that is not understood: %.300q", r.text)
	}
	moment, err := time.Parse("_2-Jan-2006 15:04:05 -0700", date[1])
	if err != nil {
		s.tb.Fatalf("corpus: %v", err)
	}
	var raw []byte
	switch {
	case len(r.literals) == 1:
		raw = r.literals[0]
	case body[1] != "NIL":
		raw = []byte(unquote(body[1]))
	}
	return Stored{SHA256: hash(raw), Size: len(raw), Flags: normalFlags(strings.Fields(flags[1])), Date: moment.UTC()}
}

func normalFlags(flags []string) []string {
	normal := []string{}
	for _, flag := range flags {
		for _, system := range []string{`\Answered`, `\Deleted`, `\Draft`, `\Flagged`, `\Recent`, `\Seen`} {
			if strings.EqualFold(flag, system) {
				flag = system
			}
		}
		if flag != `\Recent` {
			normal = append(normal, flag)
		}
	}
	slices.Sort(normal)
	return slices.Compact(normal)
}
