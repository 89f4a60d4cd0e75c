package transfer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/mailstore/mend"
)

var (
	bareLF   = regexp.MustCompile(`(?:^|[^\r])\n`)
	badField = regexp.MustCompile(`(?m)\A(?:[^:\s]+:.*\n(?:[ \t].*\n)*)*\r?\n`)
)

// strict refuses what Cyrus does, in its words.
func strict(_ *Item, body string) *Refusal {
	said := ""
	head, _, _ := strings.Cut(body, "\r\n\r\n")
	switch {
	case strings.Contains(body, "virus"):
		return &Refusal{Text: "Message contains a virus", Class: planner.Message, Final: true}
	case strings.Contains(body, "hated") && !strings.Contains(body, mend.OriginalField):
		return &Refusal{Text: "APPEND failed"}
	case strings.Contains(body, "\x00"):
		said = "Message contains NUL characters"
	case bareLF.MatchString(body):
		said = "Message contains bare newlines"
	case !badField.MatchString(body):
		said = "Message contains invalid header"
	case strings.ContainsFunc(head, func(r rune) bool { return r >= 0x80 }):
		said = "Message contains non-ASCII characters in headers"
	default:
		return nil
	}
	return &Refusal{Text: said, Class: planner.Message}
}

// refused are messages that strict refuses, and what they become: fixes, or
// nothing where they stay in quarantine.
var mendable = []struct{ body, fixes string }{
	{"A: b\r\n\r\nx\ny\r\n", "newlines"},
	{"A: b\r\n\r\nx\x00y\r\n", "nul"},
	{"A: b\r\nno field\r\n\r\nx\r\n", "header"},
	{"From a Thu Feb 29 06:15:00 2024\r\nA: b\r\n\r\nx\r\n", "envelope"},
	{"Subject: 中\r\n\r\nx\r\n", "encoded"},
	{"Subject: 中\x00\nwhat\n\nx\n", "nul newlines header encoded"},
	{"A: b\r\n\r\nhated\r\n", "wrapped"},
	{"A: b\n\r\nhated\r\n", "wrapped"},
	{"A: b\r\n\r\nvirus\n", ""},
}

// repairing is a rig with all of them, each with a keyword.
func repairing(t testing.TB) *rig {
	r := newRig(t)
	r.o.Repair, r.dst.refuse = true, strict
	r.src.deliver("INBOX", "A: sound\r\n\r\n")
	for _, m := range mendable {
		r.src.deliver("INBOX", m.body, imap.FlagSeen, "$key")
	}
	r.src.deliver("INBOX", "A: sound, too\r\n\r\n")
	return r
}

// become is what the target must hold.
func (r *rig) become() map[string]int {
	all := map[string]int{}
	for _, m := range r.src.folders["INBOX"].msgs {
		body := m.body
		for _, x := range mendable {
			if x.body == body && x.fixes == "" {
				body = ""
			} else if x.body == body {
				body = string(mend.Apply([]byte(body), fixesOf(x.fixes), m.date))
			}
		}
		if body != "" {
			all[fmt.Sprintf("INBOX %s", body)]++
		}
	}
	return all
}

func fixesOf(names string) (f mend.Fixes) {
	for i := mend.Fixes(1); i <= mend.Wrapped; i <<= 1 {
		if strings.Contains(" "+names+" ", " "+i.Names()[0]+" ") {
			f |= i
		}
	}
	return f
}

var repaired = planner.Tally{Copied: 10, Repaired: 6, Wrapped: 2, Refused: 1}

func TestLadder(t *testing.T) {
	r := repairing(t)
	r.run(repaired)
	if d := cmp.Diff(r.become(), bodies(r.dst)); d != "" {
		t.Error(d)
	}
	for _, m := range r.dst.folders["INBOX"].msgs {
		if !strings.Contains(m.body, "sound") && len(m.flags) != 2 || m.date.Unix() != 1700000000 {
			t.Errorf("%q: %v, %v", m.body, m.flags, m.date)
		}
	}
	appends := r.dst.appends
	r.run(planner.Tally{})
	if r.dst.appends != appends {
		t.Errorf("%d more were sent", r.dst.appends-appends)
	}
	r.explained(true)
	r.explained(false)
	r.deviates()
}

