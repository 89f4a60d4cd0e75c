package planner_test

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/memory"
)

func ttlAndValueOfOneSet(off planner.Without) error {
	sh := oneIMAP
	sh.sts = true
	s := newSite(sh, off)
	if err := s.run(s.plan(), nil); err != nil {
		return err
	}
	set := s.world.Set("acme.test", "_mta-sts.acme.test TXT")
	if set.TTL != 3600 || !slices.Equal(set.Values, []string{"v=STSv1; id=1;"}) {
		return fmt.Errorf("not as before: %+v", set)
	}
	return nil
}

func windowPassed(off planner.Without) error {
	s := newSite(oneIMAP, off)
	p := s.plan()
	if !s.until(p, "hold-directory", "") {
		return errors.New("no freeze")
	}
	s.now = closes.Add(time.Hour)
	if err := s.run(p, nil); err != nil {
		return err
	}
	for id, rec := range s.records {
		if rec.Open {
			return fmt.Errorf("held for ever: %s", id)
		}
	}
	if s.mx("acme.test") != "10 mx.old.test" || s.ttl("acme.test") != 3600 {
		return errors.New("switched outside the window, or its TTL stays low")
	}
	return nil
}

func mailAtEveryLook(off planner.Without) error {
	s := newSite(oneIMAP, off)
	n := 50
	s.now = opens
	err := s.run(s.plan(), func() error {
		n++
		if s.mx("acme.test") != "10 mx.new.test" {
			s.world.Deliver(memory.Source, "m0@acme.test", "INBOX", letter(n))
		}
		return nil
	})
	if s.mx("acme.test") != "10 mx.new.test" {
		return fmt.Errorf("Cutover never starts: %v", err)
	}
	return nil
}

func senderThatNeverLearns(off planner.Without) error {
	s := newSite(oneIMAP, off)
	n := 50
	s.now, s.pace = opens, 30*time.Minute
	if err := s.run(s.plan(), func() error {
		n++
		s.world.Deliver(memory.Source, "m0@acme.test", "INBOX", letter(n))
		return nil
	}); err != nil {
		return err
	}
	if left := s.plan().Steps; len(left) > 0 {
		return fmt.Errorf("Drain never ends: %s", left[0].ID)
	}
	return nil
}

// directoryLostAfterSwitch keeps only the open pre-images, as recover does
// with the last plan.
func directoryLostAfterSwitch(off planner.Without) error {
	s := newSite(oneIMAP, off)
	if !s.until(s.plan(), "set-records", "acme.test MX") {
		return errors.New("not switched")
	}
	for id, rec := range s.records {
		if !rec.Open {
			delete(s.records, id)
		} else {
			s.records[id] = planner.Record{Step: id, Open: true, Before: rec.Before, After: rec.After}
		}
	}
	s.recovered = s.now
	if err := s.run(s.plan(), nil); err != nil {
		return err
	}
	if s.ttl("acme.test") != 3600 {
		return fmt.Errorf("the TTL stays %d", s.ttl("acme.test"))
	}
	return nil
}

func archiveRemoved(off planner.Without) error {
	base := newSite(oneMerge, off)
	approved := base.Gated(base.plan())
	for name, change := range map[string]func(*config.Spec){
		"archive":   func(s *config.Spec) { s.Target.Archive = nil },
		"approvers": func(s *config.Spec) { s.Cutover.Approvers = "mine" },
		"accept":    func(s *config.Spec) { s.Cutover.Accept.NotStarted = 9 },
		"bounds":    func(s *config.Spec) { s.Acknowledged[0].AtMost.Messages++ },
		"tail":      func(s *config.Spec) { s.Cutover.Tail++ },
	} {
		s := newSite(oneMerge, off)
		change(s.spec)
		if s.Gated(s.plan()) == approved {
			return fmt.Errorf("%s: old approvals count", name)
		}
	}
	return nil
}

func stateLostAfterPress(off planner.Without) error {
	s := newSite(oneMerge, off)
	s.world.Blind("merge-tenants", true)
	if !s.until(s.plan(), "merge-tenants", "") {
		return errors.New("not pressed")
	}
	clear(s.records)
	clear(s.facts)
	s.recovered = s.now
	if err := s.run(s.plan(), nil); err != nil {
		return err
	}
	if s.world.Tally().Twice > 0 {
		return errors.New("pressed twice")
	}
	return nil
}
