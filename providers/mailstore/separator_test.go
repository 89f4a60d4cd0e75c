package mailstore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/providertest/corpus"
	"github.com/mxmove/mxmove/providers/providertest/peer"
)

// dotted is a tree whose names have in them what all targets here part levels
// with, beside names that they must not become.
func dotted() []corpus.Folder {
	var tree []corpus.Folder
	for i, path := range [][]string{{"2024.Q1"}, {"2024_Q1"}, {"2024", "Q1"}, {"v1.2.3", "a.b"}, {"客户.华东", "订单"}, {"end."}} {
		raw := fmt.Sprintf("From: li.na@held.test\r\nX-Folder: %d\r\n\r\nits mail\r\n", i)
		tree = append(tree, corpus.Folder{Path: path, Subscribed: true, Mail: []corpus.Mail{{Message: corpus.Message{Name: path[0], Raw: []byte(raw)}}}})
	}
	return tree
}

// Names with the target's separator in them become names without it, at every
// server; the mail of each folder stays together and apart from that of others.
func TestNamesWithTheSeparator(t *testing.T) {
	users := map[string]string{}
	for n := range 8 {
		users[fmt.Sprintf("u%d@acme.test", n)] = goodPassword
	}
	sources := []*peer.Server{
		peer.Dovecot(t, peer.Options{Users: users, Format: "mdbox", Separator: "/"}),
		peer.Cyrus(t, peer.Options{Users: users, Separator: "/", AltNamespace: true}),
	}
	targets := []*peer.Server{
		peer.Dovecot(t, peer.Options{Users: users, Separator: "."}),
		peer.Cyrus(t, peer.Options{Users: users, Separator: "."}),
		peer.Courier(t, peer.Options{Users: users}),
	}
	for i, source := range sources {
		for j, target := range targets {
			t.Run(fmt.Sprintf("%s to %s", source.Kind, target.Kind), func(t *testing.T) {
				name := fmt.Sprint("u", i*len(targets)+j)
				keptApart(t, source, target, name)
			})
		}
	}
}

func keptApart(t *testing.T, source, target *peer.Server, name string) {
	user, tree := name+"@acme.test", dotted()
	if refused := corpus.Seed(t, source, user, tree); len(refused) > 0 {
		t.Fatalf("the source refuses %v", refused)
	}
	spec, state := specOf(at(source.Host, source.Port), at(target.Host, target.Port), name), t.TempDir()
	if first := runCopy(t, open(spec, state), spec, user); first.Copied != len(tree) {
		t.Errorf("%+v", first)
	}
	in := map[string]string{} // folder of the target → of the source
	for path, box := range corpus.Dump(t, target, user) {
		for _, m := range box.Mail {
			for _, f := range tree {
				if corpus.Of(f.Mail[0]).SHA256 == m.SHA256 {
					from := strings.Join(f.Path, "/")
					if in[path] != "" {
						t.Errorf("%s holds the mail of %s and of %s", path, in[path], from)
					}
					in[path] = from
				}
			}
			if !box.Subscribed {
				t.Errorf("%s is not subscribed to", path)
			}
		}
	}
	if len(in) != len(tree) {
		t.Errorf("of %d folders there are %v", len(tree), in)
	}
	t.Log(in)
	before := corpus.Dump(t, target, user)
	if again := runCopy(t, open(spec, state), spec, user); again != (planner.Tally{}) {
		t.Errorf("the second run did %+v", again)
	}
	if d := cmp.Diff(before, corpus.Dump(t, target, user)); d != "" {
		t.Errorf("the second run changed the target:\n%s", d)
	}
	report, err := open(spec, state).Verify(t.Context(), user, func(planner.Progress) {})
	if err != nil || report.Counts.Proven != len(tree) || report.Failed() {
		t.Errorf("%v %+v", err, report)
	}
}
