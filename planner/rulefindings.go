package planner

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
)

// ruleFindings tells what the published procedures demand of this spec and
// this world; codes are those of the rules.
func ruleFindings(b *builder) []config.Finding {
	found := slices.Concat(b.unseenWorld(), b.finalFindings(), b.temporaryFindings(), b.forgotten(), b.leaverFindings(), b.unannounced())
	if b.spec.Target.Kind == "imap" || b.spec.Target.Kind == "" {
		return found
	}
	found = append(found, b.editionFindings()...)
	switch b.route {
	case routeHistory:
		found = append(found, b.historyFindings()...)
	case routeMerge:
		found = append(found, b.mergeFindings()...)
	case routeUpgrade:
		found = append(found, b.upgradeFindings()...)
		if b.erasing() {
			found = append(found, b.mergeFindings()...)
		}
	}
	if b.spec.Customers != nil {
		found = append(found, b.customerFindings()...)
	}
	return found
}

func blocks(subject, code string, pairs ...string) config.Finding {
	return config.Finding{Msg: text.M(code, pairs...), Severity: config.Blocks, Subject: subject}
}

func itoa(n int) string { return strconv.Itoa(n) }

// unseenWorld names what Freeze and Cutover depend on and nobody could look at.
func (b *builder) unseenWorld() []config.Finding {
	var found []config.Finding
	for _, z := range b.zones() {
		if !b.seenZone(z) {
			found = append(found, blocks(z.Domain, "plan.zone-unseen", "domain", z.Domain))
		} else if len(b.wantedMX(z)) == 0 {
			found = append(found, blocks(z.Domain, "plan.no-mx", "domain", z.Domain))
		}
		if servers := differing(b.zoned[z.Domain]); len(servers) > 0 {
			found = append(found, blocks(z.Domain, "plan.zone-differs", "domain", z.Domain, "servers", strings.Join(servers, ", ")))
		}
	}
	fresh := b.route == routeUpgrade && b.spec.Target.Mode != 2 // its tenant does not exist yet
	if b.route != routeIMAP && !fresh && b.tenant() == nil {
		found = append(found, unseenTenant("tenant/"+b.corp(), b.spec.Target))
	}
	if t := b.tenant(); t != nil && t.Corp != "" && b.corp() != "" && t.Corp != b.corp() {
		found = append(found, blocks("tenant/"+b.corp(), "UPGRADE-05", "spec", b.corp(), "seen", t.Corp))
	}
	return found
}

// unseenTenant names what its directory is read from, so that the right thing
// is mended.
func unseenTenant(subject string, side config.Side) config.Finding {
	code := "plan.tenant-unseen"
	if side.Directory != nil || len(side.APIs) == 0 {
		code += ".sheet"
	}
	return blocks(subject, code, "corp", side.CorpID)
}

func differing(z Zone) []string {
	var hosts []string
	for _, a := range z.Servers {
		if len(a.Differs) > 0 || a.Err != "" {
			hosts = append(hosts, a.Host)
		}
	}
	return hosts
}

// temporaryFindings names fields that somebody changed while ours stood.
func (b *builder) temporaryFindings() []config.Finding {
	var found []config.Finding
	for _, t := range b.temps {
		rec := b.records[IDOf(t.op)]
		if is, seen := b.field(t.op); rec.Open && seen && is != rec.After && is != rec.Before {
			subject := rec.Step.Subject()
			found = append(found, warning(subject, "plan.temporary-foreign", "subject", subject, "ours", rec.After, "is", is))
		}
	}
	for _, r := range b.s.Records {
		if r.Open && !b.raised[r.Step] && b.reborn(r) == nil {
			found = append(found, warning(r.Step.Subject(), "plan.temporary-lost", "step", string(r.Step), "before", r.Before))
		}
	}
	return found
}

