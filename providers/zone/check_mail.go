package zone

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/providers/zone/wire"
)

func literal(host string) bool { _, err := netip.ParseAddr(host); return err == nil }

func prefix(a netip.Addr) netip.Prefix {
	bits := 24
	if a.Is6() {
		bits = 48
	}
	p, _ := a.Prefix(bits) // of a valid address
	return p
}

// spfOf is the SPF records among values.
func spfOf(values []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return !isSPF(v) })
}

// 18: one SPF record, within its limits.
func (c *checker) spfRecord() {
	values := c.v.values(c.d, "TXT")
	records := spfOf(values)
	if len(records) > 1 {
		for _, r := range records {
			c.note(config.Blocks, key(c.d, "TXT"), r)
		}
	}
	for _, v := range values {
		if !isSPF(v) && isSPF(strings.TrimLeft(v, " \t\"")) {
			c.note(config.Blocks, key(c.d, "TXT"), strconv.Quote(v))
		}
	}
	s := c.v.SPF
	if s.Lookups > spfLookups {
		c.note(config.Blocks, "SPF", fmt.Sprintf("%d/%d DNS", s.Lookups, spfLookups))
	}
	if s.Void > spfVoid {
		c.note(config.Blocks, "SPF", fmt.Sprintf("%d/%d void", s.Void, spfVoid))
	}
	for _, m := range s.Missing {
		c.note(config.Blocks, m, "TXT -")
	}
	for _, m := range s.Wide {
		c.note(config.Blocks, "mx:"+m, "> "+strconv.Itoa(spfNames))
	}
	if s.Err != nil {
		c.note(config.Warning, "SPF", s.Err.Error())
	}
}

// 19: old and new senders stand side by side until the tail is over.
func (c *checker) spfMerged() {
	terms := strings.Fields(strings.ToLower(strings.Join(spfOf(c.v.values(c.d, "TXT")), " ")))
	has := func(t string) bool { return slices.Contains(terms, strings.ToLower(t)) }
	for _, t := range c.aim.SPF.Remove {
		if !has(t) && !c.tailOver() {
			c.note(config.Blocks, "-", t)
		}
	}
	for _, t := range c.aim.SPF.Add {
		if !has(t) && c.switched() {
			c.note(config.Blocks, "+", t)
		}
	}
}

func (c *checker) tailOver() bool {
	return !c.aim.Switched.IsZero() && c.now.After(c.aim.Switched.Add(c.aim.Tail))
}

// 20: the record as planned, tried for who matters.
func (c *checker) spfTried() {
	for _, t := range c.v.SPF.Tries {
		bad := t.Result == "permerror" || t.Result == "temperror"
		if t.Who == "new" || t.Who == "old" && !c.tailOver() {
			bad = t.Result != "pass"
		}
		if bad {
			c.note(config.Blocks, t.Addr.String(), strings.TrimSpace(t.Result+" "+t.Reason))
		}
	}
}

// 21: what else stands at the domain's TXT stays.
func (c *checker) otherTXT() {
	if c.aim.Before == nil {
		return
	}
	for _, r := range c.aim.Before.Sets {
		if r.Name != c.d || r.Type != "TXT" {
			continue
		}
		for _, v := range r.Values {
			if !isSPF(v) && !slices.Contains(c.v.values(c.d, "TXT"), v) {
				c.note(config.Blocks, r.Key(), v)
			}
		}
	}
}

// 22: every server has the keys that sign, old and new.
func (c *checker) dkim() {
	for _, sel := range c.aim.selectors() {
		name, want := sel+"._domainkey."+c.d, c.aim.DKIM[sel]
		for _, s := range c.v.answering() {
			set := s.Sets[key(name, "TXT")]
			values := wire.Values(set.Records)
			switch {
			case set.Err != nil:
			case len(values) == 0 && set.Alias == "":
				c.note(config.Blocks, s.label(), name+" TXT -")
			case want != "" && !sameKey(want, set.Alias, values):
				c.note(config.Blocks, s.label(), name+" "+shown(append(values, aliases(set)...)))
			}
		}
		values := c.v.values(name, "TXT")
		if a := c.v.set(name, "TXT").Alias; a != "" {
			values = c.v.Keys[a]
		}
		c.keys(name, values)
	}
	if len(c.aim.selectors()) == 0 && c.pending() {
		c.note(config.Warning, c.d, "selectors -, dkim -")
	}
}

func aliases(s Set) []string {
	if s.Alias == "" {
		return nil
	}
	return []string{"CNAME " + s.Alias}
}

