package transfer

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// assignRoles sends the folder of each role to the target's folder of that
// role. One source folder has a role: others that claim it keep their names.
func (m *mapper) assignRoles() {
	for _, role := range roles {
		winner := m.holder(role)
		if winner == nil {
			continue
		}
		winner.use = role
		if winner.done {
			continue
		}
		if to := m.targetOf(role, winner); to != nil && m.taken[pathKey(to)] == nil {
			m.claim(winner, to)
		}
	}
}

// holder gives the source folder that has the role.
func (m *mapper) holder(role imap.MailboxAttr) *slot {
	var all []*slot
	byAttr := false
	for _, s := range m.slots {
		if s.named || s.skip != "" || s.inbox {
			continue
		}
		told := attrRole(s.Folder)
		named, _ := roleRank(s.path[len(s.path)-1])
		if told == role || told == "" && len(s.path) == 1 && named == role {
			all = append(all, s)
			byAttr = byAttr || told == role
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b *slot) int { return compareHolders(role, a.Folder, b.Folder) })
	for _, s := range all[1:] {
		if !s.done {
			m.note("map.role", "folder", label(s.path), "other", label(all[0].path), "role", string(role))
		}
	}
	return all[0]
}

// compareHolders puts the likelier holder of a role first: told before
// guessed, then the usual name, then the higher and the earlier.
func compareHolders(role imap.MailboxAttr, a, b Folder) int {
	return cmp.Or(
		cmp.Compare(notTold(role, a), notTold(role, b)),
		cmp.Compare(nameRank(role, a), nameRank(role, b)),
		cmp.Compare(len(a.Path), len(b.Path)),
		slices.Compare(a.Path, b.Path),
	)
}

func notTold(role imap.MailboxAttr, f Folder) int {
	if attrRole(f) == role {
		return 0
	}
	return 1
}

func nameRank(role imap.MailboxAttr, f Folder) int {
	if r, rank := roleRank(f.Path[len(f.Path)-1]); r == role {
		return rank
	}
	return 1 << 20
}

// targetOf gives the path of the target's folder for a role, or nil. A folder
// that merely has a fitting name is not taken where another source folder has
// the same name: it goes there, now or later, so that the next run, which
// finds at the target what this one made, decides the same.
func (m *mapper) targetOf(role imap.MailboxAttr, winner *slot) []string {
	own := m.ownNames(winner)
	var all []Folder
	for _, f := range m.roleTargets() {
		told := attrRole(f)
		named, _ := roleRank(f.Path[len(f.Path)-1])
		byName := told == "" && len(f.Path) == 1 && named == role && !own[pathKey(f.Path)]
		if told == role || byName {
			all = append(all, f)
		}
	}
	if len(all) == 0 {
		return nil
	}
	home := pathKey(winner.path)
	return nfc(slices.MinFunc(all, func(a, b Folder) int {
		return cmp.Or(
			cmp.Compare(notTold(role, a), notTold(role, b)),
			cmp.Compare(notThere(home, a), notThere(home, b)),
			compareHolders(role, a, b),
		)
	}).Path)
}

func notThere(key string, f Folder) int {
	if pathKey(f.Path) == key {
		return 0
	}
	return 1
}

// roleTargets are the target's folders that can hold a role, with those that
// MapOptions.Map will make.
func (m *mapper) roleTargets() []Folder {
	var all []Folder
	for _, f := range m.target {
		if len(f.Path) > 0 && !f.NoSelect && !isView(f) {
			all = append(all, f)
		}
	}
	for _, s := range m.slots {
		if _, ok := m.at[pathKey(s.to)]; s.named && s.skip == "" && !ok {
			all = append(all, Folder{Path: s.to})
		}
	}
	return all
}

// ownNames are the top-level places that folders other than s have by name.
func (m *mapper) ownNames(s *slot) map[string]bool {
	own := map[string]bool{}
	for _, o := range m.slots {
		if o == s || o.skip != "" || o.named {
			continue
		}
		switch {
		case o.done:
			own[pathKey(o.to)] = true
		case len(o.path) == 1, m.lift && len(o.path) == 2 && o.path[0] == otherFolders:
			to, _ := m.fit(o.path[len(o.path)-1:])
			own[pathKey(to)] = true
		}
	}
	return own
}

