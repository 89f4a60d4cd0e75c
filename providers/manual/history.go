package manual

import (
	"slices"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/planner"
)

// lacks names the column without which a sheet does not show what the
// procedure makes of it; "": it has all. An empty cell shows that somebody has
// no mailbox, a missing column nothing.
func (s *Sheets) lacks(end string, columns []string) string {
	procedure := s.Spec.Target.Procedure
	switch {
	case !slices.Contains(columns, "address") && (procedure == config.ProcedureHistory || procedure == config.ProcedureUpgrade && end == "source"):
		return "企业邮箱"
	case !slices.Contains(columns, "aliases") && procedure == config.ProcedureHistory && end == "target" && s.wantsAliases():
		return "企业邮箱别名"
	}
	return ""
}

// wantsAliases reports that somebody is to get a further address.
func (s *Sheets) wantsAliases() bool {
	r := s.Spec.Roster
	return len(s.Spec.Source.Aliases) > 0 ||
		slices.ContainsFunc(r.Mailboxes, func(m config.Mailbox) bool { return m.Was != "" }) ||
		slices.ContainsFunc(r.Leavers, func(v config.Leaver) bool { return v.Mail == config.MailTo })
}

// notYet shows that the vendor's copy did not give all members their addresses
// yet (HISTORY-15), which voids any word that it did. That it did is for a
// person to say: shared mailboxes stand in no sheet.
func (s *Sheets) notYet(snap *planner.Snapshot) {
	t := snap.Target.Tenant
	if s.Spec.History == nil || t == nil || !t.Seen.Known() {
		return
	}
	has := map[string]bool{}
	for _, m := range t.Members {
		has[m.Address] = true
		for _, a := range m.Aliases {
			has[a] = true
		}
	}
	left := s.Spec.Roster.Departures()
	missing := func(m config.Mailbox) bool {
		byVendor := m.Mover == config.MoverWizard || m.Mover == "" && s.Spec.History.Mover == config.MoverWizard
		return byVendor && m.Kind != "shared" && !left[m.Address].Leaves() && !has[m.TargetAddress]
	}
	if slices.ContainsFunc(s.Spec.Roster.Mailboxes, missing) {
		step := planner.IDOf(planner.Compare{What: "mailboxes", Corp: t.Corp})
		snap.Sights = append(slices.Clone(snap.Sights), planner.Sight{Step: step, Seen: t.Seen})
	}
}
