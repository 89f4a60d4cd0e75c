package scripted

import (
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

//go:embed profiles/*.profile
var files embed.FS

// Profile is what a service is like: lines of a key and its value. The keys:
//
//	greeting       the first line
//	before, after  capabilities before and after signing in
//	tells          where the new ones come: code (in the OK), untagged, or not at all
//	login          the OK to a login; refuse the answer to a wrong password
//	connections    N ANSWER: to a login when N are signed in already
//	needs-id       answer to SELECT and EXAMINE before ID came
//	broken-ir      answer to an AUTHENTICATE with an initial response
//	separator      of names; namespace what follows NAMESPACE; prefix of all but INBOX
//	folder         (ATTRIBUTES) NAME, there from the beginning
//	inbox          how INBOX is written
//	below          where new folders go, whatever was asked
//	reserved       NAME ANSWER to CREATE; no-name TEXT ANSWER for names that hold TEXT
//	missing        answer for a mailbox that is not there; no-mailbox to APPEND
//	flags, permanent  lists without brackets; keywords the answer to an APPEND with others
//	uidvalidity    a number for all, or none (not told); uidnext none
//	limit          N ANSWER: to a larger APPEND; long-line N ANSWER; final-newline ANSWER
//	command-line   N ANSWER: to a longer command
//	unknown        answer to a command that is not known or not understood
//	errors         N LINE: the last words after N of those
//	quota          N ANSWER: to an APPEND beyond N octets
//	size-less      N: RFC822.SIZE is so much too small
//	date           INTERNALDATE as it stands there; none leaves it out
//	bare-fetch     FETCH answers lack the star
//	body-first     FETCH gives the body before all else
//	cut            N: FETCH gives no more messages
//	unreadable     UID ANSWER: to a FETCH of this message's body, after all others
//	ascending      ranges like 5:3 are taken for nothing
//	parts          N: BODY[] ends after so many MIME parts
//	tidy           bare CR goes, LF becomes CRLF, a final newline is added
//	noise          a line before each answer
type Profile struct {
	Name  string
	lines map[string][]string
}

var keys = []string{"greeting", "before", "after", "tells", "login", "refuse", "connections", "needs-id", "broken-ir",
	"separator", "namespace", "prefix", "folder", "inbox", "below", "reserved", "no-name", "missing", "no-mailbox", "flags",
	"permanent", "keywords", "uidvalidity", "uidnext", "limit", "long-line", "final-newline", "command-line", "unknown", "errors",
	"quota", "size-less", "date", "bare-fetch", "body-first", "cut", "unreadable", "ascending", "parts", "tidy", "noise"}

// Load reads a profile by its service's name, such as netease.
func Load(name string) (Profile, error) {
	b, err := files.ReadFile("profiles/" + name + ".profile")
	if err != nil {
		return Profile{}, err
	}
	p := Profile{Name: name, lines: map[string][]string{}}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if err := p.add(line); err != nil {
			return p, fmt.Errorf("%s: %w", name, err)
		}
	}
	return p, nil
}

func (p Profile) add(line string) error {
	key, value, _ := strings.Cut(line, " ")
	if !slices.Contains(keys, key) {
		return fmt.Errorf("unknown key in %q", line)
	}
	p.lines[key] = append(p.lines[key], value)
	return nil
}

// Names are the profiles that there are.
func Names() []string {
	entries, _ := files.ReadDir("profiles") // of this binary
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".profile"))
	}
	return names
}

// With is the profile with lines instead of those of the same key. A key alone
// with a minus before it is taken away.
func (p Profile) With(lines ...string) Profile {
	q := Profile{Name: p.Name, lines: map[string][]string{}}
	for k, v := range p.lines {
		q.lines[k] = v
	}
	for _, line := range lines {
		key, _, _ := strings.Cut(strings.TrimPrefix(line, "-"), " ")
		delete(q.lines, key)
	}
	for _, line := range lines {
		if strings.HasPrefix(line, "-") {
			continue
		}
		if err := q.add(line); err != nil {
			panic(err) // a test's own mistake
		}
	}
	return q
}

func (p Profile) has(key string) bool { return p.lines[key] != nil }

func (p Profile) one(key string) string {
	if v := p.lines[key]; v != nil {
		return v[0]
	}
	return ""
}

// Value gives the first value of a key, or what is used where there is none.
func (p Profile) Value(key, otherwise string) string {
	if p.has(key) {
		return p.one(key)
	}
	return otherwise
}

// bound gives the number of a key with its answer; ok is false without it.
func (p Profile) bound(key string) (n int, answer string, ok bool) {
	if !p.has(key) {
		return 0, "", false
	}
	head, answer, _ := strings.Cut(p.one(key), " ")
	n, err := strconv.Atoi(head)
	if err != nil {
		panic(err) // a test's own mistake
	}
	return n, answer, true
}

// unreadable gives the answer to a FETCH of a message that is there and cannot
// be read, or "".
func (p Profile) unreadable(uid uint32) string {
	for _, line := range p.lines["unreadable"] {
		if head, answer, _ := strings.Cut(line, " "); head == strconv.Itoa(int(uid)) {
			return answer
		}
	}
	return ""
}

// offers reports whether a capability is told after signing in.
func (p Profile) offers(name string) bool {
	return slices.Contains(strings.Fields(p.Value("after", p.one("before"))), name)
}

func (p Profile) separator() string { return p.Value("separator", "/") }
