package planner

import (
	"maps"
	"slices"

	"github.com/mxmove/mxmove/config"
)

func (b *builder) customerFindings() []config.Finding {
	c, seen := b.spec.Customers, b.s.Customers
	if b.acted(MoveCustomers{From: b.spec.Source.CorpID, Into: b.corp()}) {
		return nil
	}
	corp := "tenant/" + b.corp()
	found := []config.Finding{warning("", "CUSTOMERS-07"), warning("", "CUSTOMERS-10"), warning("", "CUSTOMERS-11"), warning("", "CUSTOMERS-13")}
	from := map[string]string{}
	for _, account := range sortedKeys(c.Accounts) {
		into := c.Accounts[account]
		if first, twice := from[into]; twice {
			found = append(found, blocks(corp, "CUSTOMERS-05", "first", first, "second", account, "into", into))
		}
		from[into] = account
	}
	if seen == nil || !seen.Seen.Known() {
		return append(found, blocks(corp, "CUSTOMERS-04"))
	}
	relations, contacts, unassigned := 0, 0, 0
	for account := range c.Accounts {
		relations += seen.Relations[account]
		contacts += seen.Contacts[account]
		unassigned += seen.Unassigned[account]
	}
	if contacts > 0 {
		found = append(found, warning("", "CUSTOMERS-01", "n", itoa(contacts)))
	}
	if unassigned > 0 {
		found = append(found, blocks(corp, "CUSTOMERS-02", "n", itoa(unassigned)))
	}
	found = append(found, b.contractDrift(relations)...)
	for _, code := range slices.Sorted(maps.Keys(seen.JoinCodes)) {
		outside := slices.ContainsFunc(seen.JoinCodes[code], func(owner string) bool { _, moves := c.Accounts[owner]; return !moves })
		if !outside {
			found = append(found, blocks(corp, "CUSTOMERS-12", "code", code))
		}
	}
	return found
}

// contractDrift compares what is counted with what was agreed: 5 % of it, and
// at most 10 000 relations, may change free of charge (CUSTOMERS-08).
func (b *builder) contractDrift(relations int) []config.Finding {
	k := b.spec.Customers.Contract
	if k == nil {
		return []config.Finding{blocks("tenant/"+b.corp(), "CUSTOMERS-09")}
	}
	drift := max(relations-k.Relations, k.Relations-relations)
	if drift <= min(k.Relations/20, 10_000) {
		return nil
	}
	return []config.Finding{blocks("tenant/"+b.corp(), "CUSTOMERS-08", "counted", itoa(relations), "contract", itoa(k.Relations))}
}
