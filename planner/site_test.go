package planner_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/memory"
)

var (
	start  = time.Date(2026, 12, 3, 8, 0, 0, 0, time.UTC)
	opens  = time.Date(2026, 12, 5, 12, 0, 0, 0, time.UTC)
	closes = opens.Add(10 * time.Hour)
)

// site is a migration under way: a world, a clock, a journal, and the walk of
// apply as the plan's model describes it.
type site struct {
	planner.Without
	spec      *config.Spec
	world     *memory.World
	now       time.Time
	n         int // of the journal
	records   map[planner.StepID]planner.Record
	facts     map[planner.StepID]planner.Fact
	recovered time.Time
	atHand    *config.Spec // the files as they are now; nil: the plan's
	crash     int          // die at this point of the journal or the world; 0: never
	points    int
	acts      []planner.StepID // what was carried out, in order
	asked     planner.StepID   // an act in doubt
	stale     planner.StepID
	foreign   planner.StepID
	left      map[planner.StepID]planner.StepID
	pace      time.Duration // of acts; 0: a second
	truthful  bool          // a person answers what is in doubt
}

var errCrash = errors.New("died")

func letter(n int) memory.Message {
	return memory.Message{Body: fmt.Appendf(nil, "Message-ID: <%d>\r\n\r\nhello", n), Date: start.AddDate(0, 0, -1)}
}

func (s *site) observe() planner.Snapshot {
	snap, err := s.world.Observe(context.Background(), planner.Signed)
	if err != nil {
		panic(err)
	}
	snap.Lineage, snap.Recovered = "5f0e", s.recovered
	snap.Records, snap.Facts = slices.Collect(maps.Values(s.records)), slices.Collect(maps.Values(s.facts))
	return snap
}

func (s *site) plan() *planner.Plan { return s.Build(s.spec, s.observe(), s.now) }

// point is where the machine may die.
func (s *site) point() error {
	s.points++
	if s.points == s.crash {
		return errCrash
	}
	return nil
}

// adopt journals as an outcome what was begun and is shown done.
func (s *site) adopt(p *planner.Plan) {
	snap := s.observe()
	for _, st := range p.Steps {
		rec := s.records[st.ID]
		if rec.Intent <= rec.Outcome || st.Op.Traits().Repeat == planner.Converge || st.Op.Traits().Repeat == planner.Temporary {
			continue
		}
		if done, seen := planner.Shown(st.Op, snap); done && seen {
			s.n++
			rec.Outcome, rec.OutcomeAt = s.n, s.now
			s.records[st.ID] = rec
		}
	}
}

// step carries out one step of the plan; "" when none may run now.
func (s *site) step(p *planner.Plan) (planner.StepID, error) {
	s.adopt(p)
	built := s.plan()
	undone, foreign := s.Drift(built, p)
	left, stale := s.LeftOut(built, p, undone)
	s.stale, s.foreign, s.left, s.asked = stale, foreign, left, ""
	work := map[planner.StepID]bool{}
	for _, st := range built.Steps {
		work[st.ID] = st.Work
	}
	var later *planner.Step
	for _, st := range built.Steps {
		if _, out := left[st.ID]; out || !st.Work || slices.ContainsFunc(st.Needs, func(id planner.StepID) bool { return work[id] }) {
			continue
		}
		if !s.allowed(built, st) {
			continue
		}
		if st.Op.Traits().Repeat == planner.Converge && s.records[st.ID].Outcome > 0 {
			if later == nil || s.records[st.ID].Outcome < s.records[later.ID].Outcome {
				later = &st
			}
			continue
		}
		return st.ID, s.carryOut(st)
	}
	if later != nil {
		return later.ID, s.carryOut(*later)
	}
	return "", nil
}