// sameKey: the target gives either a record's text or a name to point to.
func sameKey(want, alias string, values []string) bool {
	if !strings.Contains(want, "p=") {
		return alias == wire.Fold(want)
	}
	plain := func(s string) string { return strings.Join(strings.Fields(s), "") }
	return len(values) == 1 && plain(values[0]) == plain(want)
}

// keys looks into key records (RFC 6376 section 3.6.1, RFC 8301).
func (c *checker) keys(name string, values []string) {
	if len(values) > 1 {
		c.note(config.Blocks, name, strconv.Itoa(len(values))+" TXT")
	}
	for _, v := range values {
		t := tags(v)
		b, err := base64.StdEncoding.DecodeString(t["p"])
		switch {
		case t["p"] == "":
			c.note(config.Blocks, name, "p=")
		case err != nil:
			c.note(config.Blocks, name, "p= "+err.Error())
		case t["k"] == "ed25519" && len(b) != 32:
			c.note(config.Blocks, name, fmt.Sprintf("ed25519 %d", len(b)))
		case t["k"] == "" || t["k"] == "rsa":
			c.rsa(name, b)
		}
		if strings.Contains(t["t"], "y") {
			c.note(Info, name, "t=y")
		}
	}
}

func (c *checker) rsa(name string, der []byte) {
	k, err := x509.ParsePKIXPublicKey(der)
	public, ok := k.(*rsa.PublicKey)
	switch {
	case err != nil || !ok:
		c.note(config.Blocks, name, "p= not RSA")
	case public.N.BitLen() < 1024:
		c.note(config.Blocks, name, "RSA "+strconv.Itoa(public.N.BitLen()))
	case public.N.BitLen() < 2048:
		c.note(Info, name, "RSA "+strconv.Itoa(public.N.BitLen()))
	}
}

// 23: DMARC does not throw away what the new side sends (RFC 9989).
func (c *checker) dmarc() {
	d := c.v.DMARC
	if len(d.Records) > 1 {
		c.note(config.Blocks, "_dmarc."+d.At, shown(d.Records))
	}
	for _, record := range d.Records {
		t := tags(record)
		policy := t["p"]
		if d.At != c.d && t["sp"] != "" {
			policy = t["sp"]
		}
		if c.pending() && len(c.aim.DKIM) == 0 && (policy == "reject" || policy == "quarantine") {
			c.note(config.Blocks, "_dmarc."+d.At, "p="+policy)
		}
		if c.pending() && (t["adkim"] == "s" || t["aspf"] == "s") {
			c.note(config.Warning, "_dmarc."+d.At, "adkim="+t["adkim"]+" aspf="+t["aspf"])
		}
	}
	for _, out := range sortedKeys(d.Report) {
		if !d.Report[out] {
			c.note(config.Warning, d.At+"._report._dmarc."+out, "TXT -")
		}
	}
	if d.Err != nil {
		c.note(config.Warning, "_dmarc."+c.d, d.Err.Error())
	}
}

// 24: senders that remember a policy take the new servers (RFC 8461).
func (c *checker) mtaSTS() {
	p := c.v.Policy
	if p == nil {
		return
	}
	url := "https://mta-sts." + c.d
	if p.Err != nil {
		c.note(config.Blocks, url, p.Err.Error())
		return
	}
	for _, v := range merged(c.v.values(c.d, "MX"), canonical("MX", c.aim.MX)) {
		if p.Mode == "enforce" && !p.allows(mxHost(v)) {
			c.note(config.Blocks, url, fmt.Sprintf("enforce, max_age %s, mx %s: %s", p.MaxAge, shown(p.MX), mxHost(v)))
		}
	}
	if p.Mode != "enforce" && p.Mode != "testing" && p.Mode != "none" {
		c.note(config.Blocks, url, "mode "+strconv.Quote(p.Mode))
	}
}

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
	if !c.aim.Switched.IsZero() && c.switched() && !c.tailOver() {
		c.note(config.Warning, c.d, "<= "+moment(c.aim.Switched.Add(c.aim.Tail)))
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
	if c.switched() && !c.aim.Switched.IsZero() && c.now.Before(c.aim.Switched.Add(goodBack)) && ttl > lowTTL {
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
		if r.Name == c.d && r.Type == "MX" && c.switched() {
			continue // ours
		}
		top, _ := c.v.newest()
		if _, seen := top.Sets[r.Key()]; seen && !slices.Equal(is, canonical(r.Type, r.Values)) {
			c.note(config.Blocks, r.Key(), shown(r.Values)+" -> "+shown(is))
		}
	}
}
