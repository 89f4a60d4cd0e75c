package planner

import (
	"slices"
	"strconv"
	"strings"
)

// settle adds a person's preparation that the acts of Cutover need.
func (b *builder) task(name, on string, args map[string]string) {
	id := b.once(Task{Name: name, On: on, Args: args})
	b.prepared = append(b.prepared, id)
}

// tasks adds what people prepare.
func (b *builder) tasks() {
	source, corp := b.spec.Source, b.corp()
	switch b.route {
	case routeHistory:
		for _, d := range b.domains() {
			b.task("bind-domain", d, map[string]string{"corp": corp})
		}
		if b.spec.Roster.Unlisted != "allocate" {
			b.task("no-allocation", corp, nil)
		}
		if t := b.accessTask(); b.s.peoples(t) && slices.ContainsFunc(b.people, b.copied) {
			b.task(t.Name, t.On, nil)
		}
	case routeMerge:
		b.mergeTasks()
	case routeUpgrade:
		args := map[string]string{"accounts": strconv.Itoa(len(b.spec.Roster.Mailboxes))}
		if op, ok := b.pressOp().(UpgradeTenant); ok {
			args["company"], args["administrator"] = op.Company, op.Administrator
		}
		b.task("open-entry", source.CorpID, args)
		b.task("complete-workbook", source.CorpID, nil)
		b.task("directory-api", source.CorpID, nil)
		b.task("editions-differ", source.CorpID, nil)
		if b.spec.Target.Mode == 2 {
			b.mergeTasks()
		}
	}
	if b.spec.Customers != nil {
		b.customerTasks()
	}
	for _, z := range b.zones() {
		if _, ok := b.stsSet(z); ok && !b.switched(z) {
			b.task("mta-sts-policy", z.Domain, map[string]string{"mx": strings.Join(b.wantedMX(z), ", ")})
		}
	}
}

func (b *builder) mergeTasks() {
	if b.pressed {
		return
	}
	corp := b.corp()
	b.task("creator-ready", corp, map[string]string{"creator": b.spec.Target.Creator})
	if t := b.tenant(); t != nil && len(t.Domains) > 0 && !slices.Contains(t.Domains, b.spec.Source.Domain) {
		b.task("unbind-domain", corp, map[string]string{"domains": strings.Join(t.Domains, ", "),
			"loses": strconv.Itoa(addressesIn(t))})
	}
	b.task("no-paid-features", corp, nil)
}

// addressesIn counts who has an address in one of the tenant's own domains.
func addressesIn(t *Tenant) int {
	n := 0
	for _, m := range t.Members {
		if slices.Contains(t.Domains, m.Address[strings.LastIndexByte(m.Address, '@')+1:]) {
			n++
		}
	}
	return n
}

func (b *builder) customerTasks() {
	corp := b.spec.Source.CorpID
	b.task("contract", corp, nil)
	b.task("confirm-contacts", corp, nil)
	if len(b.spec.Customers.JoinCodes) > 0 {
		b.task("link-groups", corp, nil)
	}
}

// inventories are taken before a press, to compare with afterwards.
func (b *builder) inventories() {
	add := func(what, corp string) {
		b.prepared = append(b.prepared, b.once(Inventory{What: what, Corp: corp}))
	}
	if b.erasing() && !b.pressed {
		add("tags", b.spec.Source.CorpID)
		add("settings", b.spec.Source.CorpID)
	}
	if b.spec.Customers != nil {
		add("customers", b.spec.Source.CorpID)
	}
}

// erasing reports a press after which the target's former mail is gone.
func (b *builder) erasing() bool {
	return b.route == routeMerge || b.route == routeUpgrade && b.spec.Target.Mode == 2
}
