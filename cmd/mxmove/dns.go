package main

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
	"github.com/mxmove/mxmove/planner/render"
	"github.com/mxmove/mxmove/providers/zone"
)

// codesDNS are check's without a state directory.
var codesDNS = []int{executor.ExitDone, executor.ExitError, executor.ExitIncomplete}

type dnsOptions struct {
	vars      variables
	resolvers []string
	since     string
	json      bool
}

func newDNSCommand(c *cli) *cobra.Command {
	var o dnsOptions
	cmd := c.command("dns [DOMAIN ...]", codesDNS,
		[]string{"dns", "dns acme.test", "dns acme.test --resolver 223.5.5.5 --resolver 192.0.2.53", "dns --since sat.plan", "dns acme.test --json"}, cobra.ArbitraryArgs,
		func(ctx context.Context, args []string) error { return runDNS(ctx, c, o, args) })
	o.vars.flags(c, cmd)
	cmd.Flags().StringArrayVar(&o.resolvers, "resolver", nil, c.cat.T("cmd.dns.flag.resolver"))
	cmd.Flags().StringVar(&o.since, "since", "", c.cat.T("cmd.dns.flag.since"))
	cmd.Flags().BoolVar(&o.json, "json", false, c.cat.T("cmd.flag.json"))
	return cmd
}

// domainSeen is one domain as the command tells it.
type domainSeen struct {
	Domain   string         `json:"domain"`
	Zone     planner.Zone   `json:"zone"`
	Findings []zone.Finding `json:"findings"`
}

func runDNS(ctx context.Context, c *cli, o dnsOptions, names []string) error {
	zones := &zone.Zones{Observer: observerOf(c.DNS, c.Now), Sleep: c.Sleep}
	aims, err := c.aims(o, names, zones)
	if err != nil {
		return err
	}
	var seen []domainSeen
	for _, aim := range aims {
		v := zones.Look(ctx, aim)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		seen = append(seen, domainSeen{aim.Domain, v.Zone(), zone.Check(aim, v)})
	}
	if o.json {
		err = writeJSON(c, map[string]any{"format": 1, "domains": seen})
	} else {
		err = c.showDomains(seen)
	}
	blocks := func(f zone.Finding) bool { return f.Severity == config.Blocks }
	if err == nil && slices.ContainsFunc(seen, func(d domainSeen) bool { return slices.ContainsFunc(d.Findings, blocks) }) {
		return errNotFine
	}
	return err
}

// observerOf is the given observer, else one of the Internet, by this clock.
func observerOf(given *zone.Observer, now func() time.Time) *zone.Observer {
	o := zone.Observer{Get: zone.HTTPS(nil, ""), Certificates: zone.StartTLS("")}
	if given != nil {
		o = *given
	}
	o.Now = now
	return &o
}

// aims are the domains to look at: those named, with what the spec here wants
// of them, or else all of the spec's. zones gets the spec's keys.
func (c *cli) aims(o dnsOptions, names []string, zones *zone.Zones) ([]zone.Aim, error) {
	var known []zone.Aim
	if files, _ := filepath.Glob(c.beside("*.hcl")); len(files) > 0 {
		loaded, err := c.load(o.vars)
		if err != nil {
			return nil, err
		}
		loaded.Secrets.Hide(loaded.Spec)
		known, zones.Reveal = zone.Aims(loaded.Spec), loaded.Secrets.Reveal
		c.recall(loaded.Spec, known)
	}
	aims := known
	if len(names) > 0 {
		aims = nil
	}
	for _, name := range names {
		domain, err := zone.ASCII(name)
		if err != nil || !strings.Contains(domain, ".") {
			return nil, &planner.Fault{Msg: text.M("dns.name", "domain", name, "error", reasonOf(err)), Class: planner.Internal}
		}
		aim := zone.Aim{Domain: domain}
		if i := slices.IndexFunc(known, func(a zone.Aim) bool { return a.Domain == domain }); i >= 0 {
			aim = known[i]
		}
		aims = append(aims, aim)
	}
	if len(aims) == 0 {
		return nil, &planner.Fault{Msg: text.M("dns.no-domain"), Class: planner.Internal}
	}
	for i := range aims {
		aims[i].Resolvers = append(slices.Clone(aims[i].Resolvers), o.resolvers...)
		for _, r := range o.resolvers {
			if !zone.IsResolver(r) {
				return nil, &planner.Fault{Msg: text.M("cutover.resolver", "value", r), Class: planner.Internal}
			}
		}
	}
	return aims, c.compareSince(o.since, aims)
}

