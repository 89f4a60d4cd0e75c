package planner_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/providers/memory"
)

// life is what others do meanwhile, and what they may expect in the end.
type life struct {
	*site
	sh    shape
	n     int
	ttls  map[string]uint32 // by domain, as last set by them
	hires int
	plan  *planner.Plan
}

func newLife(s *site, sh shape) *life {
	l := &life{site: s, sh: sh, n: 500, ttls: map[string]uint32{}}
	for _, z := range s.spec.Cutover.Zones {
		l.ttls[z.Domain] = sh.ttl
	}
	return l
}

// innocent does something that must never stop a plan.
func (l *life) innocent(t *rapid.T) {
	d := l.spec.Cutover.Zones[rapid.IntRange(0, len(l.spec.Cutover.Zones)-1).Draw(t, "domain")].Domain
	row := l.spec.Roster.Mailboxes[rapid.IntRange(0, len(l.spec.Roster.Mailboxes)-1).Draw(t, "row")]
	l.n++
	switch rapid.SampledFrom([]string{"mail", "mail", "hire", "ttl", "include", "account", "time", "flags"}).Draw(t, "event") {
	case "mail":
		if !l.sh.pressing() && l.sh.route != "wizard" && (l.sh.leaver != "archive" || l.spec.Roster.Departures()[row.Address].Mail == "") { // what a vendor's press carries is the vendor's
			l.world.Send(row.Address, letter(l.n))
		}
	case "hire":
		l.hires++
		name := fmt.Sprintf("hire%d", l.hires)
		l.world.PutAccount(planner.Member{Account: name, Enabled: planner.Yes, IMAP: planner.Yes})
		l.world.Hire(config.Mailbox{Address: name + "@acme.test"})
	case "ttl":
		set := l.world.Set(d, d+" MX")
		set.TTL = rapid.SampledFrom([]uint32{60, 600, 7200}).Draw(t, "ttl")
		l.ttls[d] = set.TTL
		l.world.PutSet(set)
	case "include":
		set := l.world.Set(d, d+" TXT")
		if i := slices.IndexFunc(set.Values, func(v string) bool { return strings.HasPrefix(v, "v=spf1") }); i >= 0 {
			set.Values[i] = strings.Replace(set.Values[i], "v=spf1", fmt.Sprintf("v=spf1 include:y%d", l.n), 1)
			l.world.PutSet(set)
		}
	case "account":
		if l.sh.route == "history" || l.sh.route == "wizard" {
			m := l.member(row.Account)
			m.Address, m.Enabled, m.IMAP = row.Address, planner.Yes, planner.Yes
			l.world.PutAccount(m)
		}
	case "time":
		l.now = l.now.Add(time.Duration(rapid.IntRange(1, 300).Draw(t, "seconds")) * time.Second)
	case "flags":
		l.world.ChangeFlags(memory.Source, row.Address, "INBOX", 1, `\Seen`)
	}
}

// member is an account of the target as it is, or a new one.
func (l *life) member(account string) planner.Member {
	if t := l.observe().Target.Tenant; t != nil {
		for _, m := range t.Members {
			if m.Account == account {
				return m
			}
		}
	}
	return planner.Member{Account: account, VIP: planner.No}
}

func (s *site) mx(d string) string {
	return strings.Join(s.world.Set(d, d+" MX").Values, ",")
}

func (s *site) ttl(d string) uint32 { return s.world.Set(d, d+" MX").TTL }
