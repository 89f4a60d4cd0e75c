package executor

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/memory"
)

// In the tail a mailbox rests only behind two passes in a row that carried
// nothing since it was over: mail that comes behind the first of them is
// carried, and two more are made.
func TestRestAfterLateMailInTheTail(t *testing.T) {
	for late := range 3 { // 0: none; 1: behind the pass that carries; 2: behind the first that does not
		t.Run(fmt.Sprint(late), func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "imap")
			s.switchOver(t)
			p := s.plan(t)
			if inc := s.once(t, p); inc == nil || inc.Reason != ReasonWaitingTail {
				t.Fatalf("in the tail: %v", inc)
			}
			s.now = s.now.Add(30 * time.Hour)
			row := s.spec.Roster.Mailboxes[0].Address
			s.world.Deliver(memory.Source, row, "INBOX", siteLetter(500))
			from := len(s.lines(t))
			var done int
			s.wrap = func(f sink) sink { // late mail comes behind the outcome of a pass
				return behind{f, row, func() {
					if done++; done == late {
						s.world.Deliver(memory.Source, row, "INBOX", siteLetter(501))
					}
				}}
			}
			for round := 0; s.once(t, p) != nil; round++ { // less than a tail's length in all: then one pass is enough
				if s.now = s.now.Add(time.Hour); round > 10 {
					t.Fatal("the tail does not end")
				}
			}
			if err := s.complete(t); err != nil {
				t.Fatal(err)
			}
			empty, carried := 0, 0
			for _, l := range s.lines(t)[from:] {
				if l.Kind != KindOutcome || l.Step.Kind() != (planner.CopyMailbox{}).Kind() || l.Step.Subject() != row {
					continue
				}
				if empty++; l.Tally != nil && l.Tally.Copied > 0 {
					empty, carried = 0, carried+l.Tally.Copied
				}
			}
			if want := 1 + min(late, 1); empty != 2 || carried != want {
				t.Errorf("%d passes without mail in the end, %d carried", empty, carried)
			}
		})
	}
}

// once applies one time and gives what it waits for.
func (s *site) once(t *testing.T, p *planner.Plan) *Incomplete {
	t.Helper()
	var inc *Incomplete
	if _, err := s.apply(t, p); err != nil && !errors.As(err, &inc) {
		t.Fatal(err)
	}
	return inc
}

// behind calls back when the outcome of a mailbox's pass is on record.
type behind struct {
	sink
	row  string
	call func()
}

func (b behind) Write(p []byte) (int, error) {
	n, err := b.sink.Write(p)
	if l, e := decodeLine(p[:len(p)-1]); e == nil && l.Kind == KindOutcome && l.Step.Kind() == (planner.CopyMailbox{}).Kind() && l.Step.Subject() == b.row {
		b.call()
	}
	return n, err
}
