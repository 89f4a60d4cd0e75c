package transfer

import (
	"cmp"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/mxmove/mxmove/config/text"
)

// MapOptions say where the mail of a folder goes, beyond what its name and
// its role tell. The zero value is of use.
type MapOptions struct {
	Map       map[string]string   // source path → target path, levels joined with "/"; several may go to one
	Skip      []string            // source paths, with all below them, that stay behind
	Pinned    map[string][]string // source Folder.Name → target path, where its mail went before; stands unless Map says otherwise
	Below     []string            // target path below which everything goes, by its name alone; nil: the top
	Delimiter string              // the target's hierarchy separator; "": as its folders tell
}

// Why a folder is not copied, as catalogue codes.
const (
	SkipBySpec   = "map.skip.spec"     // MapOptions.Skip names it, or a folder above it
	SkipNoSelect = "map.skip.noselect" // it holds no mail
	SkipView     = "map.skip.view"     // it shows mail of other folders: \All, \Flagged, \Important
)

// Mapped is where a source folder goes.
type Mapped struct {
	From     Folder
	To       []string         // path at the target, NFC, without its separator in any level; nil: nowhere
	Exists   bool             // the target has it, and it can hold mail
	ToFolder Folder           // of the target, with Exists
	Use      imap.MailboxAttr // role to ask for in Create, or ""
	Skip     string           // why it is not copied, a Skip constant, or ""
}

// MapFolders decides for every source folder where its mail goes. No two go to
// one target folder unless MapOptions say so. It is pure, and the order of
// source and target does not matter; mapped is ordered by path, INBOX first.
// notes say what a person may not expect.
//
// Rules, the first that holds: MapOptions.Map, Skip and Pinned; INBOX; the role
// by SPECIAL-USE (RFC 6154), then by a top-level name; else the name.
// Folders below another follow it.
func MapFolders(source, target []Folder, o MapOptions) (mapped []Mapped, notes []text.Msg) {
	if len(o.Below) > 0 {
		return mapBelow(source, target, o)
	}
	m := newMapper(source, target, o)
	for _, s := range m.slots {
		m.decide(s)
	}
	m.assignRoles()
	m.assignNames()
	m.noteMerged()
	for _, s := range m.slots {
		mapped = append(mapped, m.mapped(s))
	}
	return mapped, m.notes
}

// mapper is one call of MapFolders.
type mapper struct {
	o      MapOptions
	slots  []*slot // ordered by path, INBOX first
	byPath map[string]*slot
	target []Folder
	at     map[string]Folder // the target's folders by pathKey
	taken  map[string]*slot  // pathKey at the target → who goes there
	lift   bool              // children of otherFolders go to the top
	lower  bool              // the target keeps people's folders below otherFolders
	byMap  map[string]string
	notes  []text.Msg
}

// slot is one source folder on its way to a place.
type slot struct {
	Folder
	path    []string // NFC
	inbox   bool
	done    bool // to is final
	named   bool // MapOptions.Map gave to
	to      []string
	use     imap.MailboxAttr
	skip    string
	altered bool // its last levels had to be changed for the target
}

func newMapper(source, target []Folder, o MapOptions) *mapper {
	m := &mapper{
		o: o, target: target, at: map[string]Folder{}, taken: map[string]*slot{},
		byPath: map[string]*slot{}, byMap: map[string]string{},
	}
	if m.o.Delimiter == "" && len(target) > 0 {
		m.o.Delimiter = target[0].Delimiter
	}
	for from, to := range o.Map {
		m.byMap[norm.NFC.String(from)] = norm.NFC.String(to)
	}
	seen := map[string]bool{}
	for _, f := range source {
		if len(f.Path) > 0 && !seen[f.Name] {
			seen[f.Name] = true
			m.slots = append(m.slots, &slot{Folder: f, path: nfc(f.Path), inbox: isInbox(f)})
		}
	}
	slices.SortFunc(m.slots, compareSlots)
	for _, s := range slices.Backward(m.slots) {
		m.byPath[strings.Join(s.path, "\x00")] = s
	}
	m.target = slices.Clone(target)
	slices.SortFunc(m.target, func(a, b Folder) int {
		return cmp.Or(slices.Compare(a.Path, b.Path), strings.Compare(a.Name, b.Name))
	})
	for _, f := range slices.Backward(m.target) {
		if old, ok := m.at[pathKey(f.Path)]; !ok || suits(f) >= suits(old) {
			m.at[pathKey(f.Path)] = f
		}
	}
	for _, f := range m.target {
		m.o.Delimiter = cmp.Or(m.o.Delimiter, f.Delimiter)
	}
	m.lower = m.at[otherFolders].NoSelect
	if s := m.byPath[otherFolders]; s != nil && s.NoSelect {
		m.lift = !m.lower
	}
	return m
}

