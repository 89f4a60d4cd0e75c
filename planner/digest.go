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
	m := withoutRows(spec)
	m.Roster.Mailboxes = inWaves(spec.Roster.Mailboxes)
	for i := range m.Roster.Mailboxes {
		m.Roster.Mailboxes[i].At = config.Pos{}
	}
	return m
}

// withoutRows is the meaning of all but the roster's mailboxes.
func withoutRows(spec *config.Spec) config.Spec {
	m := *spec
	m.Migration = config.Migration{Name: spec.Migration.Name}
	m.Source, m.Target = sideMeaning(spec.Source), sideMeaning(spec.Target)
	m.Roster = config.Roster{Skip: sortedCopy(spec.Roster.Skip)}
	if spec.History != nil {
		h := *spec.History
		h.At, h.Skip = config.Pos{}, sortedCopy(h.Skip)
		m.History = &h
	}
	m.Roster.Unlisted = spec.Roster.Unlisted
	m.Roster.Shared, m.Roster.Groups, m.Roster.Leavers = placeless(spec.Roster.Shared), placeless(spec.Roster.Groups), placeless(spec.Roster.Leavers)
	m.Cutover, m.Guards, m.Customers = placeless(spec.Cutover), placeless(spec.Guards), placeless(spec.Customers)
	m.Acknowledged, m.Again = placeless(spec.Acknowledged), placeless(spec.Again)
	return m
}

// placeless gives a copy of part of a spec without the places where it was
// written: "at" with a file is one.
func placeless[T any](part T) T {
	b, err := json.Marshal(part)
	if err != nil { // plain data of strings and numbers
		panic(err)
	}
	var tree any
	var bare T
	if err := json.Unmarshal(b, &tree); err != nil {
		panic(err)
	}
	dropPlaces(tree)
	if b, err = json.Marshal(tree); err == nil {
		err = json.Unmarshal(b, &bare)
	}
	if err != nil {
		panic(err)
	}
	return bare
}

func dropPlaces(tree any) {
	switch t := tree.(type) {
	case []any:
		for _, v := range t {
			dropPlaces(v)
		}
	case map[string]any:
		if _, place := t["at"].(map[string]any); place {
			delete(t, "at")
		}
		for _, v := range t {
			dropPlaces(v)
		}
	}
}

func sideMeaning(s config.Side) config.Side {
	s = placeless(s)
	s.Aliases = sortedCopy(s.Aliases)
	return s
}

func sortedCopy(list []string) []string { return slices.Sorted(slices.Values(list)) }
