package executor

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/mxmove/mxmove/planner"
)

// pressID finds the act of a plan that cannot be undone.
func pressID(p *planner.Plan) planner.StepID { return p.Finals()[0].Step }

func (s *site) press(t *testing.T, p *planner.Plan) {
	t.Helper()
	st, _ := p.Step(pressID(p))
	if _, err := s.world.Do(context.Background(), st.Op, nil, func(planner.Progress) {}); err != nil {
		t.Fatal(err)
	}
}

// "Finished" alone is never taken of what cannot be undone and nobody
// announced; said so, with reason and evidence, it stands on record as such.
func TestUnannouncedIsSaidSo(t *testing.T) {
	s, p := ready(t, "merge")
	s.world.Blind("merge-tenants", true)
	press := pressID(p)
	before := len(s.lines(t))
	word := Word{What: AttestFinished, Steps: []planner.StepID{press}, Evidence: "done.png"}
	for _, c := range []struct {
		code string
		word func(w *Word)
	}{
		{"attest.unannounced", func(*Word) {}},
		{"attest.because", func(w *Word) { w.Unannounced = true }},
		{"attest.because", func(w *Word) { w.Unannounced, w.Because = true, " " }},
		{"attest.evidence", func(w *Word) { w.Unannounced, w.Because, w.Evidence = true, "by phone", "" }},
		{"attest.announced", func(w *Word) {
			w.Unannounced, w.Because, w.Steps = true, "x", []planner.StepID{taskID("creator-ready", "wwB")}
		}},
	} {
		w := word
		c.word(&w)
		if err := s.word(p, w); code(err) != c.code || ExitCode(err) != ExitRefused {
			t.Errorf("%v, want %s", err, c.code)
		}
	}
	if n := len(s.lines(t)); n != before {
		t.Fatalf("%d lines were written by refused words", n-before)
	}
	word.Unannounced, word.Because = true, "the reseller pressed it"
	if err := s.word(p, word); err != nil {
		t.Fatal(err)
	}
	last := s.lines(t)[before]
	if last.Kind != KindActFinished || last.Act.Because != word.Because || last.Msg.Code != "event.act-finished.unannounced" {
		t.Errorf("%+v", last)
	}
	if back := s.plan(t).WayBack(); back.Open || !back.Unobserved || back.ClosedBy != press {
		t.Errorf("%+v", back)
	}
}

// What was announced is not called unannounced.
func TestAnnouncedIsObserved(t *testing.T) {
	s, p := ready(t, "merge")
	s.world.Blind("merge-tenants", true)
	s.answer = func(q Question) Answer { return Answer{Yes: q.Kind != AskEnded} }
	if _, err := s.apply(t, p); ExitCode(err) != ExitPast {
		t.Fatal(err)
	}
	w := Word{What: AttestFinished, Steps: []planner.StepID{pressID(p)}, Evidence: "done.png", Unannounced: true, Because: "x"}
	if err := s.word(p, w); code(err) != "attest.announced" {
		t.Errorf("%v", err)
	}
	w.Unannounced = false
	if err := s.word(p, w); err != nil {
		t.Fatal(err)
	}
	if back := s.plan(t).WayBack(); back.Open || back.Unobserved {
		t.Errorf("%+v", back)
	}
}

// An act that the world shows and nobody began closes Freeze and Cutover, and
// what comes behind it in Drain, in old plans and new ones, until attested.
func TestFoundDoneWaitsForAWord(t *testing.T) {
	for _, which := range []string{"old plan", "new plan"} {
		t.Run(which, func(t *testing.T) {
			s, p := ready(t, "merge")
			press := pressID(p)
			s.press(t, p)
			if which == "new plan" {
				p = s.plan(t)
			}
			tp, err := s.apply(t, p)
			held := find[StepHeld](tp)
			if !slices.ContainsFunc(held, func(h StepHeld) bool { return h.Step.Kind() == "wait" && h.Reason.Code == codeUnannounced }) {
				t.Fatalf("%+v", held)
			}
			if slices.ContainsFunc(tp.events, waited) || s.world.Tally().Notices > 0 || ExitCode(err) == ExitDone {
				t.Fatalf("what comes behind it went on: %v", err)
			}
			if back := s.plan(t).WayBack(); !back.Unobserved {
				t.Errorf("%+v", back)
			}
			if err := s.word(p, Word{What: AttestFinished, Steps: []planner.StepID{press}, Evidence: "x", Unannounced: true, Because: "by the reseller"}); err != nil {
				t.Fatal(err)
			}
			if tp, err = s.apply(t, p); !slices.ContainsFunc(tp.events, waited) || s.world.Tally().Notices == 0 {
				t.Errorf("attested, it does not go on: %v", err)
			}
			if back := s.plan(t).WayBack(); !back.Unobserved {
				t.Error("attested, it counts as looked at")
			}
		})
	}
}

