package transfer

import "time"

// keep puts aside source messages that have no match.
func (v *verifier) keep(u *unit, boxes []*box, target *box, lost []*message) {
	for _, s := range lost {
		why := v.whyLost(boxes[s.box], target, u.exists, *s)
		v.lost = append(v.lost, leftover{message: *s, in: u.reports[s.box], finding: why})
	}
}

// keepExtra puts aside target messages that have no match.
func (v *verifier) keepExtra(u *unit, extra []*message, doubled bool) {
	for _, t := range extra {
		v.extra = append(v.extra, leftover{message: *t, in: u.reports[0], doubled: doubled, path: label(u.target.Path)})
	}
}

// whyLost explains a source message that is not in its place at the target.
func (v *verifier) whyLost(b, target *box, exists bool, s message) (d verdict) {
	fate, known := v.fate(b, s.uid)
	placedThere := known && fate.UID != 0 && (!exists || fate.UIDValidity == target.uidValidity)
	_, stands := findUID(target.mail, fate.UID)
	switch {
	case known && fate.Refused != "":
		d.add(Explained, "verify.refused", "reason", fate.Refused)
	case placedThere && !stands:
		d.add(Explained, "verify.removed")
	case known && fate.Missing:
		d.add(Behind, "verify.late")
	case !known && v.arrivedSince(b, s):
		d.add(Behind, "verify.arrived")
	default:
		d.add(Unexplained, "verify.missing")
	}
	return d
}

// arrivedSince tells whether a message came after the last pass had listed
// its folder: by its UID, or where the pass has none on record, by its date.
func (v *verifier) arrivedSince(b *box, s message) bool {
	if v.in.Evidence == nil {
		return false
	}
	passed, ok := v.in.Evidence.Passed(b.folder.Name)
	switch {
	case !ok:
		return true
	case passed.UIDNext != 0 && passed.UIDValidity == b.uidValidity:
		return s.uid >= passed.UIDNext
	default:
		return !passed.Began.IsZero() && s.date != noDate && time.Unix(s.date, 0).After(passed.Began)
	}
}

// settle looks for what is not in its place in the target's other folders and
// judges what is left.
func (v *verifier) settle() {
	byPrint := map[[32]byte][]int{}
	if len(v.lost) > 0 {
		for i, e := range v.extra {
			byPrint[e.print.Canonical] = append(byPrint[e.print.Canonical], i)
		}
	}
	for _, l := range v.lost {
		d := l.finding
		if e := v.elsewhere(l, byPrint[l.print.Canonical]); e != nil {
			e.used = true
			class, code := Unexplained, "verify.misplaced"
			if d.class == Explained {
				class, code = Explained, "verify.moved"
			}
			d = verdict{}
			d.add(class, code, "to", e.path)
		}
		v.report.message(l.in, l.message, d)
	}
	for _, e := range v.extra {
		switch {
		case e.used:
		case e.doubled:
			v.doubled(e)
		default:
			e.in.Counts.OnlyTarget++
		}
	}
}

// elsewhere gives the target message among those at indices that is l in
// another place, if l was at the target once, or should be.
func (v *verifier) elsewhere(l leftover, indices []int) *leftover {
	if l.finding.class != Unexplained && l.finding.codes[0].Code != "verify.removed" {
		return nil
	}
	tries := 0
	for _, i := range indices {
		e := &v.extra[i]
		if e.used {
			continue
		}
		if e.print.Exact == l.print.Exact || Explain(l.print, e.print) != nil {
			return e
		}
		if tries++; tries == maxCandidates {
			break
		}
	}
	return nil
}

func (v *verifier) doubled(e leftover) {
	e.in.Counts.Doubled++
	var d verdict
	d.add(Unexplained, "verify.doubled")
	x := exception(e.in.To, e.message, d)
	x.Target = true
	v.report.except(x)
}
