package transfer

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/emersion/go-imap/v2"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// vListed is "FOLDER UID CLASS CODE ARGS; CODE …" for each exception, with !
// before a target's folder.
func vListed(r *Report) []string {
	var all []string
	for _, e := range r.Exceptions {
		s := label(e.Folder)
		if e.Target {
			s = "!" + s
		}
		s = fmt.Sprintf("%s %d %s", s, e.UID, e.Class)
		for i, c := range e.Codes {
			s += []string{" ", "; "}[min(i, 1)] + strings.TrimPrefix(c.Code, "verify.")
			for _, v := range c.Args {
				s += " " + v
			}
		}
		all = append(all, s)
	}
	return all
}

func vRun(t *testing.T, in VerifyInput) *Report {
	t.Helper()
	r, err := Verify(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	if in.Source.(*vStore).wrote || in.Target.(*vStore).wrote {
		t.Fatal("verify wrote")
	}
	c := r.Counts
	if c.Source != c.Proven+c.Explained+c.Behind+c.Unread+c.Unexplained+c.Sampled {
		t.Fatalf("the counts do not add up: %+v", c)
	}
	for _, e := range r.Exceptions {
		for _, m := range e.Codes {
			if !text.Load(text.Chinese).Has(m.Code) {
				t.Errorf("no text for %s", m.Code)
			}
		}
	}
	return r
}

// Every label: one message or folder each, alone in its mailbox.
func TestVerifyLabels(t *testing.T) {
	a := vMessage(1, "a", imap.FlagSeen, "$Work")
	placed := func(f Fate) *vEvidence {
		f.UIDValidity, f.UID = 7, 1
		return &vEvidence{
			fates:  map[string]Fate{"A 1": f},
			passed: map[string]Passed{"A": {Began: vDay, UIDValidity: 7, UIDNext: 2}},
		}
	}
	written := func(flags ...imap.Flag) *vEvidence { return placed(Fate{Written: true, Flags: flags}) }
	refused := placed(Fate{Refused: "[TOOBIG] no"})
	noLabels := vFolder("A", vMessage(1, "a", imap.FlagSeen))
	noLabels.permanent = []imap.Flag{imap.FlagSeen}
	long := a.withBody("Subject: a\r\n\r\none\r\ntwo\r\nthree\r\n")

	for _, c := range []struct {
		name   string
		source vMail
		target *vBox // folder A
		ev     *vEvidence
		want   string // of the message
	}{
		{"same", a, vFolder("A", a), nil, ""},
		{"same, flags in other case and order", a, vFolder("A", vMessage(1, "a", "$work", `\SEEN`, `\Recent`)), nil, ""},
		{"same at another UID", a, vFolder("A", a.withUID(90)), nil, ""},
		{"same moment in another zone", a, vFolder("A", a.withDate(a.date.In(time.FixedZone("", 3600)))), nil, ""},

		{"missing", a, vFolder("A"), nil, "A 1 unexplained missing"},
		{"refused", a, vFolder("A"), refused, "A 1 explained refused [TOOBIG] no"},
		{"refused but there", a, vFolder("A", a), refused, ""},
		{"removed at the target", a, vFolder("A"), placed(Fate{}), "A 1 explained removed"},
		{"placed in a folder that was made anew", a, &vBox{Folder: listed("A")[0], validity: 8}, placed(Fate{}), "A 1 unexplained missing"},
		{"on record, but not where", a, vFolder("A"), &vEvidence{fates: map[string]Fate{"A 1": {}}}, "A 1 unexplained missing"},
		{"the source did not give it", a, vFolder("A"), &vEvidence{fates: map[string]Fate{"A 1": {Missing: true}}}, "A 1 behind late"},
		{"arrived by UID", a, vFolder("A"), &vEvidence{passed: map[string]Passed{"A": {Began: vDay.Add(time.Hour), UIDValidity: 7, UIDNext: 1}}}, "A 1 behind arrived"},
		{"there before by UID", a, vFolder("A"), &vEvidence{passed: map[string]Passed{"A": {Began: vDay, UIDValidity: 7, UIDNext: 2}}}, "A 1 unexplained missing"},
		{"arrived by date", a, vFolder("A"), &vEvidence{passed: map[string]Passed{"A": {Began: vDay}}}, "A 1 behind arrived"},
		{"there before by date", a, vFolder("A"), &vEvidence{passed: map[string]Passed{"A": {Began: vDay.Add(time.Hour)}}}, "A 1 unexplained missing"},
		{"neither tells", a, vFolder("A"), &vEvidence{passed: map[string]Passed{"A": {UIDValidity: 6, UIDNext: 1}}}, "A 1 unexplained missing"},
		{"no pass over the folder yet", a, vFolder("A"), &vEvidence{}, "A 1 behind arrived"},

		{"altered header", a.withBody("S: \xe9\r\n\r\n"), vFolder("A", a.withBody("S: X\r\n\r\n")), nil, "A 1 explained altered.header8bit"},
		{"altered twice", a.withBody("S: \x00\n\na\n"), vFolder("A", a.withBody("S: \x80\r\n\r\na\r\n")), nil, "A 1 explained altered.nul; altered.newlines"},
		{"altered and flags", a.withBody("S: a\r\n\r\nb"), vFolder("A", vMessage(1, "a", "$Work").withBody("S: a\r\n\r\nb\r\n")), nil, `A 1 unexplained altered.final-newline; flags \seen`},
		{"truncated", long, vFolder("A", long.withUID(4).withBody("Subject: a\r\n\r\none\r\ntw\r\n")), nil, "A 1 unexplained altered.truncated"},
		{"truncated, and by record", long, vFolder("A", long.withDate(vDay).withBody("Subject: a\r\n\r\none\r\n")), placed(Fate{}), "A 1 unexplained altered.truncated; date"},
		{"other content by record", a, vFolder("A", a.withBody("S: b\r\n\r\n")), placed(Fate{}), "A 1 unexplained altered.content"},

		{"flag lost", a, vFolder("A", vMessage(1, "a", "$Work")), nil, `A 1 unexplained flags \seen`},
		{"flag too many", a, vFolder("A", vMessage(1, "a", "$Work", `\Seen`, `\Flagged`)), nil, `A 1 unexplained flags \flagged`},
		{"flag lost, on record without flags", a, vFolder("A", vMessage(1, "a", "$Work")), placed(Fate{}), `A 1 unexplained flags \seen`},
		{"flag taken away at the target", a, vFolder("A", vMessage(1, "a", "$Work")), written(`\Seen`, "$Work"), `A 1 explained flags.at-target \seen`},
		{"flag given at the target", a, vFolder("A", vMessage(1, "a", "$Work", `\Seen`, `\Answered`)), written(`\Seen`, "$Work"), `A 1 explained flags.at-target \answered`},
		{"flag given at the source", a, vFolder("A", vMessage(1, "a", "$Work")), written("$Work"), `A 1 behind flags.at-source \seen`},
		{"flag taken away at the source", a, vFolder("A", vMessage(1, "a", "$Work", `\Seen`, "Old")), written("Old", "$Work", `\Seen`), `A 1 behind flags.at-source old`},
		{"keyword not permitted", a, noLabels, nil, "A 1 explained flags.unpermitted $work"},
		{"keyword dropped", a, vFolder("A", vMessage(1, "a", `\Seen`)), placed(Fate{Written: true, Flags: []imap.Flag{`\Seen`}, Keywords: true}), "A 1 explained flags.dropped $work"},
		{"keywords dropped, on record as the source has them", a, vFolder("A", vMessage(1, "a", `\Seen`)), placed(Fate{Written: true, Flags: []imap.Flag{`\Seen`, "$Work"}, Keywords: true}), "A 1 explained flags.dropped $work"},
		{"a system flag is no dropped keyword", a, vFolder("A", vMessage(1, "a", "$Work")), placed(Fate{Keywords: true}), `A 1 unexplained flags \seen`},

		{"date", a, vFolder("A", a.withDate(vDay)), nil, "A 1 unexplained date"},
		{"date dropped", a, vFolder("A", a.withDate(vDay)), placed(Fate{Date: true}), "A 1 explained date.dropped"},
		{"date adopted", a, vFolder("A", a.withDate(vDay)), placed(Fate{Adopted: true}), "A 1 explained date.adopted"},
		{"no date", a.withDate(time.Time{}), vFolder("A", a), nil, "A 1 explained date.absent"},
		{"no date at the target", a, vFolder("A", a.withDate(time.Time{})), nil, "A 1 unexplained date"},
		{"date out of range", a.withDate(time.Unix(1<<32, 0)), vFolder("A", a), nil, "A 1 explained date.range"},

		{"not given by the source", vMail{uid: 1, date: vDay, body: "x", absent: true}, vFolder("A", a), nil, "A 1 unread unread"},
		{"of very many parts, without an end", a.withBody(parted(300, "")), vFolder("A", a.withBody(parted(300, ""))), nil, "A 1 unread unread.cut"},
		{"given shorter than told", vMail{uid: 1, date: vDay, body: "x", short: true}, vFolder("A", a), nil, "A 1 unread unread"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := VerifyInput{Source: vBoxes(vFolder("A", c.source)), Target: vBoxes(c.target), page: 1 + len(c.name)%2}
			if c.ev != nil {
				in.Evidence = c.ev
			}
			r := vRun(t, in)
			if got := strings.Join(vListed(r), "\n"); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			class := Proven
			if c.want != "" {
				class = Class(strings.Fields(c.want)[2])
			}
			if r.Result != "verify.result."+string(class) || r.Failed() != (class == Unexplained) {
				t.Errorf("result %s, failed %v, want %s", r.Result, r.Failed(), class)
			}
		})
	}
}

