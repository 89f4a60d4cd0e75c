package transfer

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// anyTree makes a folder list in which names that collide are frequent.
func anyTree(label string) *rapid.Generator[[]Folder] {
	level := rapid.SampledFrom([]string{
		"INBOX", "inbox", "Sent", "Sent Items", "Sent (2)", "Trash", "已删除", "Junk", "Spam", "a.b", "a_b", "é", "e\u0301", "X", otherFolders, "",
	})
	use := rapid.SampledFrom([]imap.MailboxAttr{"", "", "", "", imap.MailboxAttrSent, imap.MailboxAttrTrash, imap.MailboxAttrJunk, imap.MailboxAttrAll})
	return rapid.Custom(func(t *rapid.T) []Folder {
		all := []Folder{{Name: "INBOX", Path: []string{"INBOX"}}}
		for range rapid.IntRange(0, 9).Draw(t, label) {
			path := rapid.SliceOfN(level, 1, 3).Draw(t, "path")
			f := Folder{Name: fmt.Sprintf("p.%s", strings.Join(path, "/")), Path: path, Use: use.Draw(t, "use")}
			f.NoSelect = rapid.IntRange(0, 5).Draw(t, "noselect") == 0
			if !slices.ContainsFunc(all, func(o Folder) bool { return o.Name == f.Name }) {
				all = append(all, f)
			}
		}
		return all
	})
}

func TestMappingProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source, target := anyTree("source").Draw(t, "s"), anyTree("target").Draw(t, "t")
		o := MapOptions{Delimiter: rapid.SampledFrom([]string{"", ".", "/"}).Draw(t, "delimiter")}
		bad := func(level string) bool {
			return level == "" || o.Delimiter != "" && strings.Contains(level, o.Delimiter)
		}
		target = slices.DeleteFunc(target, func(f Folder) bool { return slices.ContainsFunc(f.Path, bad) })
		if rapid.Bool().Draw(t, "skips") {
			o.Skip = []string{"Sent", "X"}
		}
		mapped, notes := MapFolders(source, target, o)
		if len(mapped) != len(source) {
			t.Fatalf("%d of %d folders", len(mapped), len(source))
		}
		to := map[string]string{}
		for _, m := range mapped {
			if m.Skip != "" {
				continue
			}
			key := pathKey(m.To)
			if to[key] != "" {
				t.Fatalf("%s and %s both go to %q", to[key], m.From.Name, m.To)
			}
			to[key] = m.From.Name
			if slices.ContainsFunc(m.To, bad) {
				t.Fatalf("%s to %q", m.From.Name, m.To)
			}
			if m.Exists && (pathKey(m.ToFolder.Path) != key || m.ToFolder.NoSelect || isView(m.ToFolder)) {
				t.Fatalf("%s: exists as %v", m.From.Name, m.ToFolder)
			}
		}
		if mapped[0].From.Name != "INBOX" || !slices.Equal(mapped[0].To, []string{"INBOX"}) {
			t.Fatalf("first is %v", mapped[0])
		}
		again, notesAgain := MapFolders(rapid.Permutation(source).Draw(t, "s2"), rapid.Permutation(target).Draw(t, "t2"), o)
		if diff := cmp.Diff(mapped, again) + cmp.Diff(notes, notesAgain); diff != "" {
			t.Fatalf("in another order:\n%s", diff)
		}
	})
}

// What a run makes at the target does not change what the next run decides,
// whether or not the target keeps the roles that were asked for. (QQ's target
// is left out: where it puts folders is for LIST to tell.)
func TestMappingIsTheSameAfterItWasCarriedOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source, target := anyTree("source").Draw(t, "s"), anyTree("target").Draw(t, "t")
		target = slices.DeleteFunc(target, func(f Folder) bool { return slices.Contains(f.Path, otherFolders) })
		o := MapOptions{Delimiter: "."}
		mapped, _ := MapFolders(source, target, o)
		keeps := rapid.Bool().Draw(t, "keeps roles")
		for _, m := range mapped {
			if m.Skip == "" && !m.Exists {
				f := Folder{Name: "made " + label(m.To), Path: m.To}
				if keeps {
					f.Use = m.Use
				}
				target = slices.DeleteFunc(target, func(o Folder) bool { return pathKey(o.Path) == pathKey(f.Path) })
				target = append(target, f)
			}
		}
		again, _ := MapFolders(source, target, o)
		for i, m := range again {
			if m.Skip == "" && (!m.Exists || pathKey(m.To) != pathKey(mapped[i].To)) {
				t.Fatalf("%s went to %q, now %q, exists: %v", m.From.Name, mapped[i].To, m.To, m.Exists)
			}
		}
	})
}
