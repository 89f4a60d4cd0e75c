package planner_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// counterexamples are the smallest worlds in which a rule is needed: each
// gives an error when its rule is off, and none when all are on.
var counterexamples = []struct {
	rule string
	try  func(off planner.Without) error
}{
	{"presence by count", newMailAfterInStep},
	{"presence by TTL", ttlRaisedAfterPlan},
	{"no old value", thirdServiceAfterPlan},
	{"result in ID", includeAddedAfterPlan},
	{"creator in ID", creatorEditedAfterPress},
	{"SPF needs all", spfWithHire},
	{"needs unlisted", switchWithHire},
	{"costly is stale", switchWithHire},
	{"costly is foreign", accountMadeByHR},
	{"no outcome is foreign", diedAfterSwitch},
	{"again by name", rolledBackTwice},
	{"pre-image late", diedAfterTTL},
	{"latest pre-image", raisedTwice},
	{"whole pre-image", ttlAndValueOfOneSet},
	{"tied to pending", windowPassed},
	{"last until level", mailAtEveryLook},
	{"tail until level", senderThatNeverLearns},
	{"standing only", directoryLostAfterSwitch},
	{"loose gate", archiveRemoved},
	{"recovered is fresh", stateLostAfterPress},
}

func TestCounterexamples(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range counterexamples {
		t.Run(c.rule, func(t *testing.T) {
			seen[c.rule] = true
			if err := c.try(""); err != nil {
				t.Errorf("with all rules: %v", err)
			}
			if err := c.try(planner.Without(c.rule)); err == nil {
				t.Error("nothing breaks without the rule")
			}
		})
	}
	for rule := range planner.Off {
		if !seen[rule] {
			t.Errorf("no counterexample needs the rule %q", rule)
		}
	}
}

var (
	oneIMAP    = shape{route: "imap", rows: 1, domains: 1, ttl: 3600}
	oneHistory = shape{route: "history", rows: 1, domains: 1, ttl: 3600, spf: true, allocate: true}
	oneMerge   = shape{route: "merge", rows: 1, domains: 1, ttl: 3600}
)

func within(s *site, p *planner.Plan) error {
	built := s.plan()
	if beyond := planner.Beyond(built, p); len(beyond) > 0 {
		return fmt.Errorf("beyond: %v", beyond)
	}
	if s.Gated(built) != s.Gated(p) {
		return errors.New("approvals are void")
	}
	return nil
}

func newMailAfterInStep(off planner.Without) error {
	s := newSite(oneIMAP, off)
	s.until(s.plan(), "copy-mailbox", "")
	p := s.plan()
	s.world.Send("m0@acme.test", letter(50))
	return within(s, p)
}

func ttlRaisedAfterPlan(off planner.Without) error {
	sh := oneIMAP
	sh.ttl = 300
	s := newSite(sh, off)
	p := s.plan()
	s.world.PutSet(planner.RRset{Zone: "acme.test", Name: "acme.test", Type: "MX", Values: []string{"10 mx.old.test"}, TTL: 86400})
	return within(s, p)
}

func thirdServiceAfterPlan(off planner.Without) error {
	s := newSite(oneIMAP, off)
	p := s.plan()
	s.world.PutSet(planner.RRset{Zone: "acme.test", Name: "acme.test", Type: "MX", Values: []string{"10 mx.third.test"}, TTL: 60})
	if _, stale := s.LeftOut(s.plan(), p, nil); stale == "" {
		return errors.New("a third service would be overwritten without a word")
	}
	if err := s.run(p, nil); err != nil {
		return err
	}
	if s.mx("acme.test") != "10 mx.third.test" {
		return errors.New("overwritten")
	}
	return nil
}

func includeAddedAfterPlan(off planner.Without) error {
	s := newSite(oneHistory, off)
	p := s.plan()
	s.world.PutSet(planner.RRset{Zone: "acme.test", Name: "acme.test", Type: "TXT", TTL: 60,
		Values: []string{"v=spf1 include:y include:old.test -all", "other"}})
	return within(s, p)
}

func creatorEditedAfterPress(off planner.Without) error {
	s := newSite(oneMerge, off)
	s.world.Blind("merge-tenants", true)
	if !s.until(s.plan(), "merge-tenants", "") {
		return errors.New("not pressed at all")
	}
	s.spec.Source.Creator, s.spec.Target.Creator = "li", "li"
	for _, st := range s.plan().Steps {
		if st.Op.Kind() == "merge-tenants" {
			return errors.New("it would be pressed twice")
		}
	}
	return nil
}

