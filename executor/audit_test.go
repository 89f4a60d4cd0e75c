package executor

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/planner"
)

// The story of a merge has each act once, in order, with what was found right
// before the one that cannot be undone; runs and passes are where they were.
func TestAuditOfAMerge(t *testing.T) {
	s := newSite(t, "merge")
	p := s.plan(t)
	p.PlannedBy = []string{"wang@acme.test"}
	p.Stamp("test")
	s.signed = []Approval{{Name: "li.si@acme.test", Key: "SHA256:abc", Plan: p.ID, At: siteStart}}
	if err := s.through(t, p); err != nil {
		t.Fatal(err)
	}
	lines := s.lines(t)
	a := AuditOf(lines)
	var codes []string
	for _, l := range a.Story {
		codes = append(codes, l.Msg.Code)
	}
	if !slices.IsSortedFunc(a.Story, func(x, y Line) int { return x.N - y.N }) {
		t.Error("out of order")
	}
	for code, n := range map[string]int{codeFinalAhead: 1, "event.approval-used": 1, "event.act-started": 1, "event.lock-taken": 1} {
		if got := strings.Count(strings.Join(codes, "\n")+"\n", code+"\n"); got != n {
			t.Errorf("%s: %d times, want %d", code, got, n)
		}
	}
	ahead := slices.Index(codes, codeFinalAhead)
	if started := slices.Index(codes, "event.act-started"); ahead < 0 || started != ahead+1 {
		t.Errorf("%v", codes)
	}
	if args := a.Story[ahead].Msg.Args; !strings.Contains(args["bounds"], "mailboxes 2/10, messages 1/100") || args["kept"] != "1" {
		t.Errorf("%v", args)
	}
	if i := slices.Index(codes, "event.lock-taken"); a.Story[i].Msg.Args["planned_by"] != "wang@acme.test" {
		t.Errorf("%v", a.Story[i].Msg.Args)
	}
	if len(a.Runs) < 2 || a.Last.Msg.Code != "event.finished.done" || !a.Head.Has(lines) || a.Head.Line != len(lines) {
		t.Errorf("%d runs, %+v, %+v", len(a.Runs), a.Last, a.Head)
	}
	for _, turn := range a.Turns {
		if !slices.ContainsFunc(a.Runs, func(r Span) bool { return !turn.From.Before(r.From) && !turn.To.After(r.To) }) {
			t.Errorf("%+v is in no run", turn)
		}
	}
	if len(a.Turns) == 0 {
		t.Error("no pass")
	}
	last, err := LastReport(s.state(t))
	if err != nil || last == nil || last.Reason != ReasonDone || len(last.Reasons()) != 0 {
		t.Errorf("%+v, %v", last, err)
	}
}

func line(n int, kind Kind, minute int, step planner.StepID, tally *planner.Tally) Line {
	return Line{N: n, Kind: kind, At: epoch.Add(time.Duration(minute) * time.Minute), Step: step, Tally: tally}
}

// A run that died ends with its last line; what is attested days later draws
// no run out; a pass whose end nobody saw carried nothing that is known.
func TestAuditOfRuns(t *testing.T) {
	pass := planner.IDOf(planner.CopyMailbox{Address: "a@x"})
	a := AuditOf([]Line{
		line(1, KindStart, 0, "", nil), line(2, KindIntent, 1, pass, nil), line(3, KindOutcome, 5, pass, &planner.Tally{Bytes: 10}),
		line(4, KindIntent, 6, pass, nil), line(5, KindActFinished, 600, "task x @00000000", nil),
		line(6, KindStart, 700, "", nil), line(7, KindIntent, 701, pass, nil), line(8, KindStopped, 702, pass, &planner.Tally{Bytes: 5}), line(9, KindEnd, 703, "", nil),
		line(10, KindActNever, 9000, "task x @00000000", nil), line(11, KindNote, 9001, "", nil),
	})
	if len(a.Runs) != 2 || a.Runs[0].To.Sub(epoch) != 6*time.Minute || a.Runs[1].To.Sub(epoch) != 703*time.Minute {
		t.Errorf("%v", a.Runs)
	}
	if len(a.Turns) != 2 || a.Turns[0].Tally.Bytes != 10 || a.Turns[1].From.Sub(epoch) != 701*time.Minute {
		t.Errorf("%v", a.Turns)
	}
	if len(a.Story) != 3 || a.Last.N != 9 { // an outcome, and what people said
		t.Errorf("%v", a.Story)
	}
}

// What stands too often to be read is counted by kind.
func TestAuditCounts(t *testing.T) {
	lines := []Line{line(1, KindStart, 0, "", nil)}
	for i := range 9 {
		lines = append(lines, line(i+2, KindOutcome, i, planner.IDOf(planner.CopyMailbox{Address: string(rune('a' + i))}), &planner.Tally{}))
	}
	a := AuditOf(lines)
	if len(a.Story) != 0 || len(a.Often) != 1 || a.Often[0].N != 9 || a.Often[0].Kind != "copy-mailbox" || a.Often[0].To.Sub(epoch) != 8*time.Minute {
		t.Errorf("%+v", a)
	}
	if empty := AuditOf(nil); empty.Head.Line != 0 || empty.Head.Has(nil) {
		t.Errorf("%+v", empty)
	}
}

// The chain tells a line that was changed from lines that were taken out, put
// in or moved, and where.
func TestWhereTheChainBreaks(t *testing.T) {
	s := newSite(t, "imap")
	s.apply(t, s.plan(t))
	path := s.state(t).Journal()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.SplitAfter(strings.TrimSuffix(string(whole), "\n"), "\n")
	rows[len(rows)-1] += "\n"
	for name, c := range map[string]struct {
		rows []string
		at   int
		gap  bool
	}{
		"changed":   {slices.Concat(rows[:2], []string{strings.Replace(rows[2], `"at":"2026`, `"at":"2027`, 1)}, rows[3:]), 3, false},
		"taken out": {slices.Concat(rows[:4], rows[5:]), 5, true},
		"put in":    {slices.Concat(rows[:4], rows[3:]), 5, true},
		"moved":     {slices.Concat(rows[:1], rows[2:3], rows[1:2], rows[3:]), 2, true},
		"first":     {rows[1:], 1, true},
	} {
		if err := os.WriteFile(path, []byte(strings.Join(c.rows, "")), 0o600); err != nil {
			t.Fatal(err)
		}
		lines, err := ReadJournal(s.state(t))
		d, ok := err.(*Damaged)
		if !ok || d.Line != c.at || d.Gap != c.gap || len(lines) != c.at-1 {
			t.Errorf("%s: %+v with %d lines", name, err, len(lines))
		}
	}
}

// A head is of a journal if the line has that hash; a printed one is cut.
func TestHeads(t *testing.T) {
	s := newSite(t, "imap")
	s.apply(t, s.plan(t))
	lines := s.lines(t)
	h := lines[4].Hash
	for head, want := range map[JournalHead]bool{{5, h}: true, {5, h[:16]}: true, {5, h[:15]}: false, {6, h}: false, {0, h}: false,
		{len(lines) + 1, h}: false, {5, "0000000000000000"}: false, {-1, h}: false} {
		if head.Has(lines) != want {
			t.Errorf("%+v: %v", head, !want)
		}
	}
}

func TestFingerprint(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"none": "", "text": "hello", "other": "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n",
		"long": "-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAf////8=\n-----END SSH SIGNATURE-----\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if f := fingerprint(path); f != "" {
			t.Errorf("%s: %s", name, f)
		}
	}
	if f := fingerprint(filepath.Join(dir, "gone")); f != "" {
		t.Error(f)
	}
}
