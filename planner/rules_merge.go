package planner

import (
	"slices"
	"strings"

	"github.com/mxmove/mxmove/config"
)

func (b *builder) mergeFindings() []config.Finding {
	if b.pressed {
		return b.merging()
	}
	corp := "tenant/" + b.corp()
	found := b.ambiguous()
	source, target := b.spec.Source.Creator, b.spec.Target.Creator
	if t := b.tenant(); t != nil && t.Creator != "" {
		target = t.Creator
	}
	if source != target && source != "" {
		found = append(found, blocks(corp, "MERGE-01", "source", source, "target", target))
	}
	if t := b.tenant(); t != nil {
		if len(t.Domains) > 0 && !slices.Contains(t.Domains, b.spec.Source.Domain) {
			found = append(found, blocks(corp, "MERGE-11", "domains", strings.Join(t.Domains, ", "), "n", itoa(addressesIn(t))))
		}
		if t.Paid == Yes {
			found = append(found, blocks(corp, "MERGE-13", "corp", b.corp()))
		}
		if n := b.unlisted(); n > 0 {
			found = append(found, warning("", "MERGE-02-unlisted", "n", itoa(n)))
		}
	}
	if b.spec.Target.Archive == nil {
		found = append(found, warning(corp, "MERGE-03-archive", "corp", b.corp()))
	}
	return append(found, warning("", "MERGE-04"), warning("", "MERGE-09"), warning("", "MERGE-10"), warning("", "MERGE-12"))
}

// merging tells, while a merge runs, what does not work meanwhile.
func (b *builder) merging() []config.Finding {
	if !b.running() {
		return nil
	}
	return []config.Finding{warning("", "MERGE-06", "corp", b.pressOn())}
}

func (b *builder) upgradeFindings() []config.Finding {
	if b.pressed {
		return nil
	}
	found := []config.Finding{warning("", "EDITION-06"), warning("", "EDITION-08")}
	if b.erasing() {
		found = append(found, warning("", "UPGRADE-03"))
	}
	t := b.s.Source.Tenant
	if t == nil || !t.Seen.Known() {
		return append(found, unseenTenant("tenant/"+b.pressOn(), b.spec.Source))
	}
	exists, assigned := map[string]bool{}, map[string]bool{}
	for _, m := range t.Members {
		exists[m.Address] = true
	}
	for _, m := range t.Shared {
		exists[m.Address] = true
	}
	for _, row := range b.spec.Roster.Mailboxes {
		assigned[row.Address] = true
		if !exists[row.Address] {
			found = append(found, at(row, blocks("tenant/"+b.pressOn(), "UPGRADE-08-absent", "address", row.Address)))
		}
	}
	for _, s := range b.spec.Roster.Shared {
		assigned[s.Address] = true
	}
	var missing []string
	for a := range exists {
		if a != "" && !assigned[a] {
			missing = append(missing, a)
		}
	}
	if slices.Sort(missing); len(missing) > 0 {
		found = append(found, blocks("tenant/"+b.pressOn(), "UPGRADE-08", "n", itoa(len(missing)), "addresses", few(missing)))
	}
	return found
}

// few names the first of a list.
func few(list []string) string {
	if len(list) > 5 {
		return strings.Join(list[:5], ", ") + " +" + itoa(len(list)-5)
	}
	return strings.Join(list, ", ")
}
