package executor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/planner"
)

// dying loses the machine at a line of the journal: before the line is on the
// disk, or right after.
type dying struct {
	sink
	s *deaths
}

type deaths struct {
	at    int // line, counted over all runs
	after bool
	n     int
	dead  bool
}

var errDied = errors.New("died")

func (d *dying) Write(b []byte) (int, error) {
	if d.s.dead {
		return 0, errDied
	}
	if d.s.n++; d.s.n != d.s.at {
		return d.sink.Write(b)
	}
	d.s.dead = true
	if d.s.after {
		d.sink.Write(b)
		d.sink.Sync()
	}
	return 0, errDied
}

// die makes the site lose its machine once, at a line.
func (s *site) die(at int, after bool) *deaths {
	d := &deaths{at: at, after: after}
	s.wrap = func(f sink) sink {
		if d.dead { // the next start
			return f
		}
		return &dying{f, d}
	}
	return d
}

// truth is what people find out about an act in doubt.
func (s *site) truth(t *testing.T, p *planner.Plan) bool {
	t.Helper()
	state := s.state(t)
	snap, err := Observe(context.Background(), s.world, state, planner.Recorded)
	if err != nil {
		t.Fatal(err)
	}
	told := false
	for _, st := range planner.Build(s.spec, snap, s.clock()).Steps {
		if !st.Doubt {
			continue
		}
		what := AttestNever
		if s.world.Pressed(st.ID) {
			what = AttestFinished
		}
		if err := s.attest(p, st.ID, what, "looked"); err != nil {
			t.Fatal(err)
		}
		told = true
	}
	return told
}

func (s *site) attest(p *planner.Plan, id planner.StepID, what Attested, evidence string) error {
	return s.word(p, Word{What: what, Evidence: evidence, Steps: []planner.StepID{id}})
}

func (s *site) word(p *planner.Plan, w Word) error {
	state, err := OpenState(s.dir, "")
	if err != nil {
		return err
	}
	self := testSelf(s.clock)
	self.Alive = func(int) bool { return false }
	r := &Run{State: state, World: s.look(), Plan: p, Through: planner.Retire, Self: self, Tool: "test"}
	r.Approved = func(context.Context) ([]Approval, error) { return s.signed, nil }
	_, err = r.Attest(context.Background(), w)
	return err
}

// survive applies through deaths; what is in doubt is answered truthfully.
func (s *site) survive(t *testing.T, p *planner.Plan) error {
	t.Helper()
	for range 20 {
		err := s.through(t, p)
		var inc *Incomplete
		switch {
		case err == nil:
			return nil
		case errors.As(err, new(*PastReturn)) && s.truth(t, p):
		case errors.As(err, new(*PastReturn)) && errors.As(err, &inc) && inc.Reason == ReasonFailed:
		case errors.Is(err, errDied), isFault(err, "journal.write"):
		default:
			return err
		}
	}
	return errors.New("no end")
}

func isFault(err error, code string) bool {
	var f *planner.Fault
	return errors.As(err, &f) && f.Code == code
}

// The machine dies before and after every line of the journal of a whole
// migration: the next runs end in the same world, asking only what nobody but
// people can know.
func TestDeathAtEveryLine(t *testing.T) {
	for _, c := range []struct {
		route        string
		after, blind bool // blind: nothing shows whether the merge was pressed
	}{{"imap", false, false}, {"imap", true, false}, {"merge", false, false}, {"merge", true, true}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			t.Parallel()
			survivesEveryLine(t, c.after, 50, func() *site {
				s := newSite(t, c.route)
				s.world.Blind("merge-tenants", c.blind)
				return s
			})
		})
	}
}

// survivesEveryLine lets the machine die once at each line of the journal of a
// new site's migration, which has so many lines at least.
func survivesEveryLine(t *testing.T, after bool, lines int, make func() *site) {
	t.Helper()
	line := 1
	for died := true; died; line += step() {
		s := make()
		p := s.plan(t)
		d := s.die(line, after)
		err := s.survive(t, p)
		if err == nil {
			err = s.complete(t)
		}
		if err != nil {
			t.Fatalf("line %d: %v", line, err)
		}
		died = d.dead
	}
	if line < lines {
		t.Errorf("only %d lines", line)
	}
}

// dieAfter makes the site lose its machine once the outcome of a step is on
// record.
func (s *site) dieAfter(step string) *bool {
	d := &deaths{}
	s.wrap = func(f sink) sink { return &waiting{dying{f, d}, step} }
	return &d.dead
}

// waiting dies with the outcome of a step.
type waiting struct {
	dying
	step string
}

func (w *waiting) Write(b []byte) (int, error) {
	if l := string(b); strings.Contains(l, `"kind":"outcome"`) && strings.Contains(l, w.step) {
		w.s.at, w.s.after = w.s.n+1, true
	}
	return w.dying.Write(b)
}
