package planner_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// dangerous does something after which nothing of Cutover may be done, and
// tells what; "": it could not be done now.
func (l *life) dangerous(t *rapid.T) string {
	z := l.spec.Cutover.Zones[rapid.IntRange(0, len(l.spec.Cutover.Zones)-1).Draw(t, "domain")]
	row := l.spec.Roster.Mailboxes[rapid.IntRange(0, len(l.spec.Roster.Mailboxes)-1).Draw(t, "row")]
	mx := l.world.Set(z.Domain, z.Domain+" MX")
	switched := slices.Equal(mx.Values, z.MX)
	what := rapid.SampledFrom([]string{"third", "gone", "rollback", "switched", "pressed", "bound", "settings", "silent"}).Draw(t, "danger")
	switch what {
	case "third":
		if switched {
			return ""
		}
		mx.Values = []string{"10 mx.third.test"}
		l.world.PutSet(mx)
	case "gone":
		if l.sh.route == "imap" || l.sh.route == "fresh" || l.pressedByUs() || l.anySwitched() {
			return ""
		}
		if l.spec.Roster.Departures()[row.Address].Leaves() {
			return "" // who leaves is given no mailbox
		}
		if _, planned := l.plan.Step(l.putMember(row)); planned && l.records[l.putMember(row)].Outcome == 0 {
			return "" // making it is part of the plan
		}
		l.world.DropAccount(row.Account)
	case "rollback":
		if !switched {
			return ""
		}
		mx.Values = []string{"10 mx.old.test"}
		l.world.PutSet(mx)
		if id := l.switchOf(z.Domain); id != "" && rapid.Bool().Draw(t, "again") { // an older block does not serve twice
			l.spec.Again = []config.Again{{Step: string(id), Outcome: l.records[id].Outcome - 1}}
		}
	case "switched":
		if switched || l.intended(z.Domain) {
			return ""
		}
		mx.Values = z.MX
		l.world.PutSet(mx)
	case "pressed":
		op := l.press()
		if op == nil || l.records[planner.IDOf(op)].Intent > 0 {
			return ""
		}
		l.world.Do(context.Background(), op, nil, nil)
	case "bound":
		if l.sh.route != "merge" && l.sh.route != "upgrade" || l.pressedByUs() {
			return ""
		}
		for i := range 12 {
			l.world.PutAccount(planner.Member{Account: fmt.Sprintf("trial%d", i), Address: fmt.Sprintf("trial%d@trial.test", i), Enabled: planner.Yes})
		}
	case "settings":
		changed := specFor(l.sh)
		changed.Cutover.Approvals = 2
		l.atHand = changed
	case "silent":
		l.world.Silence(z.Domain, true)
	}
	return what
}

func (l *life) pressedByUs() bool {
	op := l.press()
	return op != nil && l.records[planner.IDOf(op)].Intent > 0
}

// press is the procedure's one-shot act; nil: it has none.
func (l *life) press() planner.Op {
	switch l.sh.route {
	case "merge":
		return planner.MergeTenants{From: "wwA", Into: "wwB"}
	case "upgrade":
		return planner.UpgradeTenant{From: "wwA", Into: "wwB"}
	case "fresh":
		return planner.UpgradeTenant{From: "wwA"}
	}
	return nil
}

func (l *life) anySwitched() bool {
	return slices.ContainsFunc(l.spec.Cutover.Zones, func(z config.Zone) bool { return l.mx(z.Domain) == "10 mx.new.test" })
}

func (l *life) putMember(row config.Mailbox) planner.StepID {
	return planner.IDOf(planner.PutMember{Corp: "wwB", Account: row.Account, Address: row.TargetAddress, Create: true, AccountOnly: l.sh.pressing() || l.sh.route == "wizard"})
}

func (l *life) intended(domain string) bool { return l.switchOf(domain) != "" }

// switchOf is the step on record that changes a domain's MX.
func (l *life) switchOf(domain string) planner.StepID {
	for id, rec := range l.records {
		if id.Kind() == "set-records" && id.Subject() == domain+" MX" && rec.Intent > 0 {
			return id
		}
	}
	return ""
}

// acts of Cutover that cost or destroy.
func cutoverActs(ids []planner.StepID) int {
	n := 0
	for _, id := range ids {
		if id.Kind() == "merge-tenants" || id.Kind() == "upgrade-tenant" || id.Kind() == "set-records" && strings.HasSuffix(id.Subject(), " MX") {
			n++
		}
	}
	return n
}

func TestNoDangerousChangePasses(t *testing.T) { check(t, danger) }

// danger: after a dangerous change, whenever it comes, no act of Cutover
// follows, and when the window is over nothing stays lowered or held.
func danger(t *rapid.T, off planner.Without) error {
	sh := drawShape(t)
	s := newSite(sh, off)
	l := newLife(s, sh)
	p := s.plan()
	l.plan = p
	at, looks, before, what := rapid.IntRange(0, 25).Draw(t, "at"), 0, 0, ""
	err := s.run(p, func() error {
		looks++
		if looks > at && what == "" {
			if what = l.dangerous(t); what != "" {
				before = cutoverActs(s.acts)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if after := cutoverActs(s.acts); what != "" && after != before {
		return fmt.Errorf("after %q: %v", what, s.acts)
	}
	if tally := s.world.Tally(); tally.Twice > 0 {
		return fmt.Errorf("pressed twice: %v", s.acts)
	}
	for id, rec := range s.records {
		if rec.Open && what != "silent" && what != "gone" { // nobody writes to what is not to be seen
			return fmt.Errorf("after %q %s is held for ever: %v", what, id, s.acts)
		}
	}
	return nil
}
