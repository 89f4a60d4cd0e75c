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
