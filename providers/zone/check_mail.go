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
	return c.switched() && !c.aim.Past.Switched.IsZero() && c.now.After(c.aim.Past.Switched.Add(c.aim.Tail))
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
		free := len(c.v.values(name, "TXT")) == 0 && c.v.set(name, "TXT").Alias == ""
		for _, s := range c.v.answering() {
			set := s.Sets[key(name, "TXT")]
			values := wire.Values(set.Records)
			switch {
			case set.Err != nil:
			case len(values) == 0 && set.Alias == "":
				c.note(c.unlessOurs(free && want != ""), s.label(), name+" TXT -")
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

// unlessOurs is the severity of what a plan puts right before the switch.
func (c *checker) unlessOurs(ours bool) config.Severity {
	if ours && c.pending() {
		return Info
	}
	return config.Blocks
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
			own := d.At == c.d && len(d.Records) == 1 && slices.Equal(c.v.values("_dmarc."+c.d, "TXT"), d.Records)
			c.note(c.unlessOurs(own), "_dmarc."+d.At, "p="+policy)
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
