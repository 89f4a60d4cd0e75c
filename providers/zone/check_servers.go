package zone

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/providers/zone/wire"
)

// 1: every server shows the same.
func (c *checker) consistent() {
	top, _ := c.v.newest()
	for _, s := range c.v.Servers {
		switch {
		case s.Err == wire.ErrNoRoute:
			c.note(Info, s.label(), s.Err.Error())
		case s.Err != nil:
			c.note(config.Blocks, s.label(), s.Err.Error())
		case s.Serial != top.Serial:
			c.note(config.Blocks, s.label(), fmt.Sprintf("SOA %d (%d)", s.Serial, top.Serial))
		}
		if s.Err != nil {
			continue
		}
		for _, r := range c.v.differing(s) {
			c.note(config.Blocks, s.label(), fmt.Sprintf("%s %d %s", r.Key(), r.TTL, shown(r.Values)))
		}
		for _, k := range sortedKeys(s.Sets) {
			if err := s.Sets[k].Err; err != nil {
				c.note(config.Blocks, s.label(), k+" "+err.Error())
			}
		}
	}
}

// 2: parent and child agree, and their servers can be found.
func (c *checker) delegated() {
	for _, ns := range c.v.ParentNS {
		if len(c.v.ChildNS) > 0 && !slices.Contains(c.v.ChildNS, ns) {
			c.note(config.Blocks, ns, "NS: parent, not "+c.v.Apex)
		}
	}
	for _, ns := range c.v.ChildNS {
		if !slices.Contains(c.v.ParentNS, ns) {
			c.note(config.Blocks, ns, "NS: "+c.v.Apex+", not parent")
		}
	}
	nets := map[string]bool{}
	for _, name := range sortedKeys(c.v.Hosts) {
		h := c.v.Hosts[name]
		if h.Alias != "" {
			c.note(config.Blocks, name, "CNAME "+h.Alias)
		}
		glue := c.v.Glue[name]
		for _, a := range h.Addrs {
			nets[prefix(a).String()] = true
			if len(glue) > 0 && !slices.Contains(glue, a) {
				c.note(config.Blocks, name, a.String()+": not in glue")
			}
		}
		for _, a := range glue {
			if len(h.Addrs) > 0 && !slices.Contains(h.Addrs, a) {
				c.note(config.Blocks, name, a.String()+": only in glue")
			}
		}
	}
	if len(nets) == 1 {
		c.note(config.Warning, sortedKeys(nets)[0], strings.Join(sortedKeys(c.v.Hosts), ", "))
	}
}

// 3: what we can edit is what the world asks.
func (c *checker) editable() {
	if a := c.v.Account; a != nil {
		c.account(a)
	}
	if c.aim.Server == "" {
		return
	}
	switch p := c.v.Primary; {
	case p == nil:
		c.note(config.Blocks, c.aim.Server, "no address")
	case p.Err != nil:
		c.note(config.Blocks, c.aim.Server, p.Err.Error())
	default:
		for _, s := range c.v.answering() {
			if int32(s.Serial-p.Serial) > 0 {
				c.note(config.Blocks, s.label(), fmt.Sprintf("SOA %d, %s %d", s.Serial, c.aim.Server, p.Serial))
			}
		}
	}
}

// account: the vendor has the zone that is delegated, and what it lists is
// served.
func (c *checker) account(a *Account) {
	switch {
	case a.Err != nil:
		c.note(config.Blocks, c.aim.Via, a.Err.Error())
		return
	case a.Paused:
		c.note(config.Blocks, c.aim.Via, "paused")
	}
	for _, ns := range c.v.ParentNS {
		if len(a.Servers) > 0 && !slices.Contains(a.Servers, ns) {
			c.note(config.Warning, c.aim.Via, "NS "+shown(a.Servers)+", parent: "+ns)
		}
	}
	listed := map[string][]string{}
	for _, r := range c.v.Listing {
		if r.Line == "" && !r.Off && r.Odd == "" && (r.Type == "MX" || r.Type == "TXT") {
			listed[r.Key()] = append(listed[r.Key()], r.Values...)
		}
	}
	top, _ := c.v.newest()
	for _, k := range sortedKeys(top.Sets) {
		name, kind, _ := strings.Cut(k, " ")
		if kind != "MX" && kind != "TXT" || strings.HasPrefix(name, probeLabel) || top.Sets[k].Err != nil || top.Sets[k].Alias != "" {
			continue
		}
		if is := canonical(kind, listed[k]); !slices.Equal(is, c.v.values(name, kind)) && !c.wild(name, kind, is) {
			c.note(config.Blocks, k, c.aim.Via+": "+shown(is)+", NS: "+shown(c.v.values(name, kind)))
		}
	}
}