// allowed are the gates: they bind Freeze and Cutover only.
func (s *site) allowed(built *planner.Plan, st planner.Step) bool {
	if t := st.Op.Traits(); t.Phase != planner.Freeze && t.Phase != planner.Cutover {
		return true
	}
	if w, ok := st.Op.(planner.Wait); ok && w.For == "merged" { // no gate binds it: it may outlast the window
		return true
	}
	if st.Doubt {
		s.asked = st.ID
		return false
	}
	blocked := slices.ContainsFunc(built.Findings, func(f config.Finding) bool { return f.Severity == config.Blocks })
	changed := s.atHand != nil && fmt.Sprint(planner.Settings(s.atHand)) != fmt.Sprint(planner.Settings(built.Spec))
	return s.stale == "" && s.foreign == "" && !blocked && !changed && !s.now.Before(opens) && !s.now.After(closes)
}

func (s *site) carryOut(st planner.Step) error {
	if err := s.point(); err != nil {
		return err
	}
	s.n++
	rec := s.records[st.ID]
	rec.Step = st.ID
	rec = rec.Begun(s.n, s.now)
	before, after, temporary := planner.Preimage(st.Op, s.observe())
	if temporary && !s.Late() {
		rec = s.Raise(rec, before, after)
	}
	s.records[st.ID] = rec
	if st.Op.Traits().Person {
		s.facts[st.ID] = planner.Fact{Step: st.ID, Who: "zhang", Started: s.n}
	}
	if err := s.point(); err != nil {
		return err
	}
	tally, err := s.world.Do(context.Background(), st.Op, make(chan struct{}), func(planner.Progress) {})
	var f *planner.Fault
	if errors.As(err, &f) {
		rec.Failed = f
		s.records[st.ID] = rec
		s.now = s.now.Add(f.Wait + time.Minute)
		delete(s.facts, st.ID)
		return nil
	}
	s.acts = append(s.acts, st.ID)
	if err := s.point(); err != nil {
		return err
	}
	if temporary && s.Late() {
		rec = s.Raise(rec, before, after)
	}
	s.ended(st, rec, tally)
	return nil
}

func (s *site) ended(st planner.Step, rec planner.Record, did planner.Tally) {
	s.n++
	s.records[st.ID] = rec.Ended(s.n, s.now, did)
	if f, ok := s.facts[st.ID]; ok {
		f.Finished, f.At = s.n, s.now
		s.facts[st.ID] = f
	}
	if r, ok := st.Op.(planner.Restore); ok {
		s.records[r.Of] = s.records[r.Of].Lower()
	}
	s.now = s.now.Add(max(s.pace, time.Second))
}

// run applies the plan until nothing is left, the clock going on where it
// must; between looks at each step, and ends it by an error.
func (s *site) run(p *planner.Plan, between func() error) error {
	for idle, i := 0, 0; idle < 6; i++ {
		if i > 400 {
			return errors.New("no end")
		}
		id, err := s.step(p)
		switch {
		case errors.Is(err, errCrash): // the next start
		case err != nil:
			return err
		case id == "" && s.asked != "" && s.truthful:
			s.answer(p)
		case id == "":
			idle++
			if s.now.Before(opens) {
				s.now = opens
			} else {
				s.now = s.now.Add(13 * time.Hour)
			}
		default:
			idle = 0
		}
		if between != nil {
			if err := between(); err != nil {
				return err
			}
		}
	}
	return nil
}

// answer attests what became of an act in doubt.
func (s *site) answer(p *planner.Plan) {
	s.n++
	f := planner.Fact{Step: s.asked, Who: "zhang", Never: true}
	if s.world.Pressed(s.asked) {
		f = planner.Fact{Step: s.asked, Who: "zhang", Started: s.n, Finished: s.n, At: s.now}
	}
	s.facts[s.asked] = f
}

// until carries out steps until one of a kind is done.
func (s *site) until(p *planner.Plan, kind, subject string) bool {
	for range 300 {
		id, err := s.step(p)
		if id == "" && s.now.Before(opens) {
			s.now = opens
		} else if id == "" || err != nil {
			return false
		}
		if id.Kind() == kind && (subject == "" || id.Subject() == subject) {
			return true
		}
	}
	return false
}
