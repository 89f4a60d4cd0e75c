package mailstore_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/memory/imapd"
	"github.com/mxmove/mxmove/providers/providertest/suite"
)

// takeAway is the step that takes copies away.
func (w *wayBack) takeAway(atMost int) (planner.Tally, error) {
	op := planner.RemovePlaced{Address: alice, From: planner.EndpointOf(w.spec.Target.IMAP, alice), Kept: planner.EndpointOf(w.spec.Source.IMAP, alice),
		AtMost: planner.Radius{Mailboxes: 1, Messages: atMost}}
	w.notes = nil
	return hasty(w.spec, w.state).Do(context.Background(), op, nil, func(p planner.Progress) {
		if p.Note != nil {
			w.notes = append(w.notes, *p.Note)
		}
	})
}

// there lists the target's mail as "FOLDER NAME".
func (w *wayBack) there() (all []string) {
	for folder, messages := range w.Dump(suite.Target, alice) {
		for _, m := range messages {
			all = append(all, folder+" "+m.ID[:len(m.ID)-len("@x")])
		}
	}
	slices.Sort(all)
	return all
}

// filled has two copies of three, of which the owner read one, and mail of the
// target's own.
func filled(t *testing.T) *wayBack {
	w := newWayBack(t)
	w.put(w.target, "INBOX", "own")
	for _, name := range []string{"a", "bb", "ccc"} {
		w.put(w.source, "INBOX", name)
	}
	w.forward()
	w.move(w.target, "INBOX", "ccc", "Filed")
	w.target.SetFlags(2, flags([]string{`\Seen`}), "INBOX")
	w.put(w.target, "INBOX", "new")
	w.back(1, 0)
	return w
}

// Copies go, with what was done to them at home before; what the owner filed
// elsewhere and what was never copied there stays, and all is at the source.
func TestCopiesAreTakenAway(t *testing.T) {
	w := filled(t)
	w.target.SetFlags(3, flags([]string{`\Answered`}), "INBOX") // since the last pass
	if _, err := w.takeAway(1); err == nil || len(w.there()) != 5 {
		t.Errorf("beyond the bound: %v, %q", err, w.there())
	}
	for _, want := range []planner.Tally{{Removed: 2}, {}} {
		got, err := w.takeAway(5)
		if err != nil || got != want || len(w.notes) > 0 {
			t.Errorf("%+v, %v, %+v", got, err, w.notes)
		}
	}
	if d := cmp.Diff([]string{"Filed ccc", "INBOX new", "INBOX own"}, w.there()); d != "" {
		t.Errorf("target (-want +got): %s", d)
	}
	w.holds("INBOX a", "INBOX bb", "INBOX ccc", "INBOX new")
	for _, m := range w.source.Messages("INBOX") {
		if messageID(m.Body) == "bb@x" && !slices.Contains(m.Flags, `\Answered`) {
			t.Error("what was answered at the target is not at the source")
		}
	}
	if got := w.forward(); got.Copied != 2 {
		t.Errorf("forward again: %+v", got)
	}
}

// Broken off at any command of either side, it is finished by the next run.
func TestTakingCopiesAwayBrokenAnywhere(t *testing.T) {
	for _, fault := range []struct {
		side    suite.Side
		command string
	}{
		{suite.Target, "UID STORE"}, {suite.Target, "UID EXPUNGE"}, {suite.Target, "UID FETCH"}, {suite.Source, "UID FETCH"}, {suite.Source, "EXAMINE"},
	} {
		for n := range 4 {
			w := filled(t)
			act := []imapd.Act{imapd.DropBefore, imapd.DropAfter}[n%2]
			w.servers[fault.side].Fail(imapd.Fault{Login: alice, Command: fault.command, After: n / 2, Act: act})
			var gone *planner.Fault
			if _, err := w.takeAway(5); err != nil && !errors.As(err, &gone) {
				t.Fatal(err)
			}
			w.servers[fault.side].Mend()
			if _, err := w.takeAway(5); err != nil {
				t.Fatal(err)
			}
			w.holds("INBOX a", "INBOX bb", "INBOX ccc", "INBOX new")
			if d := cmp.Diff([]string{"Filed ccc", "INBOX new", "INBOX own"}, w.there()); d != "" {
				t.Fatalf("%s %d of side %v: target (-want +got): %s", fault.command, n, fault.side, d)
			}
		}
	}
}

// A target that refuses to expunge keeps its copies, none marked as deleted; a
// mailbox that the roster does not have is a fault.
func TestTakingCopiesAwayRefused(t *testing.T) {
	w := filled(t)
	w.servers[suite.Target].Fail(imapd.Fault{Command: "UID EXPUNGE", Act: imapd.Refuse, Text: "not here", Times: 9})
	got, err := w.takeAway(5)
	if err != nil || got.Removed > 0 || len(w.there()) != 5 || len(w.notes) != 1 || w.notes[0].Code != "copy.remove.content" {
		t.Errorf("%+v, %v, %+v", got, err, w.notes)
	}
	for _, m := range w.target.Messages("INBOX") {
		if slices.Contains(m.Flags, `\Deleted`) {
			t.Errorf("%d is left as deleted", m.UID)
		}
	}
	op := planner.RemovePlaced{Address: alice, From: "imap://other", AtMost: planner.Radius{Messages: 5}}
	if _, err := open(w.spec, w.state).Do(t.Context(), op, nil, func(planner.Progress) {}); err == nil {
		t.Error("another endpoint was taken")
	}
}
