package planner

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
)

// recordsFresh is how old an observation may be before a plan says so.
const recordsFresh = 24 * time.Hour

// findings tells what the spec's author should know of the world.
func findings(spec *config.Spec, s Snapshot, boxes map[string]Mailbox, now time.Time) []config.Finding {
	found := slices.Clone(s.Findings)
	found = append(found, unseenServers(s)...)
	switch p := spec.Target.Procedure; {
	case spec.History != nil:
		found = append(found, unseenMailboxes(spec, s, boxes)...)
		found = append(found, quotas(spec, boxes)...)
		found = append(found, lostRecords(spec, s)...)
		found = append(found, targetGaps(s)...)
	case p != config.ProcedureMerge && p != config.ProcedureUpgrade: // there the vendor carries the mail
		found = append(found, warning("", "plan.no-history"))
	}
	if !s.At.IsZero() && now.Sub(s.At) > recordsFresh {
		found = append(found, warning("", "plan.old", "at", s.At.Format("2006-01-02 15:04 -0700")))
	}
	return sortFindings(found)
}

func warning(subject, code string, pairs ...string) config.Finding {
	return config.Finding{Msg: text.M(code, pairs...), Severity: config.Warning, Subject: subject}
}

// unseen turns why something was not seen into a finding: the fault's own
// texts, with whom it befell among its values.
func unseen(subject, side string, f *Fault) config.Finding {
	args := text.Args{"address": subject, "side": side}
	maps.Copy(args, f.Args)
	return config.Finding{Msg: text.Msg{Code: f.Code, Args: args}, Severity: config.Warning, Subject: subject}
}

func unseenServers(s Snapshot) []config.Finding {
	var found []config.Finding
	for _, side := range []Side{s.Source, s.Target} {
		if side.Seen.Err != nil {
			found = append(found, unseen(string(side.Endpoint), "", side.Seen.Err))
		}
	}
	return found
}

// unseenMailboxes names each row of which a side could not be seen. A server
// that is out of reach is told once, not for each mailbox.
func unseenMailboxes(spec *config.Spec, s Snapshot, boxes map[string]Mailbox) []config.Finding {
	var found []config.Finding
	for _, row := range spec.Roster.Mailboxes {
		m := boxes[row.Address]
		if err := m.Source.Seen.Err; err != nil && s.Source.Seen.Err == nil {
			found = append(found, at(row, unseen(row.Address, "source", err)))
		}
		if err := m.Target.Seen.Err; err != nil && s.Target.Seen.Err == nil {
			found = append(found, at(row, unseen(row.Address, "target", err)))
		}
	}
	return found
}

func at(row config.Mailbox, f config.Finding) config.Finding {
	f.At, f.Hidden = row.At, true // rows may hold a password
	return f
}

// quotas warns of mail that will not fit by the target's own word.
func quotas(spec *config.Spec, boxes map[string]Mailbox) []config.Finding {
	var found []config.Finding
	for _, row := range spec.Roster.Mailboxes {
		m := boxes[row.Address]
		need := m.Target.Bytes + m.Behind.Bytes
		if m.Target.Quota > 0 && need > m.Target.Quota {
			found = append(found, at(row, warning(row.Address, "plan.quota", "address", row.Address,
				"need", Bytes(need), "quota", Bytes(m.Target.Quota))))
		}
	}
	return found
}

// lostRecords finds mail that was copied for a row that is gone or that now
// has other ends: it stays at the target, and nobody looks after it.
func lostRecords(spec *config.Spec, s Snapshot) []config.Finding {
	rows, told, left := map[string]int{}, map[string]bool{}, spec.Roster.Departures()
	for i, row := range spec.Roster.Mailboxes {
		rows[row.Address] = i
	}
	var found []config.Finding
	for _, r := range s.Records {
		if r.Step.Kind() != (CopyMailbox{}).Kind() || r.Tally == (Tally{}) {
			continue
		}
		address := r.Step.Subject()
		i, ok := rows[address]
		if !ok && !told[address] {
			told[address] = true
			found = append(found, warning(address, "plan.row-gone", "address", address))
		}
		if !ok {
			continue
		}
		row := spec.Roster.Mailboxes[i]
		ours := func(in Phase) bool { return r.Step == IDOf(passOf(spec, row, left[address], in)) }
		back := r.Step == IDOf(passBackOf(spec, row))
		if !slices.ContainsFunc([]Phase{Copy, Freeze, Drain}, ours) && !back && !told[address] {
			told[address] = true
			found = append(found, at(row, warning(address, "plan.row-changed", "address", address)))
		}
	}
	return found
}

// targetGaps warns of what the target lacks. Many servers show their
// capabilities in full only after sign-in: what is missing from a greeting's
// list, which names ways to sign in, is not known to be missing.
func targetGaps(s Snapshot) []config.Finding {
	signed := slices.ContainsFunc(s.Mailboxes, func(m Mailbox) bool {
		return m.Target.Seen.Known() && m.Target.Seen.How == "imap"
	})
	if !signed || len(s.Target.Caps) == 0 || slices.ContainsFunc(s.Target.Caps, ofGreeting) ||
		slices.Contains(s.Target.Caps, "UIDPLUS") || slices.Contains(s.Target.Caps, "IMAP4rev2") {
		return nil
	}
	return []config.Finding{warning(string(s.Target.Endpoint), "plan.no-uidplus", "server", string(s.Target.Endpoint))}
}

// ofGreeting reports a capability that only matters before sign-in.
func ofGreeting(name string) bool {
	return strings.HasPrefix(name, "AUTH=") || name == "LOGINDISABLED" || name == "STARTTLS"
}

// sortFindings orders by severity, place, code and subject.
func sortFindings(found []config.Finding) []config.Finding {
	rank := map[config.Severity]int{config.Error: 0, config.Blocks: 1, config.Warning: 2}
	found = slices.Clone(found)
	slices.SortStableFunc(found, func(a, b config.Finding) int {
		return cmp.Or(cmp.Compare(rank[a.Severity], rank[b.Severity]),
			cmp.Compare(a.Code, b.Code), cmp.Compare(a.Subject, b.Subject),
			cmp.Compare(a.Args["side"], b.Args["side"]), cmp.Compare(a.At.String(), b.At.String()))
	})
	return found
}