// What concerns more than one message, or folders.
func TestVerifyMailboxes(t *testing.T) {
	a, b, c := vMessage(1, "a"), vMessage(2, "b"), vMessage(3, "c")
	closed := vFolder("A", a)
	closed.failed = &planner.Fault{Class: planner.FolderOnly}
	subscribed := vFolder("A", a)
	subscribed.Subscribed = true
	known := &vEvidence{
		fates:  map[string]Fate{"A 1": {UIDValidity: 7, UID: 1}},
		passed: map[string]Passed{"A": {Began: vDay, UIDValidity: 7, UIDNext: 9, Subscribed: true}},
	}
	for _, x := range []struct {
		name           string
		source, target *vStore
		ev             Evidence
		o              MapOptions
		since          time.Time
		want           []string
		result         Class
		counts         Counts
	}{
		{"copies of one message stay as many", vBoxes(vFolder("A", a, a.withUID(2))), vBoxes(vFolder("A", a.withUID(8), a.withUID(9))),
			nil, MapOptions{}, time.Time{}, nil, Proven, Counts{Source: 2, Target: 2, Proven: 2}},
		{"doubled", vBoxes(vFolder("A", a)), vBoxes(vFolder("A", a, a.withUID(5))),
			nil, MapOptions{}, time.Time{}, []string{"!A 5 unexplained doubled"}, Unexplained, Counts{Source: 1, Target: 2, Proven: 1, Doubled: 1}},
		{"doubled, the second altered", vBoxes(vFolder("A", a.withBody("S: a\r\n\r\nb"))), vBoxes(vFolder("A", a.withBody("S: a\r\n\r\nb"), a.withUID(5).withBody("S: a\r\n\r\nb\r\n"))),
			nil, MapOptions{}, time.Time{}, []string{"!A 5 unexplained doubled"}, Unexplained, Counts{Source: 1, Target: 2, Proven: 1, Doubled: 1}},
		{"only at the target", vBoxes(vFolder("A", a)), vBoxes(vFolder("A", a, b), vFolder("B", c)),
			nil, MapOptions{}, time.Time{}, nil, Proven, Counts{Source: 1, Target: 3, Proven: 1, OnlyTarget: 2}},
		{"moved at the target", vBoxes(vFolder("A", a)), vBoxes(vFolder("A"), vFolder("B", a)),
			known, MapOptions{}, time.Time{}, []string{"A 1 explained moved B"}, Explained, Counts{Source: 1, Target: 1, Explained: 1}},
		{"in the wrong folder", vBoxes(vFolder("A", a)), vBoxes(vFolder("A"), vFolder("B", a, c)),
			nil, MapOptions{}, time.Time{}, []string{"A 1 unexplained misplaced B"}, Unexplained, Counts{Source: 1, Target: 2, Unexplained: 1, OnlyTarget: 1}},
		{"moved into a folder that has its own", vBoxes(vFolder("A", a), vFolder("B", a)), vBoxes(vFolder("A"), vFolder("B", a, a.withUID(2))),
			known, MapOptions{}, time.Time{}, []string{"A 1 explained moved B"}, Explained, Counts{Source: 2, Target: 2, Proven: 1, Explained: 1}},
		{"no folder", vBoxes(vFolder("A", a)), vBoxes(vFolder("INBOX")),
			nil, MapOptions{}, time.Time{}, []string{"A 0 unexplained folder.missing", "A 1 unexplained missing"}, Unexplained, Counts{Source: 1, Unexplained: 1}},
		{"no empty folder", vBoxes(vFolder("A")), vBoxes(vFolder("INBOX")),
			nil, MapOptions{}, time.Time{}, []string{"A 0 unexplained folder.missing"}, Unexplained, Counts{}},
		{"folder removed at the target", vBoxes(vFolder("A", a)), vBoxes(vFolder("INBOX")),
			known, MapOptions{}, time.Time{}, []string{"A 0 explained folder.removed", "A 1 explained removed"}, Explained, Counts{Source: 1, Explained: 1}},
		{"folder is new", vBoxes(vFolder("A", a)), vBoxes(vFolder("INBOX")),
			&vEvidence{}, MapOptions{}, time.Time{}, []string{"A 0 behind folder.new", "A 1 behind arrived"}, Behind, Counts{Source: 1, Behind: 1}},
		{"folders that hold no mail are not asked for", vBoxes(vFolder(`P \NoSelect`), vFolder("P/A", a)), vBoxes(vFolder("P/A", a)),
			nil, MapOptions{}, time.Time{}, nil, Proven, Counts{Source: 1, Target: 1, Proven: 1}},
		{"subscription", vBoxes(subscribed), vBoxes(vFolder("A", a)),
			nil, MapOptions{}, time.Time{}, []string{"A 0 unexplained subscription"}, Unexplained, Counts{Source: 1, Target: 1, Proven: 1}},
		{"subscription ended at the target", vBoxes(subscribed), vBoxes(vFolder("A", a)),
			known, MapOptions{}, time.Time{}, []string{"A 0 explained subscription.removed"}, Explained, Counts{Source: 1, Target: 1, Proven: 1}},
		{"source folder that does not open", vBoxes(closed), vBoxes(vFolder("A", a)),
			nil, MapOptions{}, time.Time{}, []string{"A 0 unread folder.unread"}, Unread, Counts{Source: 1, Target: 1, Unread: 1}},
		{"target folder that does not open", vBoxes(vFolder("A", a, b)), vBoxes(closed),
			nil, MapOptions{}, time.Time{}, []string{"A 0 unread folder.target-unread A"}, Unread, Counts{Source: 2, Unread: 2}},
		{"other target folder that does not open", vBoxes(vFolder("B", b)), vBoxes(vFolder("B", b), closed),
			nil, MapOptions{}, time.Time{}, []string{"!A 0 explained folder.other-unread"}, Explained, Counts{Source: 1, Target: 1, Proven: 1}},
		{"unread at the target", vBoxes(vFolder("A", a)), vBoxes(vFolder("A", a, vMail{uid: 2, date: vDay, absent: true})),
			nil, MapOptions{}, time.Time{}, []string{"!A 2 unread unread.target"}, Unread, Counts{Source: 1, Target: 2, Proven: 1, UnreadThere: 1}},
		{"expunged while it is read", vBoxes(vFolder("A", a, vMail{uid: 2, date: vDay, gone: true})), vBoxes(vFolder("A", a)),
			nil, MapOptions{}, time.Time{}, nil, Proven, Counts{Source: 1, Target: 1, Proven: 1}},
		{"since", vBoxes(vFolder("A", a, b.withDate(time.Time{}), c)), vBoxes(vFolder("A", b.withDate(time.Time{}), c)),
			nil, MapOptions{}, c.date, nil, Proven, Counts{Source: 2, Target: 2, Proven: 2, LeftOut: 1}},
		{"skipped and views", vBoxes(vFolder("A", a), vFolder(`All \All`, a, b), vFolder("J", c)), vBoxes(vFolder("A", a)),
			nil, MapOptions{Skip: []string{"J"}}, time.Time{}, nil, Proven, Counts{Source: 1, Target: 1, Proven: 1, LeftOut: 3}},
		{"two folders into one", vBoxes(vFolder("A", a), vFolder("B", a, b)), vBoxes(vFolder("A", a, a.withUID(8), b)),
			nil, MapOptions{Map: map[string]string{"B": "A"}}, time.Time{}, nil, Proven, Counts{Source: 3, Target: 3, Proven: 3}},
	} {
		t.Run(x.name, func(t *testing.T) {
			r := vRun(t, VerifyInput{Source: x.source, Target: x.target, Mapping: x.o, Since: x.since, Evidence: x.ev})
			if diff := cmp.Diff(x.want, vListed(r)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if diff := cmp.Diff(x.counts, r.Counts); diff != "" {
				t.Errorf("counts: -want +got\n%s", diff)
			}
			if r.Result != "verify.result."+string(x.result) {
				t.Errorf("result %s", r.Result)
			}
		})
	}
}

// Dovecot takes its own time for a date more than two hours ahead.
func TestDatesYetToCome(t *testing.T) {
	now := vDay.Unix()
	for _, c := range []struct {
		source int64
		now    time.Time
		want   string
	}{
		{now + futureDates + 1, vDay, "verify.date.range"},
		{now + futureDates, vDay, "verify.date"},
		{now + futureDates + 1, time.Time{}, "verify.date"},
	} {
		var d verdict
		compareDates(&d, c.source, now, Fate{}, c.now)
		if len(d.codes) != 1 || d.codes[0].Code != c.want {
			t.Errorf("%d at %v: %v, not %s", c.source-now, c.now, d.codes, c.want)
		}
	}
}
