package planner_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/memory"
)

// life is what others do meanwhile, and what they may expect in the end.
type life struct {
	*site
	sh    shape
	n     int
	ttls  map[string]uint32 // by domain, as last set by them
	hires int
	plan  *planner.Plan
}

func newLife(s *site, sh shape) *life {
	l := &life{site: s, sh: sh, n: 500, ttls: map[string]uint32{}}
	for _, z := range s.spec.Cutover.Zones {
		l.ttls[z.Domain] = sh.ttl
	}
	return l
}

// innocent does something that must never stop a plan.
func (l *life) innocent(t *rapid.T) {
	d := l.spec.Cutover.Zones[rapid.IntRange(0, len(l.spec.Cutover.Zones)-1).Draw(t, "domain")].Domain
	row := l.spec.Roster.Mailboxes[rapid.IntRange(0, len(l.spec.Roster.Mailboxes)-1).Draw(t, "row")]
	l.n++
	switch rapid.SampledFrom([]string{"mail", "mail", "hire", "ttl", "include", "account", "time", "flags"}).Draw(t, "event") {
	case "mail":
		if !l.sh.pressing() && l.sh.route != "wizard" { // what a vendor's press carries is the vendor's
			l.world.Send(row.Address, letter(l.n))
		}
	case "hire":
		l.hires++
		name := fmt.Sprintf("hire%d", l.hires)
		l.world.PutAccount(planner.Member{Account: name, Enabled: planner.Yes, IMAP: planner.Yes})
		l.world.Hire(config.Mailbox{Address: name + "@acme.test"})
	case "ttl":
		set := l.world.Set(d, d+" MX")
		set.TTL = rapid.SampledFrom([]uint32{60, 600, 7200}).Draw(t, "ttl")
		l.ttls[d] = set.TTL
		l.world.PutSet(set)
	case "include":
		set := l.world.Set(d, d+" TXT")
		if i := slices.IndexFunc(set.Values, func(v string) bool { return strings.HasPrefix(v, "v=spf1") }); i >= 0 {
			set.Values[i] = strings.Replace(set.Values[i], "v=spf1", fmt.Sprintf("v=spf1 include:y%d", l.n), 1)
			l.world.PutSet(set)
		}
	case "account":
		if l.sh.route == "history" || l.sh.route == "wizard" {
			l.world.PutAccount(planner.Member{Account: row.Account, Address: row.Address, Enabled: planner.Yes, VIP: planner.No, IMAP: planner.Yes})
		}
	case "time":
		l.now = l.now.Add(time.Duration(rapid.IntRange(1, 300).Draw(t, "seconds")) * time.Second)
	case "flags":
		l.world.ChangeFlags(memory.Source, row.Address, "INBOX", 1, `\Seen`)
	}
}

