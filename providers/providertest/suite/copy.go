package suite

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/planner"
)

func copiesEverything(t *testing.T, b *bench) {
	folders := map[string]int{"INBOX": 12, "Archive": 3, "Archive/2019": 5, "项目/报价单": 4, "Projects & Co": 2, "Empty": 0}
	total := 0
	for folder, n := range folders {
		b.Put(Source, b.first, folder, nil)
		for i := range n {
			total++
			b.Put(Source, b.first, folder, letter(100*len(folder)+i, flagsFor(i)...))
		}
	}
	tally := b.copy(b.first)
	b.same(b.first)
	if tally.Copied != total || tally.Refused != 0 || tally.Missing != 0 {
		t.Errorf("tally %+v, want %d copied, nothing refused or missing", tally, total)
	}
	if tally.Bytes == 0 {
		t.Error("the tally has no bytes")
	}
}

func flagsFor(i int) []string {
	return [][]string{nil, {`\Seen`}, {`\Answered`, `\Seen`}, {`\Flagged`}, {`\Draft`}, {"$Forwarded"}, {"invoice", `\Seen`}}[i%7]
}

func secondRunCopiesNothing(t *testing.T, b *bench) {
	b.fill(b.first, "INBOX", 0, 8)
	b.fill(b.first, "Sent/Old", 20, 25)
	b.copy(b.first)
	b.restart()
	if tally := b.copy(b.first); tally.Copied != 0 || tally.Adopted != 0 || tally.Flags != 0 || tally.Folders != 0 {
		t.Errorf("the second run did something: %+v", tally)
	}
	b.same(b.first)
}

func duplicatesStay(t *testing.T, b *bench) {
	for range 3 {
		b.Put(Source, b.first, "INBOX", letter(1))
	}
	b.copy(b.first)
	b.restart()
	b.copy(b.first)
	if n := len(b.Dump(Target, b.first)["INBOX"]); n != 3 {
		t.Errorf("%d of 3 exact duplicates at the target", n)
	}
}

func newMailIsCarried(t *testing.T, b *bench) {
	b.fill(b.first, "INBOX", 0, 5)
	b.copy(b.first)
	b.fill(b.first, "INBOX", 5, 8)
	b.fill(b.first, "New/Folder", 8, 10)
	b.restart()
	if tally := b.copy(b.first); tally.Copied != 5 {
		t.Errorf("%d messages copied, 5 are new", tally.Copied)
	}
	b.same(b.first)
}

func changedFlagsAreCarried(t *testing.T, b *bench) {
	b.Put(Source, b.first, "INBOX", letter(1))
	b.Put(Source, b.first, "INBOX", letter(2, `\Seen`, `\Flagged`))
	b.Put(Source, b.first, "INBOX", letter(3))
	b.copy(b.first)
	b.SetFlags(Source, b.first, "INBOX", letter(1).ID, []string{`\Seen`, "later"})
	b.SetFlags(Source, b.first, "INBOX", letter(2).ID, []string{`\Seen`})
	tally := b.copy(b.first)
	if tally.Flags != 2 || tally.Copied != 0 {
		t.Errorf("tally %+v, want 2 changed flags, nothing copied", tally)
	}
	b.same(b.first)
}

func targetChangesStay(t *testing.T, b *bench) {
	b.Put(Source, b.first, "INBOX", letter(1))
	b.Put(Source, b.first, "INBOX", letter(2))
	b.copy(b.first)
	b.SetFlags(Target, b.first, "INBOX", letter(1).ID, []string{`\Flagged`})
	b.copy(b.first)
	b.SetFlags(Source, b.first, "INBOX", letter(1).ID, []string{`\Seen`})
	b.restart()
	b.copy(b.first)
	got := lines([]Message{b.find(Target, b.first, "INBOX", letter(1).ID)})[0].Flags
	if got != `\flagged` && got != `\flagged \seen` {
		t.Errorf("flags at the target are %q: what a person set there was undone", got)
	}
}

// A message that somebody put into the new mailbox is not touched.
func targetMailStays(t *testing.T, b *bench) {
	b.Put(Target, b.first, "INBOX", letter(77, `\Flagged`))
	before := lines([]Message{b.find(Target, b.first, "INBOX", letter(77).ID)})
	b.fill(b.first, "INBOX", 0, 3)
	b.copy(b.first)
	after := lines([]Message{b.find(Target, b.first, "INBOX", letter(77).ID)})
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("mail of the target changed:\n%s", diff)
	}
	if n := len(b.Dump(Target, b.first)["INBOX"]); n != 4 {
		t.Errorf("%d messages at the target, want 4", n)
	}
}

// After each pass a plan has no work for its mailbox; new mail gives it work
// again, by the same step.
func plansConverge(t *testing.T, b *bench) {
	b.fill(b.first, "INBOX", 0, 4)
	records := map[planner.StepID]planner.Record{}
	steps := b.plan(records)
	for id := range steps {
		if !steps[id] {
			t.Errorf("%s was never done, but has no work", id)
		}
	}
	n := 0
	for id := range steps {
		n++
		tally := b.copy(id.Subject())
		records[id] = planner.Record{Step: id, Intent: n, Outcome: n, Tally: tally}
	}
	requireWork(t, b.plan(records), "")
	b.fill(b.first, "INBOX", 4, 6)
	requireWork(t, b.plan(records), b.first)
	b.copy(b.first)
	requireWork(t, b.plan(records), "")
}

// plan gives which steps stand and which of them have work.
func (b *bench) plan(records map[planner.StepID]planner.Record) map[planner.StepID]bool {
	b.t.Helper()
	s := b.observe(planner.Signed)
	for _, r := range records {
		s.Records = append(s.Records, r)
	}
	work := map[planner.StepID]bool{}
	for _, step := range planner.Build(b.Spec(), s, s.At).Steps {
		work[step.ID] = step.Work
	}
	return work
}

func requireWork(t *testing.T, steps map[planner.StepID]bool, only string) {
	t.Helper()
	for id, work := range steps {
		if want := id.Subject() == only; work != want {
			t.Errorf("%s: work is %v, want %v", id, work, want)
		}
	}
}
