package planner

import "github.com/mxmove/mxmove/config"

// forgotten names what a run whose state is lost may have changed for a while,
// and of which no plan told what it was: it stays as it is.
func (b *builder) forgotten() []config.Finding {
	if b.s.Recovered.IsZero() {
		return nil
	}
	var found []config.Finding
	for _, z := range b.zones() {
		for _, set := range b.zoned[z.Domain].Sets {
			lowered := IDOf(SetTTL{Set: bare(set), New: b.lowest(z)})
			if set.TTL == b.lowest(z) && b.lowers(z, set) && !b.records[lowered].Open {
				found = append(found, warning(set.Key(), "plan.forgotten-ttl", "set", set.Key(), "domain", z.Domain, "ttl", itoa(int(set.TTL))))
			}
		}
	}
	n := 0
	for _, p := range b.people {
		on := IDOf(SetOption{Corp: b.corp(), Account: p.account, Option: optionIMAP, On: true})
		if p.account != "" && b.members[p.account].IMAP == Yes && !b.records[on].Open {
			n++
		}
	}
	if n > 0 {
		found = append(found, warning("", "plan.forgotten-option", "n", itoa(n)))
	}
	return found
}

// lowers reports whether a switch lowers the TTL of a set.
func (b *builder) lowers(z config.Zone, set RRset) bool {
	sts, ok := b.stsSet(z)
	return set.Name == z.Domain && set.Type == "MX" || ok && set.Key() == sts.Key() || len(z.DKIM) == 0 && set.Name == "_dmarc."+z.Domain && set.Type == "TXT"
}
