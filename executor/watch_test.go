package executor

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mxmove/mxmove/planner"
)

// merging is a site whose merge runs: pressed in its window, not known to have
// ended.
func merging(t *testing.T) (*site, *planner.Plan) {
	t.Helper()
	s := newSite(t, "merge")
	s.spec.Cutover.Zones = nil
	p := s.plan(t)
	if _, err := s.apply(t, p); ExitCode(err) != ExitIncomplete {
		t.Fatal(err)
	}
	s.now = opens.Add(time.Minute)
	s.world.Blind("merge-tenants", true)
	s.world.Blind("wait", true)
	s.people = []string{"wait merged"}
	s.answer = func(q Question) Answer {
		if q.Kind == AskEnded && q.Step.Op.Kind() == "wait" {
			return Answer{}
		}
		return s.everybodyDoes(q)
	}
	if _, err := s.apply(t, p); err == nil {
		t.Fatal("nothing waits for the merge")
	}
	s.answer = nil
	return s, p
}

func (s *site) merged(t *testing.T, p *planner.Plan) {
	t.Helper()
	id := planner.IDOf(planner.Wait{For: "merged", On: "wwB"})
	if err := s.attest(p, id, AttestFinished, "merged.png"); err != nil {
		t.Fatal(err)
	}
}

