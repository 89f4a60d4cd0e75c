package executor

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mxmove/mxmove/planner"
)

// frozen is what the directories were when the freeze began (MERGE-07).
type frozen struct {
	Step    planner.StepID               `json:"step"`
	Members map[string]map[string]string `json:"members"` // tenant → account → name
}

func (s *State) freezeFile() string { return filepath.Join(s.Dir, "freeze.json") }

// freeze keeps the directories of a snapshot.
func (s *State) freeze(step planner.StepID, snap planner.Snapshot) error {
	b, err := json.Marshal(frozen{Step: step, Members: membersOf(snap)})
	if err == nil {
		err = writeFile(s.freezeFile(), append(b, '\n'), 0o600)
	}
	if err != nil {
		return stateFault("state.write", s.freezeFile(), err)
	}
	return nil
}

func membersOf(snap planner.Snapshot) map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, t := range []*planner.Tenant{snap.Source.Tenant, snap.Target.Tenant} {
		if t == nil || !t.Seen.Known() {
			continue
		}
		all[t.Corp] = map[string]string{}
		for _, m := range t.Members {
			all[t.Corp][m.Account] = m.Name
		}
	}
	return all
}

// changedSince names who came, went or was renamed since the freeze that
// stands; accounts that the plan makes are none. After the act that it is for
// the directories change by it, and without a freeze there is nothing to
// compare.
func (s *State) changedSince(built, plan *planner.Plan) ([]string, error) {
	b, err := os.ReadFile(s.freezeFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var was frozen
	if err == nil {
		err = json.Unmarshal(b, &was)
	}
	if err != nil {
		return nil, stateFault("state.read", s.freezeFile(), err)
	}
	if rec, _ := built.Observed.Record(was.Step); !rec.Open || !built.WayBack().Open {
		return nil, nil
	}
	ours := map[string]bool{}
	for _, st := range plan.Steps {
		if op, ok := st.Op.(planner.PutMember); ok {
			ours[op.Corp+"/"+op.Account] = true
		}
	}
	var changes []string
	for corp, is := range membersOf(built.Observed) {
		if before, ok := was.Members[corp]; ok {
			changes = append(changes, difference(corp, before, is, ours)...)
		}
	}
	slices.Sort(changes)
	return changes, nil
}

func difference(corp string, before, is map[string]string, ours map[string]bool) []string {
	var changes []string
	say := func(sign, account, name string) {
		changes = append(changes, strings.TrimSpace(sign+" "+corp+"/"+account+" "+name))
	}
	for account, name := range is {
		if old, ok := before[account]; !ok && !ours[corp+"/"+account] {
			say("+", account, name)
		} else if ok && old != name {
			say("~", account, old+" > "+name)
		}
	}
	for account, name := range before {
		if _, ok := is[account]; !ok {
			say("-", account, name)
		}
	}
	return changes
}
