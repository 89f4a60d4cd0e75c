package planner

import (
	"slices"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
)

// lowTTL is what a TTL is lowered to before its values change, in seconds.
const lowTTL = 300

// wecomMX are the target's own servers where the spec names none.
var wecomMX = []string{"5 mxbiz1.qq.com", "10 mxbiz2.qq.com"}

func (b *builder) domains() []string {
	return append([]string{b.spec.Source.Domain}, b.spec.Source.Aliases...)
}

// zones are the domains that the cutover switches.
func (b *builder) zones() []config.Zone { return b.zoneList }

func (b *builder) wantedMX(z config.Zone) []string { return WantedMX(b.spec, z) }

// WantedMX are the MX values that a domain's switch puts, in one form and
// order: the zone's, else the target's own.
func WantedMX(spec *config.Spec, z config.Zone) []string {
	mx := z.MX
	if len(mx) == 0 && spec.Target.Kind != "imap" {
		mx = wecomMX
	}
	return canonicalMX(mx)
}

// canonicalMX writes preferences and hosts in one way, in order.
func canonicalMX(mx []string) []string {
	out := make([]string, 0, len(mx))
	for _, v := range mx {
		out = append(out, strings.TrimSuffix(strings.ToLower(strings.Join(strings.Fields(v), " ")), "."))
	}
	slices.Sort(out)
	return out
}

func (b *builder) set(zone, name, kind string) (RRset, bool) {
	set, ok := b.sets[zone+"/"+RRset{Name: name, Type: kind}.Key()]
	return set, ok
}

// seen reports whether a zone could be looked at.
func (b *builder) seenZone(z config.Zone) bool { return b.zoned[z.Domain].Seen.Known() }

// switched reports whether a domain's mail goes to the target. A zone that
// cannot be seen is as our record of it says.
func (b *builder) switched(z config.Zone) bool { return b.switchedOf[z.Domain] }

func (b *builder) findSwitched(z config.Zone) bool {
	if !b.seenZone(z) {
		return b.lastSwitch(z).Outcome > 0
	}
	set, _ := b.set(z.Domain, z.Domain, "MX")
	return slices.Equal(canonicalMX(set.Values), b.wantedMX(z))
}

// lastSwitch is the record of the latest change of a domain's MX, ours or
// adopted by attestation.
func (b *builder) lastSwitch(z config.Zone) Record { return b.lastOf[z.Domain] }

func (b *builder) findLastSwitch(z config.Zone) Record {
	var last Record
	subject := RRset{Name: z.Domain, Type: "MX"}.Key()
	for _, r := range b.s.Records {
		if r.Step.Kind() == (SetRecords{}).Kind() && r.Step.Subject() == subject && r.Outcome > last.Outcome {
			last = r
		}
	}
	for _, f := range b.s.Facts {
		if f.Step.Kind() == (SetRecords{}).Kind() && f.Step.Subject() == subject && f.holds(b.now) && f.Finished > last.Outcome {
			last = Record{Step: f.Step, Outcome: f.Finished, OutcomeAt: f.At}
		}
	}
	return last
}

// switchOp is the change of a domain's MX from what it is now, or from what it
// was before a change that was cut off half done: that goes on, and the way
// back leads to what was before it.
func (b *builder) switchOp(z config.Zone) SetRecords {
	is, _ := b.set(z.Domain, z.Domain, "MX")
	old := RRset{Zone: z.Domain, Name: z.Domain, Type: "MX", Values: canonicalMX(is.Values), TTL: is.TTL}
	if former := b.halfSwitched(z, is); former != nil {
		old.Values = former
	}
	now := old
	now.Values = b.wantedMX(z)
	if b.off.noOldValue {
		old.Values = nil
	}
	return SetRecords{Old: old, New: now, In: Cutover}
}

// byRecord are the kinds of zone whose sets change record by record.
var byRecord = []string{config.ZoneManual, config.ZoneDNSPod, config.ZoneAliDNS}

// halfSwitched gives the MX before a change of ours, or its Undo, that has no
// outcome, where some of its records stand beside former ones; nil: none do.
func (b *builder) halfSwitched(z config.Zone, is RRset) []string {
	if !slices.Contains(byRecord, z.Kind) {
		return nil
	}
	var former []string
	last := 0
	for _, r := range b.s.Records {
		if r.Undo == nil || !isMX(r.Step) || r.Intent <= last {
			continue
		}
		back, ok := r.Undo.Op.(SetRecords)
		undo := b.records[IDOf(*r.Undo)]
		if !ok || back.New.Zone != z.Domain || r.Intent <= r.Outcome && undo.Intent <= undo.Outcome ||
			!slices.Equal(canonicalMX(back.Old.Values), b.wantedMX(z)) {
			continue
		}
		was := canonicalMX(back.New.Values)
		begun := func(v string) bool { return !slices.Contains(was, v) }
		if last = r.Intent; halfway(back, is) && slices.ContainsFunc(canonicalMX(is.Values), begun) {
			former = was
		} else {
			former = nil
		}
	}
	return former
}

// stsSet is the record that announces an MTA-STS policy (RFC 8461 section 3.1).
func (b *builder) stsSet(z config.Zone) (RRset, bool) {
	set, ok := b.set(z.Domain, "_mta-sts."+z.Domain, "TXT")
	return set, ok && slices.ContainsFunc(set.Values, func(v string) bool { return strings.HasPrefix(v, "v=STSv1") })
}