// explained verifies, with the ledger's word or without.
func (r *rig) explained(evidence bool) {
	r.t.Helper()
	in := VerifyInput{Source: r.src, Target: r.dst}
	if evidence {
		l, err := ReadLedger(r.dir, testKey)
		if err != nil {
			r.t.Fatal(err)
		}
		in.Evidence = l
	}
	report, err := Verify(r.t.Context(), in)
	if err != nil {
		r.t.Fatal(err)
	}
	want := map[bool]Counts{true: {Source: 11, Target: 10, Proven: 2, Explained: 9}, false: {Source: 11, Target: 10, Proven: 2, Explained: 8, Unexplained: 1}}
	if d := cmp.Diff(want[evidence], report.Counts); d != "" {
		r.t.Errorf("evidence %v: %s", evidence, d)
	}
	for _, e := range report.Exceptions {
		var names []string
		for _, m := range e.Codes {
			if name, ok := strings.CutPrefix(m.Code, "verify.mended."); ok {
				names = append(names, name)
			}
		}
		m := mendable[e.UID-2]
		if strings.Join(names, " ") != m.fixes && (evidence || m.fixes != "newlines") || len(names) > 0 && (e.Stored == "" || e.Stored == e.Hash) {
			r.t.Errorf("%q: %+v", m.body, e)
		}
	}
}

func (r *rig) deviates() {
	r.t.Helper()
	l, err := ReadLedger(r.dir, testKey)
	if err != nil {
		r.t.Fatal(err)
	}
	n := 0
	for _, d := range l.Deviations() {
		if d.Kind != DevRepaired && d.Kind != DevWrapped {
			continue
		}
		n++
		if m := mendable[d.UID-2]; strings.Join(d.Fixes, " ") != m.fixes || len(d.SHA256) != 64 || len(d.Stored) != 64 || d.SHA256 == d.Stored || d.Text == "" {
			r.t.Errorf("%q: %+v", m.body, d)
		}
	}
	if n != 8 {
		r.t.Errorf("%d altered", n)
	}
}

// A copy that lost its ledger recognises what it altered.
func TestAlteredMessagesAreAdopted(t *testing.T) {
	for _, uidPlus := range []bool{true, false} {
		r := repairing(t)
		r.dst.noUIDPlus = !uidPlus
		r.src.deliver("INBOX", "A: b\r\n\r\nhated\r\n") // a duplicate
		want := repaired
		want.Copied, want.Wrapped = 11, 3
		r.run(want)
		for _, lost := range []bool{true, false} {
			if lost {
				os.RemoveAll(r.dir)
			} else {
				r.src.folders["INBOX"].validity++
			}
			appends := r.dst.appends
			r.run(planner.Tally{Adopted: 11, Refused: 1})
			if sent := r.dst.appends - appends; sent > 1 {
				t.Errorf("lost %v: %d sent", lost, sent)
			}
			if d := cmp.Diff(r.become(), bodies(r.dst)); d != "" {
				t.Error(d)
			}
		}
		l, _ := mustOpen(t, r.dir)
		if n := len(l.st.folderOf["INBOX"].mended); n < 8 {
			t.Errorf("%d on record", n)
		}
		l.Close()
	}
}

// Whatever dies when, each is there once.
func TestLadderBrokenAtEveryStep(t *testing.T) {
	for i, err := range []error{errCrash, errCrash, gone("test"), gone("test")} {
		t.Run(fmt.Sprint(i, err), func(t *testing.T) {
			t.Parallel()
			for n := 1; ; n++ {
				r := repairing(t)
				r.dst.noUIDPlus, r.dst.plain, r.src.plain = i%2 == 0, i > 1, i > 1
				met := r.broken(n, err)
				if n%3 == 0 {
					r.o.Repair = false // what was altered stands, whatever is wanted now
					r.try()
					r.o.Repair = true
					l, _ := mustOpen(t, r.dir)
					l.Retry()
					l.Close()
				}
				if _, err := r.try(); err != nil {
					t.Fatalf("step %d, %s: %v", n, met, err)
				}
				if d := cmp.Diff(r.become(), bodies(r.dst)); d != "" {
					t.Fatalf("step %d, %s: %s", n, met, d)
				}
				r.run(planner.Tally{})
				if met == "" {
					break
				}
			}
		})
	}
}

