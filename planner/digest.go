package planner

import (
	"encoding/json"
	"slices"

	"github.com/mxmove/mxmove/config"
)

// Digest is a short hash (6 hexadecimal digits) of what a spec means: it does
// not change with positions, comments, the files that rows are kept in, the
// language, the place of the state directory or the order of sets. It is for
// people to compare; what apply compares is the steps.
func Digest(spec *config.Spec) string {
	b, err := json.Marshal(meaning(spec))
	if err != nil { // plain data of strings and numbers
		panic(err)
	}
	return hashOf(string(b))[:6]
}

func meaning(spec *config.Spec) config.Spec {
	m := *spec
	m.Migration = config.Migration{Name: spec.Migration.Name}
	m.Source, m.Target = sideMeaning(spec.Source), sideMeaning(spec.Target)
	m.Roster = config.Roster{Skip: sortedCopy(spec.Roster.Skip), Mailboxes: rowsMeaning(spec.Roster.Mailboxes)}
	if spec.History != nil {
		h := *spec.History
		h.At, h.Skip = config.Pos{}, sortedCopy(h.Skip)
		m.History = &h
	}
	return m
}

func sideMeaning(s config.Side) config.Side {
	s.At, s.IMAP.At, s.IMAP.Login.At = config.Pos{}, config.Pos{}, config.Pos{}
	s.Aliases = sortedCopy(s.Aliases)
	return s
}

func rowsMeaning(rows []config.Mailbox) []config.Mailbox {
	rows = slices.Clone(rows)
	for i := range rows {
		rows[i].At = config.Pos{}
	}
	slices.SortStableFunc(rows, byWave)
	return rows
}

func sortedCopy(list []string) []string { return slices.Sorted(slices.Values(list)) }
