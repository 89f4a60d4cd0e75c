package executor

import (
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/planner"
)

// Watch is what the directories show since they were frozen, until the act
// that it was for has run its course (MERGE-07).
type Watch struct {
	Step    planner.StepID `json:"step"` // hold-directory; "": nothing is frozen
	Since   time.Time      `json:"since,omitzero"`
	Pressed time.Time      `json:"pressed,omitzero"`  // the act was begun
	Members int            `json:"members,omitempty"` // of all directories, when they were frozen
	Seen    time.Time      `json:"seen,omitzero"`     // the oldest look that the comparison rests on

	// Who came, went or was edited, but for what the plan's own steps and the
	// act make of them; and the tenants that were not seen since.
	Changes []string `json:"changes,omitempty"`
	Unseen  []string `json:"unseen,omitempty"`
}

// WatchOf compares the directories that a build saw with those of the freeze
// that stands. What the plan's steps make is no edit.
func (s *State) WatchOf(built, plan *planner.Plan) (Watch, error) {
	b, err := os.ReadFile(s.freezeFile())
	if errors.Is(err, fs.ErrNotExist) {
		return Watch{}, nil
	}
	var was frozen
	if err == nil {
		err = json.Unmarshal(b, &was)
	}
	if err != nil {
		return Watch{}, stateFault("state.read", s.freezeFile(), err)
	}
	rec, _ := built.Observed.Record(was.Step)
	if !rec.Open {
		return Watch{}, nil
	}
	w := Watch{Step: was.Step, Since: cmp.Or(rec.OutcomeAt, rec.IntentAt)}
	if back := built.WayBack(); !back.Open {
		press, _ := built.Observed.Record(back.ClosedBy)
		w.Pressed = cmp.Or(press.IntentAt, back.ClosedAt, built.Observed.At)
	}
	w.compare(was, built, plan)
	return w, nil
}

func (w *Watch) compare(was frozen, built, plan *planner.Plan) {
	ours := edits(plan)
	for corp, before := range was.Tenants {
		w.Members += len(before)
		now := tenantOf(built.Observed, corp)
		if vendorMoves(built.Spec) && (now == nil || now.Seen.How == "sheet" && !now.Seen.At.After(w.begun())) {
			w.Unseen = append(w.Unseen, corp)
		}
		if now == nil {
			continue
		}
		if w.Seen.IsZero() || now.Seen.At.Before(w.Seen) {
			w.Seen = now.Seen.At
		}
		is := tenantsOf(built.Observed)[corp]
		if !w.Pressed.IsZero() {
			is = unmerged(built.Spec, corp, before, is)
		}
		w.Changes = append(w.Changes, difference(corp, before, is, ours)...)
	}
	slices.Sort(w.Changes)
	slices.Sort(w.Unseen)
}

// begun is since when a sheet must be: what a world asks for itself it asks at
// each look, a sheet is as old as it is.
func (w *Watch) begun() time.Time { return cmp.Or(w.Pressed, w.Since) }

// vendorMoves reports a move by the vendor, which a change of a directory
// meanwhile damages. A copy by IMAP is not harmed by one, and nobody is sent to
// export a sheet in its night.
func vendorMoves(spec *config.Spec) bool {
	return spec.Target.Procedure == config.ProcedureMerge || spec.Target.Procedure == config.ProcedureUpgrade
}

// tenantOf is a tenant as it was seen; nil: it was not.
func tenantOf(snap planner.Snapshot, corp string) *planner.Tenant {
	for _, t := range []*planner.Tenant{snap.Source.Tenant, snap.Target.Tenant} {
		if t != nil && t.Corp == corp && t.Seen.Known() {
			return t
		}
	}
	return nil
}

// unmerged takes out of a directory what the act makes of it: mailboxes leave
// the source, where others come (MERGE-09), and come with their addresses and
// aliases to the accounts of the target. All else is an edit.
func unmerged(spec *config.Spec, corp string, before, is map[string]memberRow) map[string]memberRow {
	carried := map[string]bool{}
	for _, row := range spec.Roster.Mailboxes {
		carried[row.Address], carried[row.TargetAddress] = true, true
	}
	clean := make(map[string]memberRow, len(is))
	for account, now := range is {
		old, was := before[account]
		if was && corp == spec.Source.CorpID {
			now.Address, now.Aliases = old.Address, old.Aliases
		} else if was {
			if carried[now.Address] {
				now.Address = old.Address
			}
			now.Aliases = withoutCarried(spec, old, now)
		}
		clean[account] = now
	}
	return clean
}

// withoutCarried are the aliases of an account of the target but those that
// came by the act: in the source's domains. Its own stay.
func withoutCarried(spec *config.Spec, old, now memberRow) []string {
	domains := append([]string{spec.Source.Domain}, spec.Source.Aliases...)
	return slices.DeleteFunc(slices.Clone(now.Aliases), func(a string) bool {
		_, domain, _ := strings.Cut(a, "@")
		return slices.Contains(domains, domain) && !slices.Contains(old.Aliases, a)
	})
}

// watches compares the directories after a look. What changed after the press
// stops nothing, but is told, and goes on record, each time that it differs.
func (a *apply) watches() error {
	w, err := a.State.WatchOf(a.built, a.Plan)
	if err != nil {
		return err
	}
	a.watch = w
	if w.Pressed.IsZero() || a.goesBack() {
		return nil
	}
	state := strings.Join(w.Changes, "; ")
	if state == a.told["watch"] {
		return nil
	}
	a.told["watch"] = state
	note := config.Finding{Msg: text.M(codeEdited, "changes", state), Severity: config.Warning}
	if state == "" {
		note.Msg = text.M("watch.mended")
	}
	return a.emit(StepNoted{Step: w.Step, Note: note})
}

// codeEdited is of an edit while a press runs.
const codeEdited = "watch.edited"

// behindEdits gives the steps that make sense only when the directories are
// what they were, but for the act: they wait until somebody compared them, or
// took the edits back.
func (a *apply) behindEdits() (map[planner.StepID]bool, config.Finding) {
	if a.watch.Pressed.IsZero() || len(a.watch.Changes) == 0 || a.goesBack() {
		return nil, config.Finding{}
	}
	waits, held, compared := false, map[planner.StepID]bool{}, planner.StepID("")
	for _, s := range a.built.Steps {
		switch op := s.Op.(type) {
		case planner.Wait:
			waits = waits || s.Work && op.For == "merged"
		case planner.Compare:
			if op.What == "members" {
				compared = s.ID
			}
			held[s.ID] = true
		case planner.Restore:
			held[s.ID] = op.Of == a.watch.Step
		case planner.PutTags, planner.SetSeat:
			held[s.ID] = true
		case planner.Task:
			held[s.ID] = op.Name == "buy-seats"
		}
	}
	if waits || compared == "" { // it runs, or somebody compared them
		return nil, config.Finding{}
	}
	return held, config.Finding{Msg: text.M("watch.compare", "changes", strings.Join(a.watch.Changes, "; "), "step", string(compared)), Severity: config.Blocks}
}
