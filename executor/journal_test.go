package executor

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// journaled writes lines into a fresh state directory.
func journaled(t *testing.T, lines ...Line) *State {
	t.Helper()
	s := state(t)
	j, _, err := openJournal(s)
	if err != nil {
		t.Fatal(err)
	}
	defer j.close()
	for i, l := range lines {
		l.At = epoch.Add(time.Duration(i) * time.Second)
		if err := j.append(l); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func someLines() []Line {
	msg := text.M("event.lock-taken", "who", `li.si "the <boss>"`+"\n")
	return []Line{
		{Kind: KindStart, Msg: &msg},
		{Kind: KindIntent, Step: "copy-mailbox a @1"},
		{Kind: KindIntent, Step: "copy-mailbox b @2"},
		{Kind: KindOutcome, Step: "copy-mailbox a @1", Tally: &planner.Tally{Copied: 3, Bytes: 30}},
		{Kind: KindFailed, Step: "copy-mailbox b @2", Tally: &planner.Tally{Copied: 1}, Fault: fault(planner.Full, "target.full")},
		{Kind: KindEnd},
	}
}

func TestJournalRoundTrip(t *testing.T) {
	want := someLines()
	s := journaled(t, want...)
	got, err := ReadJournal(s)
	if err != nil {
		t.Fatal(err)
	}
	prev := s.Lineage
	for i := range want {
		want[i].N, want[i].At, want[i].Prev = i+1, epoch.Add(time.Duration(i)*time.Second), prev
		want[i].Hash, prev = got[i].Hash, got[i].Hash
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	info, err := os.Stat(s.Journal())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
}

func TestFoldGivesWhatIsOnRecord(t *testing.T) {
	a, b, c := planner.StepID("copy-mailbox a @1"), planner.StepID("copy-mailbox b @2"), planner.StepID("copy-mailbox c @3")
	lines := append(someLines(),
		Line{Kind: KindStart},
		Line{Kind: KindIntent, Step: a},
		Line{Kind: KindIntent, Step: b},
		Line{Kind: KindStopped, Step: b, Tally: &planner.Tally{Copied: 2}},
		Line{Kind: KindLeftOut, Step: c},
	)
	s := journaled(t, lines...)
	got, err := s.Records()
	if err != nil {
		t.Fatal(err)
	}
	want := []planner.Record{
		{Step: a, Intent: 8, Outcome: 4, IntentAt: epoch.Add(7 * time.Second), OutcomeAt: epoch.Add(3 * time.Second),
			Tally: planner.Tally{Copied: 3, Bytes: 30}},
		{Step: b, Intent: 9, IntentAt: epoch.Add(8 * time.Second), Tally: planner.Tally{Copied: 3}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	failed := Fold(someReadLines(t)).Records[1]
	if failed.Failed == nil || failed.Failed.Code != "target.full" || failed.Outcome != 0 {
		t.Errorf("failed %+v", failed)
	}
}

// Passes that carried no mail are counted from the outcomes' tallies.
func TestFoldCountsEmptyPasses(t *testing.T) {
	a := planner.StepID("copy-mailbox a @1")
	began := Line{Kind: KindIntent, Step: a}
	ended := func(tally planner.Tally) Line { return Line{Kind: KindOutcome, Step: a, Tally: &tally} }
	none, mail := ended(planner.Tally{Flags: 1}), ended(planner.Tally{Copied: 1})
	for name, c := range map[string]struct {
		lines []Line
		want  int
	}{
		"mail":      {[]Line{began, mail}, 0},
		"one":       {[]Line{began, mail, began, none}, 1},
		"two":       {[]Line{began, none, began, none}, 2},
		"late mail": {[]Line{began, none, began, none, began, mail}, 0},
		"killed":    {[]Line{began, none, began, began, none}, 1},
		"failed":    {[]Line{began, none, began, {Kind: KindFailed, Step: a, Tally: &planner.Tally{Copied: 1}, Fault: &planner.Fault{}}, began, none}, 1},
		"old lines": {[]Line{began, {Kind: KindOutcome, Step: a}}, 1},
	} {
		for i := range c.lines {
			c.lines[i].N = i + 1
		}
		if got := Fold(c.lines).Records[0].Empty; got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func someReadLines(t *testing.T) []Line {
	t.Helper()
	lines, err := ReadJournal(journaled(t, someLines()...))
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// Any octet that is changed, any line that is taken out, put twice or
// swapped, is found at its line.
func TestChainShowsEveryChange(t *testing.T) {
	s := journaled(t, someLines()...)
	good, err := os.ReadFile(s.Journal())
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1
		line := 1 + bytes.Count(good[:i], []byte("\n"))
		if i == len(good)-1 { // the last newline: the line counts as torn
			continue
		}
		damaged(t, s, bad, line, fmt.Sprintf("octet %d", i))
	}
	lines := bytes.SplitAfter(good, []byte("\n"))
	damaged(t, s, bytes.Join([][]byte{lines[0], lines[2]}, nil), 2, "taken out")
	damaged(t, s, bytes.Join([][]byte{lines[0], lines[1], lines[1]}, nil), 3, "twice")
	damaged(t, s, bytes.Join([][]byte{lines[1], lines[0]}, nil), 1, "swapped")
	other := *s
	other.Lineage = "another"
	if _, err := ReadJournal(&other); err == nil {
		t.Error("a journal of another lineage is taken")
	}
}

func damaged(t *testing.T, s *State, content []byte, line int, what string) {
	t.Helper()
	if err := os.WriteFile(s.Journal(), content, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := ReadJournal(s)
	var d *Damaged
	var f *planner.Fault
	if !errors.As(err, &d) || d.Line != line || !errors.As(err, &f) || (f.Code != "journal.gap") == d.Gap || !d.Gap && f.Code != "journal.damaged" {
		t.Fatalf("%s: got %v, want line %d", what, err, line)
	}
	if _, _, err := openJournal(s); !errors.As(err, &d) {
		t.Fatalf("%s: opened for writing: %v", what, err)
	}
	if after, _ := os.ReadFile(s.Journal()); !bytes.Equal(after, content) {
		t.Fatalf("%s: a damaged journal was changed", what)
	}
}

// A last line that is torn anywhere is not read, and cut off by the next that
// writes; what stood before stays.
func TestTornLastLine(t *testing.T) {
	s := journaled(t, someLines()...)
	good, _ := os.ReadFile(s.Journal())
	last := bytes.LastIndexByte(good[:len(good)-1], '\n') + 1
	for end := last + 1; end < len(good); end++ {
		os.WriteFile(s.Journal(), good[:end], 0o600)
		lines, err := ReadJournal(s)
		if err != nil || len(lines) != 5 {
			t.Fatalf("torn at %d: %d lines, %v", end, len(lines), err)
		}
		j, cut, err := openJournal(s)
		if err != nil || cut != end-last {
			t.Fatalf("torn at %d: cut %d, %v", end, cut, err)
		}
		if err := j.append(Line{Kind: KindNote}); err != nil {
			t.Fatal(err)
		}
		j.close()
		if lines, err := ReadJournal(s); err != nil || len(lines) != 6 || lines[5].Kind != KindNote {
			t.Fatalf("torn at %d, then written: %v %v", end, lines, err)
		}
	}
}

// After a failure nothing more is written, whatever the disk would say then.
func TestJournalFailsOnce(t *testing.T) {
	s := state(t)
	j, _, err := openJournal(s)
	if err != nil {
		t.Fatal(err)
	}
	defer j.close()
	f := &full{sink: j.file, line: 2, how: "half"}
	j.file = f
	if err := j.append(Line{Kind: KindStart}); err != nil {
		t.Fatal(err)
	}
	if err := j.append(Line{Kind: KindNote}); err == nil {
		t.Fatal("no error")
	}
	f.line = 99
	if err := j.append(Line{Kind: KindEnd}); err == nil {
		t.Error("it went on behind half a line")
	}
	if n, hash := j.head(); n != 1 || hash == s.Lineage {
		t.Errorf("head %d %s", n, hash)
	}
}

// A reader beside a writer sees a whole prefix at any time.
func TestReadWhileWritten(t *testing.T) {
	s := state(t)
	j, _, err := openJournal(s)
	if err != nil {
		t.Fatal(err)
	}
	defer j.close()
	written := make(chan error)
	go func() {
		for range 200 {
			if err := j.append(Line{Kind: KindIntent, Step: "copy-mailbox a @1"}); err != nil {
				written <- err
			}
		}
		close(written)
	}()
	for n := 0; ; {
		lines, err := ReadJournal(s)
		if err != nil || len(lines) < n {
			t.Fatalf("%d lines after %d: %v", len(lines), n, err)
		}
		n = len(lines)
		select {
		case err := <-written:
			if err != nil {
				t.Fatal(err)
			}
			return
		default:
		}
	}
}

// Opening never panics; what it takes, it can go on from, and what it cuts
// off is only what follows the last newline.
func FuzzJournal(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\n"))
	f.Add([]byte(`{"n":1,"hash":"` + "\"}\n"))
	f.Add([]byte("{}\n\x00\x00\x00"))
	l := Line{N: 1, Kind: KindStart, Prev: fuzzLineage}
	if b, err := l.encode(); err == nil {
		f.Add(b)
		f.Add(append(b, "torn"...))
		f.Add(append(b, b...))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		s := &State{Dir: t.TempDir(), Lineage: fuzzLineage}
		if err := os.WriteFile(s.Journal(), content, 0o600); err != nil {
			t.Fatal(err)
		}
		lines, readErr := ReadJournal(s)
		Fold(lines)
		j, cut, err := openJournal(s)
		if (err == nil) != (readErr == nil) {
			t.Fatalf("read %v, open %v", readErr, err)
		}
		if err != nil {
			return
		}
		defer j.close()
		if want := len(content) - bytes.LastIndexByte(content, '\n') - 1; cut != want {
			t.Fatalf("cut %d, want %d", cut, want)
		}
		if err := j.append(Line{Kind: KindNote}); err != nil {
			t.Fatal(err)
		}
		if again, err := ReadJournal(s); err != nil || len(again) != len(lines)+1 {
			t.Fatalf("%d lines, then %d: %v", len(lines), len(again), err)
		}
	})
}

const fuzzLineage = "00112233445566778899aabbccddeeff"