// cannot tells, once a kind and phase, what no part of this world carries out.
func (b *builder) cannot() []config.Finding {
	can := map[string]bool{}
	for _, k := range b.s.Can {
		can[k] = true
	}
	if len(b.s.Can) == 0 {
		can[CopyMailbox{}.Kind()] = true
	}
	type key struct {
		kind string
		in   Phase
	}
	n := map[key]int{}
	for _, s := range b.steps {
		kind := s.Op.Kind()
		if b.s.peoples(s.Op) {
			continue
		}
		switch r := s.Op.(type) {
		case Restore:
			kind = r.Op.Kind()
		case Undo:
			kind = r.Op.Kind()
		}
		if !can[kind] {
			n[key{s.Op.Kind(), s.Op.Traits().Phase}]++
		}
	}
	var found []config.Finding
	for k, count := range n {
		found = append(found, blocks(k.kind, "plan.cannot", "kind", k.kind, "phase", k.in.String(), "n", itoa(count)))
	}
	return found
}

// Concerns reports whether a finding is about a step: about its subject, or
// about its kind of step in its phase.
func Concerns(f config.Finding, s Step) bool {
	if f.Code == "plan.cannot" {
		return f.Args["kind"] == s.Op.Kind() && f.Args["phase"] == s.Op.Traits().Phase.String()
	}
	return f.Subject != "" && f.Subject == s.Op.Subject()
}

func (b *builder) historyFindings() []config.Finding {
	var found []config.Finding
	for _, row := range b.spec.Roster.Mailboxes {
		if row.TargetAddress != row.Address {
			found = append(found, at(row, blocks(row.Address, "HISTORY-15", "address", row.Address, "target", row.TargetAddress)))
		}
		if b.mover(row) == moverWizard && b.records[IDOf(passOf(b.spec, row, config.Departure{}, Copy))].Outcome > 0 {
			found = append(found, at(row, blocks(row.Address, "HISTORY-17", "address", row.Address)))
		}
	}
	for _, s := range b.steps {
		if d, ok := s.Op.(DropMailbox); ok {
			found = append(found, warning(d.Address, "HISTORY-04", "address", d.Address, "messages", itoa(d.Copied.Messages)))
		}
	}
	found = append(found, b.ambiguous()...)
	found = append(found, b.aliasFindings()...)
	found = append(found, b.madeFindings()...)
	if n := b.unlisted(); n > 0 {
		code := "HISTORY-05"
		if b.spec.Roster.Unlisted == "allocate" {
			code = "HISTORY-05-allocate"
		}
		found = append(found, warning("", code, "n", itoa(n)))
	}
	if b.mover(config.Mailbox{}) == moverWizard {
		found = append(found, warning("", "HISTORY-13"))
	}
	if c := b.spec.Cutover; c != nil && b.switching && workingDay(c.Opens) {
		found = append(found, warning("", "HISTORY-14", "day", c.Opens.Format("2006-01-02")))
	}
	return found
}

func workingDay(t time.Time) bool {
	return t.Weekday() >= time.Monday && t.Weekday() <= time.Thursday
}

// unlisted counts members of the target's directory without a row.
func (b *builder) unlisted() int {
	t := b.tenant()
	if t == nil {
		return 0
	}
	listed := map[string]bool{}
	for _, p := range b.people {
		if p.listed && p.member != nil {
			listed[p.member.Account] = true
		}
	}
	return len(t.Members) - len(listed)
}

// ambiguous names rows that two members could be, and members that two rows
// name (MERGE-02).
func (b *builder) ambiguous() []config.Finding {
	var found []config.Finding
	owner := map[string]string{}
	for _, p := range b.people {
		if len(p.two) > 0 {
			found = append(found, at(p.Mailbox, blocks(p.Address, "MERGE-02", "address", p.Address, "name", p.Name, "accounts", strings.Join(p.two, ", "))))
		}
		if first, twice := owner[p.account]; twice && p.listed && p.Kind != kindShared {
			found = append(found, at(p.Mailbox, blocks(p.Address, "MERGE-02-shared", "address", p.Address, "first", first, "account", p.account)))
		}
		if p.Kind != kindShared {
			owner[p.account] = p.Address
		}
	}
	return found
}