// Whatever mail, hires, TTLs, includes, accounts and time bring, at any look,
// the plan is carried through, and what was lowered is put back to the last
// value that was not ours.
func TestInnocentChangesPass(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sh := drawShape(t)
		s := newSite(sh, "")
		l := newLife(s, sh)
		p := s.plan()
		left := rapid.IntRange(0, 12).Draw(t, "events")
		err := s.run(p, func() {
			if s.stale != "" || s.foreign != "" {
				t.Fatalf("refused: stale %q, foreign %q", s.stale, s.foreign)
			}
			if left > 0 && rapid.Bool().Draw(t, "now") {
				left--
				l.innocent(t)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		approved := map[planner.StepID]bool{}
		for _, st := range p.Steps {
			approved[st.ID] = true
		}
		for _, st := range s.plan().Steps {
			if approved[st.ID] {
				t.Fatalf("%s is left; done %v, findings %v", st.ID, s.acts, codesOf(s.plan()))
			}
		}
		if l.hires > 0 { // the hires' own plan
			if err := s.run(s.plan(), nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.complete(); err != nil {
			t.Fatal(err)
		}
		for d, want := range l.ttls {
			if got := s.ttl(d); got != want {
				t.Fatalf("TTL of %s is %d, it was last set to %d by somebody else", d, got, want)
			}
		}
	})
}

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
	return planner.IDOf(planner.PutMember{Corp: "wwB", Account: row.Account, Address: row.TargetAddress, Create: true, AccountOnly: l.sh.pressing()})
}

func (l *life) intended(domain string) bool {
	for id, rec := range l.records {
		if id.Kind() == "set-records" && id.Subject() == domain+" MX" && rec.Intent > 0 {
			return true
		}
	}
	return false
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

// After a dangerous change, whenever it comes, no act of Cutover follows.
func TestNoDangerousChangePasses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sh := drawShape(t)
		s := newSite(sh, "")
		l := newLife(s, sh)
		p := s.plan()
		l.plan = p
		at, looks, before, what := rapid.IntRange(0, 25).Draw(t, "at"), 0, 0, ""
		err := s.run(p, func() {
			looks++
			if looks > at && what == "" {
				if what = l.dangerous(t); what != "" {
					before = cutoverActs(s.acts)
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if after := cutoverActs(s.acts); what != "" && after != before {
			t.Fatalf("after %q: %v", what, s.acts)
		}
		if tally := s.world.Tally(); tally.Twice > 0 {
			t.Fatalf("pressed twice: %v", s.acts)
		}
	})
}

// Dying at any moments, and going on, ends where a run without deaths ends.
func TestDeathsDoNoHarm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sh := drawShape(t)
		s := newSite(sh, "")
		s.truthful = true
		if rapid.Bool().Draw(t, "blind") {
			s.blind()
		}
		p := s.plan()
		s.crash = rapid.IntRange(1, 90).Draw(t, "first")
		more := rapid.IntRange(0, 2).Draw(t, "more")
		err := s.run(p, func() {
			if s.points >= s.crash && more > 0 {
				more--
				s.crash = s.points + rapid.IntRange(1, 30).Draw(t, "next")
			}
			if beyond := planner.Beyond(s.plan(), p); len(beyond) > 0 {
				t.Fatalf("beyond %v", beyond)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.complete(); err != nil {
			t.Fatalf("%v\ndone %v", err, s.acts)
		}
		for _, z := range s.spec.Cutover.Zones {
			if got := s.ttl(z.Domain); got != sh.ttl {
				t.Fatalf("TTL of %s is %d, not %d", z.Domain, got, sh.ttl)
			}
		}
	})
}

// A lost state directory, rebuilt from the world with what the last plan
// knows of pre-images, never leads to a second press.
func TestLostStateIsNoSecondPress(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sh := drawShape(t)
		s := newSite(sh, "")
		s.truthful = true
		if rapid.Bool().Draw(t, "blind") {
			s.blind()
		}
		p := s.plan()
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			if id, err := s.step(p); err != nil {
				t.Fatal(err)
			} else if id == "" {
				s.now = opens
			}
		}
		for id, rec := range s.records {
			s.records[id] = planner.Record{Step: id, Open: rec.Open, Before: rec.Before, After: rec.After}
			if !rec.Open {
				delete(s.records, id)
			}
		}
		clear(s.facts)
		s.recovered = s.now
		if err := s.run(s.plan(), nil); err != nil {
			t.Fatal(err)
		}
		if tally := s.world.Tally(); tally.Twice+tally.Lost+tally.Bounced > 0 {
			t.Fatalf("tally %+v", tally)
		}
		for _, z := range s.spec.Cutover.Zones {
			if got := s.ttl(z.Domain); got != sh.ttl {
				t.Fatalf("TTL of %s is %d, not %d", z.Domain, got, sh.ttl)
			}
		}
	})
}

// A plan is not beyond itself, comes back from its file, and does not show in
// which order things were looked at.
func TestPlansAreValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sh := drawShape(t)
		s := newSite(sh, "")
		first := s.plan()
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			if id, _ := s.step(first); id == "" {
				s.now = opens
			}
		}
		snap := s.observe()
		p := planner.Build(s.spec, snap, s.now)
		if beyond := planner.Beyond(p, p); len(beyond) > 0 {
			t.Fatalf("beyond itself: %v", beyond)
		}
		if left, stale := planner.LeftOut(p, p); len(left) > 0 || stale != "" {
			t.Fatalf("left out of itself: %v", left)
		}
		b, err := planner.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		back, err := planner.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if back.ID != p.ID || back.Gated() != p.Gated() || len(planner.Beyond(back, p))+len(planner.Beyond(p, back)) > 0 {
			t.Fatal("another plan came back")
		}
		slices.Reverse(snap.Records)
		slices.Reverse(snap.Zones)
		slices.Reverse(snap.Mailboxes)
		slices.Reverse(snap.Sights)
		if snap.Target.Tenant != nil {
			slices.Reverse(snap.Target.Tenant.Members)
		}
		if again := planner.Build(s.spec, snap, s.now); again.ID != p.ID {
			t.Fatal("the order of observation shows")
		}
	})
}

func (s *site) blind() {
	for _, kind := range []string{"merge-tenants", "upgrade-tenant", "move-customers", "finish-wizard"} {
		s.world.Blind(kind, true)
	}
}
