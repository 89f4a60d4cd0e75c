package transfer

import "context"

// split tells the copies of source messages beyond the source's number from
// other mail. No record makes such a copy anything else.
func split(source, rest []*message) (doubled, others []*message) {
	if len(rest) == 0 {
		return nil, nil
	}
	has := map[[32]byte]bool{}
	for _, s := range source {
		has[s.print.Canonical] = true
	}
	for _, t := range rest {
		if has[t.print.Canonical] {
			doubled = append(doubled, t)
		} else {
			others = append(others, t)
		}
	}
	return doubled, others
}

// unreadFolders reports a unit of which a folder could not be read: nothing
// is known of its mail, neither good nor bad.
func (v *verifier) unreadFolders(u *unit, boxes []*box, target *box) bool {
	failed := target.failed != nil
	for i, b := range boxes {
		if b.failed != nil {
			v.report.folder(u.reports[i], Unread, "verify.folder.unread")
			failed = true
		}
	}
	if target.failed != nil {
		v.report.folder(u.reports[0], Unread, "verify.folder.target-unread", "to", label(u.target.Path))
	}
	if failed {
		for i, b := range boxes {
			n := max(b.size(), int(b.folder.Status.Messages))
			u.reports[i].Counts.Source, u.reports[i].Counts.Unread = n, n
		}
		u.reports[0].Counts.Target = target.size()
	}
	return failed
}

func unreadVerdict() (d verdict) {
	d.add(Unread, "verify.unread")
	return d
}

func (v *verifier) unreadThere(u *unit, m message) {
	fr := u.reports[0]
	fr.Counts.UnreadThere++
	fr.Class = worse(fr.Class, Unread)
	var d verdict
	d.add(Unread, "verify.unread.target")
	e := exception(u.target.Path, m, d)
	e.Target = true
	v.report.except(e)
}

func worse(a, b Class) Class {
	if classOrder[a] > classOrder[b] {
		return a
	}
	return b
}

// pair judges two messages that are one mail; d holds what is known already.
func (v *verifier) pair(u *unit, boxes []*box, target *box, p pair, d verdict) {
	s := *p.source
	b := boxes[s.box]
	fate, known := v.fate(b, s.uid)
	if m := fate.Mended; m != nil && len(p.altered) > 0 && m.Stored.Exact == p.target.print.Exact {
		p.altered = nil // it was not the server
		d.mended(*m, p.target)
	}
	for _, code := range p.altered {
		d.add(Explained, code)
	}
	if s.cut {
		d.add(Unread, "verify.unread.cut")
	}
	compareFlags(&d, s.flags, p.target.flags, target.permanent, fate, known)
	compareDates(&d, s.date, p.target.date, fate, v.in.Now)
	v.report.message(u.reports[s.box], s, d)
}

func (v *verifier) fate(b *box, uid uint32) (Fate, bool) {
	if v.in.Evidence == nil {
		return Fate{}, false
	}
	return v.in.Evidence.Fate(b.folder.Name, b.uidValidity, uid)
}

// damaged finds source messages that are at the target, but not whole or not
// the same: by the place that the record gives, or, for a message that was cut
// off, by its date and its beginning.
func (v *verifier) damaged(ctx context.Context, u *unit, boxes []*box, target *box, source, there []*message) error {
	byUID, byDate := map[uint32]*message{}, map[int64][]*message{}
	for _, t := range there {
		byUID[t.uid] = t
		byDate[t.date] = append(byDate[t.date], t)
	}
	for _, s := range source {
		b := boxes[s.box]
		var candidates []*message
		fate, known := v.fate(b, s.uid)
		placed := byUID[fate.UID]
		if known && fate.UID != 0 && fate.UIDValidity == target.uidValidity && placed != nil {
			candidates = []*message{placed}
		}
		candidates = append(candidates, byDate[s.date]...)
		cut, err := v.cutOff(ctx, b, s, candidates)
		if err != nil {
			return err
		}
		var d verdict
		switch {
		case cut != nil:
			d.add(Unexplained, "verify.altered.truncated")
			s.used, cut.used = true, true
			v.pair(u, boxes, target, pair{s, cut, nil}, d)
		case len(candidates) > 0 && candidates[0] == placed && !placed.used:
			d.add(Unexplained, "verify.altered.content")
			s.used, placed.used = true, true
			v.pair(u, boxes, target, pair{s, placed, nil}, d)
		}
	}
	return nil
}

// cutOff gives the candidate that is a beginning of s. For that s is fetched
// once more for each length that comes into question.
func (v *verifier) cutOff(ctx context.Context, b *box, s *message, candidates []*message) (*message, error) {
	tried := map[int64]Fingerprint{}
	for _, c := range candidates[:min(len(candidates), maxCandidates)] {
		if c.used || c.print.Length >= s.print.Length {
			continue
		}
		print, ok := tried[c.print.Length]
		if !ok {
			var err error
			if print, err = v.source.beginning(ctx, b, s.uid, c.print.Length); err != nil {
				return nil, err
			}
			tried[c.print.Length] = print
		}
		if print.Canonical == c.print.Canonical {
			return c, nil
		}
	}
	return nil, nil
}
