package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/planner"
)

var testKey = Key{Lineage: "L", Address: "a@x.test", From: "imap://a@s", To: "imap://a@t"}

// rig is two mailboxes and a state directory.
type rig struct {
	t        testing.TB
	src, dst *memStore
	dir      string
	o        Options
	stop     chan struct{}
	notes    []string
}

func newRig(t testing.TB) *rig {
	dir := t.TempDir()
	return &rig{t: t, src: newMem("INBOX"), dst: newMem("INBOX"), dir: filepath.Join(dir, "ledger"),
		o: Options{Quarantine: filepath.Join(dir, "quarantine")}}
}

// plainRig is a rig of stores where nothing goes ahead.
func plainRig(t testing.TB) *rig {
	r := newRig(t)
	r.src.plain, r.dst.plain = true, true
	return r
}

func noSleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

func (r *rig) try() (planner.Tally, error) {
	r.t.Helper()
	l, _, err := OpenLedger(r.dir, testKey)
	if err != nil {
		r.t.Fatal(err)
	}
	defer l.Close()
	p := &Pass{Source: r.src, Target: r.dst, Ledger: l, Options: r.o, Stop: r.stop, Sleep: noSleep}
	tally, err := p.Run(r.t.Context())
	r.notes = nil
	for _, n := range p.Notes() {
		r.notes = append(r.notes, n.Code)
	}
	return tally, err
}

// run is a pass that must succeed with this tally.
func (r *rig) run(want planner.Tally) {
	r.t.Helper()
	got, err := r.try()
	if err != nil {
		r.t.Fatal(err)
	}
	if d := cmp.Diff(want, tallyOf(got)); d != "" {
		r.t.Errorf("tally: %s", d)
	}
}

// same checks that the target holds what the source holds, no more, no less.
func (r *rig) same() {
	r.t.Helper()
	if d := cmp.Diff(r.src.shape(), r.dst.shape()); d != "" {
		r.t.Errorf("target differs (-source +target): %s", d)
	}
}

func TestCopyAndCopyAgain(t *testing.T) {
	r := newRig(t)
	r.src.deliver("INBOX", "Subject: one\r\n\r\n1\r\n", imap.FlagSeen)
	r.src.deliver("INBOX", "Subject: two\r\n\r\n2\r\n", imap.FlagFlagged, "$Forwarded")
	r.src.deliver("A/B", "Subject: three\r\n\r\n3\r\n")
	r.src.deliver("A/B", "Subject: three\r\n\r\n3\r\n") // a duplicate stays one
	r.src.folder("A").NoSelect = true
	r.dst.folder("A").NoSelect = true
	r.src.folders["A/B"].Subscribed = true
	r.run(planner.Tally{Copied: 4})
	r.same()
	r.run(planner.Tally{})
	if r.dst.appends != 4 {
		t.Errorf("%d appends", r.dst.appends)
	}
	r.src.deliver("INBOX", "Subject: new\r\n\r\n")
	r.run(planner.Tally{Copied: 1})
	r.same()
}

func TestAnUnchangedMailboxIsOnlyListed(t *testing.T) {
	r := newRig(t)
	r.src.deliver("INBOX", "x: y\r\n\r\n")
	r.run(planner.Tally{Copied: 1})
	opens := r.src.opens
	r.run(planner.Tally{})
	if r.src.opens != opens {
		t.Error("a pass without work opened a connection")
	}
	r.src.noCondstore = true
	r.run(planner.Tally{})
	r.src.setFlags("INBOX", 1, imap.FlagSeen)
	r.run(planner.Tally{Flags: 1})
	r.same()
}