func reasonOf(err error) string {
	if err == nil {
		return "-"
	}
	return err.Error()
}

// recall tells of each domain when it switched, where there is a journal.
func (c *cli) recall(spec *config.Spec, aims []zone.Aim) {
	state, err := executor.OpenState(c.dir, spec.Migration.State)
	if err != nil {
		return // nothing was carried out here
	}
	past := pastBy(state, spec)()
	for i, a := range aims {
		aims[i].Past = past[a.Domain]
	}
}

// pastBy tells of domains by a journal: where it is a rebuilt one that does not
// tell when a domain switched or a TTL was lowered, that was at the latest then.
func pastBy(state *executor.State, spec *config.Spec) func() map[string]zone.Past {
	return func() map[string]zone.Past {
		known, err := state.Known()
		if err != nil {
			return nil // whoever reads the journal for itself says so
		}
		past := map[string]zone.Past{}
		for _, r := range known.Records {
			d, mx := strings.CutSuffix(r.Step.Subject(), " MX")
			p := past[d]
			switch kind := r.Step.Kind(); {
			case !mx:
				continue
			case kind == planner.SetRecords{}.Kind() && r.OutcomeAt.After(p.Switched):
				p.Switched = r.OutcomeAt
			case kind == planner.SetTTL{}.Kind() && r.Open && (r.Outcome > 0 || r.IntentAt.Equal(known.Recovered)):
				ttl, _ := strconv.ParseUint(r.Before, 10, 32) // ours: a number
				p.Lowered, p.From = cmp.Or(r.OutcomeAt, r.IntentAt), uint32(ttl)
			}
			past[d] = p
		}
		if spec.Cutover != nil {
			for _, z := range spec.Cutover.Zones {
				p := past[z.Domain]
				p.Switched = cmp.Or(p.Switched, known.Recovered)
				past[z.Domain] = p
			}
		}
		return past
	}
}

// compareSince holds the domains against what a plan saw.
func (c *cli) compareSince(name string, aims []zone.Aim) error {
	if name == "" {
		return nil
	}
	plan, err := readPlan(name)
	if err != nil {
		return err
	}
	for i, a := range aims {
		at := slices.IndexFunc(plan.Observed.Zones, func(z planner.Zone) bool { return z.Name == a.Domain })
		if at < 0 {
			return &planner.Fault{Msg: text.M("dns.since", "file", name, "domain", a.Domain), Class: planner.Internal}
		}
		aims[i].Before = &plan.Observed.Zones[at]
	}
	return nil
}

// showDomains writes the servers, the records, the caches, then the findings.
func (c *cli) showDomains(seen []domainSeen) error {
	for _, d := range seen {
		if err := c.say("cmd.dns.domain", "domain", zone.Unicode(d.Domain), "at", d.Zone.Seen.At.Format(momentForm)); err != nil {
			return err
		}
		if err := c.showServers(d.Zone); err != nil {
			return err
		}
		var found []config.Finding
		for _, f := range d.Findings {
			found = append(found, f.Finding)
		}
		if err := render.Findings(c.Stdout, c.cat, nil, found, c.options()); err != nil {
			return err
		}
		if len(found) == 0 {
			if err := c.say("cmd.dns.fine", "n", strconv.Itoa(len(d.Zone.Servers))); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *cli) showServers(z planner.Zone) error {
	var servers, sets [][]string
	for _, s := range z.Servers {
		state := c.cat.T("cmd.dns.same")
		if s.Err != "" {
			state = s.Err
		} else if len(s.Differs) > 0 {
			state = c.cat.T("cmd.dns.differs", "n", strconv.Itoa(len(s.Differs)))
		}
		servers = append(servers, []string{s.Host, s.Addr, strconv.FormatUint(uint64(s.Serial), 10), render.Clean(state)})
	}
	add := func(where string, list []planner.RRset) {
		for _, r := range list {
			for _, v := range r.Values {
				sets = append(sets, []string{r.Name, r.Type, strconv.FormatUint(uint64(r.TTL), 10), where, render.Clean(v)})
			}
		}
	}
	add("-", z.Sets)
	for _, r := range z.Caches {
		add(r.Resolver, r.Sets)
	}
	if len(servers) > 0 {
		if err := render.Table(c.Stdout, c.cat, c.options(), c.heads("dns.server", "dns.address", "dns.serial", "dns.state"), servers, 2); err != nil {
			return err
		}
	}
	if len(sets) == 0 {
		return nil
	}
	return render.Table(c.Stdout, c.cat, c.options(), c.heads("dns.name", "dns.type", "dns.ttl", "dns.cache", "dns.value"), sets, 2)
}