func hire(s *site) {
	s.world.PutAccount(planner.Member{Account: "hire", Name: "Hire", Enabled: planner.Yes, IMAP: planner.Yes})
	s.world.Hire(config.Mailbox{Address: "hire@acme.test"})
}

func spfWithHire(off planner.Without) error {
	s := newSite(oneHistory, off)
	p := s.plan()
	hire(s)
	if err := s.run(p, nil); err != nil {
		return err
	}
	if spf := s.world.Set("acme.test", "acme.test TXT").Values; strings.Contains(fmt.Sprint(spf), "old.test") {
		return fmt.Errorf("the old service may still send: %v", spf)
	}
	return nil
}

func switchWithHire(off planner.Without) error {
	s := newSite(oneHistory, off)
	p := s.plan()
	hire(s)
	if err := s.run(p, nil); err != nil {
		return err
	}
	if s.mx("acme.test") != "10 mx.new.test" {
		return fmt.Errorf("refused: stale %s", s.stale)
	}
	return nil
}

func accountMadeByHR(off planner.Without) error {
	sh := oneHistory
	sh.missing = 1
	s := newSite(sh, off)
	p := s.plan()
	s.world.PutAccount(planner.Member{Account: "m0", Address: "m0@acme.test", Enabled: planner.Yes, IMAP: planner.Yes})
	if err := s.run(p, nil); err != nil {
		return err
	}
	if s.mx("acme.test") != "10 mx.new.test" {
		return fmt.Errorf("refused: foreign %q, stale %q", s.foreign, s.stale)
	}
	return nil
}

func diedAfterSwitch(off planner.Without) error {
	for crash := 1; crash < 200; crash++ {
		s := newSite(oneIMAP, off)
		s.crash = crash
		p := s.plan()
		for range 40 {
			id, err := s.step(p)
			if id == "" && s.now.Before(opens) {
				s.now = opens
			}
			if err != nil {
				break
			}
		}
		if s.mx("acme.test") != "10 mx.new.test" || s.records[switchID(p)].Outcome > 0 {
			continue
		}
		if _, foreign := s.Drift(s.plan(), p); foreign != "" {
			return errors.New("our own switch is taken for somebody else's")
		}
		return nil
	}
	return errors.New("there is no such moment")
}

func switchID(p *planner.Plan) planner.StepID {
	i := slices.IndexFunc(p.Steps, func(st planner.Step) bool {
		return st.Op.Kind() == "set-records" && st.Op.Traits().Phase == planner.Cutover
	})
	if i < 0 {
		return ""
	}
	return p.Steps[i].ID
}

func rolledBackTwice(off planner.Without) error {
	s := newSite(oneIMAP, off)
	old := planner.RRset{Zone: "acme.test", Name: "acme.test", Type: "MX", Values: []string{"10 mx.old.test"}, TTL: 300}
	p := s.plan()
	if !s.until(p, "set-records", "acme.test MX") {
		return errors.New("not switched")
	}
	s.world.PutSet(old)
	id := switchID(p)
	if undone, _ := s.Drift(s.plan(), p); !slices.Contains(undone, id) {
		return errors.New("a rollback is overridden silently")
	}
	s.spec.Again = []config.Again{{Step: string(id), Outcome: s.records[id].Outcome}}
	p = s.plan()
	if !s.until(p, "set-records", "acme.test MX") {
		return errors.New("again does not serve")
	}
	s.world.PutSet(old)
	if undone, _ := s.Drift(s.plan(), p); !slices.Contains(undone, id) {
		return errors.New("the second rollback is overridden silently")
	}
	return nil
}

// diedAfterTTL dies at each moment up to the lowered TTL.
func diedAfterTTL(off planner.Without) error {
	for crash := 1; crash < 12; crash++ {
		s := newSite(oneIMAP, off)
		s.crash = crash
		if err := s.run(s.plan(), nil); err != nil {
			return err
		}
		if s.ttl("acme.test") != 3600 {
			return fmt.Errorf("died at %d: the TTL stays %d", crash, s.ttl("acme.test"))
		}
	}
	return nil
}

// raisedTwice lowers 3 to 2, dies, and is told to lower to 1.
func raisedTwice(off planner.Without) error {
	r := off.Raise(planner.Record{}, "3", "2")
	r = off.Raise(r, "2", "1")
	if r.Before != "3" || r.After != "1" || !r.Open {
		return fmt.Errorf("restored to our own value: %+v", r)
	}
	if r = off.Raise(r, "7", "1"); r.Before != "7" {
		return fmt.Errorf("somebody else's later value is forgotten: %+v", r)
	}
	return nil
}