// zoneNeeds are the Temporaries of a domain's switch, each behind the ones it needs.
func (b *builder) zoneNeeds(z config.Zone) []StepID {
	var needs []StepID
	if set, ok := b.stsSet(z); ok { // senders fetch the policy when they see another id: it is there first
		sts := bare(set)
		sts.Values = []string{"v=STSv1; id=mxmove" + hashOf(b.wantedMX(z)...)[:8] + ";"}
		needs = append(needs, b.forAWhile(z, sts, IDOf(Task{Name: "mta-sts-policy", On: z.Domain}))...)
	}
	if soft, ok := b.softened(z); ok {
		needs = append(needs, b.forAWhile(z, soft)...)
	}
	mx := RRset{Zone: z.Domain, Name: z.Domain, Type: "MX"}
	return append(needs, b.need(SetTTL{Set: mx, New: b.lowest(z)}))
}

// forAWhile changes a set, behind a short TTL.
func (b *builder) forAWhile(z config.Zone, set RRset, needs ...StepID) []StepID {
	ttl := b.need(SetTTL{Set: bare(set), New: b.lowest(z)})
	return []StepID{ttl, b.need(SetRecords{New: set, Temporary: true, In: Prepare}, append(needs, ttl)...)}
}

// lowest is the TTL that a set is lowered to: a vendor may not take less.
func (b *builder) lowest(z config.Zone) uint32 { return max(lowTTL, b.zoned[z.Domain].MinTTL) }

func bare(r RRset) RRset {
	r.Values, r.TTL = nil, 0
	return r
}

// switches changes each domain's MX, then waits and tries it.
func (b *builder) switches() {
	acts := slices.Concat(b.prepared, b.settled, b.lasts, b.archives, b.pressNeeds())
	for _, z := range b.zones() {
		if !b.seenZone(z) {
			continue
		}
		var mx StepID
		if !b.switched(z) {
			probe := ProbeMX{Domain: z.Domain, Addresses: b.some(3), RefusalOK: b.route == routeHistory}
			needs := slices.Concat(b.zoneNeeds(z), acts)
			// It stands until the switch: a plan made after one freeze serves another.
			r, hold := b.records[IDOf(probe)], b.records[b.holdID()]
			ready := slices.Concat([]StepID{b.holdID()}, b.settled, b.pressNeeds())
			needs = append(needs, b.add(probe, r.Outcome == 0 || !hold.Open || r.Outcome < hold.Intent, ready...))
			mx = b.add(b.switchOp(z), true, needs...)
		}
		b.after(z, mx)
	}
}

// after adds the waits and the canaries of a domain, until each has an outcome
// since the switch.
func (b *builder) after(z config.Zone, mx StepID) {
	last := b.lastSwitch(z).Outcome
	is, _ := b.set(z.Domain, z.Domain, "MX")
	needs := append([]StepID{mx}, b.pressNeeds()...)
	for _, w := range []Wait{
		{For: waitServers, On: z.Domain, In: Cutover},
		{For: waitCaches, On: z.Domain, Least: time.Duration(is.TTL) * time.Second, In: Drain},
		{For: waitActivation, On: z.Domain, In: Cutover},
	} {
		if w.For == waitActivation && b.spec.Target.Kind == "imap" || b.vendorsAlready(z) {
			continue
		}
		if mx != "" || b.waited(w) <= last {
			b.add(w, true, needs...)
		}
	}
	shown := append(needs, IDOf(Wait{For: waitServers, On: z.Domain}), IDOf(Wait{For: waitActivation, On: z.Domain}))
	if to := b.opens(); to != "" {
		op := Canary{Domain: z.Domain, To: to}
		if mx != "" || b.records[IDOf(op)].Outcome <= last {
			b.add(op, true, shown...)
		}
	}
	b.canaryOut(z, mx, b.lastSwitch(z), shown...)
}

// vendorsAlready reports a domain whose mail goes to the vendor before its press
// and after it: nothing is to catch up with.
func (b *builder) vendorsAlready(z config.Zone) bool {
	return b.vendor() && b.switched(z) && b.lastSwitch(z).Outcome == 0
}

// waited is the number of a wait's outcome: ours, or what a person said of it.
func (b *builder) waited(w Wait) int {
	id := IDOf(w)
	if f := b.facts[id]; b.s.peoples(w) && f.holds(b.now) {
		return max(b.records[id].Outcome, f.Finished)
	}
	return b.records[id].Outcome
}

// opens gives the first address whose mailbox at the target a stored
// credential opens; "": none does, and no test mail could be found there.
func (b *builder) opens() string {
	for _, row := range b.spec.Roster.Mailboxes {
		if !b.left[row.Address].Leaves() && b.opensAt(row) {
			return row.TargetAddress
		}
	}
	return ""
}

func (b *builder) opensAt(row config.Mailbox) bool {
	to := b.spec.Target.IMAP
	return to.Host != "" && (to.Login.Kind != config.LoginPassword || !row.TargetPassword.IsZero())
}

// some gives the first addresses of the roster, by address.
func (b *builder) some(n int) []string {
	var list []string
	for _, row := range b.spec.Roster.Mailboxes {
		if len(list) < n && !b.left[row.Address].Leaves() {
			list = append(list, row.TargetAddress)
		}
	}
	return list
}