func compareSlots(a, b *slot) int {
	if a.inbox != b.inbox {
		if a.inbox {
			return -1
		}
		return 1
	}
	return cmp.Or(slices.Compare(a.path, b.path), strings.Compare(a.Name, b.Name))
}

// decide applies the rules that need no look at other folders.
func (m *mapper) decide(s *slot) {
	switch to := m.explicit(s); {
	case to != nil:
		s.named = true
		s.to, s.altered = m.fit(to)
		s.done = true
		if s.NoSelect {
			s.skip = SkipNoSelect
		}
		m.noteAltered(s)
	case m.skipped(s):
		s.skip, s.done = SkipBySpec, true
	case s.NoSelect:
		s.skip = SkipNoSelect
	case isView(s.Folder):
		s.skip = SkipView
		m.note("map.view", "folder", label(s.path))
	case m.o.Pinned[s.Name] != nil:
		m.claim(s, nfc(m.o.Pinned[s.Name]))
	case s.inbox:
		m.claim(s, []string{inboxName})
	}
}

// explicit gives the path that MapOptions.Map names for the folder, or nil.
func (m *mapper) explicit(s *slot) []string {
	to, ok := m.byMap[label(s.path)]
	if !ok && s.inbox {
		for from, t := range m.byMap {
			if strings.EqualFold(from, inboxName) && (!ok || t < to) {
				to, ok = t, true
			}
		}
	}
	path := strings.FieldsFunc(to, func(r rune) bool { return r == '/' })
	if len(path) == 1 && strings.EqualFold(path[0], inboxName) {
		path[0] = inboxName
	}
	if len(path) == 0 {
		return nil
	}
	return path
}

func (m *mapper) skipped(s *slot) bool {
	name := label(s.path)
	return slices.ContainsFunc(m.o.Skip, func(skip string) bool {
		skip = norm.NFC.String(strings.TrimSuffix(skip, "/"))
		return name == skip || strings.HasPrefix(name, skip+"/") || s.inbox && strings.EqualFold(skip, inboxName)
	})
}

// claim makes to the final place of s.
func (m *mapper) claim(s *slot, to []string) {
	s.to, s.done = to, true
	if m.taken[pathKey(to)] == nil {
		m.taken[pathKey(to)] = s
	}
}

func (m *mapper) mapped(s *slot) Mapped {
	r := Mapped{From: s.Folder, To: s.to, Use: s.use, Skip: s.skip}
	if len(s.to) == 0 || s.skip != "" {
		return r
	}
	if f, ok := m.at[pathKey(s.to)]; ok && !f.NoSelect {
		r.Exists, r.ToFolder = true, f
	}
	return r
}

// suits ranks folders of the target whose names differ by Unicode form or by
// INBOX's case only: which of them is meant.
func suits(f Folder) int {
	switch {
	case isInbox(f):
		return 3
	case f.NoSelect:
		return 0
	case isView(f):
		return 1
	}
	return 2
}

// noteMerged names the folders whose mail comes together by MapOptions.
func (m *mapper) noteMerged() {
	into := map[string][]*slot{}
	for _, s := range m.slots {
		if s.skip == "" {
			into[pathKey(s.to)] = append(into[pathKey(s.to)], s)
		}
	}
	for _, s := range m.slots {
		if all := into[pathKey(s.to)]; s.skip == "" && len(all) > 1 && all[0] != s {
			m.note("map.merged", "folder", label(s.path), "other", label(all[0].path), "to", label(s.to))
		}
	}
}

func (m *mapper) note(code string, pairs ...string) {
	m.notes = append(m.notes, text.M(code, pairs...))
}

const inboxName = "INBOX"

// isInbox tells the INBOX from a folder that is only called so, such as
// INBOX.inbox on a server whose prefix is "INBOX.".
func isInbox(f Folder) bool {
	return len(f.Path) == 1 && strings.EqualFold(f.Path[0], inboxName) &&
		(f.Name == "" || strings.EqualFold(f.Name, inboxName))
}

// pathKey is equal for paths that name one folder: INBOX at the top is known
// without case (RFC 9051 section 5.1), all else with it.
func pathKey(path []string) string {
	path = nfc(path)
	if len(path) > 0 && strings.EqualFold(path[0], inboxName) {
		path[0] = inboxName
	}
	return strings.Join(path, "\x00")
}

func nfc(path []string) []string {
	out := make([]string, len(path))
	for i, level := range path {
		out[i] = norm.NFC.String(level)
	}
	return out
}

// label is a path as people write it.
func label(path []string) string { return strings.Join(path, "/") }

// Carried gives the source folders that are not left out.
func Carried(mapped []Mapped) []Folder {
	var carried []Folder
	for _, m := range mapped {
		if m.Skip == "" {
			carried = append(carried, m.From)
		}
	}
	return carried
}