func (s *site) watched(t *testing.T, p *planner.Plan) Watch {
	t.Helper()
	w, err := s.state(t).WatchOf(s.plan(t), p)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func notesOf(tp *tape) []string {
	var all []string
	for _, n := range find[StepNoted](tp) {
		all = append(all, n.Note.Code)
	}
	return all
}

func chenXin() planner.Member {
	return planner.Member{Account: "chen.xin", Name: "陈欣", Enabled: planner.Yes}
}

// While the merge runs the watch goes on, past the window too: what somebody
// edits is told once, and when it is taken back.
func TestWatchGoesOnWhileTheMergeRuns(t *testing.T) {
	s, p := merging(t)
	s.now = closes.Add(24 * time.Hour)
	tp, _ := s.apply(t, p)
	if w := s.watched(t, p); len(w.Changes) > 0 || w.Pressed.IsZero() || w.Since.After(w.Pressed) || w.Members != 4 || len(notesOf(tp)) > 0 {
		t.Fatalf("%+v, told %v", w, notesOf(tp))
	}
	s.world.PutAccount(chenXin())
	tp, _ = s.apply(t, p)
	if w := s.watched(t, p); !slices.Equal(w.Changes, []string{"+ wwB/chen.xin 陈欣"}) || !slices.Equal(notesOf(tp), []string{"watch.edited"}) {
		t.Fatalf("%+v, told %v", w, notesOf(tp))
	}
	if len(find[StepHeld](tp)) != 1 { // only the wait is told to wait for somebody
		t.Errorf("%+v", find[StepHeld](tp))
	}
	s.world.DropAccount("chen.xin")
	if tp, _ = s.apply(t, p); len(notesOf(tp)) > 0 {
		t.Errorf("a new run tells what was mended before it: %v", notesOf(tp))
	}
	s.merged(t, p)
	if _, err := s.apply(t, p); err != nil {
		t.Log(err)
	}
	if w := s.watched(t, p); w.Step != "" {
		t.Errorf("after the merge the watch goes on: %+v", w)
	}
}

// An edit that stands when the merge has ended holds up comparing, tags and
// the end of the watch, until it is taken back or somebody compared.
func TestEditsWhileItRanAreCompared(t *testing.T) {
	for _, how := range []string{"taken back", "compared"} {
		t.Run(how, func(t *testing.T) {
			s, p := merging(t)
			s.world.PutAccount(chenXin())
			s.merged(t, p)
			tp, err := s.apply(t, p)
			held := map[string]int{}
			for _, h := range find[StepHeld](tp) {
				held[h.Step.Kind()+" "+h.Reason.Code]++
			}
			want := map[string]int{"compare watch.compare": 2, "restore watch.compare": 1, "put-tags watch.compare": 1}
			if d := cmp.Diff(want, held); d != "" || ExitCode(err) != ExitIncomplete {
				t.Fatalf("%v\n%s", err, d)
			}
			if s.world.Tally().Notices == 0 {
				t.Error("people are not told to restart")
			}
			compare := planner.IDOf(planner.Compare{What: "members", Corp: "wwB"})
			if how == "compared" {
				if err := s.attest(p, compare, AttestFinished, "chen.xin has no mail yet"); err != nil {
					t.Fatal(err)
				}
			} else {
				s.world.DropAccount("chen.xin")
				if err := s.attest(p, compare, AttestFinished, "x"); code(err) != "attest.kind" {
					t.Errorf("nothing is to be judged: %v", err)
				}
			}
			if tp, _ := s.apply(t, p); len(find[StepHeld](tp)) > 0 || s.watched(t, p).Step != "" {
				t.Errorf("%+v", find[StepHeld](tp))
			}
			if !slices.ContainsFunc(s.lines(t), func(l Line) bool { return len(l.Why) > 0 && l.Why[0].Code == codeEdited }) {
				t.Error("the edit is not on record")
			}
		})
	}
}

// What the act makes of the directories is no edit; all else is.
func TestWhatAMergeMakesIsNoEdit(t *testing.T) {
	spec := siteSpec("merge", 2)
	old := tableOf(chen())
	for name, c := range map[string]struct {
		corp string
		edit func(*planner.Member)
		want []string
	}{
		"its address came":       {"wwB", func(m *planner.Member) { m.Address = "m0@acme.test" }, nil},
		"its alias came":         {"wwB", func(m *planner.Member) { m.Aliases = append(m.Aliases, "x@acme.test") }, nil},
		"another's address":      {"wwB", func(m *planner.Member) { m.Address = "x@else.test" }, []string{"~ wwB/chen address: chen@acme.test > x@else.test"}},
		"another's alias":        {"wwB", func(m *planner.Member) { m.Aliases = append(m.Aliases, "x@else.test") }, []string{"~ wwB/chen aliases: b@acme.test, c@acme.test > b@acme.test, c@acme.test, x@else.test"}},
		"its own alias went":     {"wwB", func(m *planner.Member) { m.Aliases = m.Aliases[:1] }, []string{"~ wwB/chen aliases: b@acme.test, c@acme.test > c@acme.test"}},
		"disabled":               {"wwB", func(m *planner.Member) { m.Enabled = planner.No }, []string{"~ wwB/chen enabled: yes > no"}},
		"the source's mail left": {"wwA", func(m *planner.Member) { m.Address, m.Aliases = "chen@trial.test", nil }, nil},
		"renamed at the source":  {"wwA", func(m *planner.Member) { m.Name = "程" }, []string{"~ wwA/chen name: 陈 > 程"}},
		"somebody came":          {"wwB", func(m *planner.Member) { m.Account = "li" }, []string{"+ wwB/li 陈", "- wwB/chen 陈"}},
	} {
		m := chen()
		c.edit(&m)
		got := difference(c.corp, old, unmerged(spec, c.corp, old, tableOf(m)), nil)
		slices.Sort(got)
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// A sheet from before the press shows nothing of what came after it.
func TestUnseenSinceThePress(t *testing.T) {
	w := Watch{Since: epoch, Pressed: epoch.Add(time.Hour)}
	sheet := func(corp string, at time.Time) *planner.Tenant {
		return &planner.Tenant{Corp: corp, Seen: planner.Seen{At: at, How: "sheet"}}
	}
	built := &planner.Plan{Spec: siteSpec("merge", 0), Observed: planner.Snapshot{
		Source: planner.Side{Tenant: sheet("wwA", epoch.Add(time.Minute))}, Target: planner.Side{Tenant: sheet("wwB", epoch.Add(2*time.Hour))}}}
	w.compare(frozen{Tenants: map[string]map[string]memberRow{"wwA": nil, "wwB": nil, "wwC": nil}}, built, &planner.Plan{})
	if !slices.Equal(w.Unseen, []string{"wwA", "wwC"}) || !w.Seen.Equal(epoch.Add(time.Minute)) {
		t.Errorf("%+v", w)
	}
}
