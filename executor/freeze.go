package executor

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mxmove/mxmove/planner"
)

// frozen is what the directories were when the freeze began (MERGE-07).
type frozen struct {
	Step    planner.StepID                  `json:"step"`
	Tenants map[string]map[string]memberRow `json:"tenants"` // tenant → account → row
}

// memberRow is all of a member that an administrator may edit and a merge may lose.
type memberRow struct {
	Name        string      `json:"name,omitempty"`
	Address     string      `json:"address,omitempty"`
	Aliases     []string    `json:"aliases,omitempty"`     // ordered
	Departments []string    `json:"departments,omitempty"` // ordered
	Enabled     planner.Tri `json:"enabled,omitzero"`
}

func rowOf(m planner.Member) memberRow {
	return memberRow{Name: m.Name, Address: m.Address, Aliases: slices.Sorted(slices.Values(m.Aliases)),
		Departments: slices.Sorted(slices.Values(m.Departments)), Enabled: m.Enabled}
}

// cells are the row's columns, as they are called in sheets.
func (r memberRow) cells() [][2]string {
	enabled := map[planner.Tri]string{planner.Yes: "yes", planner.No: "no", planner.Unknown: "?"}[r.Enabled]
	return [][2]string{{"name", r.Name}, {"address", r.Address}, {"aliases", strings.Join(r.Aliases, ", ")},
		{"departments", strings.Join(r.Departments, ", ")}, {"enabled", enabled}}
}

func (s *State) freezeFile() string { return filepath.Join(s.Dir, "freeze.json") }

// freeze keeps the directories of a snapshot.
func (s *State) freeze(step planner.StepID, snap planner.Snapshot) error {
	b, err := json.Marshal(frozen{Step: step, Tenants: tenantsOf(snap)})
	if err == nil {
		err = WriteFile(s.freezeFile(), append(b, '\n'), 0o600)
	}
	if err != nil {
		return stateFault("state.write", s.freezeFile(), err)
	}
	return nil
}

func tenantsOf(snap planner.Snapshot) map[string]map[string]memberRow {
	all := map[string]map[string]memberRow{}
	for _, t := range []*planner.Tenant{snap.Source.Tenant, snap.Target.Tenant} {
		if t == nil || !t.Seen.Known() {
			continue
		}
		all[t.Corp] = map[string]memberRow{}
		for _, m := range t.Members {
			all[t.Corp][m.Account] = rowOf(m)
		}
	}
	return all
}

// directoriesHeld counts the directories of a snapshot.
func directoriesHeld(snap planner.Snapshot) []DirectoryHeld {
	all := tenantsOf(snap)
	var held []DirectoryHeld
	for _, corp := range slices.Sorted(maps.Keys(all)) {
		b, err := json.Marshal(all[corp]) // of maps, whose keys come in order
		if err == nil {
			held = append(held, DirectoryHeld{Corp: corp, Members: len(all[corp]), Hash: hashOf(b)[:8]})
		}
	}
	return held
}

// edits are the steps of a plan that change a directory, by tenant and account.
func edits(plan *planner.Plan) map[string][]planner.Op {
	ours := map[string][]planner.Op{}
	for _, st := range plan.Steps {
		switch op := st.Op.(type) {
		case planner.PutMember:
			ours[op.Corp+"/"+op.Account] = append(ours[op.Corp+"/"+op.Account], op)
		case planner.SetEnabled:
			ours[op.Subject()] = append(ours[op.Subject()], op)
		}
	}
	return ours
}

func difference(corp string, before, is map[string]memberRow, ours map[string][]planner.Op) []string {
	var changes []string
	for account, now := range is {
		id := corp + "/" + account
		old, was := before[account]
		if !was && !slices.ContainsFunc(ours[id], puts) {
			changes = append(changes, strings.TrimSpace("+ "+id+" "+now.Name))
		}
		if !was {
			continue
		}
		had := old.cells()
		for i, c := range now.edited(old, ours[id]).cells() {
			if c != had[i] {
				changes = append(changes, "~ "+id+" "+c[0]+": "+had[i][1]+" > "+c[1])
			}
		}
	}
	for account, old := range before {
		if _, ok := is[account]; !ok {
			changes = append(changes, strings.TrimSpace("- "+corp+"/"+account+" "+old.Name))
		}
	}
	return changes
}

func puts(op planner.Op) bool { _, ok := op.(planner.PutMember); return ok }

// edited is the row without what the plan's own steps made of the old one.
func (r memberRow) edited(old memberRow, ours []planner.Op) memberRow {
	for _, op := range ours {
		switch o := op.(type) {
		case planner.SetEnabled:
			if r.Enabled == planner.TriOf(o.Enabled) {
				r.Enabled = old.Enabled
			}
		case planner.PutMember:
			if len(o.Aliases) == 0 && r.Address == o.Address {
				r.Address = old.Address
			}
			r.Aliases = slices.DeleteFunc(slices.Clone(r.Aliases), func(a string) bool {
				return slices.Contains(o.Aliases, a) && !slices.Contains(old.Aliases, a)
			})
		}
	}
	return r
}
