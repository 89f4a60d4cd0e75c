package scripted

import (
	"bytes"
	"slices"
	"strings"
	"time"
)

// Message is a message as it is kept.
type Message struct {
	UID   uint32 // given by the folder unless it is set and higher
	Flags []string
	Date  time.Time
	Body  []byte

	modSeq uint64
}

// Box is a mailbox. Its methods may be used while clients are connected.
type Box struct {
	server   *Server
	password string
	folders  []*folder // in the order of their making
	sessions int
	validity uint32
	modSeq   uint64
}

type folder struct {
	name       string // octets, as the server writes it
	attributes string // without brackets
	subscribed bool
	validity   uint32
	next       uint32
	messages   []*Message
}

// Box makes a mailbox with the profile's folders, or gives the one that there
// is the password.
func (s *Server) Box(login, password string) *Box {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.boxes[login]
	if b == nil {
		b = &Box{server: s, validity: 1000, modSeq: 100}
		s.boxes[login] = b
		b.make(s.profile.Value("inbox", "INBOX"), "")
		for _, line := range s.profile.lines["folder"] {
			attributes, name, _ := strings.Cut(strings.TrimPrefix(line, "("), ") ")
			b.make(name, attributes)
		}
	}
	b.password = password
	return b
}

func (b *Box) make(name, attributes string) *folder {
	b.validity++
	f := &folder{name: name, attributes: attributes, validity: b.validity, next: 1}
	b.folders = append(b.folders, f)
	return f
}

// find gives a folder or nil.
func (b *Box) find(name string) *folder {
	for _, f := range b.folders {
		if f.name == name || strings.EqualFold(f.name, "INBOX") && strings.EqualFold(name, "INBOX") {
			return f
		}
	}
	return nil
}

// Put puts messages into a folder, which is made if there is none.
func (b *Box) Put(name string, messages ...Message) {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	f := b.find(name)
	if f == nil {
		f = b.make(name, `\HasNoChildren`)
	}
	for _, m := range messages {
		b.add(f, m)
	}
}

func (b *Box) add(f *folder, m Message) uint32 {
	b.modSeq++
	m.UID, m.modSeq = max(m.UID, f.next), b.modSeq
	f.next = m.UID + 1
	f.messages = append(f.messages, &m)
	return m.UID
}

// Remove expunges a message, as another client does.
func (b *Box) Remove(name string, uid uint32) {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	f := b.find(name)
	f.messages = slices.DeleteFunc(slices.Clone(f.messages), func(m *Message) bool { return m.UID == uid })
}

// Delete removes a folder.
func (b *Box) Delete(name string) {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	b.folders = slices.DeleteFunc(b.folders, func(f *folder) bool { return f.name == name })
}

// Renumber gives a folder another UIDVALIDITY and its messages other UIDs.
func (b *Box) Renumber(name string) {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	f := b.find(name)
	b.validity++
	g := &folder{name: f.name, attributes: f.attributes, subscribed: f.subscribed, validity: b.validity, next: f.next + 100}
	for _, m := range f.messages {
		n := *m
		n.UID = 0
		b.add(g, n)
	}
	b.folders[slices.Index(b.folders, f)] = g
}

// Messages gives a folder's messages, and whether it exists.
func (b *Box) Messages(name string) (all []Message, ok bool) {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	f := b.find(name)
	if f == nil {
		return nil, false
	}
	for _, m := range f.messages {
		all = append(all, *m)
	}
	return all, true
}

// Folders are the names of all folders, in the order of their making.
func (b *Box) Folders() (names []string) {
	b.server.mu.Lock()
	defer b.server.mu.Unlock()
	for _, f := range b.folders {
		names = append(names, f.name)
	}
	return names
}

func (b *Box) size() (n int) {
	for _, f := range b.folders {
		for _, m := range f.messages {
			n += len(m.Body)
		}
	}
	return n
}

// tidied is a message as Courier keeps it.
func tidied(body []byte) []byte {
	body = bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n"))
	body = bytes.ReplaceAll(body, []byte("\r"), nil)
	if !bytes.HasSuffix(body, []byte("\n")) {
		body = append(body, '\n')
	}
	return bytes.ReplaceAll(body, []byte("\n"), []byte("\r\n"))
}

// cutParts ends a body before the boundary line after n MIME parts.
func cutParts(body []byte, n int) []byte {
	at := 0
	for ; n >= 0; n-- {
		i := bytes.Index(body[at:], []byte("\n--"))
		if i < 0 {
			return body
		}
		at += i + 1
	}
	return body[:at]
}
