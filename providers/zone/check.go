package zone

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/providers/zone/wire"
)

// Info is the severity of what only is good to know.
const Info config.Severity = "info"

// Finding is what one of the 36 checks has to say of a domain. Its code is
// stable: DNS-01 to DNS-36.
type Finding struct {
	config.Finding
	Evidence []Evidence `json:"evidence"`
}

// Evidence is what one server, resolver or record showed.
type Evidence struct {
	On  string `json:"on"`
	Saw string `json:"saw"`
}

// lowTTL is what a TTL is to be before its values change, in seconds.
const lowTTL = 300

// checks are in the order of their numbers.
var checks = []func(*checker){
	(*checker).consistent, (*checker).delegated, (*checker).editable, (*checker).cut, (*checker).ttl, (*checker).floor,
	(*checker).negative, (*checker).mxSet, (*checker).nullMX, (*checker).implicitMX, (*checker).order, (*checker).leftovers,
	(*checker).apexAlias, (*checker).lines, (*checker).paused, (*checker).wildcards, (*checker).subdomains, (*checker).spfRecord,
	(*checker).spfMerged, (*checker).spfTried, (*checker).otherTXT, (*checker).dkim, (*checker).dmarc, (*checker).mtaSTS,
	(*checker).tlsReports, (*checker).dane, (*checker).dnssec, (*checker).autodiscover, (*checker).autoconfig, (*checker).names,
	(*checker).views, (*checker).cached, (*checker).tail, (*checker).outgoing, (*checker).wayBack, (*checker).drift,
}

// Check gives the findings on a domain, by number. What blocks a switch is a
// warning once the domain has switched: stopping would help nobody then.
func Check(aim Aim, v *View) []Finding {
	c := &checker{aim: aim, v: v, now: v.At, d: aim.Domain}
	if v.Err != nil {
		return []Finding{{Finding: config.Finding{Msg: v.Err.Msg, Severity: config.Blocks, Subject: aim.Domain}}}
	}
	for i, check := range checks {
		c.found = nil
		c.arg = text.Args{"domain": Unicode(c.d)}
		check(c)
		c.close(i + 1)
	}
	return c.out
}

// checker is the checks at work.
type checker struct {
	aim   Aim
	v     *View
	now   time.Time
	d     string
	arg   text.Args
	found []noted
	out   []Finding
}

type noted struct {
	Evidence
	severity config.Severity
}

// note keeps evidence for the check under way.
func (c *checker) note(s config.Severity, on, saw string) {
	c.found = append(c.found, noted{Evidence{on, saw}, s})
}

// close makes one finding of a check's evidence, as severe as its worst.
func (c *checker) close(n int) {
	if len(c.found) == 0 {
		return
	}
	f := Finding{Finding: config.Finding{Severity: Info, Subject: c.d, Msg: text.Msg{Code: fmt.Sprintf("DNS-%02d", n), Args: c.arg}}}
	var list []string
	for _, e := range c.found {
		if rank(e.severity) < rank(f.Severity) {
			f.Severity = e.severity
		}
		f.Evidence = append(f.Evidence, e.Evidence)
		list = append(list, strings.TrimSpace(e.On+": "+e.Saw))
	}
	if f.Severity == config.Blocks && c.switched() {
		f.Severity = config.Warning
	}
	c.arg["list"], c.arg["n"] = strings.Join(list, "; "), strconv.Itoa(len(list))
	c.out = append(c.out, f)
}

func rank(s config.Severity) int {
	return slices.Index([]config.Severity{config.Error, config.Blocks, config.Warning, Info}, s)
}

// switched says that the newest server shows the wanted MX.
func (c *checker) switched() bool {
	return c.aim.switches() && slices.Equal(c.v.values(c.d, "MX"), canonical("MX", c.aim.MX))
}

// pending says that a switch is ahead.
func (c *checker) pending() bool { return c.aim.switches() && !c.switched() }

func shown(values []string) string { return cmp.Or(strings.Join(values, ", "), "-") }

func seconds(ttl uint32) string { return (time.Duration(ttl) * time.Second).String() }

func moment(t time.Time) string { return t.Format("2006-01-02 15:04 -0700") }

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

// 5: what changes is not remembered for longer than there is time.
func (c *checker) ttl() {
	if !c.pending() || c.aim.Opens.IsZero() {
		return
	}
	d := c.d
	for _, q := range []asked{{d, "MX"}, {d, "TXT"}, {"_dmarc." + d, "TXT"}, {"_mta-sts." + d, "TXT"}} {
		ttl := c.v.longest(q.name, q.kind)
		if ttl <= lowTTL {
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
	if c.aim.MinTTL > lowTTL && c.pending() {
		c.note(config.Blocks, c.aim.Via, "TTL >= "+seconds(c.aim.MinTTL))
	}
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
var byRecord = []string{config.ZoneManual, "dnspod", "alidns"}

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
		if r.Name == c.d && r.Type == "CNAME" {
			c.note(config.Blocks, key(c.d, "CNAME"), shown(r.Values))
		}
	}
}

// 14: no resolution line is forgotten.
func (c *checker) lines() {
	for _, r := range c.v.Listing {
		if r.Line != "" && !slices.Contains([]string{"默认", "default"}, r.Line) {
			c.note(config.Blocks, r.Key(), shown(r.Values))
		}
	}
}

// 15: nothing hidden comes back later.
func (c *checker) paused() {
	for _, r := range c.v.Listing {
		var why []string
		for word, is := range map[string]bool{"paused": r.Off, "locked": r.Locked, "weight " + strconv.Itoa(r.Weight): r.Weight > 0} {
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
		if r.Type == "MX" {
			tell(r.Name, r.Values)
		}
	}
}