func TestFlagsAreThreeWay(t *testing.T) {
	for _, condstore := range []bool{true, false} {
		r := newRig(t)
		r.src.noCondstore = !condstore
		for range 3 {
			r.src.deliver("INBOX", "x: y\r\n\r\n", imap.FlagFlagged)
		}
		r.run(planner.Tally{Copied: 3})
		r.src.setFlags("INBOX", 1, imap.FlagFlagged, imap.FlagSeen) // only the source changed
		r.dst.setFlags("INBOX", 2, imap.FlagAnswered)               // only the target changed
		r.src.setFlags("INBOX", 3)                                  // both changed
		r.dst.setFlags("INBOX", 3, imap.FlagFlagged, imap.FlagAnswered)
		r.run(planner.Tally{Flags: 2})
		want := [][]imap.Flag{{imap.FlagFlagged, imap.FlagSeen}, {imap.FlagAnswered}, {imap.FlagAnswered}}
		for i, m := range r.dst.folders["INBOX"].msgs {
			if d := cmp.Diff(want[i], m.flags); d != "" {
				t.Errorf("message %d: %s", i+1, d)
			}
		}
		r.run(planner.Tally{})
	}
}

func TestWhatIsGoneAtTheTargetStaysGone(t *testing.T) {
	r := newRig(t)
	r.src.deliver("INBOX", "a: 1\r\n\r\n")
	r.src.deliver("INBOX", "a: 2\r\n\r\n")
	r.run(planner.Tally{Copied: 2})
	r.dst.remove("INBOX", 1)
	r.src.deliver("INBOX", "a: 3\r\n\r\n")
	r.run(planner.Tally{Copied: 1})
	r.src.folders["INBOX"].validity++ // ... also when the source counts anew
	for i, m := range r.src.folders["INBOX"].msgs {
		m.uid = uint32(100 + i)
	}
	r.src.folders["INBOX"].next = 200
	r.run(planner.Tally{Adopted: 3})
	if n := len(r.dst.folders["INBOX"].msgs); n != 2 {
		t.Errorf("%d messages", n)
	}
	r.src.remove("INBOX", 101) // and what is deleted at the source is kept
	r.run(planner.Tally{})
	if n := len(r.dst.folders["INBOX"].msgs); n != 2 {
		t.Errorf("%d messages", n)
	}
}

func TestAdoption(t *testing.T) {
	r := newRig(t)
	bodies := []string{"a: 1\r\n\r\nx\r\n", "a: 1\r\n\r\nx\r\n", "a: 2\r\n\r\nno end", "a: \xc4\xe3\r\n\r\n", "a: 5\r\n\r\n"}
	for _, b := range bodies {
		r.src.deliver("INBOX", b, imap.FlagSeen)
	}
	r.dst.deliver("INBOX", "own: mail\r\n\r\n")
	r.dst.deliver("INBOX", bodies[0], imap.FlagFlagged) // one of two duplicates
	r.dst.deliver("INBOX", bodies[2]+"\r\n")            // as Courier stores it
	r.dst.deliver("INBOX", "a: XX\r\n\r\n")             // as Cyrus does
	r.run(planner.Tally{Adopted: 3, Copied: 2})
	r.run(planner.Tally{})
	if n := len(r.dst.folders["INBOX"].msgs); n != 6 {
		t.Errorf("%d messages", n)
	}
	if got := r.dst.folders["INBOX"].msgs[1].flags; !cmp.Equal(got, []imap.Flag{imap.FlagFlagged}) {
		t.Errorf("a person's flags were changed to %v", got)
	}
}

func TestTargetMadeAnew(t *testing.T) {
	r := newRig(t)
	r.src.deliver("INBOX", "a: 1\r\n\r\n")
	r.src.deliver("INBOX", "a: 2\r\n\r\n")
	r.run(planner.Tally{Copied: 2})
	f := r.dst.folders["INBOX"]
	f.validity += 7
	r.dst.remove("INBOX", 1)
	r.run(planner.Tally{Adopted: 1, Copied: 1})
	if len(f.msgs) != 2 {
		t.Error("lost or doubled")
	}
}

