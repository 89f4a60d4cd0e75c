package zone

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/providers/zone/wire"
)

// 8: the MX records work.
func (c *checker) mxSet() {
	for _, value := range merged(c.v.values(c.d, "MX"), canonical("MX", c.aim.MX)) {
		host := mxHost(value)
		t, looked := c.v.Targets[host]
		switch {
		case host == "" || !looked:
		case literal(host):
			c.note(config.Blocks, value, "IP")
		case t.Alias != "":
			c.note(config.Blocks, value, "CNAME "+t.Alias)
		case t.Err != nil:
			c.note(config.Blocks, value, t.Err.Error())
		case len(t.Addrs) == 0:
			c.note(config.Blocks, value, "A -, AAAA -")
		}
	}
	for _, list := range [][]string{c.v.values(c.d, "MX"), canonical("MX", c.aim.MX)} {
		seen := map[string]string{}
		for _, value := range list {
			if first := seen[mxHost(value)]; first != "" {
				c.note(config.Blocks, value, first)
			}
			seen[mxHost(value)] = value
		}
	}
}

// 9: a null MX stands alone (RFC 7505).
func (c *checker) nullMX() {
	for _, s := range c.v.answering() {
		values := wire.Values(s.Sets[key(c.d, "MX")].Records)
		if slices.ContainsFunc(values, null) && (len(values) > 1 || c.pending()) {
			c.note(config.Blocks, s.label(), shown(values))
		}
	}
	if slices.ContainsFunc(canonical("MX", c.aim.MX), null) {
		c.note(config.Blocks, "mx", shown(c.aim.MX))
	}
}

func null(mx string) bool { return strings.HasSuffix(mx, " .") }

// 10: there always is an MX (RFC 5321 section 5.1).
func (c *checker) implicitMX() {
	for _, s := range c.v.answering() {
		if mx := s.Sets[key(c.d, "MX")]; mx.Err == nil && mx.Alias == "" && len(mx.Records) == 0 {
			a := append(s.Sets[key(c.d, "A")].Records, s.Sets[key(c.d, "AAAA")].Records...)
			c.note(config.Blocks, s.label(), "MX -, A "+shown(wire.Values(a)))
		}
	}
}

// byRecord are providers where a set is changed record by record.
var byRecord = []string{config.ZoneManual, config.ZoneDNSPod, config.ZoneAliDNS}

// 11: a set that changes record by record passes through mixtures.
func (c *checker) order() {
	old, now := c.v.values(c.d, "MX"), canonical("MX", c.aim.MX)
	if c.pending() && slices.Contains(byRecord, c.aim.Via) && max(len(old), len(now)) > 1 {
		c.note(config.Warning, c.aim.Via, shown(old)+" -> "+shown(now))
	}
}

// 12: nothing of the old side stays beside the new.
func (c *checker) leftovers() {
	is, want := c.v.values(c.d, "MX"), canonical("MX", c.aim.MX)
	mixed := slices.ContainsFunc(is, func(v string) bool { return slices.Contains(want, v) })
	for _, v := range is {
		if mixed && !slices.Contains(want, v) {
			c.note(config.Blocks, key(c.d, "MX"), v)
		}
	}
}

// 13: the domain itself is no alias.
func (c *checker) apexAlias() {
	for _, s := range c.v.answering() {
		for _, kind := range []string{"MX", "TXT", "A"} {
			if to := s.Sets[key(c.d, kind)].Alias; to != "" {
				c.note(config.Blocks, s.label(), kind+": CNAME "+to)
				break
			}
		}
	}
	for _, r := range c.v.Listing {
		if r.Name == c.d && r.Type == "CNAME" && !r.Off {
			c.note(config.Blocks, key(c.d, "CNAME"), shown(r.Values))
		}
	}
}

// 14: no resolution line is forgotten. One that changes with the default line
// is to hold what that holds.
func (c *checker) lines() {
	on := map[string][]string{} // values by key
	for _, r := range c.v.Listing {
		if !r.Off {
			on[r.Key()] = append(on[r.Key()], r.Values...)
		}
	}
	for _, r := range c.v.Listing {
		if r.Line == "" || r.Off || !c.aim.changes(r.Name, r.Type) {
			continue
		}
		theirs, usual := canonical(r.Type, on[r.Key()]), canonical(r.Type, on[key(r.Name, r.Type)])
		if !slices.Contains(c.aim.Zone.Lines, r.Line) || !slices.Equal(theirs, usual) {
			c.note(config.Blocks, r.Key(), shown(r.Values))
		}
	}
}

// 15: nothing hidden comes back later.
func (c *checker) paused() {
	for _, r := range c.v.Listing {
		if !c.aim.changes(r.Name, r.Type) {
			continue
		}
		var why []string
		for word, is := range map[string]bool{"paused": r.Off, "locked": r.Locked, "weight " + strconv.Itoa(r.Weight): r.Weight > 0, r.Odd: r.Odd != ""} {
			if is {
				why = append(why, word)
			}
		}
		if slices.Sort(why); len(why) > 0 {
			c.note(config.Warning, r.Key(), strings.Join(why, ", ")+" "+shown(r.Values))
		}
	}
}

// 16: no wildcard answers in place of a record.
func (c *checker) wildcards() {
	for _, kind := range []string{"MX", "A", "TXT"} {
		s := c.v.set(probeLabel+"."+c.d, kind)
		if len(s.Records) > 0 || s.Alias != "" {
			c.note(config.Warning, "*."+c.d+" "+kind, cmp.Or(s.Alias, shown(wire.Values(s.Records))))
		}
	}
}

// 17: names below the domain with mail of their own.
func (c *checker) subdomains() {
	told := map[string]bool{}
	tell := func(name string, values []string) {
		if name != c.d && below(name, c.d) && len(values) > 0 && !told[name] && !c.aim.decided(name) && !strings.Contains(name, probeLabel) && !strings.HasPrefix(name, "*.") {
			told[name] = true
			c.note(config.Warning, key(name, "MX"), shown(values))
		}
	}
	top, _ := c.v.newest()
	wild := wire.Values(c.v.set(probeLabel+"."+c.d, "MX").Records)
	for _, k := range sortedKeys(top.Sets) {
		if name, kind, _ := strings.Cut(k, " "); kind == "MX" {
			if values := wire.Values(top.Sets[k].Records); !slices.Equal(values, wild) {
				tell(name, values)
			}
		}
	}
	for _, r := range c.v.Listing {
		if r.Type == "MX" && !r.Off {
			tell(r.Name, r.Values)
		}
	}
}
