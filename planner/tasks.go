package planner

import "time"

// task is one entry of the closed table of what people prepare.
type task struct {
	phase Phase
	risk  Risk
	rules []string
	lead  time.Duration // how long before the window it should be done
	valid time.Duration // how long its attestation holds; 0: for good
}

const day = 24 * time.Hour

// tasks is the table; each has texts task.NAME.what, .why, .do.
var tasks = map[string]task{
	"bind-domain":       {rules: []string{"HISTORY-01"}, lead: 7 * day},
	"no-allocation":     {rules: []string{"HISTORY-05"}, lead: 3 * day},
	"creator-ready":     {rules: []string{"MERGE-01"}, lead: 3 * day, valid: 14 * day},
	"unbind-domain":     {risk: Costly, rules: []string{"MERGE-11"}, lead: 3 * day},
	"no-paid-features":  {rules: []string{"MERGE-13"}, lead: 3 * day, valid: 14 * day},
	"open-entry":        {rules: []string{"UPGRADE-01"}, lead: 7 * day},
	"complete-workbook": {rules: []string{"UPGRADE-04"}, lead: 3 * day},
	"directory-api":     {rules: []string{"UPGRADE-07"}, lead: 3 * day},
	"editions-differ":   {rules: []string{"EDITION-06"}, lead: 3 * day},
	"contract":          {rules: []string{"CUSTOMERS-09"}, lead: 14 * day},
	"confirm-contacts":  {rules: []string{"CUSTOMERS-01"}, lead: 7 * day},
	"link-groups":       {rules: []string{"CUSTOMERS-12"}, lead: 7 * day},
	"mta-sts-policy":    {lead: 2 * day},
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