func TestRefusals(t *testing.T) {
	r := newRig(t)
	r.src.deliver("INBOX", "ok: 1\r\n\r\n")
	r.src.deliver("INBOX", "virus: 1\r\n\r\nbody\x00", imap.FlagSeen)
	r.src.deliver("INBOX", "keyword: 1\r\n\r\n", "$Bad", imap.FlagSeen)
	r.src.deliver("INBOX", "date: 1\r\n\r\n")
	r.src.deliver("INBOX", "bad: 1\r\n\r\n")
	r.src.deliver("INBOX", "ok: 2\r\n\r\n")
	r.dst.refuse = func(it *Item, body string) *Refusal {
		switch {
		case strings.HasPrefix(body, "virus"):
			return &Refusal{Text: "Message refused because it contains a virus"}
		case strings.HasPrefix(body, "keyword") && len(it.Flags) > 1:
			return &Refusal{Code: "CANNOT", Text: "Invalid characters in keyword"}
		case strings.HasPrefix(body, "date") && !it.Date.IsZero():
			return &Refusal{Text: "Invalid date-time"}
		case strings.HasPrefix(body, "bad"):
			return &Refusal{Text: "what?", Bad: true}
		}
		return nil
	}
	r.run(planner.Tally{Copied: 4, Refused: 2, Keywords: 1, Dates: 1})
	r.run(planner.Tally{})
	if n := len(r.dst.folders["INBOX"].msgs); n != 4 {
		t.Errorf("%d messages", n)
	}
	l, err := ReadLedger(r.dir, testKey)
	if err != nil {
		t.Fatal(err)
	}
	named := l.Named()
	if len(named) != 2 || named[0].UID != 2 || named[1].UID != 5 || named[0].Text != "Message refused because it contains a virus" {
		t.Fatalf("named: %+v", named)
	}
	if b, err := os.ReadFile(filepath.Join(r.o.Quarantine, named[0].File)); string(b) != "virus: 1\r\n\r\nbody\x00" {
		t.Errorf("kept %q, %v", b, err)
	}
	var about Quarantined
	b, _ := os.ReadFile(filepath.Join(r.o.Quarantine, named[0].File+".json"))
	if err := json.Unmarshal(b, &about); err != nil || about.UID != 2 || about.Folder != "INBOX" || about.Size != 17 {
		t.Errorf("%s: %v", b, err)
	}
	if f, ok := l.Fate("INBOX", r.src.folders["INBOX"].validity, 5); !ok || f.Refused != "what?" {
		t.Errorf("fate %+v", f)
	}
}

func TestFailPolicy(t *testing.T) {
	r := newRig(t)
	r.src.deliver("INBOX", "a: 1\r\n\r\n")
	r.src.deliver("INBOX", "a: 2\r\n\r\n")
	r.o.Fail = true
	r.dst.refuse = func(it *Item, _ string) *Refusal {
		if it.UID == 2 {
			return &Refusal{Code: "TOOBIG", Text: "too big"}
		}
		return nil
	}
	if tally, err := r.try(); !isClass(err, planner.Message) || tally.Copied != 1 {
		t.Errorf("%+v, %v", tally, err)
	}
	r.dst.refuse = nil
	r.run(planner.Tally{Copied: 1})
	r.same()
}

func TestKeywordsAndDates(t *testing.T) {
	r := newRig(t)
	r.dst.permanent = []imap.Flag{imap.FlagSeen, "$label1"}
	r.src.deliver("INBOX", "a: 1\r\n\r\n", "$Label1", "other", imap.FlagSeen, `\Recent`)
	r.src.deliver("INBOX", "a: 2\r\n\r\n", `\Forwarded`, "a]b", "\xe4").date = time.Unix(-86400, 0)
	r.run(planner.Tally{Copied: 2, Keywords: 2, Dates: 1})
	msgs := r.dst.folders["INBOX"].msgs
	if d := cmp.Diff([]imap.Flag{"$Label1", imap.FlagSeen}, msgs[0].flags); d != "" {
		t.Error(d)
	}
	if len(msgs[1].flags) != 0 || !msgs[1].date.IsZero() {
		t.Errorf("%+v", msgs[1])
	}
	r.run(planner.Tally{})
}