// assignNames gives every folder left its own name below the place of the
// folder above it, from the top down.
func (m *mapper) assignNames() {
	byDepth := map[int][]*slot{}
	depths := 0
	for _, s := range m.slots {
		if !s.done {
			byDepth[len(s.path)] = append(byDepth[len(s.path)], s)
			depths = max(depths, len(s.path))
		}
	}
	for d := 1; d <= depths; d++ {
		level := byDepth[d]
		for _, s := range level {
			s.to, s.altered = m.byName(s)
		}
		slices.SortStableFunc(level, comparePrecedence)
		m.place(level)
	}
}

// comparePrecedence: who keeps a name that two would have.
func comparePrecedence(a, b *slot) int {
	return cmp.Or(
		cmp.Compare(without(a.use != ""), without(b.use != "")),
		cmp.Compare(without(!a.altered), without(!b.altered)),
	)
}

func without(has bool) int {
	if has {
		return 0
	}
	return 1
}

// place makes the wished places of one level final. Whoever finds its place
// taken yields to all others of the level before it looks for a free name.
func (m *mapper) place(level []*slot) {
	var late []*slot
	for _, s := range level {
		switch {
		case s.skip != "":
			s.done = true // holds no mail and takes no place; what is below it follows
		case m.taken[pathKey(s.to)] != nil || isView(m.at[pathKey(s.to)]):
			late = append(late, s)
		default:
			m.claim(s, s.to)
			m.noteAltered(s)
		}
	}
	for _, s := range late {
		wish := s.to
		m.claim(s, m.free(wish))
		if by := m.taken[pathKey(wish)]; by != nil {
			m.note("map.collision", "folder", label(s.path), "other", label(by.path), "to", label(s.to))
		} else {
			m.note("map.view-name", "folder", label(s.path), "to", label(s.to))
		}
	}
}

func (m *mapper) noteAltered(s *slot) {
	if s.altered {
		m.note("map.separator", "folder", label(s.path), "to", label(s.to), "separator", m.o.Delimiter)
	}
}

// free gives the path with the lowest number from 2 on at its end that no
// other folder has.
func (m *mapper) free(path []string) []string {
	path = slices.Clone(path)
	last := path[len(path)-1]
	for n := 2; ; n++ {
		path[len(path)-1] = last + " (" + strconv.Itoa(n) + ")"
		if key := pathKey(path); m.taken[key] == nil && !isView(m.at[key]) {
			return path
		}
	}
}

// byName gives the folder's place by the nearest folder above it and its own
// name.
func (m *mapper) byName(s *slot) (to []string, altered bool) {
	for i := len(s.path) - 1; i > 0; i-- {
		above := m.byPath[strings.Join(s.path[:i], "\x00")]
		if above != nil && above.done {
			rest, altered := m.fit(s.path[i:])
			return append(slices.Clone(above.to), rest...), altered
		}
	}
	if m.lift && len(s.path) == 1 && s.path[0] == otherFolders {
		m.note("map.lifted", "folder", otherFolders)
		return nil, false
	}
	to, altered = m.fit(s.path)
	if m.lower && m.byPath[otherFolders] == nil {
		if below := append([]string{otherFolders}, to...); m.holdsMail(below) && !m.holdsMail(to) {
			return below, altered
		}
	}
	return to, altered
}

func (m *mapper) holdsMail(path []string) bool {
	f, ok := m.at[pathKey(path)]
	return ok && !f.NoSelect
}

// fit replaces what a level cannot hold at the target: its separator, or nothing.
func (m *mapper) fit(path []string) (out []string, altered bool) {
	out = slices.Clone(path)
	for i, level := range out {
		if m.o.Delimiter != "" {
			out[i] = strings.ReplaceAll(level, m.o.Delimiter, "_")
		}
		if level == "" {
			out[i] = "_"
		}
		altered = altered || out[i] != level
	}
	return out, altered
}