// wild says that what is served of a name is a wildcard's.
func (c *checker) wild(name, kind string, listed []string) bool {
	return len(listed) == 0 && slices.Equal(c.v.values(name, kind), c.v.values(probeLabel+"."+c.d, kind))
}

// 4: the names lie in the zone that is edited.
func (c *checker) cut() {
	if c.v.Apex != c.d {
		c.note(Info, c.d, "SOA "+c.v.Apex)
	}
	seen := map[string]bool{}
	for _, s := range c.v.answering() {
		for _, k := range sortedKeys(s.Sets) {
			if to := s.Sets[k].Cut; to != "" && !seen[to] {
				seen[to] = true
				c.note(config.Blocks, s.label(), "NS "+to)
			}
		}
	}
}

// 5: what changes is not remembered for longer than there is time, also where
// its TTL was lowered since.
func (c *checker) ttl() {
	if !c.pending() || c.aim.Opens.IsZero() {
		return
	}
	d := c.d
	for _, q := range []asked{{d, "MX"}, {d, "TXT"}, {"_dmarc." + d, "TXT"}, {"_mta-sts." + d, "TXT"}} {
		ttl := c.v.longest(q.name, q.kind)
		if until := c.aim.Past.remembered(); q.kind == "MX" && c.now.Before(until) {
			c.note(config.Blocks, key(q.name, q.kind), seconds(c.aim.Past.From)+" -> "+seconds(ttl)+", <= "+moment(until.In(c.now.Location())))
			continue
		}
		if ttl <= c.low() {
			continue
		}
		by := c.aim.Opens.Add(-time.Duration(ttl)*time.Second - margin)
		severity := Info
		if c.now.After(by) && q.kind == "MX" {
			severity = config.Blocks
		} else if c.now.After(by) {
			severity = config.Warning
		}
		c.note(severity, key(q.name, q.kind), seconds(ttl)+" <= "+moment(by))
	}
}

// margin is for secondaries that are slow to follow.
const margin = 10 * time.Minute

// 6: the provider lets the TTL go low.
func (c *checker) floor() {
	if least := c.low(); least > lowTTL && c.pending() {
		c.note(config.Warning, c.aim.Via, "TTL >= "+seconds(least))
	}
}

// low is the TTL that is low enough: the provider may not take less.
func (c *checker) low() uint32 {
	least := max(lowTTL, c.aim.MinTTL)
	if c.v.Account != nil {
		least = max(least, c.v.Account.MinTTL)
	}
	return least
}

// 7: an absence is forgotten before a new name is used.
func (c *checker) negative() {
	for _, sel := range sortedKeys(c.aim.DKIM) {
		name := sel + "._domainkey." + c.d
		if s := c.v.set(name, "TXT"); s.Err == nil && len(s.Records) == 0 && s.Alias == "" && s.NegTTL > 0 && !c.aim.Opens.IsZero() {
			by := c.aim.Opens.Add(-time.Duration(s.NegTTL) * time.Second)
			c.note(config.Warning, name, seconds(s.NegTTL)+" <= "+moment(by))
		}
	}
	probe := c.v.set(probeLabel+"."+c.d, "TXT")
	if probe.NegTTL > longNegative {
		c.note(config.Warning, "SOA "+c.v.Apex, seconds(probe.NegTTL))
	}
}

// longNegative is the most that RFC 2308 section 5 calls sensible, in seconds.
const longNegative = 3 * 3600