func TestSinceSkipAndMissing(t *testing.T) {
	r := newRig(t)
	old := r.src.deliver("INBOX", "a: old\r\n\r\n")
	old.date = old.date.AddDate(-1, 0, 0)
	r.src.deliver("INBOX", "a: new\r\n\r\n")
	r.src.deliver("INBOX", "a: hidden\r\n\r\n")
	r.src.deliver("Left", "a: x\r\n\r\n")
	r.o.Since, r.o.Skip = time.Unix(1690000000, 0), []string{"Left"}
	r.src.hides = func(uid uint32) bool { return uid == 3 }
	r.run(planner.Tally{Copied: 1, Skipped: 2, Missing: 1})
	l, _ := ReadLedger(r.dir, testKey)
	if n := l.Named(); len(n) != 1 || n[0].UID != 3 || !n[0].Missing {
		t.Errorf("named %+v", n)
	}
	r.src.hides = nil
	r.run(planner.Tally{Copied: 1, Skipped: 2})
	r.o.Since = time.Time{}
	r.run(planner.Tally{Copied: 1, Skipped: 1})
	l, _ = ReadLedger(r.dir, testKey)
	if n := l.Named(); len(n) != 0 {
		t.Errorf("named %+v", n)
	}
	if n := len(r.dst.folders["INBOX"].msgs); n != 3 || r.dst.folders["Left"] != nil {
		t.Error("wrong selection")
	}
}

func TestASourceThatDiesInAMessageCostsThatMessage(t *testing.T) {
	for _, size := range []int{100, spoolLimit + 100} {
		r := newRig(t)
		for i := range 5 {
			r.src.deliver("INBOX", "a: "+strings.Repeat("x", i+1)+"\r\n\r\n")
		}
		r.src.folders["INBOX"].msgs[2].body += strings.Repeat("y", size)
		r.src.dies = func(uid uint32) bool { return uid == 3 }
		r.run(planner.Tally{Copied: 4, Missing: 1})
		r.src.dies = nil
		r.run(planner.Tally{Copied: 1})
		r.same()
	}
}

func TestLargeMessages(t *testing.T) {
	r := newRig(t)
	big := "a: big\r\n\r\n" + strings.Repeat("0123456789", 3*spoolLimit/10)
	r.src.deliver("INBOX", "a: 1\r\n\r\n")
	r.src.deliver("INBOX", big, imap.FlagSeen)
	r.src.deliver("INBOX", big[:2*spoolLimit])
	r.src.deliver("INBOX", "a: 2\r\n\r\n")
	r.dst.deliver("INBOX", big[:2*spoolLimit])
	r.run(planner.Tally{Copied: 3, Adopted: 1})
	r.same()
}

func TestStop(t *testing.T) {
	r := plainRig(t)
	for range 50 {
		r.src.deliver("INBOX", "a: x\r\n\r\n")
	}
	r.stop = make(chan struct{})
	n := 0
	r.dst.step = func(op string) error {
		if op == "stored" {
			if n++; n == 20 {
				close(r.stop)
			}
		}
		return nil
	}
	tally, err := r.try()
	if !errors.Is(err, ErrStopped) || tally.Copied < 20 || tally.Copied > 21 {
		t.Fatalf("%+v, %v", tally, err)
	}
	r.stop, r.dst.step = nil, nil
	r.run(planner.Tally{Copied: 50 - tally.Copied})
	r.same()
}

