package suite

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/planner"
)

// switched is later than any letter, and than the first pass of a harness.
var switched = time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC)

// back is a pass of the way back.
func (b *bench) back(address string) planner.Tally {
	b.t.Helper()
	op := b.op(address).(planner.CopyMailbox)
	op.From, op.To, op.In, op.Arrived = op.To, op.From, planner.Drain, switched
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	tally, err := b.world.Do(ctx, op, make(chan struct{}), func(planner.Progress) {})
	if err != nil {
		b.t.Fatalf("carrying %s back: %v", address, err)
	}
	return tally
}

// What came to the target since the first copy is carried back, whatever its
// date; what was there before, what was copied, and what the source has is not,
// wherever it was filed.
func backGoesByContent(t *testing.T, b *bench) {
	b.Put(Target, b.first, "INBOX", letter(90)) // its own
	b.fill(b.first, "INBOX", 0, 5)
	b.copy(b.first)
	b.Put(Source, b.first, "Late", letter(5))
	b.Put(Target, b.first, "Filed", letter(3)) // a copy of ours
	b.Put(Target, b.first, "Filed", letter(5)) // brought by hand
	b.Put(Target, b.first, "Filed", letter(6, `\Flagged`))
	b.Put(Target, b.first, "INBOX", letter(7))
	b.restart()
	if tally := b.back(b.first); tally.Copied != 2 || tally.Adopted != 0 {
		t.Errorf("%+v, want two carried", tally)
	}
	b.Put(Target, b.first, "Filed", letter(7)) // what was carried, copied
	b.restart()
	if tally := b.back(b.first); tally.Copied != 0 {
		t.Errorf("%+v, the second time", tally)
	}
	got := map[string]int{}
	for folder, messages := range b.Dump(Source, b.first) {
		got[folder] += len(messages)
	}
	if diff := cmp.Diff(map[string]int{"INBOX": 6, "Late": 1, "Filed": 1}, got); diff != "" {
		t.Errorf("source (-want +got):\n%s", diff)
	}
	b.equal(b.first, "Filed", []Message{*letter(6, `\Flagged`)}, b.Dump(Source, b.first)["Filed"])
}

// What people did to flags at the target shows at the source, but for
// deletions; what was done at the source stands, and nothing is done twice.
func flagsComeHome(t *testing.T, b *bench) {
	for n := range 4 {
		b.Put(Source, b.first, "INBOX", letter(n, `\Flagged`))
	}
	b.copy(b.first)
	b.SetFlags(Target, b.first, "INBOX", letter(0).ID, []string{`\Flagged`, `\Seen`, `\Answered`})
	b.SetFlags(Target, b.first, "INBOX", letter(1).ID, []string{`\Seen`}) // and no star
	b.SetFlags(Source, b.first, "INBOX", letter(1).ID, []string{`\Flagged`, `\Draft`})
	b.SetFlags(Target, b.first, "INBOX", letter(2).ID, []string{`\Flagged`, `\Deleted`})
	for want := 2; want >= 0; want -= 2 {
		b.restart()
		if tally := b.back(b.first); tally.Flags != want || tally.Copied != 0 {
			t.Errorf("%+v, want %d changed flags", tally, want)
		}
	}
	for n, want := range []string{`\answered \flagged \seen`, `\draft \seen`, `\flagged`, `\flagged`} {
		if got := lines([]Message{b.find(Source, b.first, "INBOX", letter(n).ID)})[0].Flags; got != want {
			t.Errorf("letter %d: %q, want %q", n, got, want)
		}
	}
}
