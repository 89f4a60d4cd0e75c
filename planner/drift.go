package planner

import "slices"

// Drift compares the past with the world. undone are the Costly and Final
// steps that were carried out and are not in effect any more, unless the spec
// names them and that outcome in an again block. foreign is the first Costly or
// Final step of Cutover that was found done without our intent and without an
// attestation; "" if none: it closes Freeze and Cutover until attested.
func Drift(built, approved *Plan) (undone []StepID, foreign StepID) {
	return drift(built, approved, rules{})
}

func drift(built, approved *Plan, off rules) (undone []StepID, foreign StepID) {
	x := indexOf(built.Observed)
	for _, s := range built.Steps {
		t, rec := s.Op.Traits(), x.records[s.ID]
		if u, ok := s.Op.(Undo); ok && x.records[u.Of].Intent > rec.Outcome {
			continue // the step was carried out anew since
		}
		if t.Risk > Reversible && t.Repeat == Once && s.Work && rec.Outcome > 0 &&
			!againFor(built.Spec, s.ID, rec.Outcome, off) {
			undone = append(undone, s.ID)
		}
	}
	if approved.Direction == Reverse { // who went back by hand helped
		return undone, ""
	}
	in := stepSet(built)
	for _, s := range approved.Steps {
		t := s.Op.Traits()
		if t.Risk == Reversible || t.Phase != Cutover && !off.costlyIsForeign || in[s.ID] {
			continue
		}
		done, seen := shown(s.Op, s.ID, x)
		if done && seen && foreign == "" && unknownToUs(x, s.ID, off) {
			foreign = s.ID
		}
	}
	return undone, foreign
}

func unknownToUs(x index, id StepID, off rules) bool {
	rec, f := x.records[id], x.facts[id]
	if off.noOutcomeIsForeign {
		return rec.Outcome == 0 && f.Finished == 0
	}
	return rec.Intent == 0 && rec.Outcome == 0 && f.Started == 0 && f.Finished == 0
}

// Shown reports whether the world shows a step as done, and whether it can
// show that at all. An intent without outcome whose step is shown done had its
// outcome.
func Shown(op Op, s Snapshot) (done, seen bool) { return shown(op, IDOf(op), indexOf(s)) }

func shown(op Op, id StepID, x index) (done, seen bool) {
	switch o := op.(type) {
	case SetRecords:
		set := x.sets[o.New.Zone+"/"+o.New.Key()]
		return hasValues(o, set), x.zoned[o.New.Zone].Seen.Known()
	case PutMember:
		m, ok := x.members[o.Account]
		if len(o.Aliases) > 0 {
			return ok && hasAll(m, o.Aliases), x.members != nil
		}
		return ok && (o.AccountOnly || m.Address == o.Address || slices.Contains(m.Aliases, o.Address)), x.members != nil
	case SetSeat:
		m := x.members[o.Account]
		return m.VIP == TriOf(o.VIP), m.VIP != Unknown
	case SetEnabled:
		m := x.members[o.Account]
		return m.Enabled == TriOf(o.Enabled), m.Enabled != Unknown
	case Task:
		return x.attestable(id, o)
	case Undo:
		is := standOf(o, x)
		return is == standsBack, is != standsUnseen
	}
	return x.sight(id)
}

func hasValues(o SetRecords, set RRset) bool {
	if len(o.Add)+len(o.Remove) > 0 {
		edited := editSPF(set.Values, o.Add, o.Remove)
		return slices.Equal(edited, set.Values)
	}
	if o.New.Type == "MX" {
		return slices.Equal(canonicalMX(set.Values), canonicalMX(o.New.Values))
	}
	return slices.Equal(slices.Sorted(slices.Values(set.Values)), slices.Sorted(slices.Values(o.New.Values)))
}
