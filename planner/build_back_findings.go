package planner

import (
	"cmp"
	"slices"
	"strings"

	"github.com/mxmove/mxmove/config"
)

// findings tell what keeps the way back from being whole.
func (b *backBuilder) findings() []config.Finding {
	found := slices.Concat(unseenServers(b.s), b.temporaryFindings(), b.forgotten(), b.cannot())
	if len(b.passes) > 0 {
		found = append(found, unseenMailboxes(b.spec, b.s, b.boxes)...)
	}
	if id, at, n := b.closing(); n > 0 {
		found = append(found, warning("", "back.closed", "step", string(id), "at", cmp.Or(at, b.s.At).Format("2006-01-02 15:04 -0700")))
	}
	for _, z := range b.switches {
		if !z.stands {
			continue
		}
		found = append(found, b.foreignSet(z.undo, blocks)...)
		if standOf(z.undo, b.index) == standsUnseen {
			found = append(found, blocks(z.zone, "plan.zone-unseen", "domain", z.zone))
		}
	}
	for _, u := range b.undos {
		found = append(found, b.foreignSet(u, warning)...)
	}
	return append(append(found, b.notOurs()...), b.uncarried()...)
}

// foreignSet names what somebody changed after us: it is left as it is.
func (b *backBuilder) foreignSet(u Undo, say func(subject, code string, pairs ...string) config.Finding) []config.Finding {
	if standOf(u, b.index) != standsOther {
		return nil
	}
	if o, ok := u.Op.(SetRecords); ok {
		is := b.sets[o.New.Zone+"/"+o.New.Key()]
		return []config.Finding{say(u.Subject(), "back.changed", "set", o.New.Key(), "is", strings.Join(is.Values, ", "),
			"ours", strings.Join(o.Old.Values, ", "), "was", strings.Join(o.New.Values, ", "))}
	}
	return []config.Finding{say(u.Subject(), "back.left", "subject", u.Subject())}
}

// uncarried counts the rows whose mail somebody else carries: what arrived for
// them at the target stays there.
func (b *backBuilder) uncarried() []config.Finding {
	n := 0
	for _, p := range b.people {
		if p.listed && !p.left.Leaves() && !b.copied(p) {
			n++
		}
	}
	if n == 0 || !b.standing() {
		return nil
	}
	return []config.Finding{warning("", "back.uncarried", "n", itoa(n))}
}

// notOurs names domains that go to the target without our record of it.
func (b *backBuilder) notOurs() []config.Finding {
	var found []config.Finding
	for _, z := range b.zones() {
		ours := slices.ContainsFunc(b.switches, func(s switchBack) bool { return s.zone == z.Domain && s.stands })
		if b.seenZone(z) && b.switched(z) && !ours && b.closed == 0 {
			found = append(found, blocks(z.Domain, "back.unknown", "domain", z.Domain))
		}
	}
	return found
}