// What is refused altered and wrapped, too, is kept with all that was tried.
func TestLadderEndsInQuarantine(t *testing.T) {
	r := newRig(t)
	r.o.Repair = true
	r.src.deliver("INBOX", "A: ok\r\n\r\n")
	r.src.deliver("INBOX", "A: bad\n\nx\n")
	r.src.deliver("INBOX", "A: big\r\n\r\n"+strings.Repeat("x", mendLimit))
	r.dst.refuse = func(_ *Item, body string) *Refusal {
		switch {
		case body == "A: ok\r\n\r\n":
			return nil
		case strings.Contains(body, "Mxmove"):
			return &Refusal{Code: "CANNOT", Text: "not wrapped either"}
		case strings.Contains(body, "\r\nx\r\n"):
			return &Refusal{Code: "CANNOT", Text: "not this way"}
		}
		return &Refusal{Code: "CANNOT", Text: "Message contains bare newlines"}
	}
	r.run(planner.Tally{Copied: 1, Refused: 2})
	files, _ := filepath.Glob(filepath.Join(r.o.Quarantine, "*-2.eml.json"))
	if len(files) != 1 {
		t.Fatal(files)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	var about Quarantined
	if err := json.Unmarshal(b, &about); err != nil {
		t.Fatal(err)
	}
	var tried []string
	for _, f := range about.Tried {
		tried = append(tried, strings.Join(f.Fixes, " ")+": "+f.Said)
	}
	want := []string{"newlines: [CANNOT] not this way", "newlines origin: [CANNOT] not this way", "wrapped: [CANNOT] not wrapped either"}
	if d := cmp.Diff(want, tried); d != "" || about.Said != "Message contains bare newlines" {
		t.Errorf("%s%s", d, b)
	}
}

// A target that takes nothing at all fills no quarantine, whatever may be
// altered.
func TestLadderAtATargetThatTakesNothing(t *testing.T) {
	r := newRig(t)
	r.o.Repair = true
	for i := range 200 {
		r.src.deliver("INBOX", fmt.Sprintf("a: %d\n\n", i))
	}
	r.dst.refuse = func(*Item, string) *Refusal { return &Refusal{Text: "on fire"} }
	if tally, err := r.try(); err == nil || tally.Refused+tally.Copied != 0 || r.dst.appends > 700 {
		t.Errorf("%+v, %v, %d sent", tally, err, r.dst.appends)
	}
	r.dst.refuse = nil
	r.run(planner.Tally{Copied: 200})
	r.same()
}

// A message over what streams is altered as well.
func TestLadderOfALargeMessage(t *testing.T) {
	r := newRig(t)
	r.o.Repair, r.dst.refuse = true, strict
	body := "A: b\r\n\r\n" + strings.Repeat("0123456789\r\n", spoolLimit/10) + "\n"
	r.src.deliver("INBOX", body)
	r.run(planner.Tally{Copied: 1, Repaired: 1})
	want := mend.Apply([]byte(body), mend.Newlines, r.src.folders["INBOX"].msgs[0].date)
	if !bytes.Equal(want, []byte(r.dst.folders["INBOX"].msgs[0].body)) {
		t.Error("not as it should be")
	}
	os.RemoveAll(r.dir)
	r.run(planner.Tally{Adopted: 1})
}

// The record of what was altered outlasts compaction.
func TestAlteredMessagesAreCompacted(t *testing.T) {
	r := repairing(t)
	r.run(repaired)
	l, _ := mustOpen(t, r.dir)
	before := l.Deviations()
	path := filepath.Join(r.dir, ledgerName(testKey.Address))
	old, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	p := &place{r.dir, func(f *os.File) disk { return f }, os.Rename, syncDir}
	if err := p.compact(path, testKey, l.st, old, l.end); err != nil {
		t.Fatal(err)
	}
	l.Close()
	l, _ = mustOpen(t, r.dir)
	defer l.Close()
	if d := cmp.Diff(before, l.Deviations()); d != "" || len(before) < 9 {
		t.Error(d)
	}
}