func TestWithoutUIDPlus(t *testing.T) {
	r := newRig(t)
	r.dst.noUIDPlus = true
	for range 3 {
		r.src.deliver("INBOX", "a: x\r\n\r\n")
	}
	r.src.deliver("INBOX", "a: yy\r\n\r\nno end")
	r.dst.alter = func(s string) string { return strings.TrimSuffix(s, "\r\n") + "\r\n" }
	n := 0
	r.dst.step = func(op string) error { // mail comes in between
		if n++; op == "stored" && n < 12 {
			r.dst.deliver("INBOX", "own: mail\r\n")
		}
		return nil
	}
	r.run(planner.Tally{Copied: 4})
	r.dst.step = nil
	r.src.setFlags("INBOX", 2, imap.FlagSeen)
	r.src.deliver("INBOX", "a: x\r\n\r\n")
	r.run(planner.Tally{Copied: 1, Flags: 1})
	seen, copies := 0, 0
	for _, m := range r.dst.folders["INBOX"].msgs {
		if strings.HasPrefix(m.body, "a:") {
			copies++
		}
		seen += len(m.flags)
	}
	if copies != 5 || seen > 1 {
		t.Errorf("%d copies, %d seen", copies, seen)
	}
}

// What a target without UIDPLUS altered, while other mail came in, is found by
// what servers are known to alter, so that its flags can follow.
func TestAlteredWithoutUIDPlus(t *testing.T) {
	r := newRig(t)
	r.dst.noUIDPlus = true
	r.src.deliver("INBOX", "a: first\r\n\r\n")
	r.run(planner.Tally{Copied: 1})
	r.dst.alter = func(s string) string { return s + "\r\n" }
	r.dst.step = func(op string) error {
		if op == "append" {
			r.dst.deliver("INBOX", "own: mail\r\n")
		}
		return nil
	}
	for i := range 300 {
		r.src.deliver("INBOX", "a: "+strings.Repeat("x", i)+"\r\n\r\nno end")
	}
	r.run(planner.Tally{Copied: 300})
	r.dst.step = nil
	for uid := range uint32(301) {
		r.src.setFlags("INBOX", uid+1, imap.FlagFlagged)
	}
	r.run(planner.Tally{Flags: 301})
	flagged := 0
	for _, m := range r.dst.folders["INBOX"].msgs {
		if len(m.flags) > 0 != strings.HasPrefix(m.body, "a:") {
			t.Fatalf("%q has %v", m.body, m.flags)
		}
		flagged += len(m.flags)
	}
	if flagged != 301 {
		t.Errorf("%d flagged", flagged)
	}
}

func TestOneFolderDoesNotStopTheOthers(t *testing.T) {
	r := newRig(t)
	r.src.deliver("INBOX", "a: 1\r\n\r\n")
	r.src.deliver("Z", "a: 2\r\n\r\n")
	r.dst.folder("Z")
	r.dst.refuse = func(it *Item, body string) *Refusal {
		if strings.HasPrefix(body, "a: 1") {
			return &Refusal{Code: "NOPERM", Text: "no", Class: planner.FolderOnly}
		}
		return nil
	}
	tally, err := r.try()
	if !isClass(err, planner.FolderOnly) || tally.Copied != 1 {
		t.Fatalf("%+v, %v", tally, err)
	}
}

func TestBehindAndInStep(t *testing.T) {
	r := newRig(t)
	r.src.deliver("INBOX", "a: 1\r\n\r\n")
	r.src.deliver("INBOX", "a: 2\r\n\r\n")
	check := func(messages int, inStep bool) {
		t.Helper()
		l, err := ReadLedger(r.dir, testKey)
		if err != nil {
			t.Fatal(err)
		}
		folders, _ := r.src.Folders(t.Context())
		gap := l.Behind(folders)
		if gap.Messages != messages || l.InStep(folders) != inStep || gap.Bytes != int64(8*messages) {
			t.Errorf("behind %+v, in step %v", gap, l.InStep(folders))
		}
	}
	check(2, false)
	r.run(planner.Tally{Copied: 2})
	check(0, true)
	r.src.deliver("INBOX", "a: 3\r\n\r\n")
	check(1, false)
	r.run(planner.Tally{Copied: 1})
	r.src.setFlags("INBOX", 1, imap.FlagSeen)
	check(0, false)
	r.run(planner.Tally{Flags: 1})
	r.src.folder("Empty")
	check(0, false)
	r.run(planner.Tally{})
	r.src.folder("Empty").validity++
	check(0, true)
}
