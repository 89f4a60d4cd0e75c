package imapd

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
)

// Message is a message as it is kept.
type Message struct {
	UID   uint32 // 0 in Add: the next one
	Flags []imap.Flag
	Date  time.Time // INTERNALDATE, to the second, with its zone
	Body  []byte
}

// Folder is a folder as it is listed.
type Folder struct {
	Path        []string // decoded levels
	Use         imap.MailboxAttr
	Subscribed  bool
	UIDValidity uint32
	Messages    int
}

// User is one mailbox. Its methods may be used while clients are connected.
type User struct {
	mu       sync.Mutex
	password string
	folders  map[string]*folder // by the name on the wire
	validity uint32
}

type folder struct {
	use        imap.MailboxAttr
	subscribed bool
	validity   uint32
	next       uint32
	messages   []*Message // ascending by UID
}

func newUser() *User {
	u := &User{folders: map[string]*folder{}, validity: 1000}
	u.make("INBOX", "")
	return u
}

// Create makes a folder, and those above it, and gives it a use such as \Sent
// unless that is "".
func (u *User) Create(use imap.MailboxAttr, path ...string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for n := range path {
		if name := encodeName(path[:n+1]); u.folders[name] == nil {
			u.make(name, "")
		}
	}
	u.folders[encodeName(path)].use = use
}

// Subscribe puts a folder that exists among the subscribed ones.
func (u *User) Subscribe(path ...string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.folders[encodeName(path)].subscribed = true
}

// Add puts a message into a folder that exists and gives its UID.
func (u *User) Add(m Message, path ...string) uint32 {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.folders[encodeName(path)].add(m)
}

// Remove takes a message out of a folder, as an expunge does, and reports
// whether it was there.
func (u *User) Remove(uid uint32, path ...string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	f := u.folders[encodeName(path)]
	before := len(f.messages)
	f.messages = slices.DeleteFunc(f.messages, func(m *Message) bool { return m.UID == uid })
	return len(f.messages) < before
}

// SetFlags replaces a message's flags and reports whether it was there.
func (u *User) SetFlags(uid uint32, flags []imap.Flag, path ...string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, m := range u.folders[encodeName(path)].messages {
		if m.UID == uid {
			m.Flags = mergeFlags(nil, flags)
			return true
		}
	}
	return false
}

// Messages gives copies of a folder's messages, ascending by UID; nil if the
// folder does not exist.
func (u *User) Messages(path ...string) []Message {
	u.mu.Lock()
	defer u.mu.Unlock()
	f := u.folders[encodeName(path)]
	if f == nil {
		return nil
	}
	all := make([]Message, 0, len(f.messages))
	for _, m := range f.messages {
		c := *m
		c.Flags = slices.Clone(m.Flags)
		all = append(all, c)
	}
	return all
}

// Folders lists the folders in the order of their names on the wire.
func (u *User) Folders() []Folder {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := make([]Folder, 0, len(u.folders))
	for _, name := range slices.Sorted(maps.Keys(u.folders)) {
		f := u.folders[name]
		path, ok := decodeName(name)
		if !ok {
			path = []string{name}
		}
		all = append(all, Folder{Path: path, Use: f.use, Subscribed: f.subscribed,
			UIDValidity: f.validity, Messages: len(f.messages)})
	}
	return all
}

func (u *User) make(name string, use imap.MailboxAttr) {
	u.validity++
	u.folders[name] = &folder{use: use, validity: u.validity, next: 1}
}

func (f *folder) add(m Message) uint32 {
	m.UID = max(m.UID, f.next)
	f.next = m.UID + 1
	m.Flags = mergeFlags(nil, m.Flags)
	m.Date = m.Date.Truncate(time.Second)
	f.messages = append(f.messages, &m)
	return m.UID
}

func (f *folder) size() (n int64) {
	for _, m := range f.messages {
		n += int64(len(m.Body))
	}
	return n
}

func (f *folder) unseen() (n int) {
	for _, m := range f.messages {
		if !hasFlag(m.Flags, imap.FlagSeen) {
			n++
		}
	}
	return n
}

func hasFlag(flags []imap.Flag, flag imap.Flag) bool {
	return slices.ContainsFunc(flags, func(f imap.Flag) bool { return strings.EqualFold(string(f), string(flag)) })
}

// mergeFlags adds flags that are not there yet, whatever their case: the first
// spelling stays (RFC 3501 section 2.3.2).
func mergeFlags(have, add []imap.Flag) []imap.Flag {
	for _, f := range add {
		if !hasFlag(have, f) {
			have = append(have, f)
		}
	}
	return have
}

func withoutFlags(have, remove []imap.Flag) []imap.Flag {
	return slices.DeleteFunc(have, func(f imap.Flag) bool { return hasFlag(remove, f) })
}
