package planner

import (
	"slices"
	"strings"

	"github.com/mxmove/mxmove/config"
)

// keysAdded publishes the target's DKIM keys ahead of the switch, where nothing
// is at their names: another key may be in use.
func (b *builder) keysAdded() {
	for _, z := range b.zones() {
		if b.switched(z) || !b.seenZone(z) {
			continue
		}
		for _, selector := range sortedKeys(z.DKIM) {
			set := RRset{Zone: z.Domain, Name: selector + "._domainkey." + z.Domain, Type: "TXT"}
			_, text := b.set(z.Domain, set.Name, "TXT")
			_, alias := b.set(z.Domain, set.Name, "CNAME")
			if text || alias {
				continue
			}
			now := set
			now.Values = []string{z.DKIM[selector]}
			if !strings.Contains(z.DKIM[selector], "p=") { // a name that the target keeps the key at
				now.Type, now.Values = "CNAME", []string{strings.ToLower(strings.TrimSuffix(z.DKIM[selector], "."))}
			}
			old := now
			old.Values = nil
			b.prepared = append(b.prepared, b.add(SetRecords{Old: old, New: now, In: Prepare}, true))
		}
	}
}

// softened gives the domain's DMARC record (RFC 9989) with a policy that throws
// nothing away, where its own asks for that and the target's keys are not known:
// what it sends might not pass. Policies of the domain's parents are not ours.
func (b *builder) softened(z config.Zone) (set RRset, ok bool) {
	set, _ = b.set(z.Domain, "_dmarc."+z.Domain, "TXT")
	if len(z.DKIM) > 0 || len(set.Values) != 1 {
		return set, false
	}
	value, strict := SoftDMARC(set.Values[0])
	if rec, open := b.openDMARC(z); open && !strict { // it is already
		return withValues(bare(set), strings.Split(rec.After, "\n")), true
	}
	return withValues(bare(set), []string{value}), strict
}

// openDMARC is the record of a softening that was not taken back.
func (b *builder) openDMARC(z config.Zone) (Record, bool) {
	subject := RRset{Name: "_dmarc." + z.Domain, Type: "TXT"}.Key()
	i := slices.IndexFunc(b.s.Records, func(r Record) bool {
		return r.Open && r.Step.Kind() == SetRecords{}.Kind() && r.Step.Subject() == subject
	})
	if i < 0 {
		return Record{}, false
	}
	return b.s.Records[i], true
}

// SoftDMARC puts p=none in the place of a policy that asks for more, in a DMARC
// record; subdomains keep theirs. strict: there was one.
func SoftDMARC(record string) (soft string, strict bool) {
	tags := strings.Split(record, ";")
	if !strings.EqualFold(strings.Join(strings.Fields(tags[0]), ""), "v=DMARC1") {
		return record, false
	}
	was, sub := "", false
	for i, t := range tags {
		name, value, _ := strings.Cut(t, "=")
		value = strings.ToLower(strings.TrimSpace(value))
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "sp":
			sub = true
		case "p":
			if value == "reject" || value == "quarantine" {
				was, tags[i] = value, " p=none"
			}
		}
	}
	if was != "" && !sub { // without one of their own subdomains have the domain's
		at := slices.Index(tags, " p=none") + 1
		tags = slices.Insert(tags, at, " sp="+was)
	}
	return strings.Join(tags, ";"), was != ""
}
