package planner

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config/text"
)

// task is one entry of the closed table of what people prepare.
type task struct {
	phase Phase
	risk  Risk
	rules []string
	lead  time.Duration // how long before the window it should be done
	valid time.Duration // how long its attestation holds; 0: for good
	proof string        // what proves it, where it tells: see Proof

	// The precondition: too early, the task is not instructed, and told why
	// with task.NAME.early. nil: none that a snapshot shows.
	early func(Task, Snapshot) bool
	// The post-check, where a snapshot can show the task as done, or as not
	// done; nil: its attestation counts.
	shown func(Task, Snapshot) (done, seen bool)
}

const day = 24 * time.Hour

// tasks is the table; each has texts task.NAME.what, .why, .do.
var tasks = map[string]task{
	"bind-domain":       {proof: byDirectory, rules: []string{"HISTORY-01"}, lead: 7 * day, shown: bound},
	"no-allocation":     {proof: byWord, rules: []string{"HISTORY-05"}, lead: 3 * day},
	"client-access":     {proof: byWord, rules: []string{"HISTORY-15"}, lead: 3 * day},
	"creator-ready":     {proof: byRefuting, rules: []string{"MERGE-01"}, lead: 3 * day, valid: 14 * day, shown: sameCreator},
	"unbind-domain":     {proof: byDirectory, risk: Costly, rules: []string{"MERGE-11"}, lead: 3 * day, early: inVain, shown: unbound},
	"no-paid-features":  {proof: byDirectory, rules: []string{"MERGE-13"}, lead: 3 * day, valid: 14 * day, shown: unpaid},
	"buy-seats":         {proof: byDirectory, phase: Drain, risk: Costly, rules: []string{"MERGE-13", "EDITION-02", "EDITION-03"}, shown: bought},
	"open-entry":        {proof: byWord, rules: []string{"UPGRADE-01"}, lead: 7 * day, early: unnamed},
	"complete-workbook": {proof: byWord, rules: []string{"UPGRADE-04"}, lead: 3 * day},
	"directory-api":     {proof: byWord, rules: []string{"UPGRADE-07"}, lead: 3 * day},
	"editions-differ":   {proof: byWord, rules: []string{"EDITION-06"}, lead: 3 * day},
	"contract":          {proof: byWord, rules: []string{"CUSTOMERS-09"}, lead: 14 * day, early: unassigned},
	"confirm-contacts":  {proof: byCustomers, rules: []string{"CUSTOMERS-01"}, lead: 7 * day, shown: confirmed},
	"link-groups":       {proof: byWord, rules: []string{"CUSTOMERS-12"}, lead: 7 * day},
	"mta-sts-policy":    {proof: byWord, lead: 2 * day},
}

// Tasks names the entries of the table of tasks, in order.
func Tasks() []string { return sortedKeys(tasks) }

// ValidOf is how long the attestation of a person's act holds; 0: for good.
func ValidOf(op Op) time.Duration {
	if t, ok := op.(Task); ok {
		return tasks[t.Name].valid
	}
	return 0
}

// Early reports whether a person's act must not be instructed yet, and gives
// the texts that say why: CODE.what, .why and .do.
func Early(op Op, s Snapshot) (why text.Msg, early bool) {
	t, ok := op.(Task)
	if !ok || tasks[t.Name].early == nil || !tasks[t.Name].early(t, s) {
		return text.Msg{}, false
	}
	return text.Msg{Code: "task." + t.Name + ".early", Args: text.Args{"on": t.On}}, true
}

// taskShown is the post-check of the table.
func taskShown(t Task, s Snapshot) (done, seen bool) {
	if check := tasks[t.Name].shown; check != nil {
		return check(t, s)
	}
	return false, false
}

// targetOf is the target's tenant as it was seen; nil: it was not.
func targetOf(s Snapshot) *Tenant {
	if t := s.Target.Tenant; t != nil && t.Seen.Known() {
		return t
	}
	return nil
}

// bound: the tenant tells the domain, or somebody has an address in it. A
// tenant that tells no domain at all may only not tell them.
func bound(t Task, s Snapshot) (done, seen bool) {
	in := targetOf(s)
	if in == nil {
		return false, false
	}
	has := func(m Member) bool { return strings.HasSuffix(m.Address, "@"+t.On) }
	done = slices.Contains(in.Domains, t.On) || slices.ContainsFunc(in.Members, has)
	return done, done || len(in.Domains) > 0
}

// sameCreator can only show that the attested creator is not: whether they are
// at hand no tenant tells.
func sameCreator(t Task, s Snapshot) (done, seen bool) {
	in := targetOf(s)
	return false, in != nil && in.Creator != "" && t.Args["creator"] != "" && in.Creator != t.Args["creator"]
}

// unbound: none of the domains is told any more.
func unbound(t Task, s Snapshot) (done, seen bool) {
	in := targetOf(s)
	if in == nil {
		return false, false
	}
	return !slices.ContainsFunc(strings.Split(t.Args["domains"], ", "), func(d string) bool { return slices.Contains(in.Domains, d) }), true
}

// unpaid: the tenant tells whether it has paid features.
func unpaid(_ Task, s Snapshot) (done, seen bool) {
	in := targetOf(s)
	return in != nil && in.Paid == No, in != nil && in.Paid != Unknown
}

// bought: the tenant tells at least as many seats as it is to have. One that
// tells none may only not tell them.
func bought(t Task, s Snapshot) (done, seen bool) {
	in := targetOf(s)
	want, err := strconv.Atoi(t.Args["vip"])
	if in == nil || in.Seats == 0 || err != nil {
		return false, false
	}
	return in.Seats >= want, true
}

// confirmed: no contact is left that is no customer. Some may stay, and are
// told as a loss; so that they are there shows nothing.
func confirmed(_ Task, s Snapshot) (done, seen bool) {
	if s.Customers == nil || !s.Customers.Seen.Known() || len(s.Customers.Contacts) == 0 {
		return false, false
	}
	for _, n := range s.Customers.Contacts {
		if n > 0 {
			return false, false
		}
	}
	return true, true
}

// inVain: people would lose their addresses, and the merge be refused all the
// same: the creators differ, or the target has paid features.
func inVain(_ Task, s Snapshot) bool {
	in, from := targetOf(s), s.Source.Tenant
	if in == nil {
		return false
	}
	differ := from != nil && from.Seen.Known() && from.Creator != "" && in.Creator != "" && from.Creator != in.Creator
	return differ || in.Paid == Yes
}

// unnamed: the ticket needs the company and the administrator, which stand in
// the acknowledgement.
func unnamed(t Task, _ Snapshot) bool {
	return t.Args["company"] == "" || t.Args["administrator"] == ""
}

// unassigned: customers who wait for a member after a resignation are not
// carried, so the contract's figure would be wrong.
func unassigned(_ Task, s Snapshot) bool {
	if s.Customers == nil || !s.Customers.Seen.Known() {
		return false
	}
	for _, n := range s.Customers.Unassigned {
		if n > 0 {
			return true
		}
	}
	return false
}
