package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// Whatever was left out stands in the summary, and in words nobody is told
// that mail which nobody read is complete.
func TestSummarySaysWhatNobodyRead(t *testing.T) {
	a := vMessage(1, "a")
	r := vRun(t, VerifyInput{
		Source: vBoxes(vFolder("A", a), vFolder("J", a), vFolder(`All \All`, a)), Target: vBoxes(vFolder("A", a, vMessage(2, "b"))),
		Mapping: MapOptions{Skip: []string{"J"}},
	})
	var got []string
	for _, m := range r.Summary() {
		got = append(got, text.Load(text.English).Text(m))
	}
	want := []string{
		"all 1 messages of 1 were read on both sides and are the same: octets, flags, date",
		"1 message is only at the target", "2 messages were left out and not read",
		"folder All was left out; nobody read its mail", "folder J was left out; nobody read its mail",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReportsTextsAreThereForEveryClass(t *testing.T) {
	for _, lang := range []text.Lang{text.English, text.Chinese} {
		for class := range classOrder {
			r := &Report{Result: "verify.result." + string(class), Unfinished: true, Counts: Counts{OnlyTarget: 1, LeftOut: 1},
				Folders: []*FolderReport{{Skip: SkipView, From: []string{"A"}}}}
			for _, m := range r.Summary() {
				s := text.Load(lang).Text(m)
				if !text.Load(lang).Has(m.Code) || strings.Contains(s, "{") {
					t.Errorf("%s %s: %s", lang, class, s)
				}
			}
		}
	}
}

// A report is JSON and comes back the same.
func TestReportIsData(t *testing.T) {
	a := vMessage(1, "a")
	r := vRun(t, VerifyInput{Source: vBoxes(vFolder("A", a, vMessage(2, "b", "x"))), Target: vBoxes(vFolder("A", a))})
	out, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(out), "Subject") || !strings.Contains(string(out), "verify.missing") {
		t.Errorf("%s", out)
	}
	var back Report
	if err := json.Unmarshal(out, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, &back); diff != "" {
		t.Error(diff)
	}
}

// The list is bounded, and what fails is not crowded out by what does not.
func TestExceptionsAreBounded(t *testing.T) {
	source, target := vFolder("A"), vFolder("A")
	for i := range uint32(maxExceptions + 5) {
		m := vMessage(i+1, fmt.Sprint(i))
		source.mail = append(source.mail, m.withBody("S: "+fmt.Sprint(i)))
		target.mail = append(target.mail, m.withBody("S: "+fmt.Sprint(i)+"\r\n"))
	}
	source.mail = append(source.mail, vMessage(5000, "lost"))
	r := vRun(t, VerifyInput{Source: vBoxes(source), Target: vBoxes(target)})
	if len(r.Exceptions) != maxExceptions || r.Omitted != 6 {
		t.Errorf("%d listed, %d omitted", len(r.Exceptions), r.Omitted)
	}
	if e := r.Exceptions[maxExceptions-1]; e.UID != 5000 || e.Class != Unexplained {
		t.Errorf("the lost one is not listed, but %+v", e)
	}
	if r.Counts.Explained != maxExceptions+5 || r.Counts.Unexplained != 1 || !r.Failed() {
		t.Errorf("%+v", r.Counts)
	}
}

// Broken connections are opened anew and nothing is read twice or lost.
func TestVerifyGoesOnAfterBrokenConnections(t *testing.T) {
	source := vFolder("A")
	for i := range uint32(600) {
		source.mail = append(source.mail, vMessage(i+1, fmt.Sprint(i)))
	}
	s, target := vBoxes(source), vBoxes(vFolder("A", source.mail...))
	s.breaks, target.breaks = []int{3, 0, 300, 0, 0}, []int{599}
	var last planner.Progress
	r := vRun(t, VerifyInput{Source: s, Target: target, Progress: func(p planner.Progress) { last = p }})
	if r.Counts.Proven != 600 || s.given != 600 || target.given != 600 || s.opened != 6 {
		t.Errorf("%+v, %d and %d bodies, %d connections", r.Counts, s.given, target.given, s.opened)
	}
	if last.Done != 1200 || last.Total != 1200 || last.Bytes == 0 || last.Folder != "A" {
		t.Errorf("progress %+v", last)
	}
	if s.selects != 0 {
		t.Error("the source was opened for writing")
	}
}

// When it cannot go on, the report says so and is no success.
func TestVerifyThatEndsEarlyProvesNothing(t *testing.T) {
	a, b := vMessage(1, "a"), vMessage(2, "b")
	s := vBoxes(vFolder("A", a), vFolder("B", b))
	s.breaks = []int{1, 0, 0, 0, 0}
	r, err := Verify(context.Background(), VerifyInput{Source: s, Target: vBoxes(vFolder("A", a), vFolder("B", b))})
	var fault *planner.Fault
	if !errors.As(err, &fault) || fault.Class != planner.Gone {
		t.Fatalf("error %v", err)
	}
	if !r.Unfinished || r.Result != "verify.result.unread" {
		t.Errorf("%+v", r)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	broken := vFolder("A", a)
	broken.failed = ctx.Err()
	if _, err := Verify(ctx, VerifyInput{Source: vBoxes(broken), Target: vBoxes(vFolder("A", a))}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
