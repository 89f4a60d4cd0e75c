package executor

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/planner"
)

const aDay = 24 * time.Hour

// jumping sets the site's clock when the journal gets to a line.
type jumping struct {
	sink
	s    *site
	at   int
	by   time.Duration
	n    *int
	done *bool
}

func (j *jumping) Write(b []byte) (int, error) {
	if *j.n++; *j.n == j.at {
		j.s.mu.Lock()
		j.s.now = j.s.now.Add(j.by)
		j.s.mu.Unlock()
		*j.done = true
	}
	return j.sink.Write(b)
}

func (s *site) jump(line int, by time.Duration) *bool {
	n, done := 0, false
	s.wrap = func(f sink) sink { return &jumping{f, s, line, by, &n, &done} }
	return &done
}

func refusedBy(err error, code string) bool {
	var r *Refused
	var inc *Incomplete
	reasons := ""
	if errors.As(err, &r) {
		reasons = r.Error()
	}
	if errors.As(err, &inc) {
		reasons += (&Refused{Reasons: inc.Reasons}).Error()
	}
	return strings.Contains(reasons, code)
}

// notes counts the journal's lines of a code.
func (s *site) notes(t *testing.T, code string) int {
	n := 0
	for _, l := range s.lines(t) {
		if l.Msg != nil && l.Msg.Code == code {
			n++
		}
	}
	return n
}

// switchedIn reports whether the domain's MX was changed only while the window
// was open by the clock that the journal had.
func switchedIn(lines []Line) error {
	for _, l := range lines {
		if l.Kind == KindIntent && strings.HasPrefix(string(l.Step), "set-records acme.test MX") || l.Kind == KindActStarted {
			if l.At.Before(opens) || l.At.After(closes.Add(time.Minute)) {
				return fmt.Errorf("line %d: %s at %s", l.N, l.Step, l.At)
			}
		}
	}
	return nil
}

// The clock jumps by a day, in either direction, at lines of a whole
// migration: what cannot be undone happens inside the window, nothing is lost
// or doubled, and the same world is reached, or the refusal says why.
func TestClockJumpsByADay(t *testing.T) {
	for _, route := range []string{"imap", "merge"} {
		for _, by := range []time.Duration{aDay, -aDay} {
			t.Run(fmt.Sprint(route, by), func(t *testing.T) {
				t.Parallel()
				complete, noted, in := 0, 0, map[planner.Phase]int{}
				jumped := true
				for line := 2; jumped; line += 3 {
					s := newSite(t, route)
					p := s.plan(t)
					done := s.jump(line, by)
					err := s.through(t, p)
					if jumped = *done; jumped {
						in[phaseAt(p, s.lines(t)[:line])]++
					}
					for range 3 { // a person looks at the clock and runs it again
						if !refusedBy(err, "gate.clock") && !refusedBy(err, "gate.late") {
							break
						}
						s.wrap = nil
						if s.now.Before(opens) {
							s.now = opens.Add(time.Hour)
						}
						err = s.through(t, p)
					}
					noted += s.notes(t, codeClockBack)
					if e := switchedIn(s.lines(t)); e != nil {
						t.Fatalf("line %d: %v", line, e)
					}
					if tally := s.world.Tally(); tally.Bounced+tally.Lost+tally.Twice > 0 {
						t.Fatalf("line %d: %+v", line, tally)
					}
					switch {
					case err == nil:
						complete++
						if e := s.complete(t); e != nil {
							t.Fatalf("line %d: %v", line, e)
						}
					case by > 0 && refusedBy(err, "gate.over"): // by the clock it is: a new window
					default:
						t.Fatalf("line %d: %v", line, err)
					}
				}
				for _, phase := range []planner.Phase{planner.Prepare, planner.Copy, planner.Freeze, planner.Cutover, planner.Drain} {
					if in[phase] == 0 && (phase != planner.Copy || route == "imap") {
						t.Errorf("no jump in %s: %v", phase, in)
					}
				}
				if complete == 0 || by < 0 && noted == 0 {
					t.Errorf("%d complete, %d noted", complete, noted)
				}
			})
		}
	}
}

// phaseAt is the phase of the last step that some lines are about.
func phaseAt(p *planner.Plan, lines []Line) (in planner.Phase) {
	of := map[planner.StepID]planner.Phase{}
	for _, s := range p.Steps {
		of[s.ID] = s.Op.Traits().Phase
	}
	for _, l := range lines {
		if phase, ok := of[l.Step]; ok {
			in = phase
		}
	}
	return in
}

// A day behind, the window seems open again: the run that notices goes no
// further, says so in its journal, and the next one may.
func TestClockBackBetweenRuns(t *testing.T) {
	s := newSite(t, "imap")
	p := s.plan(t)
	s.now = closes.Add(14 * time.Hour)
	if _, err := s.apply(t, p); !refusedBy(err, "gate.over") {
		t.Fatal(err)
	}
	s.now = closes.Add(-8 * time.Hour)
	_, err := s.apply(t, p)
	if !refusedBy(err, "gate.clock") || refusedBy(err, "gate.over") {
		t.Fatal(err)
	}
	if mx := s.world.Set("acme.test", "acme.test MX"); mx.Values[0] != "10 mx.old.test" {
		t.Fatalf("%+v", mx)
	}
	if n := s.notes(t, codeClockBack); n != 1 {
		t.Errorf("noted %d times", n)
	}
	if err := s.through(t, p); err != nil {
		t.Fatal(err)
	}
	if err := s.complete(t); err != nil {
		t.Fatal(err)
	}
}

// A minute is no matter: setting a clock by the network does that.
func TestClockBackALittle(t *testing.T) {
	s := newSite(t, "imap")
	p := s.plan(t)
	s.apply(t, p)
	s.now = s.now.Add(-50 * time.Second)
	s.apply(t, p)
	if n := s.notes(t, codeClockBack); n != 0 {
		t.Errorf("noted %d times", n)
	}
}
