package transfer

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

func TestReadHead(t *testing.T) {
	for _, c := range []struct{ in, from, subject, id string }{
		{"From: a@x\r\nSubject: hello\r\nMessage-ID: <1@x>\r\n\r\nSubject: body\r\n", "a@x", "hello", "<1@x>"},
		{"subject: =?gb2312?B?xOO6ww==?=\r\n =?utf-8?Q?_=E7=8E=8B?=\r\nmessage-id:\r\n <2@x>\r\n", "", "你好 王", "<2@x>"},
		{"Subject: \xc4\xe3\xba\xc3\r\n\r\n", "", "你好", ""},
		{"Subject: =?nonsense?B?xOO6ww==?=\nFrom: b\n\nx", "b", "你好", ""},
		{"Subject: =?utf-8?B?!!!?=\r\n\r\n", "", "=?utf-8?B?!!!?=", ""},
		{"Subject: one\r\nno field at all\r\nFrom: never\r\n\r\n", "", "one", ""},
		{"", "", "", ""}, {"\r\n\r\nFrom: body", "", "", ""},
		{"Subject: a\x00b\r\n\r\n", "", "a\x00b", ""},
	} {
		h, err := readHead(strings.NewReader(c.in))
		if err != nil || h.subject != c.subject && !strings.HasPrefix(c.in, "Subject: a\x00") {
			t.Errorf("%q: %+v, %v", c.in, h, err)
		}
		if !strings.Contains(c.in, "no field") && !strings.HasPrefix(c.in, "Subject: a\x00") && (h.from != c.from || h.id != c.id) {
			t.Errorf("%q: %+v", c.in, h)
		}
	}
}

// vLetter is a message with all fields; its number makes its Message-ID.
func vLetter(uid uint32, n int, subject string) vMail {
	return vMessage(uid, "").withBody(fmt.Sprintf("From: Wang Fang <wf@x.test>\r\nSubject: %s\r\nMessage-ID: <%d@x.test>\r\n\r\ntext\r\n", subject, n))
}

// wheres is "FOLDER UID CODE ARGS" for each hit.
func wheres(out *Trace) []string {
	var all []string
	for _, h := range out.Found {
		s := fmt.Sprintf("%s %d %s", h.Folder, h.UID, strings.TrimPrefix(h.Where.Code, "trace."))
		for _, k := range []string{"folder", "uid", "reason", "file"} {
			if v := h.Where.Args[k]; v != "" {
				s += " " + v
			}
		}
		if h.Target {
			s = "!" + s
		}
		all = append(all, s)
	}
	return all
}

// traced is a mailbox in which everything has become of some message.
func traced(t *testing.T) TraceInput {
	t.Helper()
	l, _ := mustOpen(t, t.TempDir())
	t.Cleanup(func() { l.Close() })
	f, err := l.bind("A", 7, targetRecord{name: "A", path: []string{"A"}, uidValidity: 7}, anew{})
	for uid := uint32(1); uid <= 4 && err == nil; uid++ {
		err = l.placed(f, uid, uid+10, "", 0, [32]byte{})
	}
	if err == nil {
		err = l.put(problemRecord{folder: f.id, uid: 5, Problem: Problem{Code: "TOOBIG", Text: "big", File: "5.eml"}},
			problemRecord{folder: f.id, uid: 6, Problem: Problem{Missing: true}})
	}
	if err != nil {
		t.Fatal(err)
	}
	source := vFolder("A", vLetter(1, 1, "offer"), vLetter(2, 1, "offer"), vLetter(3, 3, "Offer"), vLetter(4, 4, "OFFER"), vLetter(5, 5, "offer"),
		vLetter(6, 6, "offer"), vLetter(7, 7, "offer"), vLetter(8, 8, "offer").withDate(vDay.Add(-time.Hour)), vLetter(9, 9, "other"))
	target := vFolder("A", vLetter(11, 1, "offer"), vLetter(12, 1, "offer"), vLetter(40, 44, "offer here"))
	return TraceInput{Source: vBoxes(source, vFolder("J", vLetter(1, 20, "offer"))), Ledger: l, Since: vDay, Query: Query{Subject: "offer", From: "wang"},
		Target: vBoxes(target, vFolder("B", vLetter(1, 3, "offer"))), Mapping: MapOptions{Skip: []string{"J"}}}
}

func TestTraceSaysWhatBecameOfEach(t *testing.T) {
	in := traced(t)
	var last planner.Progress
	in.Progress = func(p planner.Progress) { last = p }
	out, err := FindMail(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"A 1 at-target A 11", "A 2 at-target A 12", "A 3 at-target B 1", "A 4 removed A 14", "A 5 refused big 5.eml",
		"A 6 missing", "A 7 not-yet", "A 8 excluded.since", "J 1 excluded.skip", "!A 40 only-target"}
	if d := cmp.Diff(want, wheres(out)); d != "" {
		t.Error(d)
	}
	if out.Read != 14 || out.Folders != 4 || out.More != 0 || len(out.Unread) != 0 || last.Done != 14 || last.Total != 14 {
		t.Errorf("%+v, %+v", out, last)
	}
	if in.Source.(*vStore).wrote || in.Target.(*vStore).wrote || in.Target.(*vStore).selects > 0 {
		t.Error("it wrote")
	}
	for _, lang := range []text.Lang{text.English, text.Chinese} {
		for _, h := range out.Found {
			h.Where.Args = text.Args{"at": "x", "since": "x", "folder": "x", "uid": "1", "reason": "x", "file": "x"}
			if s := text.Load(lang).Text(h.Where); strings.Contains(s, "{") || strings.Contains(s, "trace.") {
				t.Error(s)
			}
		}
	}
}

// What could not be searched is named, and nothing is called removed then.
func TestTraceOfUnreadableFolders(t *testing.T) {
	in := traced(t)
	in.Target.(*vStore).boxes[1].failed = &Refusal{Text: "no"}
	in.Query = Query{MessageID: "<4@X.TEST>"}
	out, err := FindMail(t.Context(), in)
	if err != nil || !cmp.Equal(out.Unread, []string{"B"}) || !cmp.Equal(wheres(out), []string{"A 4 placed A 14"}) {
		t.Errorf("%+v, %v", out, err)
	}
}

// A query that fits everything is bounded; broken connections lose nothing.
func TestTraceIsBounded(t *testing.T) {
	a, b := vMany(700)
	s, d := vBoxes(a...), vBoxes(b...)
	s.breaks = []int{100, 200}
	l, _ := mustOpen(t, t.TempDir())
	defer l.Close()
	out, err := FindMail(t.Context(), TraceInput{Source: s, Target: d, Ledger: l, Query: Query{Subject: "m"}})
	if err != nil || out.Read != 1400 || len(out.Found) > 2*maxHits || out.More != 2*(700-maxHits) {
		t.Errorf("%d read, %d found, %d more, %v", out.Read, len(out.Found), out.More, err)
	}
	if out, err = FindMail(t.Context(), TraceInput{Source: s, Target: d, Ledger: l, Query: Query{Since: vDay.Add(699 * time.Minute)}}); err != nil || out.Read != 4 {
		t.Errorf("%+v, %v", out, err)
	}
}
