package transfer

import (
	"cmp"
	"slices"

	"github.com/mxmove/mxmove/config/text"
)

// mapBelow maps into a part of the target as if it were the whole. Nothing there
// takes a role: the mailbox has its own folders for them.
func mapBelow(source, target []Folder, o MapOptions) (mapped []Mapped, notes []text.Msg) {
	for _, f := range target {
		o.Delimiter = cmp.Or(o.Delimiter, f.Delimiter)
	}
	below, _ := (&mapper{o: o}).fit(nfc(o.Below))
	o.Below = nil
	inside := func(path []string) ([]string, bool) {
		path = nfc(path)
		if len(path) <= len(below) || !slices.Equal(path[:len(below)], below) {
			return nil, false
		}
		return path[len(below):], true
	}
	var part []Folder
	for _, f := range target {
		if path, ok := inside(f.Path); ok {
			f.Path, f.Use = path, ""
			part = append(part, f)
		}
	}
	pinned := map[string][]string{}
	for name, to := range o.Pinned {
		if path, ok := inside(to); ok {
			pinned[name] = path
		}
	}
	o.Pinned = pinned
	mapped, notes = MapFolders(source, part, o)
	for i, m := range mapped {
		mapped[i].Use = ""
		if len(m.To) > 0 {
			mapped[i].To = slices.Concat(below, m.To)
		}
		if m.Exists {
			mapped[i].ToFolder.Path = mapped[i].To
		}
	}
	return mapped, notes
}