// Many acts are one word: all are taken, or none and all that does not fit is
// told.
func TestOneWordOfManySteps(t *testing.T) {
	s := newSite(t, "merge")
	s.world.Blind("task", true)
	p := s.plan(t)
	ready, paid := taskID("creator-ready", "wwB"), taskID("no-paid-features", "wwB")
	err := s.word(p, Word{What: AttestFinished, Evidence: "x", Steps: []planner.StepID{ready, pressID(p), "task gone/wwB @00000000", p.Steps[slices.IndexFunc(p.Steps, passes)].ID}})
	if got := reasons(err); !slices.Equal(got, []string{"attest.alone", "attest.unknown", "attest.kind"}) {
		t.Fatalf("%v", got)
	}
	if n := len(s.lines(t)); n > 0 {
		t.Fatalf("%d lines", n)
	}
	if err := s.word(p, Word{What: AttestFinished, Evidence: "CHG-1", Steps: []planner.StepID{ready, paid}}); err != nil {
		t.Fatal(err)
	}
	known, err := s.state(t).Known()
	if err != nil || len(known.Facts) != 2 || known.Facts[0].Evidence != "CHG-1" || known.Facts[1].Evidence != "CHG-1" {
		t.Errorf("%+v %v", known.Facts, err)
	}
}

// Of what waits for people a word is taken at once: never of what cannot be
// undone, nor of what is not its turn.
func TestWordOfAllThatWaits(t *testing.T) {
	s := newSite(t, "merge")
	s.world.Blind("task", true)
	p := s.plan(t)
	for _, kind := range []string{"merge-tenants", "notify", "nothing"} {
		if err := s.word(p, Word{What: AttestFinished, Evidence: "x", Open: true, Kind: kind}); code(err) != "attest.none" {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if err := s.word(p, Word{What: AttestFinished, Open: true}); code(err) != "attest.evidence" {
		t.Errorf("%v", err)
	}
	if err := s.word(p, Word{What: AttestFinished, Evidence: "CHG-2", Open: true}); err != nil {
		t.Fatal(err)
	}
	known, _ := s.state(t).Known()
	n := 0
	for _, st := range p.Steps {
		if st.Op.Kind() == "task" {
			n++
		}
	}
	if len(known.Facts) != n || n < 2 {
		t.Errorf("%d facts, %d tasks", len(known.Facts), n)
	}
}

// What comes behind another person's act is not done before it.
func TestNoWordAheadOfItsTurn(t *testing.T) {
	s, p := ready(t, "merge")
	s.world.Blind("merge-tenants", true)
	s.people = []string{"notify", "wait merged"}
	merged, told := planner.StepID(""), planner.StepID("")
	for _, st := range p.Steps {
		switch {
		case st.Op.Subject() == "merged/wwB":
			merged = st.ID
		case st.Op.Kind() == "notify":
			told = st.ID
		}
	}
	said := Word{What: AttestFinished, Evidence: "x", Steps: []planner.StepID{told}}
	if err := s.word(p, said); code(err) != "attest.before" {
		t.Errorf("told before the press: %v", err)
	}
	s.press(t, p)
	if err := s.word(p, Word{What: AttestFinished, Steps: []planner.StepID{pressID(p)}, Evidence: "x", Unannounced: true, Because: "y"}); err != nil {
		t.Fatal(err)
	}
	var refused *Refused
	if err := s.word(p, said); !errors.As(err, &refused) || refused.Reasons[0].Args["before"] != string(merged) {
		t.Errorf("told before the merge ended: %v", err)
	}
	said.Steps = append(said.Steps, merged)
	if err := s.word(p, said); err != nil {
		t.Errorf("both at once: %v", err)
	}
	s.now = s.now.Add(time.Minute)
	if _, ok := s.plan(t).Step(told); ok {
		t.Error("it is to be told again")
	}
}
