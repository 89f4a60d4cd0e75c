package planner

import (
	"time"

	"github.com/mxmove/mxmove/config"
)

// Off are the rules that tests may switch off, by name.
var Off = map[string]func(*rules){
	"presence by count":     func(r *rules) { r.presenceByCount = true },
	"presence by TTL":       func(r *rules) { r.presenceByTTL = true },
	"no old value":          func(r *rules) { r.noOldValue = true },
	"result in ID":          func(r *rules) { r.resultInID = true },
	"creator in ID":         func(r *rules) { r.creatorInID = true },
	"SPF needs all":         func(r *rules) { r.spfNeedsAll = true },
	"needs unlisted":        func(r *rules) { r.needsUnlisted = true },
	"costly is stale":       func(r *rules) { r.costlyIsStale = true },
	"costly is foreign":     func(r *rules) { r.costlyIsForeign = true },
	"no outcome is foreign": func(r *rules) { r.noOutcomeIsForeign = true },
	"again by name":         func(r *rules) { r.againByName = true },
	"pre-image late":        func(r *rules) { r.preimageLate = true },
	"latest pre-image":      func(r *rules) { r.latestPreimage = true },
	"whole pre-image":       func(r *rules) { r.wholePreimage = true },
	"tied to pending":       func(r *rules) { r.tiedToPending = true },
	"last until level":      func(r *rules) { r.lastUntilLevel = true },
	"tail until level":      func(r *rules) { r.tailUntilLevel = true },
	"standing only":         func(r *rules) { r.standingOnly = true },
	"loose gate":            func(r *rules) { r.looseGate = true },
	"recovered is fresh":    func(r *rules) { r.recoveredIsFresh = true },
}

// Without is the planner with one rule switched off; "" with all of them on.
type Without string

func (w Without) rules() rules {
	var r rules
	if set := Off[string(w)]; set != nil {
		set(&r)
	}
	return r
}

func (w Without) Build(spec *config.Spec, s Snapshot, now time.Time) *Plan {
	return build(spec, s, now, w.rules())
}

func (w Without) LeftOut(built, approved *Plan, undone []StepID) (map[StepID]StepID, StepID) {
	return leftOut(built, approved, undone, w.rules())
}

func (w Without) Drift(built, approved *Plan) ([]StepID, StepID) {
	return drift(built, approved, w.rules())
}

func (w Without) Gated(p *Plan) string { return p.gated(w.rules()) }

func (w Without) Raise(r Record, before, after string) Record {
	return r.raise(before, after, w.rules())
}

func (w Without) Late() bool { return w.rules().preimageLate }
