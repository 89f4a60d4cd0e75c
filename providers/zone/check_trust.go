package zone

import (
	"slices"
	"strings"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/providers/zone/wire"
)

// 25: failures of encryption are reported to somebody (RFC 8460).
func (c *checker) tlsReports() {
	name := "_smtp._tls." + c.d
	if values := c.v.values(name, "TXT"); len(values) != 1 || !strings.HasPrefix(values[0], "v=TLSRPTv1") {
		c.note(config.Warning, name, "TXT "+shown(values))
	}
}

// 26: certificates are those that DNS pins (RFC 7672).
func (c *checker) dane() {
	old := false
	for _, h := range sortedKeys(c.v.Targets) {
		t := c.v.Targets[h]
		pinned := wire.Values(t.TLSA)
		switch {
		case len(pinned) == 0:
			continue
		case !t.Signed:
			c.note(config.Warning, "_25._tcp."+h, "DS -")
			continue
		case t.Shown != nil && !slices.ContainsFunc(pinned, func(v string) bool { return slices.Contains(t.Shown, pin(v)) }):
			c.note(config.Blocks, "_25._tcp."+h, shown(pinned))
		}
		old = old || !c.wants(h)
	}
	for _, v := range canonical("MX", c.aim.MX) {
		if t := c.v.Targets[mxHost(v)]; old && len(t.TLSA) == 0 {
			c.note(config.Warning, "_25._tcp."+mxHost(v), "TLSA -")
		}
	}
}

func (c *checker) wants(host string) bool {
	return slices.ContainsFunc(c.aim.MX, func(v string) bool { return mxHost(v) == host })
}

// pin is a TLSA value without its usage.
func pin(v string) string {
	_, rest, _ := strings.Cut(strings.ToLower(v), " ")
	return rest
}

// 27: what is signed holds, and for long enough (RFC 4035).
func (c *checker) dnssec() {
	if len(c.v.DS) == 0 {
		return
	}
	need := c.now
	if c.pending() && !c.aim.Opens.IsZero() {
		need = c.aim.Opens
	}
	for _, s := range c.v.answering() {
		keys := s.Sets[key(c.v.Apex, "DNSKEY")]
		if !wire.Anchored(c.v.DS, keys.Records) {
			c.note(config.Blocks, s.label(), "DNSKEY / DS "+shown(wire.Values(c.v.DS)))
			continue
		}
		for _, k := range sortedKeys(s.Sets) {
			set := s.Sets[k]
			if len(set.Records) == 0 || strings.HasSuffix(k, " CNAME") {
				continue
			}
			until, err := wire.Verify(set.Records, set.Sigs, keys.Records, c.now)
			switch {
			case err != nil:
				c.note(config.Blocks, s.label(), k+": "+err.Error())
			case until.Before(need):
				c.note(config.Warning, s.label(), k+" RRSIG "+moment(until))
			}
		}
	}
}

// 28: what Outlook finds (MS-OXDISCO).
func (c *checker) autodiscover() {
	if !c.aim.switches() {
		return
	}
	c.pointer("autodiscover", "A")
	c.pointer("_autodiscover._tcp", "SRV")
	if c.v.Redirect["/autodiscover/autodiscover.xml"] {
		c.note(config.Warning, "https://"+c.d, "/autodiscover/autodiscover.xml")
	}
}

// pointer tells where a name points that nobody decided on.
func (c *checker) pointer(label, kind string) {
	name := label + "." + c.d
	s := c.v.set(name, kind)
	values := wire.Values(s.Records)
	if s.Alias != "" {
		values = []string{"CNAME " + s.Alias}
	}
	if wild := c.v.set(probeLabel+"."+c.d, kind); wild.Alias == s.Alias && slices.Equal(wire.Values(wild.Records), wire.Values(s.Records)) {
		return // told by 16, or not there
	}
	off := kind == "SRV" && len(values) > 0 && strings.HasSuffix(values[0], " .")
	if len(values) > 0 && !off && !c.aim.decided(name) {
		c.note(config.Warning, key(name, kind), shown(values))
	}
}

// 29: what other mail programs find, and the names that people typed.
func (c *checker) autoconfig() {
	if !c.aim.switches() {
		return
	}
	c.pointer("autoconfig", "A")
	for _, s := range services[1:] {
		c.pointer(s, "SRV")
	}
	for _, n := range vanity {
		c.pointer(n, "A")
	}
	if c.v.Redirect["/.well-known/autoconfig/mail/config-v1.1.xml"] {
		c.note(config.Warning, "https://"+c.d, "/.well-known/autoconfig")
	}
}

// 30: senders have names that lead back.
func (c *checker) names() {
	for _, s := range c.v.Senders {
		if !s.Match {
			c.note(config.Warning, s.Addr.String(), "PTR "+shown(slices.DeleteFunc([]string{s.Name}, func(n string) bool { return n == "" })))
		}
	}
}
