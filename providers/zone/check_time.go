package zone

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/zone/wire"
)

// 31: a resolver with a view of its own.
func (c *checker) views() {
	for _, r := range c.v.Caches {
		for _, k := range sortedKeys(r.Sets) {
			if r.Own && !c.known(k, r.Sets[k]) {
				c.note(config.Warning, r.Resolver, k+" "+shown(wire.Values(r.Sets[k].Records)))
			}
		}
	}
}

// known says that some authoritative server shows the same.
func (c *checker) known(k string, set Set) bool {
	return slices.ContainsFunc(c.v.answering(), func(s Server) bool {
		return slices.Equal(wire.Values(s.Sets[k].Records), wire.Values(set.Records))
	})
}

// 32: which resolvers remember something else, and until when.
func (c *checker) cached() {
	for _, r := range c.v.Caches {
		if r.Err != nil {
			c.note(Info, r.Resolver, r.Err.Error())
			continue
		}
		for _, k := range sortedKeys(r.Sets) {
			name, kind, _ := strings.Cut(k, " ")
			if set := r.Sets[k]; !r.Own && !slices.Equal(wire.Values(set.Records), c.v.values(name, kind)) {
				left := time.Duration(set.TTL()+1) * time.Second
				c.note(Info, r.Resolver, fmt.Sprintf("%s %s <= %s", k, shown(wire.Values(set.Records)), moment(c.now.Add(left))))
			}
		}
	}
}

// 33: senders still come to the old side (RFC 5321 section 4.5.4.1).
func (c *checker) tail() {
	if !c.aim.Past.Switched.IsZero() && c.switched() && !c.tailOver() {
		c.note(config.Warning, c.d, "<= "+moment(c.aim.Past.Switched.Add(c.aim.Tail)))
	}
}

// 34: what the new side sends is taken for the domain's.
func (c *checker) outgoing() {
	if !c.aim.switches() || len(c.v.DMARC.Records) == 0 {
		return
	}
	for _, t := range c.v.SPF.Tries {
		if t.Who == "new" && t.Result == "pass" {
			return
		}
	}
	for _, sel := range sortedKeys(c.aim.DKIM) {
		s := c.v.set(sel+"._domainkey."+c.d, "TXT")
		if sameKey(c.aim.DKIM[sel], s.Alias, wire.Values(s.Records)) {
			return
		}
	}
	c.note(config.Blocks, c.d, "SPF -, DKIM -, "+c.v.DMARC.Records[0])
}

// goodBack is how long after a switch the way back stays short.
const goodBack = 24 * time.Hour

// 35: the way back is short while it is needed.
func (c *checker) wayBack() {
	ttl := c.v.longest(c.d, "MX")
	if c.switched() && !c.aim.Past.Switched.IsZero() && c.now.Before(c.aim.Past.Switched.Add(goodBack)) && ttl > c.low() {
		c.note(config.Blocks, key(c.d, "MX"), seconds(ttl))
	}
}

// 36: nobody else changed what a plan saw.
func (c *checker) drift() {
	if c.aim.Before == nil {
		return
	}
	for _, r := range c.aim.Before.Sets {
		is := c.v.values(r.Name, r.Type)
		if c.ours(r, is) {
			continue
		}
		top, _ := c.v.newest()
		if _, seen := top.Sets[r.Key()]; seen && !slices.Equal(is, canonical(r.Type, r.Values)) {
			c.note(config.Blocks, r.Key(), shown(r.Values)+" -> "+shown(is))
		}
	}
}

// ours says that a set changed as the migration changes it.
func (c *checker) ours(was planner.RRset, is []string) bool {
	switch {
	case was.Name == c.d && was.Type == "MX":
		return c.switched()
	case was.Name == c.d && was.Type == "TXT":
		added := editedSPF(was.Values, c.aim.SPF.Add, nil)
		return slices.Equal(canonical("TXT", added), is) || slices.Equal(canonical("TXT", editedSPF(added, nil, c.aim.SPF.Remove)), is)
	case was.Name == "_dmarc."+c.d && was.Type == "TXT" && len(was.Values) == 1:
		soft, strict := planner.SoftDMARC(was.Values[0])
		return strict && len(c.aim.DKIM) == 0 && slices.Equal(is, []string{soft})
	case was.Name == "_mta-sts."+c.d && was.Type == "TXT":
		return len(is) == 1 && strings.HasPrefix(is[0], "v=STSv1; id=mxmove")
	}
	return false
}
