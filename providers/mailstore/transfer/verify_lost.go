package transfer

import (
	"fmt"
	"time"
)

// aside gives what puts messages on a shelf until all folders were read.
func (v *verifier) aside(on *shelf, in *FolderReport, why int) func(*message) error {
	report, ok := v.reportOf[in]
	if !ok {
		if v.reportOf == nil {
			v.reportOf = map[*FolderReport]int32{}
		}
		report = int32(len(v.reports))
		v.reports, v.reportOf[in] = append(v.reports, in), report
	}
	return func(m *message) error {
		kept := *m
		kept.box, kept.why = report, int32(why)
		return on.add(kept)
	}
}

// path keeps a folder of the target's for messages that are put aside.
func (v *verifier) path(path []string) int {
	v.paths = append(v.paths, label(path))
	return len(v.paths) - 1
}

// reason keeps why messages are lost, each reason once.
func (v *verifier) reason(d verdict) int {
	key := fmt.Sprint(d.class, d.codes)
	if i, ok := v.reasonOf[key]; ok {
		return i
	}
	if v.reasonOf == nil {
		v.reasonOf = map[string]int{}
	}
	v.reasons = append(v.reasons, d)
	v.reasonOf[key] = len(v.reasons) - 1
	return v.reasonOf[key]
}

// keep puts aside source messages that have no match.
func (v *verifier) keep(u *unit, boxes []*box, target *box, lost []*message) error {
	for _, s := range lost {
		if err := v.keepOne(u, boxes, target, s); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) keepOne(u *unit, boxes []*box, target *box, s *message) error {
	why, err := v.whyLost(boxes[s.box], target, u.exists, *s)
	if err != nil {
		return err
	}
	return v.aside(v.lost, u.reports[s.box], v.reason(why))(s)
}

// whyLost explains a source message that is not in its place at the target.
func (v *verifier) whyLost(b, target *box, exists bool, s message) (d verdict, err error) {
	fate, known := v.fate(b, s.uid)
	placedThere := known && fate.UID != 0 && (!exists || fate.UIDValidity == target.uidValidity)
	stands := false
	if placedThere {
		if stands, err = target.has(fate.UID); err != nil {
			return d, err
		}
	}
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
	return d, nil
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
func (v *verifier) settle() error {
	all := max(v.lost.n, v.extra.n)
	lost, extra := newBins(v.scratch, v.sets, all), newBins(v.scratch, v.sets, all)
	defer lost.close()
	defer extra.close()
	if err := v.lost.each(func(m *message) error { return lost.add(*m) }); err != nil {
		return err
	}
	if err := v.extra.each(func(m *message) error { return extra.add(*m) }); err != nil {
		return err
	}
	var left, right []message
	for bin := range binCount {
		var source, there []*message
		var err error
		if left, source, err = lost.load(bin, left); err != nil {
			return err
		}
		if right, there, err = extra.load(bin, right); err != nil {
			return err
		}
		v.settleBin(source, there)
	}
	return nil
}

func (v *verifier) settleBin(lost, extra []*message) {
	byPrint := map[[32]byte][]*message{}
	if len(lost) > 0 {
		for _, e := range extra {
			byPrint[e.print.Canonical] = append(byPrint[e.print.Canonical], e)
		}
	}
	for _, l := range lost {
		d := v.reasons[l.why]
		if e := elsewhere(l, d, byPrint[l.print.Canonical]); e != nil {
			e.used = true
			class, code := Unexplained, "verify.misplaced"
			if d.class == Explained {
				class, code = Explained, "verify.moved"
			}
			d = verdict{}
			d.add(class, code, "to", v.paths[e.why])
		}
		v.report.message(v.reports[l.box], *l, d)
	}
	for _, e := range extra {
		switch {
		case e.used:
		case e.doubled:
			v.double(*e)
		default:
			v.reports[e.box].Counts.OnlyTarget++
		}
	}
}

// elsewhere gives the target message among those of its content that is l in
// another place, if l was at the target once, or should be.
func elsewhere(l *message, finding verdict, extra []*message) *message {
	if finding.class != Unexplained && finding.codes[0].Code != "verify.removed" {
		return nil
	}
	tries := 0
	for _, e := range extra {
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

func (v *verifier) double(m message) {
	in := v.reports[m.box]
	in.Counts.Doubled++
	var d verdict
	d.add(Unexplained, "verify.doubled")
	x := exception(in.To, m, d)
	x.Target = true
	v.report.except(x)
}
